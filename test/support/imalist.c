/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/imalist.h"

#include <assert.h>

#include "port/crypto.h"

enum { PCR_IMA = 10, SHA1_SIZE = 20, OLD_NAME_SIZE = 256 };

static bool is_old(const ImaFile *f) {
        return strcmp(f->template, "ima") == 0;
}

static void put_many(Buf *to, uint8_t byte, size_t n) {
        while (n-- > 0)
                buf_byte(to, byte);
}

static void put_field(Buf *to, Span field) {
        buf_le(to, field.size, 4);
        buf_bytes(to, field);
}

static uint8_t digest_byte(const ImaFile *f) {
        return f->violation ? 0 : 0xd1;
}

static void put_data(const ImaFile *f, Buf *to) {
        size_t n = strlen(f->digest);

        buf_le(to, n + 2 + IMALIST_DIGEST, 4);
        buf_string(to, f->digest);
        buf_bytes(to, SPAN_LITERAL(":\0"));
        put_many(to, digest_byte(f), IMALIST_DIGEST);
        put_field(to, (Span){ (const uint8_t *) f->name, strlen(f->name) + 1 });
        for (size_t i = 0; i < f->n_behind; i++)
                put_field(to, f->behind[i]);
}

void imalist_data(const ImaFile *f, Buf *to) {
        if (!is_old(f)) {
                put_data(f, to);
                return;
        }
        put_many(to, digest_byte(f), SHA1_SIZE);
        buf_string(to, f->name);
        buf_zeros(to, OLD_NAME_SIZE - strlen(f->name));
}

static void put_head(uint32_t pcr, const char *template, bool violation, Buf *to) {
        buf_le(to, pcr, 4);
        put_many(to, violation ? 0 : 0x51, SHA1_SIZE);
        put_field(to, span_of(template));
}

void imalist_add_data(uint32_t pcr, const char *template, bool violation, Span data, Buf *to) {
        put_head(pcr, template, violation, to);
        put_field(to, data);
}

void imalist_add(const ImaFile *f, Buf *to) {
        _cleanup_(buf_done) Buf data = BUF_UP_TO(64 * 1024);

        if (is_old(f)) {
                put_head(PCR_IMA, f->template, f->violation, to);
                put_many(to, digest_byte(f), SHA1_SIZE);
                put_field(to, span_of(f->name));
                return;
        }
        imalist_data(f, &data);
        imalist_add_data(PCR_IMA, f->template, f->violation, buf_span(&data), to);
}

static Digest digest_of(const ImaFile *f, HashAlg bank, bool padded, Span data) {
        Digest d = digest_zero(bank), sha1;

        if (f->violation)
                memset(d.bytes, 0xff, d.size);
        else if (!padded)
                assert(hash_bytes(bank, data, &d, NULL) == 0);
        else {
                assert(hash_bytes(HASH_SHA1, data, &sha1, NULL) == 0);
                memcpy(d.bytes, sha1.bytes, sha1.size);
        }
        return d;
}

void imalist_extend(const ImaFile *f, bool padded, PcrValues *values) {
        _cleanup_(buf_done) Buf data = BUF_UP_TO(64 * 1024);

        imalist_data(f, &data);
        for (size_t b = 0; b < values->held.n_banks; b++) {
                HashAlg bank = (HashAlg) values->held.banks[b].alg;
                Digest d = digest_of(f, bank, padded, buf_span(&data));

                assert(hash_extend(&values->digests[b][PCR_IMA], &d, NULL) == 0);
        }
}
