/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/lanes.h"

/* Built with -DLANES=8 -mavx2 and with -DLANES=16 -mavx512f, and called on processors that have
 * these. */
#define LANES_NAME_OF(lanes) lanes_hash_##lanes
#define LANES_NAME(lanes) LANES_NAME_OF(lanes)

enum {
        CHUNK = 64, /* what SHA-256 takes at once */
        WORDS = CHUNK / 4,
        END_SIZE = 9, /* 0x80 and the length in bits behind the message */
};

/* The same word of the state, or of the message, in every lane. */
typedef uint32_t Lanes __attribute__((vector_size(4 * LANES)));

/* FIPS 180-4, 4.2.2 */
static const uint32_t constants[64] = {
        0x428a2f98,
        0x71374491,
        0xb5c0fbcf,
        0xe9b5dba5,
        0x3956c25b,
        0x59f111f1,
        0x923f82a4,
        0xab1c5ed5,
        0xd807aa98,
        0x12835b01,
        0x243185be,
        0x550c7dc3,
        0x72be5d74,
        0x80deb1fe,
        0x9bdc06a7,
        0xc19bf174,
        0xe49b69c1,
        0xefbe4786,
        0x0fc19dc6,
        0x240ca1cc,
        0x2de92c6f,
        0x4a7484aa,
        0x5cb0a9dc,
        0x76f988da,
        0x983e5152,
        0xa831c66d,
        0xb00327c8,
        0xbf597fc7,
        0xc6e00bf3,
        0xd5a79147,
        0x06ca6351,
        0x14292967,
        0x27b70a85,
        0x2e1b2138,
        0x4d2c6dfc,
        0x53380d13,
        0x650a7354,
        0x766a0abb,
        0x81c2c92e,
        0x92722c85,
        0xa2bfe8a1,
        0xa81a664b,
        0xc24b8b70,
        0xc76c51a3,
        0xd192e819,
        0xd6990624,
        0xf40e3585,
        0x106aa070,
        0x19a4c116,
        0x1e376c08,
        0x2748774c,
        0x34b0bcb5,
        0x391c0cb3,
        0x4ed8aa4a,
        0x5b9cca4f,
        0x682e6ff3,
        0x748f82ee,
        0x78a5636f,
        0x84c87814,
        0x8cc70208,
        0x90befffa,
        0xa4506ceb,
        0xbef9a3f7,
        0xc67178f2,
};

/* FIPS 180-4, 5.3.3 */
static const uint32_t begin[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
        0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

#define ROTR(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

/* FIPS 180-4, 6.2.2; the schedule of 64 words is made in the place of the 16 of the message. */
static inline void compress(Lanes state[8], Lanes w[WORDS]) {
        Lanes a = state[0], b = state[1], c = state[2], d = state[3];
        Lanes e = state[4], f = state[5], g = state[6], h = state[7];

#pragma GCC unroll 64
        for (unsigned t = 0; t < 64; t++) {
                Lanes t1, t2;

                if (t >= WORDS) {
                        Lanes w2 = w[(t - 2) % WORDS], w15 = w[(t - 15) % WORDS];

                        w[t % WORDS] += (ROTR(w2, 17) ^ ROTR(w2, 19) ^ (w2 >> 10)) +
                                        w[(t - 7) % WORDS] +
                                        (ROTR(w15, 7) ^ ROTR(w15, 18) ^ (w15 >> 3));
                }
                t1 = h + (ROTR(e, 6) ^ ROTR(e, 11) ^ ROTR(e, 25)) + ((e & f) ^ (~e & g)) +
                     constants[t] + w[t % WORDS];
                t2 = (ROTR(a, 2) ^ ROTR(a, 13) ^ ROTR(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
                h = g;
                g = f;
                f = e;
                e = d + t1;
                d = c;
                c = b;
                b = a;
                a = t1 + t2;
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
}

/* The chunk at a byte of the padded message: salt, block, 0x80, zeros, and the length in bits. */
static inline void take_chunk(Span salt, const uint8_t *block, size_t at, uint8_t into[CHUNK]) {
        size_t size = salt.size + LANES_BLOCK;

        if (at >= salt.size && at + CHUNK <= size) {
                memcpy(into, block + at - salt.size, CHUNK);
                return;
        }
        for (size_t i = 0; i < CHUNK; i++, at++) {
                if (at < salt.size)
                        into[i] = salt.data[at];
                else if (at < size)
                        into[i] = block[at - salt.size];
                else
                        into[i] = at == size ? 0x80 : 0;
        }
        if (at >= size + END_SIZE)
                for (unsigned i = 0; i < 4; i++)
                        into[CHUNK - 1 - i] = (uint8_t) (8 * size >> 8 * i);
}

/* Row l is the chunk of lane l; column i, its bytes turned round, goes to w[i]. */
static inline void turn(const uint32_t rows[LANES][WORDS], Lanes w[WORDS]) {
        for (unsigned i = 0; i < WORDS; i++) {
                uint32_t column[LANES];

                for (unsigned l = 0; l < LANES; l++)
                        column[l] = rows[l][i];
                memcpy(&w[i], column, sizeof(w[i]));
                w[i] = w[i] << 24 | (w[i] & 0xff00) << 8 | (w[i] >> 8 & 0xff00) | w[i] >> 24;
        }
}

void LANES_NAME(LANES)(Span salt, const uint8_t *blocks, uint8_t *digests) {
        Lanes state[8], w[WORDS];
        uint32_t rows[LANES][WORDS];

        for (unsigned i = 0; i < 8; i++)
                state[i] = (Lanes){} + begin[i];
        for (size_t at = 0; at < salt.size + LANES_BLOCK + END_SIZE; at += CHUNK) {
                for (unsigned l = 0; l < LANES; l++)
                        take_chunk(salt, blocks + l * LANES_BLOCK, at, (uint8_t *) rows[l]);
                turn((const uint32_t(*)[WORDS]) rows, w);
                compress(state, w);
        }
        for (unsigned l = 0; l < LANES; l++)
                for (unsigned i = 0; i < LANES_DIGEST; i++)
                        *digests++ = (uint8_t) (state[i / 4][l] >> (24 - i % 4 * 8));
}
