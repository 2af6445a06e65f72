/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-finish.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "port/authenticode.h"
#include "port/interrupt.h"

void uki_leaves_done(UkiLeaves *l) {
        for (unsigned i = 0; i < l->n; i++)
                new_file_done(&l->files[i]);
}

static int open_leaf(const char *leaf, UkiLeaves *l, Err *e) {
        unsigned n = l->n;
        int size = snprintf(l->paths[n], PATH_MAX, n > 0 ? "%s.%u" : "%s", leaf, n);

        if (size < 0 || size >= PATH_MAX)
                return err_set(e, -EINVAL, "the path of a leaf is too long");
        l->files[n] = NEW_FILE_NONE;
        l->n++;
        return new_file_open(l->paths[n], 0644, &l->files[n], e);
}

int uki_leaves_open(const char *leaf, unsigned n_profiles, UkiLeaves *ret, Err *e) {
        int rc = 0;

        while (rc == 0 && leaf && (ret->n == 0 || ret->n < n_profiles))
                rc = open_leaf(leaf, ret, e);
        return rc;
}

int uki_leaves_write(const UkiLeaves *l, UkiLeaf *what, Err *e) {
        int rc = 0;

        for (unsigned n = 0; rc == 0 && n < l->n; n++) {
                what->profile = what->list->n_profiles > 0 ? n + 1 : 0;
                rc = uki_leaf_write(what, l->files[n].fd, l->paths[n], e);
        }
        return rc;
}

static int write_to_sign(const NewFile *to, const Digest *authenticode, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(CMS_MAX);
        int rc;

        rc = authenticode_to_sign(authenticode, &bytes, e);
        return rc < 0 ? rc : file_write_at(to->fd, to->path, 0, buf_span(&bytes), e);
}

int uki_finish(UkiWriter *w, const UkiEnd *end, UkiBuilt *built, Err *e) {
        _cleanup_(buf_done) Buf table = BUF_UP_TO(PE_CERTIFICATES_MAX);
        uint32_t unused;
        int rc;

        rc = uki_writer_hash(w, &built->authenticode, e);
        if (rc == 0 && end->to_sign)
                return write_to_sign(end->to_sign, &built->authenticode, e);
        if (rc == 0 && end->signer)
                rc = pe_signer_table(end->signer, &built->authenticode, (Span){}, &table, e);
        if (rc == 0 && end->signer)
                rc = uki_writer_certificates(w, buf_span(&table), e);
        if (rc == 0)
                rc = uki_writer_end(w, &unused, e);
        built->size = w->at;
        return rc;
}

int uki_commit(NewFile *image, UkiLeaves *l, Err *e) {
        const char *path = image->path;
        int rc;

        rc = interrupt_check(e);
        if (rc == 0)
                rc = new_file_commit(image, e);
        if (rc < 0)
                return rc;
        for (unsigned n = 0; rc == 0 && n < l->n; n++)
                rc = new_file_commit(&l->files[n], e);
        if (rc < 0) { /* they may have their names all the same */
                (void) unlink(path);
                for (unsigned n = 0; n < l->n; n++)
                        (void) unlink(l->paths[n]);
        }
        return rc;
}
