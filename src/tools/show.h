/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/tool.h"

/* What "avouch show" can look at. One file for each kind, show-NAME.c, and one line in the table of
 * show.c: to add a kind, write these. */

typedef struct ShowArgs {
        const char *certificate, *pcr_public_key, *json; /* NULL where not given */
        Strings phases;
        bool verify;
} ShowArgs;

typedef struct ShowKind {
        const char *name;           /* "image" */
        bool has_content;           /* --certificate= and --verify can be asked of it */
        bool has_policies;          /* --pcr-public-key= and --phase= can be asked of it */
        bool (*matches)(Span head); /* the file's first bytes, SHOW_HEAD at most */
        /* EXIT_YES; EXIT_NO where what was asked for does not hold; -EBADMSG where the file is of
         * this kind and malformed. */
        int (*show)(const ShowArgs *a, const char *path, Err *e);
} ShowKind;

enum { SHOW_HEAD = 8192 };

extern const ShowKind show_evidence, show_firmware, show_ima, show_image, show_leaf, show_log,
                show_systemd, show_uki;
