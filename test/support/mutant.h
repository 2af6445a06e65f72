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

enum { MUTANTS_OF_A_FILE = 512 };

/* Tells the file that AVOUCH_MUTANTS_SEEN names that this check was reached. */
static inline void mutant_tell(int n) {
        const char *path = getenv("AVOUCH_MUTANTS_SEEN");
        int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

        if (fd < 0)
                return;
        (void) dprintf(fd, "%d\n", n);
        (void) close(fd);
}

/* The number that AVOUCH_MUTANT holds; 0 where it is not there. */
static inline int mutant_read(void) {
        const char *digit = getenv("AVOUCH_MUTANT");
        int chosen = 0;

        for (; digit && *digit; digit++)
                chosen = 10 * chosen + (*digit - '0');
        return chosen;
}

static inline bool mutant_is(int n) {
        static bool seen[MUTANTS_OF_A_FILE];
        static int chosen = -1;

        if (MUTANT != -1)
                return n == MUTANT;
        if (!seen[n % MUTANTS_OF_A_FILE]) { /* once */
                seen[n % MUTANTS_OF_A_FILE] = true;
                mutant_tell(n);
                chosen = mutant_read();
        }
        return n == chosen;
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
