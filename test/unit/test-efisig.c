/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/firmlog.h"
#include "wire/efisig.h"

static const uint8_t hash[32] = { 0xaa, [31] = 0xbb };

/* All entries: how many, or the error. */
static int read_all(Span bytes, EfiSignature *last, Err *e) {
        EfiSignatures it = efi_signatures_over(bytes);
        int rc, n = 0;

        while ((rc = efi_signature_next(&it, last, e)) > 0)
                n++;
        return rc < 0 ? rc : n;
}

static void lists_are_read_one_behind_the_other(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        EfiSignatures it;
        EfiSignature s;

        (void) state;
        firmlog_signatures(&b, SPAN_LITERAL("a certificate"));
        firmlog_signatures(&b, (Span){ hash, 32 });
        it = efi_signatures_over(buf_span(&b));
        assert_int_equal(efi_signature_next(&it, &s, NULL), 1);
        assert_int_equal(s.kind, EFI_SIGNATURE_X509);
        assert_true(span_is(s.data, "a certificate"));
        assert_int_equal(s.owner.data[0], 0x77);
        assert_int_equal(efi_signature_next(&it, &s, NULL), 1);
        assert_int_equal(s.kind, EFI_SIGNATURE_SHA256);
        assert_memory_equal(s.data.data, hash, 32);
        assert_int_equal(efi_signature_next(&it, &s, NULL), 0);
        assert_int_equal(efi_signature_next(&it, &s, NULL), 0);
        assert_int_equal(read_all((Span){}, &s, NULL), 0);
}

static void a_list_has_many_entries(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        EfiSignature s;

        (void) state;
        firmlog_signatures(&b, (Span){ hash, 32 });
        buf_zeros(&b, 47);
        buf_byte(&b, 0xcc);
        b.data[16] += 48; /* the list's size */
        assert_int_equal(read_all(buf_span(&b), &s, NULL), 2);
        assert_int_equal(s.data.data[31], 0xcc);
        b.data[16] -= 48;
        assert_int_equal(read_all(buf_span(&b), &s, NULL), -EBADMSG); /* bytes behind it */
}

static void an_empty_list_is_passed_over(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        EfiSignature s;

        (void) state;
        firmlog_signatures(&b, (Span){ hash, 32 });
        b.size = 28;
        b.data[16] = 28;
        firmlog_signatures(&b, (Span){ hash, 32 });
        assert_int_equal(read_all(buf_span(&b), &s, NULL), 1);
}

/* One byte of a list with one hash changed, and what is said about it. */
static const struct {
        const char *what;
        size_t at;
        uint8_t byte;
        const char *said;      /* NULL: still good */
        EfiSignatureKind kind; /* then */
} cases[] = {
        { "as it is", 0, 0x26, NULL, EFI_SIGNATURE_SHA256 },
        { "another kind", 0, 0x27, NULL, EFI_SIGNATURE_OTHER },
        { "a list of 27 bytes", 16, 27, "byte 0 of 76: a list that is shorter than its head", 0 },
        { "a list of 75 bytes", 16, 75, "byte 0 of 76: a list that does not end with an entry", 0 },
        { "a list of 77 bytes", 16, 77, "cut short", 0 },
        { "a head of 48 bytes", 20, 48, "byte 28 of 76: bytes behind", 0 },
        { "a head of 49 bytes", 20, 49, "byte 0 of 76: a list that is shorter than its head", 0 },
        { "a head of 4 GiB", 23, 0xff, "byte 0 of 76: a list that is shorter than its head", 0 },
        { "entries of 0 bytes", 24, 0, "byte 0 of 76: a list that does not end with an entry", 0 },
        { "entries of 16 bytes", 24, 16, "byte 0 of 76: a list that does not end with an entry",
                        0 },
        { "entries of 24 bytes", 24, 24, NULL, EFI_SIGNATURE_OTHER },
        { "entries of 25 bytes", 24, 25, "byte 0 of 76: a list that does not end with an entry",
                        0 },
};

