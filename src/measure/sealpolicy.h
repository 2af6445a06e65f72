/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/crypto-seal.h"
#include "wire/sealed.h"

/* The policies of a sealed secret, computed without a TPM (TPM 2.0 Library, Part 3, sections
 * "TPM2_PolicyPCR", "TPM2_PolicyNV" and "TPM2_PolicyAuthorize"; SHA-256 throughout).
 *
 * The object's own policy is PolicyAuthorize: whatever the key approves for what the id names. What
 * the key approves is PolicyPCR and then PolicyNV(odometer's counter <= count), in this order, see
 * tpm_policy(). */

/* TPMT_PUBLIC of the key that approves, as it is loaded into the TPM. */
enum { SEAL_KEY_PUBLIC = 86 };
void seal_key_public(const Sealed *s, uint8_t ret[static SEAL_KEY_PUBLIC]);

/* policyRef of the approval: SHA-256("avouch-seal/v1\0" || id). */
int seal_ref(const Sealed *s, Digest *ret, Err *e) _must_check_;

/* authPolicy of the sealed object. */
int seal_object_policy(const Sealed *s, Digest *ret, Err *e) _must_check_;

/* approvedPolicy, for this count. */
int seal_approved_policy(const Sealed *s, uint64_t count, Digest *ret, Err *e) _must_check_;

/* Lets the key approve this count; it is s's own. */
int seal_approve(Sealed *s, SigningKey *key, uint64_t count, Err *e) _must_check_;

/* 0 where the approval in s is one by its key; -EBADMSG where it is not, -ENOKEY where there is
 * none. */
int seal_check_approval(const Sealed *s, Err *e) _must_check_;
