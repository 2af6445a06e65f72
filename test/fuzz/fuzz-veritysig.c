/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/veritysig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const VeritySignature *a, const VeritySignature *b) {
        return memcmp(a->root_hash, b->root_hash, sizeof(a->root_hash)) == 0 &&
               a->has_fingerprint == b->has_fingerprint &&
               memcmp(a->fingerprint, b->fingerprint, sizeof(a->fingerprint)) == 0 &&
               span_equal(a->pkcs7, b->pkcs7);
}

/* Whatever parses is written in systemd's form, reads as the same from there, and is written as the
 * same bytes again. What does not parse says why, and leaves nothing in the Buf. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX), der_again = BUF_UP_TO(CMS_MAX);
        _cleanup_(buf_done) Buf one = BUF_UP_TO(VERITY_SIGNATURE_SIZE);
        _cleanup_(buf_done) Buf two = BUF_UP_TO(VERITY_SIGNATURE_SIZE);
        VeritySignature s, again;
        Err e = {};

        if (verity_signature_parse((Span){ data, size }, &der, &s, &e) < 0) {
                if (e.code == 0 || der.size > 0)
                        abort();
                return 0;
        }
        if (verity_signature_write(&s, &one, NULL) < 0) /* larger than repart's partition */
                return 0;
        if (buf_span(&one).size != VERITY_SIGNATURE_SIZE)
                abort();
        if (verity_signature_parse(buf_span(&one), &der_again, &again, NULL) < 0 ||
                        !same(&s, &again))
                abort();
        if (verity_signature_write(&again, &two, NULL) < 0 ||
                        !span_equal(buf_span(&one), buf_span(&two)))
                abort();
        return 0;
}
