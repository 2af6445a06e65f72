/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/limits.h"

/* Signed PCR policies, as systemd-measure(1) and ukify write them, in the section .pcrsig or in a
 * file:
 *
 *      {"sha256": [{"pcrs": [11], "pkfp": HEX, "ref": TEXT, "pol": HEX, "tbs": HEX, "sig":
 * BASE64}]}
 *
 * with "ref" only where there is a policy reference, "tbs" in what is to be signed, and "sig" in
 * what is. Members of other names are passed over. Foreign text. */
typedef struct PcrSignature {
        HashAlg bank;
        uint32_t pcrs;      /* a bit for each */
        uint8_t key[32];    /* SHA-256 of the public key (PKCS#1) */
        uint8_t policy[32]; /* TPM2_PolicyPCR's digest */
        Span reference;     /* as it stands; empty: none */
        Span to_sign;       /* hex of the policy, and of the reference's hash; empty: not said */
        Span signature;     /* base64; empty: not signed */
} PcrSignature;

/* list has room for PCR_SIGNATURES_MAX. NULs behind the text, which a section has, are no part of
 * it. Results point into it. */
int pcrsig_parse(Span text, PcrSignature *list, size_t *ret_n, Err *e) _must_check_;

/* In ukify's spelling. Those of a bank stand together. */
void pcrsig_write(const PcrSignature *list, size_t n, Buf *to);
void pcrsig_write_one(const PcrSignature *s, Buf *to);

/* Puts those of a bank together, in the order in which they stood, and drops what is there twice.
 */
size_t pcrsig_join(PcrSignature *list, size_t n);
