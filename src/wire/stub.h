/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/limits.h"

/* Which systemd-stub it is that a unified kernel image starts with, and what that one measures into
 * PCR 11. A stub says it itself, in its section .sdmagic, from long before 252 on:
 *
 *      #### LoaderInfo: systemd-stub 257.13-1~deb13u1 ####
 *
 * and perhaps NULs behind it. What stands in its place in an addon says "systemd-addon". */
typedef struct Stub {
        Span version;        /* "257.13-1~deb13u1": visible ASCII; borrowed */
        unsigned generation; /* 257 */
        bool is_addon;
} Stub;

/* 252 is the first that measures into PCR 11; of later ones than the newest nothing is known yet,
 * and they are taken for the newest. */
enum { STUB_OLDEST = 252, STUB_NEWEST = 262 };

int stub_parse(Span magic, Stub *ret, Err *e) _must_check_;

/* The sections that a stub of this generation measures where they are present, in the order in
 * which it does; ended by NULL. Not the order in which they lie in the file, nor that of UAPI.5.
 * NULL for a generation before the oldest. */
const char *const *stub_measures(unsigned generation);
