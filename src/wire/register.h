/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"

/* A register: a place in the TPM that can only be extended. One register may carry many kinds of
 * events, since spare PCRs are scarce. */
typedef enum RegisterKind { REGISTER_NONE, REGISTER_PCR, REGISTER_NV } RegisterKind;

typedef struct Register {
        RegisterKind kind;
        uint32_t index; /* PCR number or NV index */
} Register;

static inline bool register_equal(Register a, Register b) {
        return a.kind == b.kind && a.index == b.index;
}

/* "pcr:8", "nv:0x01800400", "none"; false for any other spelling. */
bool register_parse(Span text, Register *ret) _must_check_;
void register_text(Register reg, Buf *to);

/* An NV index by its eight hex digits alone, as genesis names it; false for any other spelling. */
bool register_of_index(Span hex, Register *ret) _must_check_;
