/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "image/sign-pe.h"

/* What build-uki's options say of signatures for Secure Boot. */
typedef struct SigningArgs {
        const char *key, *certificate, *more, *provider, *engine;
        const char *file, *existing, *signature;
        bool sign_kernel, digest_only;
} SigningArgs;

/* Refuses what contradicts itself. *ret is p, or NULL where nothing is to be signed here. */
int signing_take(const SigningArgs *a, SignParams *p, const SignParams **ret, Err *e) _must_check_;

/* --sign=: of a file that is there. Returns an exit status. */
int signing_run(const SigningArgs *a, const SignParams *p, const char *output, const char *json,
                Err *e) _must_check_;

/* --digest-only: the bytes that are to be signed are in output. Returns an exit status. */
int signing_print_bytes(const char *json, const char *output, const Digest *authenticode,
                Err *e) _must_check_;

/* Nothing where there is no signer. */
void signing_print_signer(const char *subject, const Digest *fingerprint);

/* A note to stderr where it is not. */
void signing_print_reproducible(bool reproducible);
