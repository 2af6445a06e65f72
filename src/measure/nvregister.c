/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/nvregister.h"

#include <errno.h>
#include <string.h>

#include "port/crypto.h"
#include "wire/nvpublic.h"

/* 1 where it is there and ours, 0 where there is none, -EBADMSG where something else is. */
static int look(Tpm *t, uint32_t index, NvPublic *ret, Buf *bytes, Err *e) {
        int rc;

        rc = tpm_nv_public(t, index, bytes, NULL);
        if (rc < 0) {
                buf_done(bytes);
                rc = tpm_nv_public(t, index, bytes, e);
        }
        if (rc <= 0)
                return rc;
        rc = nv_public_parse(buf_span(bytes), ret, e);
        if (rc == 0)
                rc = nv_check_register(ret, e);
        return rc < 0 ? rc : 1;
}

static int read_value(Tpm *t, uint32_t index, Digest *ret, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(NV_REGISTER_SIZE);
        Digest d = digest_zero(HASH_SHA256);
        int rc;

        rc = tpm_nv_read(t, index, NV_REGISTER_SIZE, &b, NULL);
        if (rc < 0) {
                buf_done(&b);
                rc = tpm_nv_read(t, index, NV_REGISTER_SIZE, &b, e);
        }
        if (rc < 0)
                return rc;
        memcpy(d.bytes, b.data, sizeof(d.bytes) < b.size ? sizeof(d.bytes) : b.size);
        *ret = d;
        return 1;
}

int nvregister_read(Tpm *t, uint32_t index, Digest *ret, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(NV_PUBLIC_MAX);
        Err why = {};
        NvPublic p;
        int rc;

        rc = look(t, index, &p, &bytes, &why);
        if (rc == 0)
                return err_set(e, -ENOENT, "the TPM has no NV index 0x%08x", index);
        if (rc < 0)
                return err_set(e, rc == -EBADMSG ? -ENOENT : rc, "%s", why.text);
        *ret = digest_zero(HASH_SHA256);
        if (!(p.attributes & NV_WRITTEN))
                return 0;
        rc = read_value(t, index, ret, &why);
        return rc < 0 ? err_set(e, rc == -EPERM ? -ENOENT : rc, "%s", why.text) : 1;
}

/* More than one number, where an answer was lost, blinds no less than one. */
int nvregister_blind(Tpm *t, uint32_t index, Digest *ret, Err *e) {
        uint8_t number[32];
        int rc;

        rc = random_bytes(number, sizeof(number), e);
        if (rc < 0)
                return rc;
        rc = tpm_nv_extend(t, index, (Span){ number, sizeof(number) }, NULL);
        if (rc < 0)
                rc = tpm_nv_extend(t, index, (Span){ number, sizeof(number) }, e);
        explicit_bzero(number, sizeof(number));
        if (rc < 0)
                return rc;
        rc = read_value(t, index, ret, e);
        return rc < 0 ? rc : 0;
}

int nvregister_define(Tpm *t, uint32_t index, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(NV_PUBLIC_MAX), wanted = BUF_UP_TO(NV_PUBLIC_MAX);
        NvPublic p = nv_register(index);
        int rc;

        nv_public_write(&p, &wanted);
        rc = look(t, index, &p, &bytes, e);
        if (rc != 0)
                return rc < 0 ? rc : 0;
        rc = tpm_nv_define(t, buf_span(&wanted), e);
        return rc < 0 ? rc : 1;
}
