/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-write.h"

#include <assert.h>
#include <errno.h>

#include "base/file.h"

enum { CHECKSUM_SIZE = 4, DIRECTORY_SIZE = 8, ALIGNMENT = 8 };

void uki_writer_done(UkiWriter *w) {
        hasher_done(&w->authenticode);
}

/* The sum of 16-bit words with the carry added again (ImageHlp's CheckSumMappedFile): that is, the
 * remainder by 0xffff, which four bytes at a time have too. at: whether it begins within a word. */
static uint64_t sum_of(Span bytes, uint64_t at) {
        uint64_t sum = 0;
        size_t i = 0;

        if (at % 2 == 1 && bytes.size > 0)
                sum += (uint64_t) bytes.data[i++] << 8;
        for (; bytes.size - i >= 4; i += 4)
                sum += (uint32_t) bytes.data[i] | (uint32_t) bytes.data[i + 1] << 8 |
                       (uint32_t) bytes.data[i + 2] << 16 | (uint32_t) bytes.data[i + 3] << 24;
        for (unsigned shift = 0; i < bytes.size; i++, shift += 8)
                sum += (uint64_t) bytes.data[i] << shift;
        return sum;
}

static uint32_t fold(uint64_t sum) {
        while (sum >> 16 != 0)
                sum = (sum & 0xffff) + (sum >> 16);
        return (uint32_t) sum;
}

static int write_at(const UkiWriter *w, uint64_t at, Span bytes, Err *e) {
        return w->fd >= 0 ? file_write_at(w->fd, w->name, at, bytes, e) : 0;
}

static void count(UkiWriter *w, Span bytes, uint64_t at) {
        w->sum = fold(w->sum + sum_of(bytes, at));
}

int uki_writer_put_file(UkiWriter *w, Span bytes, Err *e) {
        int rc;

        rc = write_at(w, w->at, bytes, e);
        if (rc < 0)
                return rc;
        count(w, bytes, w->at);
        w->at += bytes.size;
        return 0;
}

int uki_writer_put_hash(UkiWriter *w, Span bytes, Err *e) {
        return w->authenticode ? hasher_add(w->authenticode, bytes, e) : 0;
}

/* The two fields that signing changes are left out of the hash. */
static int hash_headers(UkiWriter *w, Span headers, Err *e) {
        size_t checksum = w->checksum_at, entry = w->directory_at, after = checksum + CHECKSUM_SIZE;
        int rc;

        rc = hasher_add(w->authenticode, (Span){ headers.data, checksum }, e);
        if (rc == 0 && entry > 0) {
                rc = hasher_add(w->authenticode, (Span){ headers.data + after, entry - after }, e);
                after = entry + DIRECTORY_SIZE;
        }
        if (rc == 0)
                rc = hasher_add(w->authenticode, span_from(headers, after), e);
        return rc;
}

int uki_writer_open_unhashed(
                int fd, const char *name, Span headers, const Pe *pe, UkiWriter *ret, Err *e) {
        UkiWriter w = { .fd = fd, .name = name };
        int rc;

        w.checksum_at = (uint32_t) pe_checksum_at(pe);
        if (pe->n_directories > PE_DIRECTORY_CERTIFICATES)
                w.directory_at = (uint32_t) pe_directory_at(pe, PE_DIRECTORY_CERTIFICATES);
        assert(span_is_zero((Span){ headers.data + w.checksum_at, CHECKSUM_SIZE }));

        rc = uki_writer_put_file(&w, headers, e);
        if (rc < 0)
                return rc;

        *ret = w;
        return 0;
}

int uki_writer_open(int fd, const char *name, Span headers, const Pe *pe, UkiWriter *ret, Err *e) {
        UkiWriter w;
        int rc;

        rc = uki_writer_open_unhashed(fd, name, headers, pe, &w, e);
        if (rc < 0)
                return rc;
        rc = hasher_new(HASH_SHA256, &w.authenticode, e);
        if (rc == 0)
                rc = hash_headers(&w, headers, e);
        if (rc < 0) {
                uki_writer_done(&w);
                return rc;
        }

        *ret = w;
        return 0;
}

int uki_writer_put(UkiWriter *w, Span bytes, Err *e) {
        int rc;

        rc = uki_writer_put_hash(w, bytes, e);
        return rc < 0 ? rc : uki_writer_put_file(w, bytes, e);
}

int uki_writer_zeros(UkiWriter *w, uint64_t n, Err *e) {
        static const uint8_t zeros[4096];
        int rc = 0;

        while (rc == 0 && n > 0) {
                size_t part = n < sizeof(zeros) ? (size_t) n : sizeof(zeros);

                rc = uki_writer_put(w, (Span){ zeros, part }, e);
                n -= part;
        }
        return rc;
}

int uki_writer_hash(UkiWriter *w, Digest *ret, Err *e) {
        assert(w->at % ALIGNMENT == 0);

        *ret = (Digest){};
        return w->authenticode ? hasher_end(w->authenticode, ret, e) : 0;
}

static void put_u32le(uint8_t *to, uint32_t v) {
        for (unsigned i = 0; i < 4; i++)
                to[i] = (uint8_t) (v >> 8 * i);
}

int uki_writer_certificates(UkiWriter *w, Span table, Err *e) {
        uint8_t entry[DIRECTORY_SIZE];
        int rc;

        if (w->directory_at == 0 || w->at + table.size > UINT32_MAX)
                return err_set(e, -EBADMSG, "%s: its headers have no room for a signature's place",
                                w->name);
        put_u32le(entry, (uint32_t) w->at);
        put_u32le(entry + 4, (uint32_t) table.size);
        rc = write_at(w, w->directory_at, (Span){ entry, sizeof(entry) }, e);
        if (rc < 0)
                return rc;
        count(w, (Span){ entry, sizeof(entry) }, w->directory_at);
        return uki_writer_put_file(w, table, e);
}

int uki_writer_end(UkiWriter *w, uint32_t *ret_checksum, Err *e) {
        uint32_t checksum = fold(w->sum) + (uint32_t) w->at;
        uint8_t bytes[CHECKSUM_SIZE];
        int rc;

        put_u32le(bytes, checksum);
        rc = write_at(w, w->checksum_at, (Span){ bytes, sizeof(bytes) }, e);
        if (rc == 0)
                *ret_checksum = checksum;
        return rc;
}
