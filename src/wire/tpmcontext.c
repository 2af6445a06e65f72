/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/tpmcontext.h"

#include "base/cursor.h"

int tpm_context_parse(Span bytes, TpmContext *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        TpmContext context = {};
        int rc;

        context.sequence = cursor_u64be(&c);
        if (cursor_u32be(&c) != TPM_CONTEXT_OBJECT)
                cursor_reject(&c, "no ordinary object");
        if (cursor_u32be(&c) != TPM_CONTEXT_ENDORSEMENT)
                cursor_reject(&c, "an object of another hierarchy than the endorsement's");
        context.blob = cursor_prefixed(&c, 2, TPM_CONTEXT_MAX);
        if (context.blob.size == 0)
                cursor_reject(&c, "an object without its contents");

        rc = cursor_end(&c, "TPM context", e);
        if (rc < 0)
                return rc;

        *ret = context;
        return 0;
}

void tpm_context_write(const TpmContext *c, Buf *to) {
        buf_be(to, c->sequence, 8);
        buf_be(to, TPM_CONTEXT_OBJECT, 4);
        buf_be(to, TPM_CONTEXT_ENDORSEMENT, 4);
        buf_be(to, c->blob.size, 2);
        buf_bytes(to, c->blob);
}
