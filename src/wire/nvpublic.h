/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/limits.h"

/* What a TPM says of an NV index: TPMS_NV_PUBLIC (TPM 2.0 Library, Part 2, section 13.6),
 * big-endian, without size prefix. Its Name is nameAlg and the hash of these bytes: tpm_name() in
 * wire/tpmkey writes it, from the digest that the caller computed. Spans borrow. */

/* TPMA_NV (Part 2, section 13.4) */
enum {
        NV_OWNERWRITE = 1u << 1,
        NV_AUTHWRITE = 1u << 2,
        NV_COUNTER = 1u << 4, /* TPM_NT, 4 bits */
        NV_EXTEND = 4u << 4,
        NV_TYPE = 15u << 4,
        NV_OWNERREAD = 1u << 17,
        NV_AUTHREAD = 1u << 18,
        NV_NO_DA = 1u << 25,
        NV_ORDERLY = 1u << 26,
        NV_CLEAR_STCLEAR = 1u << 27,
        NV_WRITTEN = 1u << 29,
};

typedef struct NvPublic {
        uint32_t index;
        uint16_t name_alg; /* a hash that we know */
        uint32_t attributes;
        Span policy; /* empty, or a digest of name_alg */
        uint16_t size;
        Span bytes; /* the whole, for its Name */
} NvPublic;

int nv_public_parse(Span bytes, NvPublic *ret, Err *e) _must_check_;
void nv_public_write(const NvPublic *p, Buf *to);

/* The odometer's counter (avouch-evidence(5)): where it is, and what it must be. */
enum {
        NV_COUNTER_INDEX = 0x01806176,
        NV_COUNTER_ATTRIBUTES = NV_COUNTER | NV_AUTHWRITE | NV_OWNERREAD | NV_AUTHREAD | NV_NO_DA,
        NV_COUNTER_SIZE = 8,
};

/* As it is defined; bytes are not there. */
NvPublic nv_counter(void);

/* 0 where this is the counter, written or not; -EBADMSG, and what is wrong with it, otherwise. */
int nv_check_counter(const NvPublic *p, Err *e) _must_check_;

/* A register of the account (avouch-evidence(5)): of type EXTEND, in the
 * part of the handles that belongs to the owner. Orderly, so that an extend does not wear out the
 * TPM's memory; cleared by every start of the TPM, so that it is seen when it was first written. */
enum {
        NV_OWNER_FIRST = 0x01800000, /* TCG "Registry of Reserved TPM 2.0 Handles", section 2.2 */
        NV_OWNER_LAST = 0x01bfffff,
        NV_REGISTER_ATTRIBUTES = NV_EXTEND | NV_AUTHWRITE | NV_OWNERREAD | NV_AUTHREAD | NV_NO_DA |
                                 NV_ORDERLY | NV_CLEAR_STCLEAR,
        NV_REGISTER_SIZE = 32,
};

/* True for an index that may be one: the owner's, and not the counter's. */
bool nv_may_be_register(uint32_t index);

/* As it is defined; bytes are not there. */
NvPublic nv_register(uint32_t index);

/* 0 where this is such a register, written or not; -EBADMSG, and what is wrong, otherwise. */
int nv_check_register(const NvPublic *p, Err *e) _must_check_;
