/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "wire/stub.h"

static const struct {
        const char *text, *version;
        unsigned generation; /* 0: refused */
} cases[] = {
        { "#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####", "252.39-1~deb12u2", 252 },
        { "#### LoaderInfo: systemd-stub 262-1 ####", "262-1", 262 },
        { "#### LoaderInfo: systemd-stub 257 ####", "257", 257 },
        { "#### LoaderInfo: systemd-stub 262~rc1 ####", "262~rc1", 262 },
        { "#### LoaderInfo: systemd-stub 9999 ####", "9999", 9999 },
        { "#### LoaderInfo: systemd-stub 10000 ####", NULL, 0 },
        { "#### LoaderInfo: systemd-stub 99999999999999999999 ####", NULL, 0 },
        { "#### LoaderInfo: systemd-boot 257 ####", NULL, 0 },
        { "#### LoaderInfo: systemd-stub v257 ####", NULL, 0 },
        { "#### LoaderInfo: systemd-stub  ####", NULL, 0 },
        { "#### LoaderInfo: systemd-stub 0 ####", NULL, 0 },
        { "#### LoaderInfo: systemd-stub 257 #### ", NULL, 0 },
        { "#### LoaderInfo: systemd-stub 257 ###", NULL, 0 },
        { "#### LoaderInfo: systemd-stub 257\n ####", NULL, 0 },
        { "#### LoaderInfo: systemd-stub 257 ###x", NULL, 0 },
        { "#### LoaderInfo: systemd-stub 257\x7f ####", NULL, 0 },
        { "#### LoaderInfo: systemd-stub 257\xc3\xa9 ####", NULL, 0 },
        { "### LoaderInfo: systemd-stub 257 ####", NULL, 0 },
        { "", NULL, 0 },
};

static void versions_and_generations(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Stub s = { .generation = 77 };
                Err e = {};
                int rc = stub_parse(span_of(cases[i].text), &s, &e);

                if (rc != (cases[i].version ? 0 : -EBADMSG))
                        fail_msg("'%s': %d %s", cases[i].text, rc, e.text);
                assert_int_equal(s.generation, cases[i].version ? cases[i].generation : 77);
                if (cases[i].version)
                        assert_true(span_is(s.version, cases[i].version));
        }
}

static void an_addon_says_so(void **state) {
        Stub s;

        (void) state;
        assert_int_equal(stub_parse(SPAN_LITERAL("#### LoaderInfo: systemd-addon 262-1 ####"), &s,
                                         NULL),
                        0);
        assert_true(s.is_addon && s.generation == 262);
        assert_int_equal(stub_parse(SPAN_LITERAL("#### LoaderInfo: systemd-stub 262-1 ####"), &s,
                                         NULL),
                        0);
        assert_false(s.is_addon);
}

static void a_boot_loader_is_no_stub(void **state) {
        Stub s;

        (void) state;
        assert_int_equal(
                        stub_parse_loader(
                                        SPAN_LITERAL("#### LoaderInfo: systemd-boot 252.39 ####\0"),
                                        &s, NULL),
                        0);
        assert_true(span_is(s.version, "252.39") && s.generation == 252);
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                if (!strstr(cases[i].text, "systemd-boot"))
                        assert_int_equal(stub_parse_loader(span_of(cases[i].text), &s, NULL),
                                        -EBADMSG);
}

static void only_nuls_may_follow(void **state) {
        static const char good[] = "#### LoaderInfo: systemd-stub 257 ####\0\0";
        static const char bad[] = "#### LoaderInfo: systemd-stub 257 ####\0x";
        Stub s;

        (void) state;
        assert_int_equal(stub_parse((Span){ (const uint8_t *) good, sizeof(good) }, &s, NULL), 0);
        assert_int_equal(s.generation, 257);
        assert_int_equal(stub_parse((Span){ (const uint8_t *) bad, sizeof(bad) }, &s, NULL),
                        -EBADMSG);
}

static void every_shorter_text_is_refused(void **state) {
        Span text = span_of(cases[0].text);
        Stub s;

        (void) state;
        for (size_t n = 0; n < text.size; n++)
                assert_int_equal(stub_parse((Span){ text.data, n }, &s, NULL), -EBADMSG);
}

