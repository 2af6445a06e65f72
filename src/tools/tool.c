/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/tool.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tools/verbs.h"

/* What getopt_long() returns for a long option: its place in the table above any letter, then ours.
 * Long and short form of one option come out as the same number (see which()). */
enum {
        FROM_TABLE = 256,
        ASKS_HELP = FROM_TABLE + OPTIONS_MAX,
        ASKS_VERSION,
        ASKS_WORDS,
};

/* getopt's tables, made from ours. */
typedef struct Parser {
        const Tool *tool;
        int n_options;
        struct option longs[OPTIONS_MAX + 4];
        char letters[3 * OPTIONS_MAX + 3];
        bool given[OPTIONS_MAX];
} Parser;

static const Verb *only_verb(const Tool *t) {
        return t->verbs[0].name[0] == '\0' ? &t->verbs[0] : NULL;
}

static const char *summary_of(const Tool *t) {
        const char *space = strrchr(t->name, ' ');
        const VerbLine *line = space ? verb_line(space + 1) : NULL;

        return t->summary ?: line ? line->summary : "";
}

static void print_usage(const Tool *t, const Verb *v) {
        if (v->by)
                printf("%s [OPTION...] --%s=... %s\n", t->name, v->by, v->operands ?: "");
        else
                printf("%s [OPTION...]%s%s%s%s\n", t->name, v->name[0] ? " " : "", v->name,
                                v->operands ? " " : "", v->operands ?: "");
}

static void print_row(const char *left, const char *help) {
        if (strlen(left) < 30)
                printf("  %-30s %s\n", left, help);
        else
                printf("  %s\n  %-30s %s\n", left, "", help);
}

static void print_option(const Option *o) {
        char left[128], letter[] = { '-', o->letter, '\0' };

        (void) snprintf(left, sizeof(left), "%2s --%s%s%s", o->letter ? letter : "", o->name,
                        o->kind == OPTION_JSON ? "[=short|pretty]"
                        : o->value             ? "="
                                               : "",
                        o->kind != OPTION_JSON && o->value ? o->value : "");
        print_row(left, o->help);
}

/* True for a program with an option of that name, for what it makes. It tells its own version where
 * --version is all that it is asked. */
static bool has_version(const Tool *t) {
        for (const Option *o = t->options; o && o->name; o++)
                if (strcmp(o->name, "version") == 0)
                        return true;
        return false;
}

static void print_help(const Tool *t) {
        for (const Verb *v = t->verbs; v->name; v++)
                print_usage(t, v);
        printf("\n%s.\n", summary_of(t));

        if (!only_verb(t))
                printf("\nVerbs:\n");
        for (const Verb *v = t->verbs; v->name && v->name[0]; v++) {
                char left[128];

                (void) snprintf(left, sizeof(left), "%s %s", v->name, v->operands ?: "");
                print_row(left, v->help);
        }

        printf("\nOptions:\n");
        for (const Option *o = t->options; o && o->name; o++)
                print_option(o);
        print_option(&(Option){ .name = "help", .letter = 'h', .help = "Show this and exit" });
        print_option(&(Option){ .name = "version",
                        .help = has_version(t) ? "Alone: show the version and exit"
                                               : "Show the version and exit" });
}

/* For completion (completion.sh.in): what may be typed, a word a line; '=' where a value follows.
 */
static void print_words(const Tool *t) {
        for (const Verb *v = t->verbs; v->name && v->name[0]; v++)
                printf("%s\n", v->name);
        for (const Option *o = t->options; o && o->name; o++)
                printf("--%s%s\n", o->name, o->value && o->kind != OPTION_JSON ? "=" : "");
        printf("--help\n--version\n");
}

static int has_argument(const Option *o) {
        return o->kind == OPTION_FLAG   ? no_argument
               : o->kind == OPTION_JSON ? optional_argument
                                        : required_argument;
}

