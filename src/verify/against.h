/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/facts.h"

/* What changed between two boots of which there is evidence: things that are new, gone, or other
 * than they were. */

typedef struct Change {
        FactKind kind;
        bool has_was, has_is; /* only the one: gone, or new */
        bool was_proven, is_proven;
        Span was, is; /* in words, borrowed from the facts; where they are the same, */
        Digest digest_was, digest_is; /* the content differs */
} Change;

typedef struct Against {
        const Judgement *before_by, *now_by; /* borrowed */
        Facts before, now;
        bool same_key, same_boot;
        uint32_t only_before, only_now; /* a bit per FactKind of which only the one tells at all */
        Change *list;                   /* owned; in the order of FactKind */
        size_t n, room;
} Against;

/* Compares two judgements, which must outlive what is returned. Owner: against_done(). */
int against_take(const Judgement *before, const Judgement *now, Against *ret, Err *e) _must_check_;
void against_done(Against *a);
