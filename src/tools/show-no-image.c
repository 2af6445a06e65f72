/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tools/show.h"

/* Stands in for show-image.c where only what an auditor needs is built (-Dverifier-only=true),
 * which is linked without the library that reads partition tables. */

static bool matches(Span head) {
        return head.size > 512 && span_starts(span_from(head, 512), SPAN_LITERAL("EFI PART"));
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        (void) a;
        return err_set(e, -EOPNOTSUPP,
                        "%s: an image; this build of avouch show does not read images", path);
}

static bool matches_uki(Span head) {
        return span_starts(head, SPAN_LITERAL("MZ"));
}

const ShowKind show_uki = {
        .name = "uki",
        .matches = matches_uki,
        .show = show,
};

const ShowKind show_image = {
        .name = "image",
        .has_content = true,
        .matches = matches,
        .show = show,
};
