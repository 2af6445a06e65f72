/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "image/uki-sbat.h"
#include "support/pedraft.h"

#define FIRST "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"
#define UKI "uki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/\n"
#define STUB "systemd-stub,1,The systemd Developers,systemd,257,https://systemd.io/\n"
#define KERNEL "linux,1,Debian,linux,6.1,mail:x@y"

/* What was written, as a string; a NUL at its end shows as "|". */
static int text_of(const char *stub, const char *kernel, unsigned generation, Buf *b, Err *e) {
        int rc;

        uki_sbat_begin(b);
        rc = uki_sbat_add("the stub's", span_of(stub), b, e);
        if (rc == 0)
                rc = uki_sbat_add("the kernel's", span_of(kernel), b, e);
        if (rc == 0)
                rc = uki_sbat_add("", UKI_SBAT_IMAGE, b, e);
        if (rc == 0)
                rc = uki_sbat_end(b, generation, e);
        if (rc == 0 && b->size > 0 && b->data[b->size - 1] == 0)
                b->data[b->size - 1] = '|';
        buf_byte(b, 0);
        return rc;
}

/* The texts that ukify of 257 and 262 made of such sections. */
static const struct {
        const char *stub, *kernel;
        unsigned generation;
        const char *text;
} cases[] = {
        { DRAFT_SBAT, NULL, 257, FIRST STUB UKI "|" },
        { DRAFT_SBAT, NULL, 252, FIRST STUB UKI "|" },
        { DRAFT_SBAT, NULL, 262, FIRST STUB UKI },
        { DRAFT_SBAT, FIRST KERNEL, 262, FIRST STUB KERNEL "\n" UKI },
        { NULL, FIRST KERNEL "\n", 262, FIRST KERNEL "\n" UKI },
        { NULL, NULL, 262, FIRST UKI },
        { "sbat,1", "sbat,1\n", 262, FIRST UKI },
};

static void components_of_all_are_named(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);

                assert_int_equal(text_of(cases[i].stub, cases[i].kernel, cases[i].generation, &b,
                                                 NULL),
                                0);
                assert_string_equal((const char *) b.data, cases[i].text);
        }
}

static void nuls_behind_a_text_are_no_part_of_it(void **state) {
        static const char padded[] = FIRST KERNEL "\n\0\0\0";
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);

        (void) state;
        uki_sbat_begin(&b);
        assert_int_equal(uki_sbat_add("", (Span){ (const uint8_t *) padded, sizeof(padded) }, &b,
                                         NULL),
                        0);
        buf_byte(&b, 0);
        assert_string_equal((const char *) b.data, FIRST KERNEL "\n");
}

static void what_is_no_such_text_is_refused(void **state) {
        static const struct {
                const char *stub, *kernel, *said;
        } bad[] = {
                { "systemd,1\n", NULL, "the stub's does not begin with" },
                { FIRST, "x", "the kernel's does not begin with" },
                { FIRST, FIRST "a\tb\n", "the kernel's: byte 77 is no plain" },
                { FIRST "\x80", NULL, "the stub's: byte 76 is no plain" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
                Err e = {};

                assert_int_equal(text_of(bad[i].stub, bad[i].kernel, 262, &b, &e), -EBADMSG);
                if (!strstr(e.text, bad[i].said))
                        fail_msg("'%s' is not '%s'", e.text, bad[i].said);
        }
}

static void more_than_fits_is_said(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(sizeof(FIRST UKI) - 2);
        Err e = {};

        (void) state;
        assert_int_equal(text_of("", "", 262, &b, &e), -E2BIG);
        assert_string_not_equal(e.text, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(components_of_all_are_named),
                cmocka_unit_test(nuls_behind_a_text_are_no_part_of_it),
                cmocka_unit_test(what_is_no_such_text_is_refused),
                cmocka_unit_test(more_than_fits_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