static void a_version_is_no_longer_than_its_limit(void **state) {
        char text[2 * STUB_VERSION_MAX + 64];
        Stub s;

        (void) state;
        for (int n = STUB_VERSION_MAX - 1; n <= STUB_VERSION_MAX + 1; n++) {
                (void) snprintf(text, sizeof(text), "#### LoaderInfo: systemd-stub 257%0*d ####",
                                n - 3, 0);
                text[33] = '-';
                assert_int_equal(stub_parse(span_of(text), &s, NULL),
                                n <= STUB_VERSION_MAX ? 0 : -EBADMSG);
        }
}

static void join(const char *const *names, char *into, size_t room) {
        size_t n = 0;

        into[0] = '\0';
        for (; *names; names++)
                n += (size_t) snprintf(into + n, room - n, "%s%s", n > 0 ? " " : "", *names);
}

/* As facts about each generation were found in its source and its stub. */
static void each_generation_measures_what_it_knows(void **state) {
        static const struct {
                unsigned generation;
                const char *names;
        } known[] = {
                { 252, ".linux .osrel .cmdline .initrd .splash .dtb .pcrpkey" },
                { 253, ".linux .osrel .cmdline .initrd .splash .dtb .pcrpkey" },
                { 254, ".linux .osrel .cmdline .initrd .splash .dtb .uname .sbat .pcrpkey" },
                { 255, ".linux .osrel .cmdline .initrd .splash .dtb .uname .sbat .pcrpkey" },
                { 256, ".linux .osrel .cmdline .initrd .ucode .splash .dtb .uname .sbat .pcrpkey" },
                { 257, ".linux .osrel .cmdline .initrd .ucode .splash .dtb .uname .sbat .pcrpkey "
                       ".profile .dtbauto .hwids" },
                { 262, ".linux .osrel .cmdline .initrd .ucode .splash .dtb .uname .sbat .pcrpkey "
                       ".profile .dtbauto .hwids .efifw" },
                { 9999, ".linux .osrel .cmdline .initrd .ucode .splash .dtb .uname .sbat .pcrpkey "
                        ".profile .dtbauto .hwids .efifw" },
        };
        char names[512];

        (void) state;
        assert_null(stub_measures(0));
        assert_null(stub_measures(251));
        for (size_t i = 0; i < ELEMENTS(known); i++) {
                join(stub_measures(known[i].generation), names, sizeof(names));
                assert_string_equal(names, known[i].names);
        }
}

/* A stub carries the names of its sections, NUL behind each, in the order of its own table. */
static void debians_stub_has_the_same_table(void **state) {
        static const char path[] = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";
        _cleanup_(buf_done) Buf b = BUF_UP_TO(STUB_MAX);
        const char *const *names;
        uint8_t *at;
        Stub s;
        int rc;

        (void) state;
        if (file_read(path, &b, NULL) < 0) {
                print_message("%s is not there\n", path);
                skip();
        }
        at = memmem(b.data, b.size, "#### LoaderInfo", 15);
        assert_non_null(at);
        rc = stub_parse((Span){ at, strlen((const char *) at) }, &s, NULL);
        assert_int_equal(rc, 0);
        names = stub_measures(s.generation);
        assert_non_null(names);
        at = memmem(b.data, b.size, ".linux\0.osrel", 14);
        assert_non_null(at);
        for (; *names; at += strlen((const char *) at) + 1) {
                if (strcmp((const char *) at, ".pcrsig") == 0)
                        continue;
                assert_string_equal((const char *) at, *names);
                names++;
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(versions_and_generations),
                cmocka_unit_test(an_addon_says_so),
                cmocka_unit_test(a_boot_loader_is_no_stub),
                cmocka_unit_test(only_nuls_may_follow),
                cmocka_unit_test(every_shorter_text_is_refused),
                cmocka_unit_test(a_version_is_no_longer_than_its_limit),
                cmocka_unit_test(each_generation_measures_what_it_knows),
                cmocka_unit_test(debians_stub_has_the_same_table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
