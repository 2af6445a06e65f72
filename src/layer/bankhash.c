/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/bankhash.h"

#include "base/file.h"
#include "port/crypto.h"

enum { CHUNK = 64 * 1024 };

void bank_hash_done(BankHash *h) {
        for (unsigned i = 0; i < h->n; i++)
                hasher_done(&h->list[i]);
        h->n = 0;
}

int bank_hash_new(const Banks *banks, BankHash *ret, Err *e) {
        BankHash h = {};

        while (h.n < banks->n) {
                int rc = hasher_new(banks->list[h.n], &h.list[h.n], e);

                if (rc < 0) {
                        bank_hash_done(&h);
                        return rc;
                }
                h.n++;
        }
        *ret = h;
        return 0;
}

int bank_hash_add(BankHash *h, Span bytes, Err *e) {
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < h->n; i++)
                rc = hasher_add(h->list[i], bytes, e);
        return rc;
}

int bank_hash_file(BankHash *h, int fd, const char *path, uint64_t at, uint64_t size, Err *e) {
        uint8_t chunk[CHUNK];

        for (uint64_t done = 0; done < size; done += CHUNK) {
                size_t n = size - done < CHUNK ? (size_t) (size - done) : CHUNK;
                int rc = file_read_at(fd, path, at + done, chunk, n, e);

                if (rc == 0)
                        rc = bank_hash_add(h, (Span){ chunk, n }, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

int bank_hash_end(BankHash *h, BankDigests *ret, Err *e) {
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < h->n; i++)
                rc = hasher_end(h->list[i], &ret->list[i], e);
        return rc;
}

int bank_hash_bytes(const Banks *banks, Span bytes, BankDigests *ret, Err *e) {
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < banks->n; i++)
                rc = hash_bytes(banks->list[i], bytes, &ret->list[i], e);
        return rc;
}
