/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* Reads a systemd-style file, one line at a time: [Section], Key=value, comments ('#', ';') on
 * lines of their own. No continuation lines, no quoting; blanks around names and values are
 * dropped. What the sections and keys mean is the caller's business (base/settings reads them by a
 * table). */
typedef struct Ini {
        Span rest;
        Span section;
        unsigned line;
} Ini;

typedef struct Assignment {
        Span section, key, value; /* borrowed from the text; no key: the section's own line */
        unsigned line;            /* from 1 */
} Assignment;

static inline Ini ini_over(Span text) {
        return (Ini){ .rest = text };
}

/* 1 and an assignment or the head of a section, 0 at the end, -EBADMSG for a line that is none (e
 * names the line). */
int ini_next(Ini *ini, Assignment *ret, Err *e) _must_check_;