static Parser parser_for(const Tool *t) {
        Parser p = { .tool = t };
        char *letter = p.letters;
        struct option *l = p.longs;

        *letter++ = ':'; /* tell a value that is missing from an option that is unknown */
        for (const Option *o = t->options; o && o->name; o++) {
                assert(p.n_options < OPTIONS_MAX);
                assert(o->value || o->kind == OPTION_FLAG || o->kind == OPTION_JSON);
                *l++ = (struct option){ o->name, has_argument(o), NULL,
                        FROM_TABLE + p.n_options++ };
                if (o->letter)
                        *letter++ = o->letter;
                for (int i = has_argument(o); o->letter && i > 0; i--)
                        *letter++ = ':';
        }
        *letter++ = 'h';
        *l++ = (struct option){ "help", no_argument, NULL, ASKS_HELP };
        *l++ = (struct option){ "version", no_argument, NULL, ASKS_VERSION };
        *l++ = (struct option){ "print-words", no_argument, NULL, ASKS_WORDS };
        return p;
}

/* A letter as the number of its long form; what is neither stays as it is. */
static int which(const Parser *p, int c) {
        if (c == 'h')
                return ASKS_HELP;
        for (int i = 0; i < p->n_options; i++)
                if (c != 0 && p->tool->options[i].letter == c)
                        return FROM_TABLE + i;
        return c;
}

static const char *long_name(const Parser *p, int c) {
        return p->longs[c < ASKS_HELP ? c - FROM_TABLE : p->n_options + c - ASKS_HELP].name;
}

static int unknown_option(const Parser *p, const char *arg, Err *e) {
        const char *known[OPTIONS_MAX + 3] = {}, *nearest;
        size_t n = strcspn(arg, "=");

        for (size_t i = 0; p->longs[i].val != ASKS_WORDS; i++)
                known[i] = p->longs[i].name;
        nearest = text_nearest((Span){ (const uint8_t *) arg, n }, known);
        return err_set(e, -EINVAL, "unknown option '--%.*s'%s%s%s", n < 60 ? (int) n : 60, arg,
                        nearest ? ", did you mean '--" : "", nearest ?: "", nearest ? "'?" : "");
}

/* What getopt_long() would have printed itself. c is '?' or ':', optopt what it is about. */
static int refuse_option(const Parser *p, int c, char *const *argv, Err *e) {
        int about = which(p, optopt);
        const char *name;

        if (about == 0)
                return unknown_option(p, argv[optind - 1] + 2, e);
        if (about < FROM_TABLE)
                return err_set(e, -EINVAL, "unknown option '-%c'", about);
        name = long_name(p, about);
        if (c == ':')
                return err_set(e, -EINVAL, "option '--%s' wants a value", name);
        return err_set(e, -EINVAL, "option '--%s' takes no value", name);
}

static int store(const Option *o, void *where, const char *value, Err *e) {
        Strings *list = where;

        switch (o->kind) {
        case OPTION_FLAG:
                *(bool *) where = true;
                return 0;
        case OPTION_REPEATED:
                if (list->n == OPTION_REPEAT_MAX)
                        return err_set(e, -EINVAL, "option '--%s' is given more than %d times",
                                        o->name, OPTION_REPEAT_MAX);
                list->values[list->n++] = value;
                return 0;
        case OPTION_JSON:
                value = value ?: "short";
                if (strcmp(value, "short") != 0 && strcmp(value, "pretty") != 0)
                        return err_set(e, -EINVAL, "'--%s=%s' is neither short nor pretty", o->name,
                                        value);
                break;
        case OPTION_VALUE:
                break;
        }
        *(const char **) where = value;
        return 0;
}

/* getopt_long() takes the beginning of a name for the name. A script that leans on it would break
 * with the next option that is added, so only whole names pass. */
static bool is_whole(const char *arg, const char *name) {
        size_t n = strlen(name);

        return strncmp(arg + 2, name, n) == 0 && (arg[2 + n] == '\0' || arg[2 + n] == '=');
}

