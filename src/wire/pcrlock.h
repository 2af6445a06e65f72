/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "wire/json.h"
#include "wire/limits.h"
#include "wire/register.h"

/* A file of systemd-pcrlock (systemd.pcrlock(5), systemd 255 to 262): what one component of a boot
 * is expected to measure, in its order,
 *
 *     {"records":[{"pcr":11,"digests":[{"hashAlg":"sha256","digest":"..."}]}, ...]}
 *
 * A subset of TCG's CEL-JSON: recnum, content and content_type may stand in a record and say
 * nothing. Any other member is refused, and so are a register or a hash twice; a hash that nobody
 * of us computes is carried. No record at all is a component that may be absent. */

typedef struct PcrlockRecord {
        Register reg; /* a PCR or an NV index */
        Digest digests[BANKS_MAX];
        size_t n_digests; /* of hashes that we know; none twice */
} PcrlockRecord;

/* Reads a whole file, each record of it; ret_records is the array. Borrows from text and tokens. */
int pcrlock_parse(Span text, JsonToken *tokens, size_t n_tokens, Json *ret_records,
                Err *e) _must_check_;

/* One element of the array. */
int pcrlock_record(Json record, PcrlockRecord *ret, Err *e) _must_check_;

/* The digest of one bank; NULL where the record has none. */
const Digest *pcrlock_digest(const PcrlockRecord *r, uint32_t alg);
