/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/firmlog.h"
#include "wire/efievent.h"

static void types_have_their_names(void **state) {
        (void) state;
        assert_string_equal(efi_event_name(EV_SEPARATOR), "EV_SEPARATOR");
        assert_string_equal(efi_event_name(0x800000e0), "EV_EFI_VARIABLE_AUTHORITY");
        assert_string_equal(efi_event_name(0), "EV_PREBOOT_CERT");
        assert_null(efi_event_name(0x14));
        assert_null(efi_event_name(0x80000011));
}

/* Every prefix of a body is refused, and so is one with a byte behind it; nothing is written. */
#define assert_exact(bytes, parse, Type)                                                           \
        do {                                                                                       \
                _cleanup_(buf_done) Buf longer_ = BUF_UP_TO(FIRM_DATA_MAX);                        \
                Type v_ = { .data = { NULL, 77 } };                                                \
                                                                                                   \
                for (size_t n_ = 0; n_ < (bytes).size; n_++)                                       \
                        assert_int_equal(parse((Span){ (bytes).data, n_ }, &v_, NULL), -EBADMSG);  \
                buf_bytes(&longer_, bytes);                                                        \
                buf_byte(&longer_, 0);                                                             \
                assert_int_equal(parse(buf_span(&longer_), &v_, NULL), -EBADMSG);                  \
                assert_int_equal(v_.data.size, 77);                                                \
        } while (0)

static void a_variable_reads(void **state) {
        static const HashAlg sha256 = HASH_SHA256;
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        const FirmEvent *event = firmlog_add_variable(&l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                        firmlog_global, "SecureBoot", SPAN_LITERAL("\1"));
        Span body = { event->data, event->size };
        EfiVariable v;

        (void) state;
        assert_int_equal(efi_variable_parse(body, &v, NULL), 0);
        assert_true(efi_text_is(v.name, "SecureBoot"));
        assert_false(efi_text_is(v.name, "SecureBoos"));
        assert_false(efi_text_is(v.name, "SecureBoo"));
        assert_false(efi_text_is(SPAN_LITERAL("S\1"), "S"));
        assert_true(efi_guid_is(v.guid, "8be4df61-93ca-11d2-aa0d-00e098032b8c"));
        assert_true(span_equal(v.data, SPAN_LITERAL("\1")));
        assert_exact(body, efi_variable_parse, EfiVariable);
}

static void a_length_cannot_wrap(void **state) {
        static const uint8_t tops[] = { 0x00, 0x7f, 0x80, 0xff };

        (void) state;
        for (size_t i = 0; i < sizeof(tops); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
                EfiVariable v;
                EfiImage image;
                Err e = {};

                buf_zeros(&b, 16);
                buf_le(&b, (uint64_t) tops[i] << 56, 8);
                buf_le(&b, 0, 8);
                assert_int_equal(efi_variable_parse(buf_span(&b), &v, &e),
                                tops[i] == 0 ? 0 : -EBADMSG);
                assert_true(tops[i] == 0 || strstr(e.text, "longer than what is left"));
                buf_done(&b);
                buf_zeros(&b, 24);
                buf_le(&b, (uint64_t) tops[i] << 56, 8);
                assert_int_equal(efi_image_parse(buf_span(&b), &image, NULL),
                                tops[i] == 0 ? 0 : -EBADMSG);
        }
}

static void an_image_reads(void **state) {
        static const char text[] =
                        "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0ab";
        Span body = { (const uint8_t *) text, sizeof(text) - 1 };
        EfiImage i = { .base = 77 };

        (void) state;
        for (size_t n = 0; n < body.size; n++)
                assert_int_equal(efi_image_parse((Span){ body.data, n }, &i, NULL), -EBADMSG);
        assert_int_equal(efi_image_parse((Span){ body.data, body.size + 1 }, &i, NULL), -EBADMSG);
        assert_int_equal(i.base, 77);
        assert_int_equal(efi_image_parse(body, &i, NULL), 0);
        assert_int_equal(i.base, 1);
        assert_int_equal(i.size, 2);
        assert_int_equal(i.link_time, 3);
        assert_true(span_is(i.path, "ab"));
}

static void a_tagged_event_reads(void **state) {
        Span body = SPAN_LITERAL("\xed\x22\x3b\x8f\3\0\0\0abc");
        EfiTagged t;

        (void) state;
        assert_int_equal(efi_tagged_parse(body, &t, NULL), 0);
        assert_true(t.id == 0x8f3b22ed);
        assert_true(span_is(t.data, "abc"));
        assert_exact(body, efi_tagged_parse, EfiTagged);
}

