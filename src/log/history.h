/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "wire/history.h"

/* The break-glass history: how its lines follow one another.
 *
 * Each line's receipt sits at a value n of the counter, and the counter is closed at n + 1 before
 * the next: n, n + 2, n + 4 ... A glass.begin is the first line, and only the first. Where the
 * counter moved and no line tells why, a glass.lost does: from the value at which the line before
 * was closed, to that of its own receipt. "past", where a line has it, is the SHA-256 of the line
 * before, from its 0x1E to its 0x0A. A part of a history (what was written while the folder of the
 * whole was out of reach) may begin with any line.
 *
 * What holds of the receipts themselves is log/receipt's to say. A value: copied freely. */
typedef struct History {
        uint64_t n_lines;
        uint64_t first;    /* value of the first line's receipt */
        uint64_t closed;   /* value to which the counter was closed after the last line */
        uint8_t past[32];  /* SHA-256 of the last line */
        uint64_t openings; /* glass.open and unlock.open */
        uint64_t lost;     /* glass.lost */
        bool part;         /* may begin with any line */
} History;

/* Takes one line (line: its bytes, l: what was read of them). Refused, and nothing changes: one
 * that does not continue the history. */
int history_add(History *h, Span line, const HistoryLine *l, Err *e) _must_check_;

/* Reads the lines one after another, each checked against those before. decoded is the caller's: it
 * holds the receipt of the line that was read last. */
typedef struct HistoryReader {
        Span rest;
        History history;
        Buf *decoded;
} HistoryReader;

static inline HistoryReader history_over(Span bytes, Buf *decoded) {
        return (HistoryReader){ .rest = bytes, .decoded = decoded };
}

/* 1 and a line, 0 at the end, negative for what is wrong; -ENODATA where a last line is left that
 * has no receipt yet. e names the line. */
int history_next(HistoryReader *r, HistoryLine *ret, Err *e) _must_check_;

/* What of the lines in the spool is not among those at home, which closed the counter at that
 * value: what was brought home stands at the head of the spool, too, for a moment. */
Span history_not_at_home(Span spool, uint64_t closed);

/* 1 and the SHA-256 of the last whole line, 0 where there is none. */
int history_last(Span bytes, uint8_t ret[32], Err *e) _must_check_;
