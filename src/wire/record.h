/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/content.h"
#include "wire/limits.h"
#include "wire/register.h"

/* One line of the chained event log (avouch-log-format(5)), CEL-shaped so that jq and CEL readers
 * take it:
 *
 *     0x1E {"pcr":8,"recnum":4,"digests":[{"hashAlg":"sha256","digest":"..."}],
 *           "content_type":"avouch","content":{...}} 0x0A
 *
 * There is exactly one spelling: keys in this order, no blanks, digests in ascending order of their
 * algorithm's number. Decode followed by encode gives the same bytes, which fuzz-record holds. */

typedef struct Record {
        Register reg; /* REGISTER_NONE: nothing was extended, digests is empty */
        Digest digests[BANKS_MAX];
        size_t n_digests;
        Content content;
} Record;

/* line: with its 0x1E and 0x0A. Borrowed by ret. Whether the digests are those of the content is
 * not known here (there is no hash in wire/): chain_add() checks it. */
int record_parse(Span line, Record *ret, Err *e) _must_check_;

/* Writes the line; digests in ascending order already (asserted). */
void record_write(Register reg, uint64_t seq, const Digest *digests, size_t n_digests, Span content,
                Buf *to);

/* Takes the next line off a log: from its 0x1E to its 0x0A. 1 and a line; 0 at the end; -EBADMSG
 * for bytes that are no line; -ENODATA for a last line that has no 0x0A yet (log is then what is
 * left, so that a writer may cut it off). */
int record_next_line(Span *log, Span *ret, Err *e) _must_check_;
