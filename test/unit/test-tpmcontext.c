/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "wire/tpmcontext.h"

#define HEAD "\x00\x00\x00\x00\x00\x00\x01\x05\x80\x00\x00\x00\x40\x00\x00\x0b"

static void assert_refused(Span bytes, const char *why) {
        TpmContext c = { .sequence = 7 };
        uint8_t copy[128];
        Err e = {};

        /* at the end of an array, so that the sanitizer sees a read past it */
        assert_true(bytes.size <= sizeof(copy));
        memcpy(copy + sizeof(copy) - bytes.size, bytes.data, bytes.size);
        assert_int_equal(tpm_context_parse((Span){ copy + sizeof(copy) - bytes.size, bytes.size },
                                         &c, &e),
                        -EBADMSG);
        assert_int_equal(c.sequence, 7);
        if (!strstr(e.text, why))
                fail_msg("'%s' does not say '%s'", e.text, why);
}

static void a_context_is_read_field_by_field(void **state) {
        const Span bytes = SPAN_LITERAL(HEAD "\x00\x03key");
        _cleanup_(buf_done) Buf again = BUF_UP_TO(256);
        TpmContext c;

        (void) state;
        assert_int_equal(tpm_context_parse(bytes, &c, NULL), 0);
        assert_int_equal(c.sequence, 0x105);
        assert_true(span_is(c.blob, "key"));
        assert_true(c.blob.data == bytes.data + 18);
        tpm_context_write(&c, &again);
        assert_true(span_equal(buf_span(&again), bytes));
}

static void every_prefix_and_every_stray_byte_is_refused(void **state) {
        const Span bytes = SPAN_LITERAL(HEAD "\x00\x03key\x00");

        (void) state;
        for (size_t n = 0; n < bytes.size - 1; n++)
                assert_refused((Span){ bytes.data, n }, "cut short");
        assert_refused(bytes, "1 stray bytes");
}

static void what_is_no_context_of_an_attestation_key_is_refused(void **state) {
        (void) state;
        /* a session, a sequence, an object that a TPM Restart takes away */
        assert_refused(SPAN_LITERAL("\0\0\0\0\0\0\0\x01\x02\0\0\0\x40\0\0\x0b\0\x01x"),
                        "no ordinary object");
        assert_refused(SPAN_LITERAL("\0\0\0\0\0\0\0\x01\x80\0\0\x01\x40\0\0\x0b\0\x01x"),
                        "no ordinary object");
        assert_refused(SPAN_LITERAL("\0\0\0\0\0\0\0\x01\x80\0\0\x02\x40\0\0\x0b\0\x01x"),
                        "no ordinary object");
        /* the owner's, the null hierarchy's */
        assert_refused(SPAN_LITERAL("\0\0\0\0\0\0\0\x01\x80\0\0\0\x40\0\0\x01\0\x01x"),
                        "another hierarchy");
        assert_refused(SPAN_LITERAL("\0\0\0\0\0\0\0\x01\x80\0\0\0\x40\0\0\x07\0\x01x"),
                        "another hierarchy");
        assert_refused(SPAN_LITERAL(HEAD "\0\0"), "without its contents");
}

static void the_limit_is_one(void **state) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(2 * TPM_CONTEXT_MAX);
        static const uint8_t contents[TPM_CONTEXT_MAX + 1];
        TpmContext c = { 1, { contents, TPM_CONTEXT_MAX } };
        Err e = {};

        (void) state;
        tpm_context_write(&c, &bytes);
        assert_int_equal(tpm_context_parse(buf_span(&bytes), &c, NULL), 0);
        assert_int_equal(c.blob.size, TPM_CONTEXT_MAX);
        buf_done(&bytes);
        c = (TpmContext){ 1, { contents, TPM_CONTEXT_MAX + 1 } };
        tpm_context_write(&c, &bytes);
        assert_int_equal(tpm_context_parse(buf_span(&bytes), &c, &e), -EBADMSG);
        assert_int_equal(c.blob.size, TPM_CONTEXT_MAX + 1); /* untouched */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_context_is_read_field_by_field),
                cmocka_unit_test(every_prefix_and_every_stray_byte_is_refused),
                cmocka_unit_test(what_is_no_context_of_an_attestation_key_is_refused),
                cmocka_unit_test(the_limit_is_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
