/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"

/* TPMS_ATTEST (TPM 2.0 Library, Part 2, section 10.12.12) written field by field, for tests: a
 * genuine one to begin with, and any field of it can be spoiled. It signs nothing. */

#define SAMPLE_NAME                                                                                \
        "\x00\x0b"                                                                                 \
        "0123456789abcdef0123456789abcdef" /* SHA-256, 32 bytes */
#define SAMPLE_NONCE "a nonce of 24 bytes, see"
#define SAMPLE_DIGEST "fedcba9876543210fedcba9876543210"
#define SAMPLE_SELECTION "\x00\x00\x00\x01\x00\x0b\x03\x07\x41\x00" /* sha256:0-2,8,14 */

typedef struct SampleAttest {
        uint32_t magic;
        uint16_t type;
        Span signer, extra;
        uint64_t clock;
        uint32_t reset_count, restart_count;
        uint8_t safe;
        uint64_t firmware;
        Span body; /* what this type attests */
} SampleAttest;

static inline SampleAttest sample_attest(uint16_t type, Span body) {
        return (SampleAttest){
                .magic = 0xff544347,
                .type = type,
                .signer = SPAN_LITERAL(SAMPLE_NAME),
                .extra = SPAN_LITERAL(SAMPLE_NONCE),
                .clock = 123456,
                .reset_count = 7,
                .restart_count = 2,
                .safe = 1,
                .firmware = UINT64_C(0x2019102300163636),
                .body = body,
        };
}

static inline void sample_sized(Span bytes, Buf *to) {
        buf_be(to, bytes.size, 2);
        buf_bytes(to, bytes);
}

static inline void sample_attest_write(const SampleAttest *a, Buf *to) {
        buf_be(to, a->magic, 4);
        buf_be(to, a->type, 2);
        sample_sized(a->signer, to);
        sample_sized(a->extra, to);
        buf_be(to, a->clock, 8);
        buf_be(to, a->reset_count, 4);
        buf_be(to, a->restart_count, 4);
        buf_byte(to, a->safe);
        buf_be(to, a->firmware, 8);
        buf_bytes(to, a->body);
}
