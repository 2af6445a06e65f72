/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-content.h"

#include <assert.h>
#include <errno.h>

#include "port/crypto.h"
#include "port/interrupt.h"
#include "port/workers.h"

/* A chunk is hashed in all banks, and for the signature, and written, at the same time; threads are
 * begun for each, which a small one is not worth. */
enum { CHUNK = 1024 * 1024, SMALL = 128 * 1024 };

/* All that takes the bytes. Owner: sinks_done(). */
typedef struct Sinks {
        UkiWriter *writer;
        unsigned n_threads;
        Span bytes; /* that all take now */
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

static int put_one(void *user, unsigned worker, uint64_t which, Err *e) {
        const Sinks *s = user;

        (void) worker;
        if (which < s->n_hashers)
                return hasher_add(s->hashers[which], s->bytes, e);
        return which == s->n_hashers ? uki_writer_put_hash(s->writer, s->bytes, e)
                                     : uki_writer_put_file(s->writer, s->bytes, e);
}

static int put(Sinks *s, Span bytes, Err *e) {
        Workers all = {
                .n = bytes.size < SMALL ? 1 : s->n_threads,
                .n_pieces = s->n_hashers + 2,
                .step = put_one,
                .user = s,
        };

        s->bytes = bytes;
        return workers_run(&all, e);
}

/* Threads beyond what is to be computed would only be in the way. */
static unsigned threads_for(unsigned n_hashers, const UkiWriter *w) {
        unsigned usual = workers_usual(), n = n_hashers + (w->authenticode ? 1 : 0) + 1;

        return n < usual ? n : usual;
}

static int put_part(Sinks *s, const UkiPart *p, Err *e) {
        size_t size = p->size < CHUNK ? (size_t) p->size : CHUNK;
        _cleanup_(buf_done) Buf room = BUF_UP_TO(CHUNK);
        uint8_t *chunk = size > 0 ? buf_room(&room, size) : NULL;

        if (room.failed < 0)
                return err_set(e, room.failed, "%s: no memory to read it", p->name);
        for (uint64_t at = 0; at < p->size; at += size) {
                uint64_t left = p->size - at;
                size_t want = left < size ? (size_t) left : size, n;
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
        _cleanup_(sinks_done) Sinks s = { .writer = w, .n_threads = threads_for(n_banks, w) };
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
