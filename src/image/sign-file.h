/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/sign-pe.h"

/* Signs a PE file that is there: a boot loader, a kernel, an image that was built before. */
typedef struct SignedFile {
        Digest authenticode; /* SHA-256 */
        Digest signer;       /* fingerprint of the certificate */
        char subject[256];
        uint64_t size;
        bool reproducible;
} SignedFile;

/* output may be the file itself; it appears when it is whole. With digest_only, it holds the bytes
 * that are to be signed, and who will sign them is not asked. -EINTR where a held signal came
 * (port/interrupt.h). */
int sign_file(const char *image, const SignParams *p, bool digest_only, const char *output,
                SignedFile *ret, Err *e) _must_check_;
