/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/chain.h"

/* Reads this machine's log as it grows. It is read under its lock, so what is handed out is there
 * to stay; a log that takes the place of another one is begun from its start. */

typedef struct LogReader {
        const char *path;   /* of one file; NULL: the log in folder, whichever it is now */
        const char *folder; /* borrowed, both */
        Segment segment;    /* its rest borrows from bytes */
        Buf bytes;          /* all that was read of the log */
        uint64_t device, inode;
} LogReader;

#define LOG_READER_OF(file, in)                                                                    \
        ((LogReader){ .path = (file), .folder = (in), .bytes = BUF_UP_TO(LOG_MAX) })

void log_reader_done(LogReader *r);

/* Reads what there is more: 1, or 0 where there is no log (yet). */
int log_reader_more(LogReader *r, Err *e) _must_check_;

/* The next record, as segment_next() has it; an unfinished last line is no error: 0. */
int log_reader_next(LogReader *r, Record *ret, Err *e) _must_check_;

/* Waits until the log may have changed. */
int log_reader_wait(const LogReader *r, Err *e) _must_check_;
