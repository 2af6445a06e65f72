/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* The frame around each small program: options in a table, values in a struct that the tool owns,
 * nothing in global variables. tool_main() reads the table (getopt_long: --name=value, --name
 * value, short ones), answers --help and --version, runs, and turns the result into one line on
 * stderr and an exit status. */

enum {
        EXIT_YES = 0,   /* done; for a tool that judges: proven */
        EXIT_NO = 1,    /* judged, and not proven */
        EXIT_USAGE = 2, /* asked wrongly */
        EXIT_FAIL = 3,  /* could not be done or judged */
};

enum { OPTION_REPEAT_MAX = 64, OPTIONS_MAX = 48, VERBS_MAX = 16 };

/* An option that may be given more than once. */
typedef struct Strings {
        const char *values[OPTION_REPEAT_MAX];
        size_t n;
} Strings;

typedef enum OptionKind {
        OPTION_VALUE,    /* where: const char * */
        OPTION_FLAG,     /* where: bool */
        OPTION_REPEATED, /* where: Strings */
        OPTION_JSON,     /* where: const char *: "short" or "pretty"; --json alone is "short" */
} OptionKind;

/* A value that is not given leaves its place in values alone, so defaults can stand there before.
 */
typedef struct Option {
        const char *name; /* without the dashes */
        char letter;      /* short form, 0 for none; 'h' is taken */
        OptionKind kind;
        const char *value; /* what the help calls its value; NULL for a flag */
        const char *help;
        size_t where; /* offsetof() into values */
} Option;

/* A word after the program's name that chooses what it does ("measure note TEXT"). The last one may
 * have the name "" and be chosen by an option instead ("measure --event=EVENT"). */
typedef struct Verb {
        const char *name;
        const char *operands; /* "TEXT", "[IMAGE...]", NULL for none */
        const char *help;
        int min_operands, max_operands;                          /* max -1: any number */
        int (*run)(void *values, char *const *operands, Err *e); /* operands end with NULL */
        const char *by; /* the option that chooses it; NULL for a verb that is a word */
} Verb;

typedef struct Tool {
        const char *name;      /* "avouch measure" */
        const char *summary;   /* NULL: the line in tools/verbs.c, where it belongs */
        const Option *options; /* ends with a NULL name; --help and --version are added */
        const Verb *verbs; /* ends with a NULL name. One verb whose name is "": the tool has none */
        void *values;
} Tool;

/* Returned by run(): an EXIT_ value, or a negative errno with e filled. -EINVAL means "asked
 * wrongly" and exits with EXIT_USAGE; every other one with EXIT_FAIL. What run() printed is flushed
 * here, and a stdout that did not take it is EXIT_FAIL whatever run() returned. */
int tool_main(const Tool *t, int argc, char **argv);

/* The last steps of tool_main(), for a program without a table. rc is what run() returns. */
int tool_end(const char *name, int rc, const Err *e);
