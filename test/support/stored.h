/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include "log/store.h"
#include "support/folder.h"

/* A log in a folder, which nobody else holds. */
static inline Store *opened(const Folder *f) {
        Store *s = NULL;
        Err e = {};

        if (store_open_file(f->path, 0, &s, &e) < 0)
                fail_msg("%s", e.text);
        return s;
}

static inline void assert_loads(Store *s, const char *text) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

        assert_int_equal(store_load(s, &b, NULL), 0);
        assert_true(span_is(buf_span(&b), text));
}
