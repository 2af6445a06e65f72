/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/content.h"
#include "wire/limits.h"

/* One line of the break-glass history (avouch-log-format(5)): a record's content, byte for byte as
 * it stands in the log, and the receipt that the TPM gave for it:
 *
 *     0x1E {"content":{...},"receipt":{"attest":B64U,"signature":B64U}} 0x0A
 *
 * There is one spelling. A writer puts down the content first, and the receipt once there is one: a
 * last line without its end is a receipt that is still open. */

typedef struct HistoryLine {
        Content content; /* borrows from the line */
        uint64_t value;  /* of the counter, at which the receipt sits */
        Span attest;     /* TPMS_ATTEST, raw: for wire/attest to read */
        Span signature;  /* TPMT_SIGNATURE, raw */
} HistoryLine;

/* True for a content that belongs into the history: glass.begin, glass.lost, and each glass.open,
 * glass.close and unlock.open that was counted. *ret: the counter's value at its receipt, which is
 * "count", or "to" of what was lost. */
bool history_value(const Content *c, uint64_t *ret);

/* line: with its 0x1E and 0x0A. Receipts are decoded into into, which the result borrows. */
int history_line_parse(Span line, Buf *into, HistoryLine *ret, Err *e) _must_check_;

/* The two halves of a line, as they are written one after the other. */
void history_open_write(Span content, Buf *to);
void history_close_write(Span attest, Span signature, Buf *to);

/* As record_next_line() does for a log: 1 and a line, 0 at the end, -EBADMSG for what is none,
 * -ENODATA for a last line without its end. */
int history_next_line(Span *history, Span *ret, Err *e) _must_check_;

/* What an unfinished last line tells: true, and its content (borrowed), where that is whole and
 * belongs there. *ret_size: how many bytes of the line its first half takes. */
bool history_open_read(Span rest, Content *ret, size_t *ret_size);
