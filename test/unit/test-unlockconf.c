/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "measure/unlockconf.h"

static UnlockLine good(const char *text) {
        UnlockConf c = unlock_conf_over(span_of(text));
        UnlockLine l;
        Err e = {};

        if (unlock_conf_next(&c, &l, &e) != 1)
                fail_msg("'%s': %s", text, e.text);
        return l;
}

static void wrong(const char *text, const char *says) {
        UnlockConf c = unlock_conf_over(span_of(text));
        UnlockLine l;
        Err e = {};
        int rc;

        while ((rc = unlock_conf_next(&c, &l, &e)) > 0)
                continue;
        assert_int_equal(rc, -EBADMSG);
        assert_string_equal(e.text, says);
}

static void a_line_is_as_crypttab_has_it(void **state) {
        UnlockLine l = good("# volumes\n\n  data\tUUID=1234-ab none luks,discard,tries=5\n");

        (void) state;
        assert_int_equal(l.line, 3);
        assert_string_equal(l.name, "data");
        assert_string_equal(l.device.text, "/dev/disk/by-uuid/1234-ab");
        assert_string_equal(l.key.text, "");
        assert_int_equal(l.flags, UNLOCK_DISCARD);
        assert_int_equal(l.tries, 5);
        assert_int_equal(l.key_slot, -1);
        l = good("a+b /dev/sda2");
        assert_int_equal(l.tries, 3);
        assert_int_equal(l.flags, 0);
        l = good("a.b=c@d /dev/sda2 /etc/key "
                 "header=/boot/h,key-slot=31,keyfile-offset=8,keyfile-size=64,read-only,"
                 "timeout=1min,x-systemd.device-timeout=90s,password-echo=no,headless=yes,"
                 "x-initrd.attach,nofail,noauto,_netdev,tpm2-device=auto");
        assert_string_equal(l.key.text, "/etc/key");
        assert_string_equal(l.header.text, "/boot/h");
        assert_string_equal(l.timeout.text, "1min");
        assert_string_equal(l.device_timeout.text, "90s");
        assert_string_equal(l.echo.text, "no");
        assert_int_equal(l.key_slot, 31);
        assert_int_equal(l.key_offset, 8);
        assert_int_equal(l.key_size, 64);
        assert_int_equal(l.flags, UNLOCK_READ_ONLY | UNLOCK_HEADLESS | UNLOCK_IN_INITRD |
                                                  UNLOCK_NOFAIL | UNLOCK_NOAUTO | UNLOCK_NETDEV |
                                                  UNLOCK_TPM2);
        assert_int_equal(good("a /dev/b - headless=yes,headless=no").flags, 0);
        assert_int_equal(good("a /dev/b - -").flags, 0);
}

static void devices_are_found_as_udev_names_them(void **state) {
        (void) state;
        assert_string_equal(good("a LABEL=x/y\"z").device.text, "/dev/disk/by-label/x\\x2fy\\x22z");
        assert_string_equal(good("a LABEL=\"xy\"").device.text, "/dev/disk/by-label/xy");
        assert_string_equal(good("a PARTLABEL=d\303\266s").device.text,
                        "/dev/disk/by-partlabel/d\303\266s");
        assert_string_equal(good("a PARTLABEL=d\303").device.text, "/dev/disk/by-partlabel/d\\xc3");
        assert_string_equal(good("a PARTUUID=7").device.text, "/dev/disk/by-partuuid/7");
}

static void what_is_wrong_is_named_with_its_line(void **state) {
        (void) state;
        wrong("data", "line 1: 'data' names no device");
        wrong("a UUID=", "line 1: 'UUID=' names no device");
        wrong("a sda2", "line 1: 'sda2' is no absolute path");
        wrong("a /dev/a%b", "line 1: '/dev/a%b' has a character that no path here may have");
        wrong("a /dev/b key", "line 1: 'key' is no absolute path");
        wrong("a /dev/b /key:UUID=7",
                        "line 1: '/key:UUID=7' has a character that no path here may have");
        wrong("a /dev/b - luks extra",
                        "line 1: 'extra' stands behind the options, which have no blanks in them");
        wrong("a /dev/b - discrad",
                        "line 1: 'discrad' is no option that is known here, did you mean 'discard'?");
        wrong("a /dev/b - discard=yes", "line 1: 'discard=yes' takes no value");
        wrong("a /dev/b - tries", "line 1: 'tries' needs a value");
        wrong("a /dev/b - tries=x", "line 1: 'tries=x' is no number that it may be");
        wrong("a /dev/b - key-slot=32", "line 1: 'key-slot=32' is no key slot of LUKS2");
        wrong("a /dev/b - headless=maybe", "line 1: 'headless=maybe' is neither yes nor no");
        wrong("a /dev/b - timeout=soon", "line 1: 'timeout=soon' is no time, such as 90s or 5min");
        wrong("a /dev/b - password-echo=loud",
                        "line 1: 'password-echo=loud' is neither yes nor no nor masked");
        wrong("a /dev/b - tpm2-device=/dev/tpm1",
                        "line 1: 'tpm2-device=/dev/tpm1' names a device; the token's plug-in finds its own: auto");
        wrong("a /dev/b - swap", "line 1: 'swap' is for volumes that are not LUKS2");
        wrong("a /dev/b - header=h", "line 1: 'h' is no absolute path");
        wrong("a /dev/b - tpm2-measure-pcr=yes",
                        "line 1: 'tpm2-measure-pcr=yes' is systemd's own record; avouch writes its own, or leave the volume to crypttab");
        wrong("a /dev/b\na /dev/c", "line 2: 'a' stands in line 1 already");
}

