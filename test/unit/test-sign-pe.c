/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/sign-pe.h"
#include "layer/uki.h"
#include "port/authenticode.h"
#include "support/certs.h"
#include "support/pedraft.h"
#include "wire/wincert.h"

enum { FILE_MAX = 64 * 1024, N_RANDOM = 500, SEED = 8 };

static Scratch keys;
static PeSigner signer;

/* The signed file as a whole. */
static void read_all(const UkiPart *p, Buf *to) {
        uint8_t *into = buf_room(to, (size_t) p->size);
        size_t n;

        assert_non_null(into);
        assert_int_equal(uki_part_read(p, 0, into, (size_t) p->size, &n, NULL), 0);
        assert_int_equal(n, p->size);
}

/* The hash and the signature, as those find them who are shown the file. */
static void check_signature(Span file, const Digest *hash, Pe *pe) {
        const HashAlg sha256 = HASH_SHA256;
        const PeRange *table;
        Uki u = { .fd = memfd_create("signed", MFD_CLOEXEC), .path = "signed" };
        Authenticode a;
        WinCerts certs;
        UkiDigests d;

        assert_int_equal(write(u.fd, file.data, file.size), file.size);
        assert_int_equal(pe_parse(file, file.size, &u.pe, NULL), 0);
        assert_int_equal(uki_digest(&u, &sha256, 1, &d, NULL), 0);
        assert_true(digest_equal(&d.authenticode, hash));
        table = &u.pe.directories[PE_DIRECTORY_CERTIFICATES];
        assert_int_equal((uint64_t) table->at + table->size, file.size);
        assert_int_equal(wincerts_parse((Span){ file.data + table->at, table->size }, &certs, NULL),
                        0);
        assert_int_equal(certs.n, 1);
        assert_int_equal(authenticode_judge(certs.list[0].bytes, hash, &a, NULL), 0);
        assert_true(a.holds);
        *pe = u.pe;
        uki_done(&u);
}

/* Nothing but the checksum, the place of the table, and what stands behind. */
static void check_bytes(Span before, Span after, const Pe *pe) {
        size_t checksum = pe_checksum_at(pe),
               entry = pe_directory_at(pe, PE_DIRECTORY_CERTIFICATES);

        assert_true(after.size > before.size);
        for (size_t i = 0; i < before.size; i++)
                if (!(i >= checksum && i < checksum + 4) && !(i >= entry && i < entry + 8))
                        assert_int_equal(before.data[i], after.data[i]);
        for (size_t i = before.size; i < pe->directories[PE_DIRECTORY_CERTIFICATES].at; i++)
                assert_int_equal(after.data[i], 0);
}

/* Whether it was taken. One that was refused has an error, and is as it was. */
static bool sign(const Buf *file) {
        _cleanup_(uki_part_done) UkiPart p = { .name = "draft", .fd = -1, .size = file->size };
        _cleanup_(buf_done) Buf whole = BUF_UP_TO(FILE_MAX);
        Digest hash;
        Err e = {};
        Pe pe;
        int rc;

        p.bytes = BUF_UP_TO(FILE_MAX);
        buf_bytes(&p.bytes, buf_span(file));
        rc = sign_pe(&p, &signer, &hash, &e);
        read_all(&p, &whole);
        if (rc < 0) {
                assert_true(e.code < 0 && e.text[0]);
                assert_true(span_equal(buf_span(&whole), buf_span(file)));
                return false;
        }
        check_signature(buf_span(&whole), &hash, &pe);
        check_bytes(buf_span(file), buf_span(&whole), &pe);
        return true;
}

static void a_draft_is_signed(void **state) {
        _cleanup_(buf_done) Buf file = BUF_UP_TO(DRAFT_SIZE);

        (void) state;
        (void) draft_pe(&file);
        assert_true(sign(&file));
}

