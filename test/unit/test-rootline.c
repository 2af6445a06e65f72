/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "support/libc.h"
#include "verify/rootline.h"

/* What a command line says of the root image. */

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static RootLine line(const char *text) {
        RootLine l;

        assert_int_equal(root_line_read(span_of(text), &l, NULL), 0);
        return l;
}

static void hashes_are_found(void **state) {
        static const struct {
                const char *line;
                bool root, usr;
        } rows[] = {
                { "", false, false },
                { "quiet", false, false },
                { "roothash=" A, true, false },
                { "quiet  roothash=" A "\n", true, false },
                { "usrhash=" A "\tquiet", false, true },
                { "quiet\rusrhash=" A "\r", false, true },
                { "usrhash=" A " roothash=" A, true, true },
                { "rd.roothash=" A, true, false },
                { "\"roothash=" A "\" x", true, false },
                { "'roothash=" A "'", true, false },
                { "roothash=\"" A "\"", true, false },
                { "x=\"a ' roothash=" A " b\"", false, false },
                { "x='a \" roothash=" A " b'", false, false },
                { "myroothash=" A, false, false },
                { "roothash2=" A, false, false },
                { "rootcash=" A, false, false },
                { "roothash=" A " roothash=" A, true, false },
                { "root=/dev/sda1", false, false },
                { "roothash=" A " root=/dev/mapper/root systemd.verity=yes", true, false },
                { "roothash=" A " systemd.verity systemd.verity_root_options=panic-on-corruption",
                                true, false },
                { "roothash=" A " mount.usr=/dev/sda2", true, false },
                { "usrhash=" A " root=tmpfs mount.usr=/dev/mapper/usr", false, true },
        };
        uint8_t hash[32];

        (void) state;
        for (size_t i = 0; i < sizeof(hash); i++)
                hash[i] = (uint8_t[]){ 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef }[i % 8];
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                RootLine l = line(rows[i].line);

                assert_string_equal(l.wrong, "");
                assert_int_equal(l.has_root, rows[i].root);
                assert_int_equal(l.has_usr, rows[i].usr);
                if (rows[i].root)
                        assert_memory_equal(l.root, hash, sizeof(hash));
                if (rows[i].usr)
                        assert_memory_equal(l.usr, hash, sizeof(hash));
        }
}

static void what_cannot_be_relied_on_is_named(void **state) {
        static const struct {
                const char *line, *said;
        } rows[] = {
                { "roothash=" A " roothash=" B,
                                "roothash= on the command line stands there twice" },
                { "roothash=" A " rd.roothash=" B, "stands there twice" },
                { "usrhash=" A " usrhash=" B, "usrhash= on the command line stands there twice" },
                { "roothash=", "roothash= on the command line is no SHA-256" },
                { "roothash", "roothash= on the command line is no SHA-256" },
                { "roothash=" A "00", "is no SHA-256" },
                { "roothash=ABCD", "is no SHA-256" },
                { "usrhash=x", "usrhash= on the command line is no SHA-256" },
                { "roothash=" A " root=/dev/sda1", "root= on the command line names another" },
                { "root=/dev/sda1 roothash=" A " root=/dev/mapper/root", "names another device" },
                { "usrhash=" A " mount.usr=/dev/sda1", "mount.usr= on the command line names" },
                { "roothash=" A " systemd.verity=0",
                                "systemd.verity= on the command line does not" },
                { "roothash=" A " rd.systemd.verity=no", "systemd.verity= on the command line" },
                { "roothash=" A " systemd.verity=", "does not say that the check is on" },
                { "roothash=" A " systemd.verity_root_options=x,ignore-corruption",
                                "systemd.verity_root_options= on the command line weakens" },
                { "roothash=" A " systemd.verity-root-options=ignore-zero-blocks",
                                "weakens the check" },
                { "usrhash=" A " systemd.verity_usr_options=check-at-most-once",
                                "systemd.verity_usr_options= on the command line weakens" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                RootLine l = line(rows[i].line);

                if (!strstr(l.wrong, rows[i].said))
                        fail_msg("%s: says '%s'", rows[i].line, l.wrong);
        }
}

/* Whatever stands at its end, a line has an end. */
static void every_beginning_is_read(void **state) {
        static const char whole[] = "a=\"b c\" roothash=" A " '' rd. =x rd.systemd.verity=1 'd";
        char *copy;

        (void) state;
        for (size_t n = 0; n <= strlen(whole); n++) {
                RootLine l;

                copy = test_malloc(n + 1);
                memcpy(copy, whole, n);
                assert_int_equal(root_line_read((Span){ (uint8_t *) copy, n }, &l, NULL), 0);
                test_free(copy);
        }
}

static void no_memory_is_said_so(void **state) {
        int failed = 1, n = 0;

        (void) state;
        for (; failed > 0; n++) {
                RootLine l;
                Err e = {};
                int rc;

                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = root_line_read(SPAN_LITERAL("quiet roothash=" A), &l, &e);
                failed = libc_heal();
                assert_int_equal(rc, failed > 0 ? -ENOMEM : 0);
                assert_int_equal(e.code, rc);
        }
        assert_true(n > 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hashes_are_found),
                cmocka_unit_test(no_memory_is_said_so),
                cmocka_unit_test(what_cannot_be_relied_on_is_named),
                cmocka_unit_test(every_beginning_is_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