static void a_name_is_what_devices_can_be_called(void **state) {
        static const char *const bad[] = { "-a", "a/b", "a\\x2db", ".", "..", "a%i", "\303\266" };
        char text[2 * UNLOCK_NAME_MAX];
        UnlockConf c;
        UnlockLine l;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                (void) snprintf(text, sizeof(text), "%s /dev/b", bad[i]);
                c = unlock_conf_over(span_of(text));
                assert_int_equal(unlock_conf_next(&c, &l, NULL), -EBADMSG);
        }
        memset(text, 'n', sizeof(text));
        (void) snprintf(text + UNLOCK_NAME_MAX, 16, " /dev/b");
        assert_int_equal(strlen(good(text).name), UNLOCK_NAME_MAX);
        memset(text, 'n', UNLOCK_NAME_MAX + 1);
        (void) snprintf(text + UNLOCK_NAME_MAX + 1, 16, " /dev/b");
        c = unlock_conf_over(span_of(text));
        assert_int_equal(unlock_conf_next(&c, &l, NULL), -EBADMSG);
        c = unlock_conf_over((Span){ (const uint8_t *) "a\0b /dev/b", 10 });
        assert_int_equal(unlock_conf_next(&c, &l, NULL), -EBADMSG);
}

static void paths_are_as_long_as_they_may_be(void **state) {
        char text[2 * UNLOCK_WORD_MAX];
        UnlockConf c;
        UnlockLine l;

        (void) state;
        memset(text, 'x', sizeof(text));
        memcpy(text, "a /", 3);
        text[2 + UNLOCK_WORD_MAX] = '\0';
        assert_int_equal(strlen(good(text).device.text), UNLOCK_WORD_MAX);
        text[2 + UNLOCK_WORD_MAX] = 'x';
        text[3 + UNLOCK_WORD_MAX] = '\0';
        c = unlock_conf_over(span_of(text));
        assert_int_equal(unlock_conf_next(&c, &l, NULL), -EBADMSG);
        /* each character takes four, so encoded */
        memset(text, '/', UNLOCK_WORD_MAX / 3);
        memcpy(text, "a LABEL=", 8);
        text[UNLOCK_WORD_MAX / 3] = '\0';
        c = unlock_conf_over(span_of(text));
        assert_int_equal(unlock_conf_next(&c, &l, NULL), -EBADMSG);
}

/* A wrong line is its own volume's trouble. */
static void others_are_found_behind_a_wrong_line(void **state) {
        const Span text = SPAN_LITERAL("bad /dev/a - nonsense\ndata /dev/b\ndata /dev/c");
        UnlockConf c = unlock_conf_over(text);
        UnlockLine l;
        Err e = {};

        (void) state;
        assert_int_equal(unlock_conf_next(&c, &l, NULL), -EBADMSG);
        assert_int_equal(unlock_conf_next(&c, &l, NULL), 1);
        assert_string_equal(l.name, "data");
        assert_int_equal(unlock_conf_next(&c, &l, NULL), -EBADMSG);
        assert_int_equal(unlock_conf_next(&c, &l, NULL), 0);

        assert_int_equal(unlock_conf_find(text, "data", &l, NULL), 0);
        assert_string_equal(l.device.text, "/dev/b");
        assert_int_equal(l.line, 2);
        assert_int_equal(unlock_conf_find(text, "bad", &l, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "line 1: 'nonsense'"));
        e = (Err){};
        assert_int_equal(unlock_conf_find(text, "dat", &l, &e), -ENOENT);
        assert_string_equal(e.text, "has no line for a volume 'dat'");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_is_as_crypttab_has_it),
                cmocka_unit_test(devices_are_found_as_udev_names_them),
                cmocka_unit_test(what_is_wrong_is_named_with_its_line),
                cmocka_unit_test(a_name_is_what_devices_can_be_called),
                cmocka_unit_test(paths_are_as_long_as_they_may_be),
                cmocka_unit_test(others_are_found_behind_a_wrong_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
