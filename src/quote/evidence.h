/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quote/take.h"

/* Puts together the evidence bundle (forms.md, section 3) out of what was taken and the logs. */

/* What goes along with the quotes, as it stands on the machine: the files' bytes, empty where there
 * is none (then the bundle has no such part). */
typedef struct Companions {
        Span avouch_log;   /* whole lines */
        Span firmware_log; /* as the kernel hands it out */
        Span command_line; /* the kernel's */
} Companions;

/* created is UTC, in microseconds. Appends to to, which has room for BUNDLE_MAX. */
int evidence_write(const Taken *t, Span nonce, const Companions *with, int64_t created, Buf *to,
                Err *e) _must_check_;

/* The whole lines of a log: without what a crash left of a last one. */
Span evidence_whole_lines(Span log);
