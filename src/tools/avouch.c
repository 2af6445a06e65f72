/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tools/tool.h"
#include "tools/verbs.h"

/* Where the programs stand: beside the front in a build folder, in LIBEXEC_DIR once installed. */
typedef struct Places {
        char beside[PATH_MAX]; /* empty when installed */
} Places;

static Places find_places(void) {
        Places p = {};
        ssize_t n = readlink("/proc/self/exe", p.beside, sizeof(p.beside) - 1);
        char *slash;

        if (n < 0)
                return (Places){};
        p.beside[n] = '\0';
        slash = strrchr(p.beside, '/');
        if (slash)
                *slash = '\0';
        if (strcmp(p.beside, BIN_DIR) ==
                        0) /* others may write there what the package does not own */
                p.beside[0] = '\0';
        return p;
}

/* The program for a verb; false where it is not there. */
static bool find_program(const Places *p, const char *verb, char path[static PATH_MAX]) {
        const char *const folders[] = { p->beside, LIBEXEC_DIR };

        for (size_t i = 0; i < ELEMENTS(folders); i++) {
                int n = snprintf(path, PATH_MAX, "%s/avouch-%s", folders[i], verb);

                if (folders[i][0] && n > 0 && n < PATH_MAX && access(path, X_OK) == 0)
                        return true;
        }
        return false;
}

static int help(const Places *p) {
        char path[PATH_MAX];

        printf("avouch VERB [OPTION...]\navouch help VERB\n\n"
               "A machine answers for itself: what was built, what started, who opened it.\n\n"
               "Verbs:\n");
        for (const VerbLine *v = verb_lines; v->name; v++)
                if (find_program(p, v->name, path))
                        printf("  %-14s %s\n", v->name, v->summary);
        printf("\nOptions:\n"
               "  -h --help      Show this and exit\n"
               "     --version   Show the version and exit\n");
        return EXIT_YES;
}

/* For completion (completion.sh.in). */
static int words(const Places *p) {
        char path[PATH_MAX];

        for (const VerbLine *v = verb_lines; v->name; v++)
                if (find_program(p, v->name, path))
                        printf("%s\n", v->name);
        printf("help\n--help\n--version\n");
        return EXIT_YES;
}

static int unknown(const Places *p, const char *word, Err *e) {
        const char *known[VERB_LINES_MAX + 1] = {}, *nearest;
        char path[PATH_MAX];
        size_t n = 0;

        for (const VerbLine *v = verb_lines; v->name && n < VERB_LINES_MAX; v++)
                if (find_program(p, v->name, path))
                        known[n++] = v->name;
        nearest = text_nearest(span_of(word), known);
        if (nearest)
                return err_set(e, -EINVAL, "unknown verb '%s', did you mean '%s'?", word, nearest);
        return err_set(e, -EINVAL, "unknown %s '%s'", word[0] == '-' ? "option" : "verb", word);
}

/* Becomes the program of a verb; argv[0] is free for its path. */
static int become(const Places *p, const char *verb, char **argv, Err *e) {
        char path[PATH_MAX];

        if (!verb_line(verb))
                return unknown(p, verb, e);
        if (!find_program(p, verb, path))
                return err_set(e, -ENOENT, "'%s' is not installed (no " LIBEXEC_DIR "/avouch-%s)",
                                verb, verb);
        argv[0] = path;
        (void) execv(path, argv);
        return err_set(e, -errno, "cannot run %s: %s", path, strerror(errno));
}

static int run(int argc, char **argv, Err *e) {
        const Places p = find_places();
        const char *word = argc > 1 ? argv[1] : NULL;
        char to_help[] = "--help";

        if (!word)
                return err_set(e, -EINVAL, "a verb is missing");
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
                return help(&p);
        if (strcmp(word, "--version") == 0) {
                printf("avouch " AVOUCH_VERSION "\n");
                return EXIT_YES;
        }
        if (strcmp(word, "--print-words") == 0)
                return words(&p);
        if (strcmp(word, "help") != 0)
                return become(&p, word, argv + 1, e);
        if (argc == 2)
                return help(&p);
        if (argc > 3)
                return err_set(e, -EINVAL, "'%s' is one operand too many", argv[3]);
        return become(&p, argv[2], (char *[]){ argv[2], to_help, NULL }, e);
}

int main(int argc, char **argv) {
        Err e = {};

        return tool_end("avouch", run(argc, argv, &e), &e);
}
