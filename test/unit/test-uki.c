/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/text.h"
#include "layer/kinds.h"
#include "layer/layer.h"
#include "layer/uki-name.h"
#include "layer/uki.h"
#include "port/crypto.h"
#include "port/pcr11.h"
#include "support/pedraft.h"
#include "support/scratch.h"

enum { D = DRAFT_DIRECTORIES, S = DRAFT_SECTIONS, ONE = 40, CHECKSUM = DRAFT_OPTIONAL + 64 };

/* The draft of a stub whose code is a kernel: the smallest image that there is. */
static void draft_uki(Buf *b) {
        (void) draft_pe(b);
        memcpy(b->data + S, ".linux\0", 8);
}

/* Written to a file of the scratch folder, and opened. */
static int open_uki(const Scratch *s, const Buf *b, Uki *u, Err *e) {
        static ScratchPath path;

        path = scratch_path(s, "uki.efi");
        scratch_write(s, "uki.efi", buf_span(b));
        return uki_open(path.text, u, e);
}

static int digest_of(const Scratch *s, const Buf *b, UkiDigests *d, Err *e) {
        static const HashAlg sha256 = HASH_SHA256;
        _cleanup_(uki_done) Uki u = UKI_NONE;

        assert_int_equal(open_uki(s, b, &u, NULL), 0);
        return uki_digest(&u, &sha256, 1, d, e);
}

static void what_is_in_an_image_is_told(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE), text = BUF_UP_TO(UKI_TEXT_MAX);
        _cleanup_(uki_done) Uki u = UKI_NONE;

        (void) state;
        draft_uki(&b);
        assert_int_equal(open_uki(&s, &b, &u, NULL), 0);
        assert_string_equal(u.architecture, "x86-64");
        assert_int_equal(u.stub_generation, 257);
        assert_string_equal(u.stub_version, "257.13-1~deb13u1");
        assert_int_equal(u.n_profiles, 0);
        assert_int_equal(uki_text(&u, ".sbat", &text, NULL), 0);
        assert_true(span_is(buf_span(&text), DRAFT_SBAT));
        assert_true(uki_measures(&u, ".sbat"));
        assert_false(uki_measures(&u, ".sdmagic"));
        assert_false(uki_measures(&u, ".pcrsig"));
}

static void a_text_is_no_longer_than_its_limit(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE), text = BUF_UP_TO(0x91);
        _cleanup_(uki_done) Uki u = UKI_NONE;

        (void) state;
        draft_uki(&b);
        assert_int_equal(open_uki(&s, &b, &u, NULL), 0);
        assert_int_equal(uki_text(&u, ".sbat", &text, NULL), -EBADMSG);
        buf_done(&text);
        text = BUF_UP_TO(0x91);
        assert_int_equal(uki_text(&u, ".none", &text, NULL), 0);
        assert_int_equal(text.size, 0);
}

/* Every byte of the file is in the Authenticode hash, but the checksum and the place of the
 * certificates. */
static void the_hash_covers_each_byte(void **state) {
        static const size_t probes[] = { 2, 500, 512, 1535, 1536, 2047, 2200, 2559 };
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        UkiDigests first, d;

        (void) state;
        draft_uki(&b);
        assert_int_equal(digest_of(&s, &b, &first, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(probes); i++) {
                b.data[probes[i]] ^= 1;
                assert_int_equal(digest_of(&s, &b, &d, NULL), 0);
                assert_false(digest_equal(&d.authenticode, &first.authenticode));
                b.data[probes[i]] ^= 1;
        }
        b.data[CHECKSUM + 3] ^= 1;
        b.data[CHECKSUM] ^= 1;
        assert_int_equal(digest_of(&s, &b, &d, NULL), 0);
        assert_true(digest_equal(&d.authenticode, &first.authenticode));
        b.data[CHECKSUM - 1] ^= 1; /* size of headers: not the checksum */
        assert_int_equal(open_uki(&s, &b, &(Uki){}, NULL), -EBADMSG);
}

static void certificates_do_not_count(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * DRAFT_SIZE);
        UkiDigests first, d;
        Err e = {};

        (void) state;
        draft_uki(&b);
        assert_int_equal(digest_of(&s, &b, &first, NULL), 0);
        buf_string(&b, "0123456789abcdef");
        draft_put(&b, D + 32, UINT64_C(0x0000001000000a00), 8);
        assert_int_equal(digest_of(&s, &b, &d, NULL), 0);
        assert_true(digest_equal(&d.authenticode, &first.authenticode));

        /* what stands behind them would be covered by nothing */
        buf_byte(&b, 0);
        assert_int_equal(digest_of(&s, &b, &d, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "its certificates do not stand at its end"));

        /* without them, all of it counts */
        draft_put(&b, D + 32, 0, 8);
        assert_int_equal(digest_of(&s, &b, &d, NULL), 0);
        assert_false(digest_equal(&d.authenticode, &first.authenticode));
}

static void bytes_between_sections_are_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        UkiDigests d;
        Err e = {};

        (void) state;
        draft_uki(&b);
        draft_put(&b, S + ONE + 16, 0x1f0, 4);
        assert_int_equal(digest_of(&s, &b, &d, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "byte 2032 and what follows belong to no section"));
}

static void expect_sha256(const Digest *d, Span bytes) {
        Digest expected;

        assert_int_equal(hash_bytes(HASH_SHA256, bytes, &expected, NULL), 0);
        assert_true(digest_equal(d, &expected));
}