/* Returns 0 with optind at the first operand, one of ASKS_, or a negative errno. */
static int parse_options(Parser *p, int argc, char **argv, Err *e) {
        int c, rc;

        optind = 0; /* glibc: begin anew */
        opterr = 0;
        while ((c = getopt_long(argc, argv, p->letters, p->longs, NULL)) != -1) {
                bool apart = optarg && optarg == argv[optind - 1];
                const char *arg;
                int i = which(p, c);

                if (c == '?' || c == ':')
                        return refuse_option(p, c, argv, e);
                arg = argv[optind - (apart ? 2 : 1)];
                if (c >= FROM_TABLE && !is_whole(arg, long_name(p, c)))
                        return unknown_option(p, arg + 2, e);
                if (i >= ASKS_HELP)
                        return i;
                i -= FROM_TABLE;
                if (p->given[i] && p->tool->options[i].kind != OPTION_REPEATED)
                        return err_set(e, -EINVAL, "option '--%s' is given twice",
                                        p->tool->options[i].name);
                p->given[i] = true;
                rc = store(&p->tool->options[i],
                                (char *) p->tool->values + p->tool->options[i].where, optarg, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

static int unknown_verb(const Tool *t, const char *word, Err *e) {
        const char *known[VERBS_MAX + 1] = {}, *nearest;
        char list[160] = "";
        size_t n = 0;

        for (size_t i = 0; t->verbs[i].name && t->verbs[i].name[0]; i++) {
                assert(i < VERBS_MAX);
                known[i] = t->verbs[i].name;
                if (n < sizeof(list))
                        n += (size_t) snprintf(list + n, sizeof(list) - n, "%s%s",
                                        n > 0 ? ", " : "", known[i]);
        }
        if (!word)
                return err_set(e, -EINVAL, "a verb is missing: %s", list);
        nearest = text_nearest(span_of(word), known);
        if (nearest)
                return err_set(e, -EINVAL, "unknown verb '%s', did you mean '%s'?", word, nearest);
        return err_set(e, -EINVAL, "unknown verb '%s', known are: %s", word, list);
}

static int check_operands(const Verb *v, char *const *operands, Err *e) {
        int n = 0;

        while (operands[n])
                n++;
        if (n < v->min_operands)
                return err_set(e, -EINVAL, "%s%s%s is missing", v->name, v->name[0] ? ": " : "",
                                v->operands);
        if (v->max_operands >= 0 && n > v->max_operands)
                return err_set(e, -EINVAL, "'%s' is one operand too many",
                                operands[v->max_operands]);
        return 0;
}

/* The verb that an option chose, if any. */
static const Verb *chosen_verb(const Parser *p) {
        for (const Verb *v = p->tool->verbs; v->name; v++)
                for (int i = 0; v->by && i < p->n_options; i++)
                        if (p->given[i] && strcmp(p->tool->options[i].name, v->by) == 0)
                                return v;
        return NULL;
}

static int run_verb(const Parser *p, char *const *words, Err *e) {
        const Tool *t = p->tool;
        const Verb *v = only_verb(t) ?: chosen_verb(p);
        int rc;

        for (const Verb *known = t->verbs; !v && words[0] && known->name; known++)
                if (known->name[0] && strcmp(known->name, words[0]) == 0)
                        v = known;
        if (!v)
                return unknown_verb(t, words[0], e);
        if (v->name[0])
                words++;
        rc = check_operands(v, words, e);
        if (rc < 0)
                return rc;
        return v->run(t->values, words, e);
}

int tool_end(const char *name, int rc, const Err *e) {
        const char *text = e->code != 0 ? e->text : strerror(rc < 0 ? -rc : 0);
        bool written;

        errno = 0;
        written = fflush(stdout) == 0 && !ferror(stdout);
        if (rc >= 0 && written)
                return rc;
        if (rc >= 0) {
                fprintf(stderr, "%s: write error on standard output%s%s\n", name, errno ? ": " : "",
                                errno ? strerror(errno) : "");
                return EXIT_FAIL;
        }
        fprintf(stderr, "%s: ", name);
        text_print(stderr, span_of(text));
        if (rc != -EINVAL) {
                fputc('\n', stderr);
                return EXIT_FAIL;
        }
        fprintf(stderr, " (see %s --help)\n", name);
        return EXIT_USAGE;
}

int tool_main(const Tool *t, int argc, char **argv) {
        Parser p = parser_for(t);
        Err e = {};
        int rc;

        if (has_version(t) && argc == 2 && strcmp(argv[1], "--version") == 0)
                rc = ASKS_VERSION;
        else
                rc = parse_options(&p, argc, argv, &e);
        if (rc == 0)
                rc = run_verb(&p, argv + optind, &e);
        else if (rc == ASKS_HELP)
                print_help(t);
        else if (rc == ASKS_VERSION)
                printf("avouch " AVOUCH_VERSION "\n");
        else if (rc == ASKS_WORDS)
                print_words(t);
        return tool_end(t->name, rc >= ASKS_HELP ? EXIT_YES : rc, &e);
}
