/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/course.h"
#include "layer/uki.h"

/* What firmware measures into PCR 7 when Secure Boot is on: its variables, and for each program the
 * entry of db that let it in, once (TCG PC Client Platform Firmware Profile, section 3.3.4.8; in
 * the order of EDK2's Tcg2Dxe and DxeImageVerificationLib). */
typedef struct SecureVars {
        Span pk, kek, db, dbx; /* signature databases as the variables hold them; may be empty */
        Span admitted[LOADERS_MAX + 1 +
                        COMPANIONS_MAX]; /* entries of db that let something in before */
        size_t n_admitted;
} SecureVars;

/* The database in a file: as the variable holds it (an ESL), in efivarfs (with four bytes before
 * it), or signed to be enrolled (.auth). Borrows. -EBADMSG for what is none of them. */
int secure_vars_database(Span file, Span *ret, Err *e) _must_check_;

/* The variables, and the separator behind them. */
int secure_vars_foretell(const SecureVars *v, Course *course, Err *e) _must_check_;

/* What lets this program in (layer/admission). authenticode: its hash, SHA-256. -EACCES where
 * firmware does not start it. */
int secure_vars_admit(SecureVars *v, const Uki *program, const Digest *authenticode, Course *course,
                Err *e) _must_check_;
