/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/attest.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/digest.h"

/* TPM 2.0 Library, Part 2, sections 6.2 (TPM_GENERATED) and 6.9 (TPM_ST) */
enum {
        TPM_GENERATED = 0xff544347,
        ATTEST_NV = 0x8014,
        ATTEST_SESSION_AUDIT = 0x8016,
        ATTEST_QUOTE = 0x8018,
};

/* sizeofSelect: bytes of PCR bits. A PC Client TPM has 3; 4 is what the library's own structures
 * hold, and only zeros may stand there. */
enum { SELECT_MIN = 3, SELECT_MAX = 4 };

static uint32_t read_mask(Cursor *c) {
        Span bits = cursor_prefixed(c, 1, SELECT_MAX);
        uint32_t mask = 0;

        if (bits.size < SELECT_MIN)
                cursor_reject(c, "a PCR selection of fewer than 3 bytes");
        for (size_t i = 0; i < bits.size; i++)
                mask |= (uint32_t) bits.data[i] << (8 * i);
        if (mask >> PCR_COUNT != 0)
                cursor_reject(c, "a PCR above 23");
        return mask;
}

static bool has_bank(const PcrSelection *s, uint16_t alg) {
        for (size_t i = 0; i < s->n_banks; i++)
                if (s->banks[i].alg == alg)
                        return true;
        return false;
}

/* TPML_PCR_SELECTION. A TPM signs a selection that names a bank twice (facts of the reference
 * code), and which of the two a value belongs to would then be anyone's choice: refused. */
static PcrSelection read_selection(Cursor *c) {
        uint32_t n = cursor_u32be(c), any = 0;
        PcrSelection s = {};

        if (n > PCR_BANKS_MAX) {
                cursor_reject(c, "more PCR banks than a TPM has");
                return s;
        }
        for (uint32_t i = 0; i < n; i++) {
                PcrBank bank = { .alg = cursor_u16be(c) };

                if (has_bank(&s, bank.alg))
                        cursor_reject(c, "a PCR bank that stands twice");
                bank.mask = read_mask(c);
                any |= bank.mask;
                s.banks[s.n_banks++] = bank;
        }
        if (any == 0)
                cursor_reject(c, "a selection without a PCR");
        return s;
}

/* A digest is as long as one of the hashes that we know: an empty one, or one cut short, would
 * compare equal to nothing or to too much. */
static bool is_digest_size(size_t n) {
        return n == hash_size(HASH_SHA1) || n == hash_size(HASH_SHA256) ||
               n == hash_size(HASH_SHA384) || n == hash_size(HASH_SHA512);
}

static Span read_digest(Cursor *c) {
        Span digest = cursor_prefixed(c, 2, DIGEST_MAX);

        if (!is_digest_size(digest.size))
                cursor_reject(c, "a digest of no hash's length");
        return digest;
}

/* TPM2B_NAME of a key or an NV index: nameAlg and digest (Part 1, section 16). */
static Span read_name(Cursor *c) {
        Span name = cursor_prefixed(c, 2, TPM_NAME_MAX);
        Cursor inner = cursor_over(name);
        uint8_t size = hash_size(cursor_u16be(&inner));

        if (size == 0 || cursor_left(&inner) != size)
                cursor_reject(c, "a Name that is not a hash and its digest");
        return name;
}

/* TPMI_YES_NO */
static bool read_yes_no(Cursor *c) {
        uint8_t v = cursor_u8(c);

        if (v > 1)
                cursor_reject(c, "neither yes nor no");
        return v == 1;
}

/* What stands before the attested part: magic first, type second. Bytes without the magic may be
 * anything that someone had the key sign; bytes of another type say something else under the same
 * key. Either is refused before a field of it is looked at. */
static int read_head(Cursor *c, uint16_t type, const char *what, AttestHead *ret, Err *e) {
        uint32_t magic;
        uint16_t found;

        if (c->bytes.size > ATTEST_MAX)
                return err_set(e, -EBADMSG, "%s: %zu bytes, where %d are the most", what,
                                c->bytes.size, ATTEST_MAX);

        magic = cursor_u32be(c);
        found = cursor_u16be(c);
        if (cursor_failed(c))
                return cursor_end(c, what, e);
        if (magic != TPM_GENERATED)
                return err_set(e, -EBADMSG, "%s: these bytes were not made by a TPM (magic 0x%08x)",
                                what, magic);
        if (found != type)
                return err_set(e, -EBADMSG,
                                "%s: a TPM made these bytes, but as something else (type 0x%04x)",
                                what, found);

        ret->signer = read_name(c);
        ret->extra = cursor_prefixed(c, 2, TPM_DATA_MAX);
        ret->clock = cursor_u64be(c);
        ret->reset_count = cursor_u32be(c);
        ret->restart_count = cursor_u32be(c);
        ret->safe = read_yes_no(c);
        ret->firmware = cursor_u64be(c);
        return 0;
}

int quoted_parse(Span attest, Quoted *ret, Err *e) {
        Cursor c = cursor_over(attest);
        Quoted q = {};
        size_t at;
        int rc;

        rc = read_head(&c, ATTEST_QUOTE, "quote", &q.head, e);
        if (rc < 0)
                return rc;
        at = c.at;
        q.selection = read_selection(&c);
        q.selection_bytes = (Span){ attest.data + at, c.at - at };
        q.digest = read_digest(&c);

        rc = cursor_end(&c, "quote", e);
        if (rc < 0)
                return rc;

        *ret = q;
        return 0;
}

int nv_certified_parse(Span attest, NvCertified *ret, Err *e) {
        Cursor c = cursor_over(attest);
        NvCertified n = {};
        int rc;

        rc = read_head(&c, ATTEST_NV, "NV attestation", &n.head, e);
        if (rc < 0)
                return rc;
        n.index_name = read_name(&c);
        n.offset = cursor_u16be(&c);
        n.contents = cursor_prefixed(&c, 2, NV_CONTENTS_MAX);

        rc = cursor_end(&c, "NV attestation", e);
        if (rc < 0)
                return rc;

        *ret = n;
        return 0;
}

int session_audited_parse(Span attest, SessionAudited *ret, Err *e) {
        Cursor c = cursor_over(attest);
        SessionAudited s = {};
        int rc;

        rc = read_head(&c, ATTEST_SESSION_AUDIT, "session audit", &s.head, e);
        if (rc < 0)
                return rc;
        s.exclusive = read_yes_no(&c);
        s.digest = read_digest(&c);

        rc = cursor_end(&c, "session audit", e);
        if (rc < 0)
                return rc;

        *ret = s;
        return 0;
}

int pcr_selection_parse(Span bytes, PcrSelection *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        PcrSelection s = read_selection(&c);
        int rc;

        rc = cursor_end(&c, "PCR selection", e);
        if (rc < 0)
                return rc;

        *ret = s;
        return 0;
}

void pcr_selection_write(const PcrSelection *s, Buf *to) {
        buf_be(to, s->n_banks, 4);
        for (size_t i = 0; i < s->n_banks; i++) {
                buf_be(to, s->banks[i].alg, 2);
                buf_byte(to, SELECT_MIN);
                buf_le(to, s->banks[i].mask, SELECT_MIN);
        }
}
