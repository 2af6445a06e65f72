/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/limits.h"

/* An object that a TPM has handed out, to be given back to it later: TPMS_CONTEXT (TPM 2.0 Library,
 * Part 2, section 14.5), big-endian. Only what the attestation key's can be is taken: an ordinary
 * object (section 14.6.2) of the endorsement hierarchy. Whether it is still good for anything the
 * TPM alone can tell, which encrypted it. Spans borrow. */
typedef struct TpmContext {
        uint64_t sequence;
        Span blob;
} TpmContext;

/* What every such context says of its object. */
enum { TPM_CONTEXT_OBJECT = 0x80000000, TPM_CONTEXT_ENDORSEMENT = 0x4000000b };

int tpm_context_parse(Span bytes, TpmContext *ret, Err *e) _must_check_;

void tpm_context_write(const TpmContext *c, Buf *to);
