/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-content.h"

#include <assert.h>
#include <errno.h>

#include "port/crypto.h"
#include "port/interrupt.h"

enum { CHUNK = 64 * 1024 };

/* All that takes the bytes. Owner: sinks_done(). */
typedef struct Sinks {
        UkiWriter *writer;
        Hasher *hashers[BANKS_MAX];
        unsigned n_hashers;
} Sinks;

static void sinks_done(Sinks *s) {
        for (unsigned i = 0; i < s->n_hashers; i++)
                hasher_done(&s->hashers[i]);
}

static uint64_t padding_of(const UkiContent *c, const UkiPart *p) {
        return (c->padded_to - p->size % c->padded_to) % c->padded_to;
}

uint64_t uki_content_size(const UkiContent *c) {
        uint64_t size = 0;

        for (size_t i = 0; i < c->n_parts; i++)
                size += c->parts[i].size + padding_of(c, &c->parts[i]);
        return size;
}

static int put(Sinks *s, Span bytes, Err *e) {
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < s->n_hashers; i++)
                rc = hasher_add(s->hashers[i], bytes, e);
        return rc < 0 ? rc : uki_writer_put(s->writer, bytes, e);
}

static int put_part(Sinks *s, const UkiPart *p, Err *e) {
        uint8_t chunk[CHUNK];

        for (uint64_t at = 0; at < p->size; at += CHUNK) {
                uint64_t left = p->size - at;
                size_t want = left < CHUNK ? (size_t) left : CHUNK, n;
                int rc = uki_part_read(p, at, chunk, want, &n, e);

                if (rc == 0 && n < want)
                        rc = err_set(e, -EIO, "%s: became shorter while it was read", p->name);
                if (rc == 0)
                        rc = put(s, (Span){ chunk, n }, e);
                if (rc == 0)
                        rc = interrupt_check(e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

int uki_content_write(UkiContent *c, const HashAlg *banks, unsigned n_banks, UkiWriter *w, Err *e) {
        static const uint8_t zeros[16];
        _cleanup_(sinks_done) Sinks s = { .writer = w };
        int rc = 0;

        assert(n_banks <= BANKS_MAX && c->padded_to > 0 && c->padded_to <= sizeof(zeros));

        for (; rc == 0 && s.n_hashers < n_banks; s.n_hashers += rc == 0)
                rc = hasher_new(banks[s.n_hashers], &s.hashers[s.n_hashers], e);
        for (size_t i = 0; rc == 0 && i < c->n_parts; i++) {
                rc = put_part(&s, &c->parts[i], e);
                if (rc == 0)
                        rc = put(&s, (Span){ zeros, padding_of(c, &c->parts[i]) }, e);
        }
        for (unsigned i = 0; rc == 0 && i < n_banks; i++)
                rc = hasher_end(s.hashers[i], &c->digests[i], e);
        return rc;
}