/* The stub measures what is in memory: as many bytes as the section has there. */
static void sections_are_hashed_as_they_lie_in_memory(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE), memory = BUF_UP_TO(4096);
        UkiDigests d;

        (void) state;
        draft_uki(&b);
        draft_put(&b, S + ONE + 8, 0x777, 4);    /* .sbat: larger than in the file */
        draft_put(&b, S + 2 * ONE + 8, 0x20, 4); /* .sdmagic would be cut, so it is renamed */
        memcpy(b.data + S + 2 * ONE, ".uname\0", 8);
        assert_int_equal(digest_of(&s, &b, &d, NULL), 0);
        buf_bytes(&memory, (Span){ b.data + 0x600, 0x200 });
        buf_zeros(&memory, 0x577);
        expect_sha256(&d.sections[1][0], buf_span(&memory));
        expect_sha256(&d.sections[2][0], (Span){ b.data + 0x800, 0x20 });
}

static void a_section_without_bytes_is_zeros(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        static const uint8_t zeros[0x92];
        UkiDigests d;

        (void) state;
        draft_uki(&b);
        draft_put(&b, S + ONE + 16, 0, 4);
        draft_put(&b, S + 16, 0x600, 4); /* .linux takes its bytes */
        draft_put(&b, S + 8, 0x600, 4);
        assert_int_equal(digest_of(&s, &b, &d, NULL), 0);
        expect_sha256(&d.sections[1][0], (Span){ zeros, sizeof(zeros) });
}

static void pcr11_is_that_of_its_sections(void **state) {
        static const HashAlg banks[] = { HASH_SHA1, HASH_SHA512 };
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        _cleanup_(uki_done) Uki u = UKI_NONE;
        UkiDigests d;

        (void) state;
        draft_uki(&b);
        assert_int_equal(open_uki(&s, &b, &u, NULL), 0);
        assert_int_equal(uki_digest(&u, banks, ELEMENTS(banks), &d, NULL), 0);
        for (unsigned i = 0; i < ELEMENTS(banks); i++) {
                Digest contents, expected = digest_zero(banks[i]), value;

                assert_int_equal(hash_bytes(banks[i], (Span){ b.data + 0x200, 0x300 }, &contents,
                                                 NULL),
                                0);
                assert_int_equal(pcr11_section(&expected, ".linux", &contents, NULL), 0);
                assert_int_equal(hash_bytes(banks[i], (Span){ b.data + 0x600, 0x92 }, &contents,
                                                 NULL),
                                0);
                assert_int_equal(pcr11_section(&expected, ".sbat", &contents, NULL), 0);
                assert_int_equal(uki_pcr11(&u, &d, 0, i, &value, NULL), 0);
                assert_true(digest_equal(&value, &expected));
        }
}

static void a_layer_of_its_kind_is_known_by_that_hash(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        _cleanup_(layer_done) Layer l = LAYER_NONE;
        ScratchPath path = scratch_path(&s, "uki.efi");
        UkiDigests d;

        (void) state;
        draft_uki(&b);
        assert_int_equal(digest_of(&s, &b, &d, NULL), 0);
        assert_true(layer_matches(buf_span(&b)));
        assert_int_equal(layer_open(path.text, &l, NULL), 0);
        assert_ptr_equal(l.kind, &layer_uki);
        assert_int_equal(l.type, LEAF_UKI);
        assert_true(digest_equal(&l.root_hash, &d.authenticode));
        assert_string_equal(l.name, "linux");
        assert_string_equal(l.version, "");
        assert_false(l.has_signature);
        assert_int_equal(layer_check(&l, NULL, NULL), 0);

        /* changed in place, under the hand of who looks at it */
        assert_int_equal(file_write_at(l.fd, "x", 600, SPAN_LITERAL("x"), NULL), -EBADF);
        {
                _cleanup_(fd_done) int fd = open(path.text, O_WRONLY | O_CLOEXEC);

                assert_int_equal(file_write_at(fd, "x", 600, SPAN_LITERAL("x"), NULL), 0);
        }
        assert_int_equal(layer_check(&l, NULL, NULL), -EBADMSG);
}

static const struct {
        const char *os_release, *uname, *name, *version;
} names[] = {
        { "ID=debian\nIMAGE_ID=edge\nIMAGE_VERSION=7\n", "6.1", "edge", "7" },
        { "ID=debian\n", "6.1\n", "debian", "6.1" },
        { "IMAGE_VERSION=7\n", "", "linux", "7" },
        { "", "", "linux", "" },
};

static void names_come_from_its_own_sections(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                char name[NAME_TEXT_MAX + 1], version[NAME_TEXT_MAX + 1];

                uki_name(span_of(names[i].os_release), span_of(names[i].uname), name, version);
                assert_string_equal(name, names[i].name);
                assert_string_equal(version, names[i].version);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_in_an_image_is_told),
                cmocka_unit_test(a_text_is_no_longer_than_its_limit),
                cmocka_unit_test(the_hash_covers_each_byte),
                cmocka_unit_test(certificates_do_not_count),
                cmocka_unit_test(bytes_between_sections_are_refused),
                cmocka_unit_test(sections_are_hashed_as_they_lie_in_memory),
                cmocka_unit_test(a_section_without_bytes_is_zeros),
                cmocka_unit_test(pcr11_is_that_of_its_sections),
                cmocka_unit_test(a_layer_of_its_kind_is_known_by_that_hash),
                cmocka_unit_test(names_come_from_its_own_sections),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
