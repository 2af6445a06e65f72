/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "base/err.h"
#include "wire/leaf.h"

/* Which extensions a system has: the files that systemd-sysext and systemd-confext would take, in
 * the folders in which they look (systemd-sysext(8)), in an initrd those that the boot loader left
 * too (systemd-stub(7)). */

/* Borrowed: where extensions of this class are looked for, the first one counts most; NULL ends
 * them. Those of an initrd are the last. */
const char *const *search_folders(LeafType type, bool initrd);

/* Where those that are activated are mounted: one of them. */
const char *search_run_folder(LeafType type);

/* Room is left for the name of a file in it. */
enum { CANDIDATE_ENTRY_SIZE = PATH_MAX - NAME_TEXT_MAX - 1 };

typedef struct Candidate {
        LeafType type;                    /* LEAF_SYSEXT, LEAF_CONFEXT */
        char name[NAME_TEXT_MAX + 1];     /* by which systemd knows it; foreign text */
        char entry[CANDIDATE_ENTRY_SIZE]; /* what stands in the folder */
        char version[NAME_TEXT_MAX + 1];  /* the file in it that was chosen, where entry is
                                           * NAME.raw.v; empty where none can be */
        bool is_folder;                   /* no image, but files in a folder */
        bool is_versioned;                /* entry is a folder of versions */
        bool outranks;                    /* it counts as much as what is mounted, or more */
} Candidate;

/* Owner: candidates_done(). */
typedef struct Candidates {
        Candidate *items; /* sorted as they are laid upon one another, the lowest first */
        size_t n;
} Candidates;

/* root: "" for the running system. A name counts once, where it is found first; an empty folder
 * hides what has its name, as does a link to /dev/null. -E2BIG above LAYERS_MAX. */
int search_extensions(const char *root, LeafType type, Candidates *ret, Err *e) _must_check_;

void candidates_done(Candidates *c);

/* Whether systemd knows what stands in a folder under this file name by that name: NAME, NAME.raw,
 * NAME.v and the like. What it is (a file, a folder) is not asked. */
bool search_is_named(LeafType type, const char *file, const char *name) _must_check_;

/* The file that is to be opened. */
void candidate_path(const Candidate *c, char ret[static PATH_MAX]);