static void one_byte_changed(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                EfiSignature s = {};
                Err e = {};
                int rc;

                firmlog_signatures(&b, (Span){ hash, 32 });
                b.data[cases[i].at] = cases[i].byte;
                rc = read_all(buf_span(&b), &s, &e);
                if (cases[i].at == 20 && cases[i].byte == 48)
                        assert_int_equal(rc, 0); /* a head that leaves no room for an entry */
                else if ((rc < 0) != (cases[i].said != NULL))
                        fail_msg("%s: %d, %s", cases[i].what, rc, e.text);
                else if (cases[i].said && !strstr(e.text, cases[i].said))
                        fail_msg("%s: said '%s'", cases[i].what, e.text);
                else if (!cases[i].said)
                        assert_int_equal(s.kind, cases[i].kind);
        }
}

/* By whose hash a certificate is revoked (UEFI 2.10, 32.4.1), each with a time behind it. */
static void hashes_of_certificates_have_their_sizes(void **state) {
        static const struct {
                uint8_t guid[16];
                size_t size;
                EfiSignatureKind kind;
        } kinds_of[] = {
                { { 0x92, 0xa4, 0xd2, 0x3b, 0xc0, 0x96, 0x79, 0x40, 0xb4, 0x20, 0xfc, 0xf9, 0x8e,
                                  0xf1, 0x03, 0xed },
                                48, EFI_SIGNATURE_X509_SHA256 },
                { { 0x6e, 0x87, 0x76, 0x70, 0xc2, 0x80, 0xe6, 0x4e, 0xaa, 0xd2, 0x28, 0xb3, 0x49,
                                  0xa6, 0x86, 0x5b },
                                64, EFI_SIGNATURE_X509_SHA384 },
                { { 0x63, 0xbf, 0x6d, 0x44, 0x02, 0x25, 0xda, 0x4c, 0xbc, 0xfa, 0x24, 0x65, 0xd2,
                                  0xb0, 0xfe, 0x9d },
                                80, EFI_SIGNATURE_X509_SHA512 },
        };
        static const uint8_t data[81];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(kinds_of); i++)
                for (int more = -1; more <= 1; more++) {
                        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                        EfiSignature s;

                        firmlog_signatures(&b,
                                        (Span){ data, (size_t) ((int) kinds_of[i].size + more) });
                        memcpy(b.data, kinds_of[i].guid, 16);
                        assert_int_equal(read_all(buf_span(&b), &s, NULL), 1);
                        assert_int_equal(
                                        s.kind, more == 0 ? kinds_of[i].kind : EFI_SIGNATURE_OTHER);
                }
}

static void every_prefix_is_refused(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        EfiSignature s;

        (void) state;
        firmlog_signatures(&b, (Span){ hash, 32 });
        for (size_t n = 1; n < b.size; n++)
                assert_int_equal(read_all((Span){ b.data, n }, &s, NULL), -EBADMSG);
}

static void there_is_a_limit(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4 * 1024 * 1024);
        EfiSignature s;
        Err e = {};

        (void) state;
        for (size_t more = 0; more < 2; more++) {
                buf_done(&b);
                firmlog_signatures(&b, (Span){ hash, 1 });
                b.size = 28;
                buf_zeros(&b, (FIRMWARE_SIGNATURES_MAX + more) * 17);
                for (unsigned i = 0; i < 4; i++)
                        b.data[16 + i] = (uint8_t) (b.size >> 8 * i);
                assert_int_equal(read_all(buf_span(&b), &s, &e),
                                more ? -EBADMSG : FIRMWARE_SIGNATURES_MAX);
        }
        assert_non_null(strstr(e.text, "more signatures than are taken"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lists_are_read_one_behind_the_other),
                cmocka_unit_test(a_list_has_many_entries),
                cmocka_unit_test(an_empty_list_is_passed_over),
                cmocka_unit_test(one_byte_changed),
                cmocka_unit_test(hashes_of_certificates_have_their_sizes),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(there_is_a_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
