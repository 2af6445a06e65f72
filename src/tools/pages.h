/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/history.h"

/* The break-glass history for who only reads it: both places in which its lines may stand, one
 * after the other. Each is locked only while it is read, and no TPM is asked. */

/* Owner: pages_done(). */
typedef struct Pages {
        Buf home, spool, decoded;
        HistoryReader reader;
        bool in_spool, open; /* open: a last line without its receipt */
} Pages;

int pages_read(Pages *p, Err *e) _must_check_;
void pages_done(Pages *p);

/* 1 and a line, 0 at the end of both. */
int pages_next(Pages *p, HistoryLine *ret, Err *e) _must_check_;

/* All of them, for what they come to: reader.history. */
int pages_follow(Pages *p, Err *e) _must_check_;

/* One place; nothing where folder is NULL, or has none. */
int pages_read_place(const char *folder, Buf *to, Err *e) _must_check_;
