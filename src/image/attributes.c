/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/attributes.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/span.h"

enum { NAMES_MAX = 64 * 1024 }; /* XATTR_LIST_MAX, the kernel's own limit */

static bool is_overlays(const char *name) {
        return span_starts(span_of(name), SPAN_LITERAL("trusted.overlay.")) ||
               span_starts(span_of(name), SPAN_LITERAL("user.overlay."));
}

int attributes_check(const TreeEntry *entry, const char *name, const char *what, Err *e) {
        char names[NAMES_MAX];
        ssize_t size = flistxattr(entry->fd, names, sizeof(names));

        if (size < 0 && errno == EOPNOTSUPP)
                return 0;
        if (size < 0)
                return err_set(e, -errno, "%s/%s: %s", name, entry->path, strerror(errno));
        for (const char *at = names; at < names + size; at += strlen(at) + 1)
                if (is_overlays(at))
                        return err_set(e, -EBADMSG,
                                        "%s/%s: has the attribute %s, with which %s would hide what "
                                        "the host has there; take it off",
                                        name, entry->path, at, what);
        return 0;
}
