/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How a check of the verifier is taken out: support/mutants.py puts these around each, in a build
 * with -Dmutate=N and in no other. The condition or call is carried out all the same, since it may
 * leave something behind; only its answer is lost. */

#ifndef MUTANT
#define MUTANT 0 /* the check's number, or -1: the one that the environment names */
#endif

enum { MUTANTS_MAX = 8192 };

/* Tells the file that AVOUCH_MUTANTS_SEEN names, once, that this check was reached. */
static inline void mutant_seen(int n) {
        static bool seen[MUTANTS_MAX];
        const char *path = seen[n] ? NULL : getenv("AVOUCH_MUTANTS_SEEN");
        int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

        seen[n] = true;
        if (fd < 0)
                return;
        (void) dprintf(fd, "%d\n", n);
        (void) close(fd);
}

/* The number that AVOUCH_MUTANT holds; 0 where it is not there. */
static inline int mutant_chosen(void) {
        static int chosen = -1;

        if (chosen < 0) {
                const char *digit = getenv("AVOUCH_MUTANT");

                for (chosen = 0; digit && *digit; digit++)
                        chosen = 10 * chosen + (*digit - '0');
        }
        return chosen;
}

static inline bool mutant_is(int n) {
        if (MUTANT != -1)
                return n == MUTANT;
        mutant_seen(n);
        return n == mutant_chosen();
}

static inline bool mutant_falsify(int n, bool condition) {
        return !mutant_is(n) && condition;
}

static inline bool mutant_affirm(int n, bool condition) {
        return mutant_is(n) || condition;
}

static inline int mutant_forget(int n, int rc) {
        return mutant_is(n) ? 0 : rc;
}

#define mutant_never(n, ...) mutant_falsify(n, !!(__VA_ARGS__))
#define mutant_always(n, ...) mutant_affirm(n, !!(__VA_ARGS__))
#define mutant_well(n, ...) mutant_forget(n, __VA_ARGS__)
#define mutant_most(n, limit) (mutant_is(n) ? INT64_MAX : (int64_t) (limit))
#define mutant_least(n, limit) (mutant_is(n) ? INT64_MIN : (int64_t) (limit))
