/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "wire/nvpublic.h"

#define COUNTER "\x01\x80\x61\x76\x00\x0b\x22\x06\x00\x14\x00\x00\x00\x08"
#define POLICY "0123456789abcdef0123456789abcdef"

static void assert_refused(Span bytes, const char *why) {
        uint8_t copy[128];
        NvPublic p = { .index = 7 };
        Err e = {};

        /* at the end of an array, so that the sanitizer sees a read past it */
        assert_true(bytes.size <= sizeof(copy));
        memcpy(copy + sizeof(copy) - bytes.size, bytes.data, bytes.size);
        assert_int_equal(nv_public_parse((Span){ copy + sizeof(copy) - bytes.size, bytes.size }, &p,
                                         &e),
                        -EBADMSG);
        assert_int_equal(p.index, 7);
        if (!strstr(e.text, why))
                fail_msg("'%s' does not say '%s'", e.text, why);
}

static void an_index_is_read_field_by_field(void **state) {
        const Span bytes = SPAN_LITERAL(
                        "\x01\x80\x04\x00\x00\x0b\x06\x06\x00\x44\x00\x20" POLICY "\x00\x30");
        _cleanup_(buf_done) Buf again = BUF_UP_TO(256);
        NvPublic p;

        (void) state;
        assert_int_equal(nv_public_parse(bytes, &p, NULL), 0);
        assert_int_equal(p.index, 0x01800400);
        assert_int_equal(p.name_alg, HASH_SHA256);
        assert_int_equal(p.attributes, 0x06060044);
        assert_int_equal(p.attributes, NV_EXTEND | NV_AUTHWRITE | NV_OWNERREAD | NV_AUTHREAD |
                                                       NV_NO_DA | NV_ORDERLY);
        assert_true(span_is(p.policy, POLICY));
        assert_int_equal(p.size, 0x30);
        assert_true(p.bytes.data == bytes.data && p.bytes.size == bytes.size);
        nv_public_write(&p, &again);
        assert_true(span_equal(buf_span(&again), bytes));
}

static void every_prefix_and_every_stray_byte_is_refused(void **state) {
        const Span bytes = SPAN_LITERAL(COUNTER "\x00");

        (void) state;
        for (size_t n = 0; n < bytes.size - 1; n++)
                assert_refused((Span){ bytes.data, n }, "cut short");
        assert_refused(bytes, "1 stray bytes");
}

static void what_no_index_has_is_refused(void **state) {
        (void) state;
        assert_refused(SPAN_LITERAL("\x02\x80\x61\x76\x00\x0b\x22\x06\x00\x14\x00\x00\x00\x08"),
                        "a handle");
        assert_refused(SPAN_LITERAL("\x01\x80\x61\x76\x00\x12\x22\x06\x00\x14\x00\x00\x00\x08"),
                        "a Name");
        assert_refused(SPAN_LITERAL("\x01\x80\x61\x76\x00\x0b\x22\x06\x01\x14\x00\x00\x00\x08"),
                        "attributes");
        assert_refused(SPAN_LITERAL("\x01\x80\x61\x76\x00\x0b\x23\x06\x00\x14\x00\x00\x00\x08"),
                        "attributes");
        assert_refused(SPAN_LITERAL("\x01\x80\x61\x76\x00\x0c\x22\x06\x00\x14\x00\x20" POLICY
                                    "\x00\x08"),
                        "a policy");
        assert_refused(SPAN_LITERAL("\x01\x80\x61\x76\x00\x0b\x22\x06\x00\x14\x00\x01x\x00\x08"),
                        "a policy");
        assert_refused(SPAN_LITERAL("\x01\x80\x61\x76\x00\x0b\x22\x06\x00\x14\x01\x00" POLICY POLICY
                                    "\x00\x08"),
                        "malformed");
}

/* The figures of the page, and not what the code computes. */
static void the_counter_is_as_it_is_written_down(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
        NvPublic p = nv_counter();

        (void) state;
        nv_public_write(&p, &b);
        assert_true(span_equal(buf_span(&b),
                        SPAN_LITERAL("\x01\x80\x61\x76\x00\x0b\x02\x06\x00\x14\x00\x00\x00\x08")));
        assert_int_equal(nv_check_counter(&p, NULL), 0);
        assert_int_equal(nv_public_parse(SPAN_LITERAL(COUNTER), &p, NULL), 0);
        assert_int_equal(nv_check_counter(&p, NULL), 0);
}

static void what_differs_from_the_counter_in_anything_is_not_the_counter(void **state) {
        static const uint8_t policy[32];
        NvPublic p;

        (void) state;
        for (unsigned bit = 0; bit < 32; bit++) {
                p = nv_counter();
                p.attributes ^= UINT32_C(1) << bit;
                assert_int_equal(nv_check_counter(&p, NULL), bit == 29 ? 0 : -EBADMSG);
        }
        p = nv_counter();
        p.index++;
        assert_int_equal(nv_check_counter(&p, NULL), -EBADMSG);
        p = nv_counter();
        p.name_alg = HASH_SHA384;
        assert_int_equal(nv_check_counter(&p, NULL), -EBADMSG);
        p = nv_counter();
        p.policy = (Span){ policy, sizeof(policy) };
        assert_int_equal(nv_check_counter(&p, NULL), -EBADMSG);
        p = nv_counter();
        p.size = 16;
        assert_int_equal(nv_check_counter(&p, NULL), -EBADMSG);
}

static void a_register_is_as_it_is_written_down(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
        NvPublic p = nv_register(0x01806177);

        (void) state;
        nv_public_write(&p, &b);
        assert_true(span_equal(buf_span(&b),
                        SPAN_LITERAL("\x01\x80\x61\x77\x00\x0b\x0e\x06\x00\x44\x00\x00\x00\x20")));
        assert_int_equal(nv_check_register(&p, NULL), 0);
}

static void what_differs_from_a_register_in_anything_is_none(void **state) {
        static const uint32_t others[] = { 0x017fffff, 0x01c00000, NV_COUNTER_INDEX, 0 };
        static const uint8_t policy[32];
        NvPublic p;

        (void) state;
        for (unsigned bit = 0; bit < 32; bit++) {
                p = nv_register(NV_OWNER_FIRST);
                p.attributes ^= UINT32_C(1) << bit;
                assert_int_equal(nv_check_register(&p, NULL), bit == 29 ? 0 : -EBADMSG);
        }
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                p = nv_register(others[i]);
                assert_int_equal(nv_check_register(&p, NULL), -EBADMSG);
        }
        p = nv_register(NV_OWNER_LAST);
        assert_int_equal(nv_check_register(&p, NULL), 0);
        p.name_alg = HASH_SHA384;
        assert_int_equal(nv_check_register(&p, NULL), -EBADMSG);
        p = nv_register(NV_OWNER_LAST);
        p.policy = (Span){ policy, sizeof(policy) };
        assert_int_equal(nv_check_register(&p, NULL), -EBADMSG);
        p = nv_register(NV_OWNER_LAST);
        p.size = 20;
        assert_int_equal(nv_check_register(&p, NULL), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_index_is_read_field_by_field),
                cmocka_unit_test(every_prefix_and_every_stray_byte_is_refused),
                cmocka_unit_test(what_no_index_has_is_refused),
                cmocka_unit_test(the_counter_is_as_it_is_written_down),
                cmocka_unit_test(what_differs_from_the_counter_in_anything_is_not_the_counter),
                cmocka_unit_test(a_register_is_as_it_is_written_down),
                cmocka_unit_test(what_differs_from_a_register_in_anything_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
