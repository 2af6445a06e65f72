/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/sign-file.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "port/authenticode.h"
#include "port/interrupt.h"
#include "wire/limits.h"

enum { CHUNK = 64 * 1024 };

static int write_part(const UkiPart *p, const NewFile *to, Err *e) {
        uint8_t chunk[CHUNK];
        size_t n;
        int rc = 0;

        for (uint64_t at = 0; rc == 0 && at < p->size; at += n) {
                rc = uki_part_read(p, at, chunk, CHUNK, &n, e);
                if (rc == 0 && n == 0)
                        rc = err_set(e, -EIO, "%s: became shorter while it was read", p->name);
                if (rc == 0)
                        rc = file_write_at(to->fd, to->path, at, (Span){ chunk, n }, e);
                if (rc == 0)
                        rc = interrupt_check(e);
        }
        return rc;
}

static int write_to_sign(const Digest *image, const NewFile *to, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(CMS_MAX);
        int rc;

        rc = authenticode_to_sign(image, &bytes, e);
        return rc < 0 ? rc : file_write_at(to->fd, to->path, 0, buf_span(&bytes), e);
}

int sign_file(const char *image, const SignParams *p, bool digest_only, const char *output,
                SignedFile *ret, Err *e) {
        _cleanup_(pe_signer_done) PeSigner signer = PE_SIGNER_NONE;
        _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;
        _cleanup_(new_file_done) NewFile file = NEW_FILE_NONE;
        SignedFile s = {};
        int rc;

        rc = digest_only ? 0 : pe_signer_open(p, &signer, e);
        if (rc == 0)
                rc = uki_part_open(image, &part, e);
        if (rc == 0)
                rc = digest_only ? sign_pe_hash(&part, &s.authenticode, e)
                                 : sign_pe(&part, &signer, &s.authenticode, e);
        if (rc == 0)
                rc = new_file_open(output, 0644, &file, e);
        if (rc == 0)
                rc = digest_only ? write_to_sign(&s.authenticode, &file, e)
                                 : write_part(&part, &file, e);
        if (rc == 0)
                rc = new_file_commit(&file, e);
        if (rc < 0)
                return rc;

        s.signer = signer.certificate.fingerprint;
        (void) snprintf(s.subject, sizeof(s.subject), "%s", signer.certificate.subject);
        s.size = part.size;
        s.reproducible = !signer.key || private_key_repeats(signer.key);
        *ret = s;
        return 0;
}
