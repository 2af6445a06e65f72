/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/bundle.h"

#include "fuzz/check.h"

/* Written and read again, a bundle has the same parts; where it was canonical, the same bytes. */
static bool bundle_holds(Span text) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(text.size), again = BUF_UP_TO(2 * text.size);
        _cleanup_(buf_done) Buf written = BUF_UP_TO(2 * text.size);
        Bundle a, b;
        Err e = {};

        if (bundle_parse(text, &into, &a, &e) < 0) {
                check(e.code < 0);
                return false;
        }
        check(a.has[PART_MANIFEST] && a.has[PART_TPM] && !a.has[PART_INVALID]);
        bundle_write(&a, &written);
        check(bundle_parse(buf_span(&written), &again, &b, NULL) == 0);
        for (BundleLabel label = PART_INVALID; label < _PART_MAX; label++) {
                check(a.has[label] == b.has[label]);
                check(span_equal(a.parts[label], b.parts[label]));
        }
        if (is_canonical(text))
                check(span_equal(text, buf_span(&written)));
        return true;
}

/* A manifest has one spelling. */
static bool manifest_holds(Span text) {
        _cleanup_(buf_done) Buf written = BUF_UP_TO(2 * text.size);
        Manifest m;
        Err e = {};

        if (manifest_parse(text, &m, &e) < 0) {
                check(e.code < 0);
                return false;
        }
        manifest_write(&m, &written);
        check(span_equal(text, buf_span(&written)));
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span text = { data, size };

        if (bundle_holds(text))
                check(!manifest_holds(text)); /* no text is both */
        else
                (void) manifest_holds(text);
        return 0;
}
