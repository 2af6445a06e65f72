/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>

#include "base/file.h"
#include "layer/uki.h"
#include "port/crypto.h"

/* The Authenticode hash (Microsoft, "Windows Authenticode Portable Executable Signature Format",
 * "Calculating the PE Image Hash"), and those of the sections as the stub finds them in memory,
 * where VirtualSize bytes of each are. */

enum {
        CHUNK = 64 * 1024,
        CHECKSUM_SIZE = 4,
        DIRECTORY_SIZE = 8,
};

/* What a walk through the file takes along. */
typedef struct Walk {
        const Uki *u;
        Hasher *authenticode;
        Hasher *image[BANKS_MAX]; /* NULL in the bank whose hash that is */
        Hasher *section[BANKS_MAX];
        UkiDigests *ret;
        uint64_t in_memory; /* bytes of the section that are still to come into its hashes */
} Walk;

static void walk_done(Walk *w) {
        hasher_done(&w->authenticode);
        for (size_t i = 0; i < BANKS_MAX; i++) {
                hasher_done(&w->section[i]);
                hasher_done(&w->image[i]);
        }
}

static int walk_new(const Uki *u, UkiDigests *ret, Walk *w, Err *e) {
        int rc;

        w->u = u;
        w->ret = ret;
        rc = hasher_new(HASH_SHA256, &w->authenticode, e);
        for (unsigned i = 0; rc == 0 && i < ret->n_banks; i++) {
                rc = hasher_new(ret->banks[i], &w->section[i], e);
                if (rc == 0 && ret->banks[i] != HASH_SHA256)
                        rc = hasher_new(ret->banks[i], &w->image[i], e);
        }
        return rc;
}

static int add_to_section(Walk *w, Span bytes, Err *e) {
        int rc = 0;

        if (bytes.size > w->in_memory)
                bytes.size = (size_t) w->in_memory;
        w->in_memory -= bytes.size;
        for (unsigned i = 0; rc == 0 && i < w->ret->n_banks; i++)
                rc = hasher_add(w->section[i], bytes, e);
        return rc;
}

static int add_to_image(Walk *w, Span bytes, Err *e) {
        int rc = hasher_add(w->authenticode, bytes, e);

        for (unsigned i = 0; rc == 0 && i < w->ret->n_banks; i++)
                if (w->image[i])
                        rc = hasher_add(w->image[i], bytes, e);
        return rc;
}

static int end_image(Walk *w, Err *e) {
        int rc = hasher_end(w->authenticode, &w->ret->authenticode, e);

        for (unsigned i = 0; rc == 0 && i < w->ret->n_banks; i++)
                if (w->image[i])
                        rc = hasher_end(w->image[i], &w->ret->images[i], e);
                else
                        w->ret->images[i] = w->ret->authenticode;
        return rc;
}

static int add_range(Walk *w, uint64_t at, uint64_t size, Err *e) {
        uint8_t chunk[CHUNK];

        for (uint64_t done = 0; done < size; done += CHUNK) {
                size_t n = size - done < CHUNK ? (size_t) (size - done) : CHUNK;
                int rc = file_read_at(w->u->fd, w->u->path, w->u->at + at + done, chunk, n, e);

                if (rc == 0)
                        rc = add_to_image(w, (Span){ chunk, n }, e);
                if (rc == 0)
                        rc = add_to_section(w, (Span){ chunk, n }, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* All but the two fields that signing changes. */
static int add_headers(Walk *w, Err *e) {
        const Pe *pe = &w->u->pe;
        uint64_t checksum = pe_checksum_at(pe), after = checksum + CHECKSUM_SIZE, entry;
        int rc;

        rc = add_range(w, 0, checksum, e);
        if (rc == 0 && pe->n_directories > PE_DIRECTORY_CERTIFICATES) {
                entry = pe_directory_at(pe, PE_DIRECTORY_CERTIFICATES);
                rc = add_range(w, after, entry - after, e);
                after = entry + DIRECTORY_SIZE;
        }
        return rc < 0 ? rc : add_range(w, after, pe->size_of_headers - after, e);
}

/* The section whose bytes begin there; NULL where none does. */
static const PeSection *section_at(const Pe *pe, uint64_t at) {
        for (unsigned i = 0; i < pe->n_sections; i++)
                if (pe->sections[i].raw_size > 0 && pe->sections[i].raw_offset == at)
                        return &pe->sections[i];
        return NULL;
}

static int end_section(Walk *w, const PeSection *s, Err *e) {
        static const uint8_t zeros[4096];
        Digest *into = w->ret->sections[s - w->u->pe.sections];
        int rc = 0;

        while (rc == 0 && w->in_memory > 0)
                rc = add_to_section(w, (Span){ zeros, sizeof(zeros) }, e);
        for (unsigned i = 0; rc == 0 && i < w->ret->n_banks; i++)
                rc = hasher_end(w->section[i], &into[i], e);
        return rc;
}

/* In the order of the file, without a gap: firmware hashes no bytes between two sections, so they
 * could be changed unseen. */
static int add_sections(Walk *w, uint64_t *ret_end, Err *e) {
        const Pe *pe = &w->u->pe;
        const PeSection *s;
        uint64_t at = pe->size_of_headers;
        int rc;

        while ((s = section_at(pe, at))) {
                w->in_memory = s->virtual_size;
                rc = add_range(w, at, s->raw_size, e);
                if (rc == 0)
                        rc = end_section(w, s, e);
                if (rc < 0)
                        return rc;
                at += s->raw_size;
        }
        if (at != pe_raw_end(pe))
                return err_set(e, -EBADMSG,
                                "%s: byte %llu and what follows belong to no section, so no "
                                "signature covers them",
                                w->u->path, (unsigned long long) at);
        for (unsigned i = 0; i < pe->n_sections; i++) {
                if (pe->sections[i].raw_size > 0)
                        continue;
                w->in_memory = pe->sections[i].virtual_size;
                rc = end_section(w, &pe->sections[i], e);
                if (rc < 0)
                        return rc;
        }
        *ret_end = at;
        return 0;
}

/* What follows the sections, without the certificates, which are the last. */
static int add_rest(Walk *w, uint64_t at, Err *e) {
        const PeRange *c = &w->u->pe.directories[PE_DIRECTORY_CERTIFICATES];
        uint64_t end = c->size > 0 ? c->at : w->u->pe.file_size;

        if (c->size > 0 && (c->at < at || (uint64_t) c->at + c->size != w->u->pe.file_size))
                return err_set(e, -EBADMSG, "%s: its certificates do not stand at its end",
                                w->u->path);
        return add_range(w, at, end - at, e);
}

int uki_digest(const Uki *u, const HashAlg *banks, unsigned n_banks, UkiDigests *ret, Err *e) {
        _cleanup_(walk_done) Walk w = {};
        uint64_t at = 0;
        int rc;

        assert(n_banks <= BANKS_MAX);

        memset(ret, 0, sizeof(*ret));
        ret->n_banks = n_banks;
        for (unsigned i = 0; i < n_banks; i++)
                ret->banks[i] = banks[i];
        rc = walk_new(u, ret, &w, e);
        if (rc == 0)
                rc = add_headers(&w, e);
        if (rc == 0)
                rc = add_sections(&w, &at, e);
        if (rc == 0)
                rc = add_rest(&w, at, e);
        return rc < 0 ? rc : end_image(&w, e);
}