/* Each byte of the headers in turn. */
static void a_changed_byte_is_refused_or_harmless(void **state) {
        static const uint8_t flips[] = { 0x01, 0xff };
        _cleanup_(buf_done) Buf file = BUF_UP_TO(DRAFT_SIZE);
        size_t n_taken = 0, n_refused = 0;

        (void) state;
        (void) draft_pe(&file);
        for (size_t i = 0; i < DRAFT_HEADERS; i++)
                for (size_t k = 0; k < ELEMENTS(flips); k++) {
                        file.data[i] ^= flips[k];
                        (*(sign(&file) ? &n_taken : &n_refused))++;
                        file.data[i] ^= flips[k];
                }
        assert_true(n_taken > DRAFT_HEADERS / 2 && n_refused > DRAFT_HEADERS / 8);
}

/* Numerical Recipes' generator: the same numbers each time. */
static uint32_t next(uint32_t *state) {
        *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
        return *state >> 16;
}

/* Several at once. */
static void changed_bytes_are_refused_or_harmless(void **state) {
        uint32_t seed = SEED;
        size_t n_taken = 0;

        (void) state;
        for (unsigned n = 0; n < N_RANDOM; n++) {
                _cleanup_(buf_done) Buf file = BUF_UP_TO(DRAFT_SIZE);

                (void) draft_pe(&file);
                for (unsigned k = 0; k < 1 + n % 4; k++) {
                        uint32_t at = next(&seed) % DRAFT_HEADERS;

                        file.data[at] = (uint8_t) next(&seed);
                }
                n_taken += sign(&file);
        }
        assert_true(n_taken > N_RANDOM / 10 && n_taken < N_RANDOM);
}

/* Firmware hashes no byte between two sections, or before the first: each could be changed unseen.
 */
static void bytes_of_no_section_are_not_signed_over(void **state) {
        enum { GAP = 512, HEADER = 40, RAW = 20, N_SECTIONS = 3 };

        (void) state;
        for (unsigned first = 0; first < N_SECTIONS; first++) { /* that the gap lies before */
                _cleanup_(uki_part_done) UkiPart p = { .name = "draft", .fd = -1 };
                size_t entry = DRAFT_SECTIONS + HEADER * first + RAW;
                _cleanup_(buf_done) Buf file = BUF_UP_TO(DRAFT_SIZE);
                Digest hash;
                Span whole;
                Err e = {};
                size_t at;

                (void) draft_pe(&file);
                at = file.data[entry] + 256U * file.data[entry + 1];
                for (unsigned i = first; i < N_SECTIONS; i++)
                        file.data[DRAFT_SECTIONS + HEADER * i + RAW + 1] += GAP / 256;
                whole = buf_span(&file);
                p.bytes = BUF_UP_TO(FILE_MAX);
                buf_bytes(&p.bytes, (Span){ whole.data, at });
                buf_zeros(&p.bytes, GAP);
                buf_bytes(&p.bytes, span_from(whole, at));
                p.size = p.bytes.size;
                assert_int_equal(sign_pe(&p, &signer, &hash, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "belong to no section"));
        }
}

static int open_signer(void **state) {
        ScratchPath key, certificate;

        (void) state;
        keys = scratch_new();
        certs_make(&keys, "ec", "ec");
        key = scratch_path(&keys, "ec.key");
        certificate = scratch_path(&keys, "ec.pem");
        return pe_signer_open(
                        &(SignParams){ .private_key = key.text, .certificate = certificate.text },
                        &signer, NULL);
}

static int close_signer(void **state) {
        (void) state;
        pe_signer_done(&signer);
        scratch_done(&keys);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_draft_is_signed),
                cmocka_unit_test(a_changed_byte_is_refused_or_harmless),
                cmocka_unit_test(changed_bytes_are_refused_or_harmless),
                cmocka_unit_test(bytes_of_no_section_are_not_signed_over),
        };

        return cmocka_run_group_tests(tests, open_signer, close_signer);
}
