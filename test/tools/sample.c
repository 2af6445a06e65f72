/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "tools/tool.h"

/* A small program in the frame, for test-frame. */
typedef struct Args {
        const char *name, *json, *pick;
        bool loud;
        Strings files;
} Args;

static const Option options[] = {
        { "name", 'n', OPTION_VALUE, "NAME", "What to print", offsetof(Args, name) },
        { "loud", 'l', OPTION_FLAG, NULL, "Print it loudly", offsetof(Args, loud) },
        { "file", 0, OPTION_REPEATED, "FILE", "Print this too", offsetof(Args, files) },
        { "pick", 0, OPTION_VALUE, "WHAT", "Print WHAT and the words", offsetof(Args, pick) },
        { "json", 'j', OPTION_JSON, NULL, "Print JSON", offsetof(Args, json) },
        {},
};

static int print(void *values, char *const *operands, Err *e) {
        const Args *a = values;

        (void) e;
        printf("name=%s loud=%d json=%s", a->name ?: "", a->loud, a->json ?: "");
        for (size_t i = 0; i < a->files.n; i++)
                printf(" file=%s", a->files.values[i]);
        for (int i = 0; operands[i]; i++)
                printf(" operand=%s", operands[i]);
        putchar('\n');
        return EXIT_YES;
}

static int judge(void *values, char *const *operands, Err *e) {
        (void) values, (void) operands, (void) e;
        return EXIT_NO;
}

static int fail(void *values, char *const *operands, Err *e) {
        (void) values;
        return err_set(e, -EIO, "disk is on fire near %s", operands[0]);
}

static int refuse(void *values, char *const *operands, Err *e) {
        (void) values, (void) operands;
        return err_set(e, -EINVAL, "'--name' and '--loud' exclude each other");
}

static int pick(void *values, char *const *operands, Err *e) {
        const Args *a = values;

        (void) e;
        printf("pick=%s", a->pick);
        for (int i = 0; operands[i]; i++)
                printf(" operand=%s", operands[i]);
        putchar('\n');
        return EXIT_YES;
}

static const Verb verbs[] = {
        { "print", "[WORD...]", "Print everything", 0, -1, print },
        { "judge", NULL, "Prove nothing", 0, 0, judge },
        { "fail", "WHERE", "Fail there", 1, 1, fail },
        { "refuse", NULL, "Find fault with the options", 0, 0, refuse },
        { "", "[WORD]", NULL, 0, 1, pick, .by = "pick" },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ "avouch sample", "Print what was asked", options, verbs, &args },
                        argc, argv);
}
