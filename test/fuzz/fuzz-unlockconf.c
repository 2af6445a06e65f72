/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "measure/unlockconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good) {
        if (!good)
                abort();
}

/* Without what would end a line of a unit, or be a word, a quotation or a specifier in it. */
static void check_word(const UnlockWord *w, const char *but) {
        for (const char *p = w->text; *p; p++)
                check((unsigned char) *p > ' ' && *p != 0x7f && !strchr(but, *p));
}

static uint8_t nibble(char c) {
        return (uint8_t) (c <= '9' ? c - '0' : c - 'a' + 10);
}

/* A link in /dev/disk that no path may name, as KIND="VALUE" again. */
static void write_device(const char *path, Buf *to) {
        static const char *const kinds[][2] = {
                { "/dev/disk/by-uuid/", "UUID" },
                { "/dev/disk/by-partuuid/", "PARTUUID" },
                { "/dev/disk/by-label/", "LABEL" },
                { "/dev/disk/by-partlabel/", "PARTLABEL" },
        };
        size_t i = 0;

        if (!strpbrk(path, "\\:")) {
                buf_string(to, path);
                return;
        }
        while (i < ELEMENTS(kinds) && strncmp(path, kinds[i][0], strlen(kinds[i][0])) != 0)
                i++;
        check(i < ELEMENTS(kinds));
        buf_printf(to, "%s=\"", kinds[i][1]);
        for (path += strlen(kinds[i][0]); *path; path++) {
                if (*path != '\\') {
                        buf_byte(to, (uint8_t) *path);
                        continue;
                }
                check(path[1] == 'x' && path[2] != '\0' && path[3] != '\0');
                buf_byte(to, (uint8_t) (nibble(path[2]) << 4 | nibble(path[3])));
                path += 3;
        }
        buf_byte(to, '"');
}

static void write_word(const char *option, const UnlockWord *w, Buf *to) {
        if (w->text[0])
                buf_printf(to, ",%s=%s", option, w->text);
}

/* All that is known of a line, as another that says the same. */
static void write_line(const UnlockLine *l, Buf *to) {
        static const struct {
                UnlockFlags flag;
                const char *option;
        } flags[] = {
                { UNLOCK_READ_ONLY, "read-only" },
                { UNLOCK_DISCARD, "discard" },
                { UNLOCK_SAME_CPU, "same-cpu-crypt" },
                { UNLOCK_SUBMIT, "submit-from-crypt-cpus" },
                { UNLOCK_NO_READ_QUEUE, "no-read-workqueue" },
                { UNLOCK_NO_WRITE_QUEUE, "no-write-workqueue" },
                { UNLOCK_HEADLESS, "headless=yes" },
                { UNLOCK_TPM2, "tpm2-device=auto" },
                { UNLOCK_FIDO2, "fido2-device=auto" },
                { UNLOCK_PKCS11, "pkcs11-uri=auto" },
                { UNLOCK_NOAUTO, "noauto" },
                { UNLOCK_NOFAIL, "nofail" },
                { UNLOCK_NETDEV, "_netdev" },
                { UNLOCK_IN_INITRD, "x-initrd.attach" },
        };
        UnlockFlags left = l->flags;

        buf_printf(to, "%s ", l->name);
        write_device(l->device.text, to);
        buf_printf(to, " %s luks", l->key.text[0] ? l->key.text : "none");
        for (size_t i = 0; i < ELEMENTS(flags); i++)
                if (left & flags[i].flag) {
                        buf_printf(to, ",%s", flags[i].option);
                        left &= ~flags[i].flag;
                }
        check(left == 0);
        write_word("header", &l->header, to);
        write_word("x-systemd.device-timeout", &l->device_timeout, to);
        write_word("timeout", &l->timeout, to);
        write_word("password-echo", &l->echo, to);
        if (l->key_slot >= 0)
                buf_printf(to, ",key-slot=%lld", (long long) l->key_slot);
        buf_printf(to, ",keyfile-offset=%llu,keyfile-size=%llu,tries=%llu",
                        (unsigned long long) l->key_offset, (unsigned long long) l->key_size,
                        (unsigned long long) l->tries);
}

static void check_line(Span text, const UnlockLine *l) {
        _cleanup_(buf_done) Buf plain = BUF_UP_TO(UNLOCK_CONF_MAX),
                                same = BUF_UP_TO(UNLOCK_CONF_MAX);
        UnlockLine again = {};

        check(l->name[0] && l->name[0] != '-' && !strpbrk(l->name, "/\\%\"' "));
        check(l->device.text[0] == '/' && l->key_slot < 32);
        check_word(&l->device, "\"'%");
        check_word(&l->key, "\"'%\\:");
        check_word(&l->header, "\"'%\\:,");
        check_word(&l->device_timeout, "\"'%\\:,");
        check_word(&l->timeout, "\"'%\\:,");
        check_word(&l->echo, "\"'%\\:,");

        check(unlock_conf_find(text, l->name, &again, NULL) == 0 && again.line == l->line);
        write_line(l, &plain);
        check(plain.failed == 0);
        check(unlock_conf_find(buf_span(&plain), l->name, &again, NULL) == 0);
        write_line(&again, &same);
        check(span_equal(buf_span(&plain), buf_span(&same)));
}

/* A line that is taken is found by its name, hands on nothing that a unit would read as something
 * else, and says the same when it is written plainly. One that is not is named. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span text = { data, size };
        UnlockConf c = unlock_conf_over(text);
        char place[32];

        if (size > 4096)
                return 0;
        for (unsigned before = 0;;) {
                UnlockLine l;
                Err e = {};
                int rc;

                rc = unlock_conf_next(&c, &l, &e);
                if (rc == 0)
                        return 0;
                check(c.line > before);
                before = c.line;
                if (rc > 0) {
                        check(l.line == before);
                        check_line(text, &l);
                        continue;
                }
                (void) snprintf(place, sizeof(place), "line %u: ", before);
                check(rc == -EBADMSG && strncmp(e.text, place, strlen(place)) == 0);
        }
}