static void a_partition_table_reads(void **state) {
        static const HashAlg sha256 = HASH_SHA256;
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf name = BUF_UP_TO(256);
        EfiTable t = { .n_entries = 77 };
        FirmEvent *event;
        EfiPartition p;
        Span body;

        (void) state;
        firmlog_boot(&l, &(FirmBoot){});
        event = &l.events[firmlog_find(&l, 5, EV_EFI_GPT_EVENT, 0)];
        body = (Span){ event->data, event->size };
        for (size_t n = 0; n < body.size; n++)
                assert_int_equal(efi_table_parse((Span){ body.data, n }, &t, NULL), -EBADMSG);
        assert_int_equal(efi_table_parse((Span){ body.data, body.size + 1 }, &t, NULL), -EBADMSG);
        assert_int_equal(t.n_entries, 77);
        assert_int_equal(efi_table_parse(body, &t, NULL), 0);
        assert_int_equal(t.n_entries, 1);
        assert_int_equal(t.disk.data[0], 0x77);
        p = efi_table_entry(&t, 0);
        assert_true(efi_guid_is(p.type, "8be4df61-93ca-11d2-aa0d-00e098032b8c"));
        assert_true(efi_guid_is(p.id, "d719b2cb-3d3a-4596-a3bc-dad00e67656f"));
        assert_int_equal(p.first, 2048);
        assert_int_equal(p.last, 4095);
        assert_int_equal(p.attributes, 1);
        efi_text(p.name, &name);
        assert_true(span_is(buf_span(&name), "esp"));

        event->data[92] = 2; /* partitions */
        assert_int_equal(efi_table_parse(body, &t, NULL), -EBADMSG);
        event->data[92] = 1;
        event->data[84] = 129; /* bytes of an entry */
        assert_int_equal(efi_table_parse(body, &t, NULL), -EBADMSG);
        event->data[84] = 128;
        event->data[99] = 0x80; /* 2^63 partitions */
        assert_int_equal(efi_table_parse(body, &t, NULL), -EBADMSG);
        event->data[99] = 0;
        event->data[0] = 'e';
        assert_int_equal(efi_table_parse(body, &t, NULL), -EBADMSG);
}

static void a_locality_reads(void **state) {
        uint8_t locality = 77;

        (void) state;
        assert_false(efi_locality(SPAN_LITERAL("StartupLocality\0"), &locality));
        assert_false(efi_locality(SPAN_LITERAL("StartupLocality\0\3\0"), &locality));
        assert_false(efi_locality(SPAN_LITERAL("startupLocality\0\3"), &locality));
        assert_int_equal(locality, 77);
        assert_true(efi_locality(SPAN_LITERAL("StartupLocality\0\3"), &locality));
        assert_int_equal(locality, 3);
}

static const struct {
        const char *utf16;
        size_t size;
        const char *utf8;
} texts[] = {
        { "a\0b\0", 4,
                        "a"
                        "b" },
        { "a\0\0\0b\0", 6, "a" },
        { "", 0, "" },
        { "a\0b", 3, "a\\x62" },
        { "\xe4\0\xac\x20", 4, "\xc3\xa4\xe2\x82\xac" },
        { "\x3d\xd8\x00\xde", 4, "\xf0\x9f\x98\x80" },
        { "\x3d\xd8x\0", 4, "\\x3d\\xd8x" },
        { "\x3d\xd8", 2, "\\x3d\\xd8" },
        { "\x00\xde\x3d\xd8", 4, "\\x00\\xde\\x3d\\xd8" },
        { "\x3d\xd8\x3d\xd8\x00\xde", 6, "\\x3d\\xd8\xf0\x9f\x98\x80" },
        { "\xff\xdb\xff\xdf", 4, "\xf4\x8f\xbf\xbf" },
        { "\x00\xe0", 2, "\xee\x80\x80" },
};

static void utf16_is_turned_into_utf8(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(64);

                efi_text((Span){ (const uint8_t *) texts[i].utf16, texts[i].size }, &b);
                if (!span_is(buf_span(&b), texts[i].utf8))
                        fail_msg("text %zu: '%.*s'", i, (int) b.size, (const char *) b.data);
        }
}

static void what_is_no_guid_is_none(void **state) {
        (void) state;
        assert_false(efi_guid_is(
                        (Span){ firmlog_global, 15 }, "8be4df61-93ca-11d2-aa0d-00e098032b8c"));
        assert_false(efi_guid_is((Span){}, "00000000-0000-0000-0000-000000000000"));
        assert_false(efi_guid_is(
                        (Span){ firmlog_global, 16 }, "8be4df61-93ca-11d2-aa0d-00e098032b8d"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(types_have_their_names),
                cmocka_unit_test(a_variable_reads),
                cmocka_unit_test(a_length_cannot_wrap),
                cmocka_unit_test(an_image_reads),
                cmocka_unit_test(a_tagged_event_reads),
                cmocka_unit_test(a_partition_table_reads),
                cmocka_unit_test(a_locality_reads),
                cmocka_unit_test(utf16_is_turned_into_utf8),
                cmocka_unit_test(what_is_no_guid_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
