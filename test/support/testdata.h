/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Samples that lie beside the source tree and are not part of it; a test that wants one is skipped
 * where it is missing. Include after unit/suite.h. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

/* The bytes of a sample, under $AVOUCH_TESTDATA or the folder that meson named. */
static inline Span testdata_or_skip(const char *name, Buf *into) {
        const char *folder = getenv("AVOUCH_TESTDATA");
        char path[PATH_MAX];

        assert_in_range(snprintf(path, sizeof(path), "%s/%s", folder ? folder : TESTDATA, name), 1,
                        sizeof(path) - 1);
        if (file_read(path, into, NULL) < 0)
                skip();
        return buf_span(into);
}
