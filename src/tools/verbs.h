/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

enum { VERB_LINES_MAX = 32 };

/* The verbs of avouch with what each does, in the order in which the help lists them. Every program
 * avouch-VERB has a row here; it takes its own summary from it. */

typedef struct VerbLine {
        const char *name;
        const char *summary; /* a sentence without its full stop */
} VerbLine;

extern const VerbLine verb_lines[]; /* ends with a NULL name */

/* NULL for a verb that is not known. */
const VerbLine *verb_line(const char *name);
