/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

/* Genuine files that lie beside the source tree ($AVOUCH_TESTDATA), where they do: a test reads
 * them in addition to its own. */

/* False where there is no such file, or no such folder at all. name is relative to it. */
static inline bool testdata_read(const char *name, Buf *to) {
        const char *folder = getenv("AVOUCH_TESTDATA");
        char path[4096];

        if (!folder)
                return false;
        if ((size_t) snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
                return false;
        return file_read(path, to, NULL) == 0;
}

/* The bytes of a file that the whole test is about. */
static inline Span testdata_or_skip(const char *name, Buf *into) {
        if (!testdata_read(name, into))
                skip();
        return buf_span(into);
}
