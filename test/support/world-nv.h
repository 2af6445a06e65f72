/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/world.h"

/* The NV indices and the key of the TPM in memory, and what is attested with it. Rows of its table;
 * what each does is said in port/tpm.h. */

/* What becomes of this step: 0 it works, 1 it is done but its answer is lost, negative it fails. */
int world_step(World *w, Err *e);
int world_lost(Err *e);

int world_begin(World *w, Err *e); /* the same, of a command */
void world_sign(World *w, Span bytes, Buf *to);

int world_key(Tpm *t, TpmAkType type, Buf *public, Err *e);
int world_key_save(Tpm *t, Buf *context, Err *e);
int world_key_load(Tpm *t, TpmAkType type, uint64_t sequence, Span blob, Buf *public, Err *e);
int world_nv_public(Tpm *t, uint32_t index, Buf *public, Err *e);
int world_nv_define(Tpm *t, Span public, Err *e);
int world_nv_undefine(Tpm *t, uint32_t index, Err *e);
int world_nv_increment(Tpm *t, uint32_t index, Err *e);
int world_nv_extend(Tpm *t, uint32_t index, Span data, Err *e);
int world_nv_read(Tpm *t, uint32_t index, size_t size, Buf *ret, Err *e);
int world_nv_certify(Tpm *t, uint32_t index, size_t size, Span qualifying, Buf *attest,
                Buf *signature, Err *e);

int world_quote(Tpm *t, const PcrSelection *which, Span nonce, Buf *attest, Buf *signature, Err *e);
int world_audit_begin(Tpm *t, bool exclusive, Err *e);
int world_audit_end(Tpm *t, Span extra, Buf *attest, Buf *signature, Err *e);

void world_nv_done(World *w);
