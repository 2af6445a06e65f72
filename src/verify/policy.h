/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/pcr.h"
#include "verify/policy-boot.h"
#include "verify/policy-systemd.h"
#include "verify/verdict.h"
#include "wire/event.h"
#include "wire/limits.h"
#include "wire/register.h"

/* What a relying party demands of a machine (avouch-policy(5)): a systemd-style file, every key
 * documented in avouch-policy(5), unknown sections and keys refused with the nearest known one. */

enum {
        POLICY_SAID_MAX = 112, /* of where a policy says something, in words */
        POLICY_BANKS = 3,      /* as many as there are hashes that prove */
};

/* Where a policy says so. */
typedef struct PolicyPlace {
        const char *file; /* borrowed from Policy.file */
        unsigned line;
} PolicyPlace;

typedef struct PolicyKey {
        uint8_t name[TPM_NAME_MAX]; /* of the attestation key */
        size_t size;
        PolicyPlace by;
} PolicyKey;

/* A version of a TPM's firmware that is known to be broken (TPMS_ATTEST.firmwareVersion). */
typedef struct PolicyFirmware {
        uint64_t version;
        PolicyPlace by;
} PolicyFirmware;

/* A file or folder that a policy names: a leaf, golden evidence, components of pcrlock. */
typedef struct PolicyLeaf {
        Span path;        /* as written, relative to the file; borrowed from its text */
        const char *file; /* borrowed from Policy.file */
} PolicyLeaf;

typedef struct Policy {
        const char *file; /* that is being applied; NULL for a text without a name. Borrowed */
        PolicyKey keys[POLICY_KEYS_MAX];
        size_t n_keys;
        PolicyFirmware refused[POLICY_HASHES_MAX];
        size_t n_refused;
        Register registers[POLICY_REGISTERS_MAX];
        size_t n_registers; /* at least 1 */
        bool any_start;
        HashAlg banks[POLICY_BANKS]; /* of PCRs that count; none: each that proves */
        size_t n_banks;
        uint32_t required; /* a bit per Claim; never 0 */
        PolicyLeaf leaves[POLICY_LEAVES_MAX];
        size_t n_leaves;
        PolicyLeaf golden[GOLDEN_MAX];
        size_t n_golden;
        PolicyLeaf pcrlock[PCRLOCK_FOLDERS_MAX];
        size_t n_pcrlock;
        uint32_t allowed_kinds;              /* a bit per event_kinds */
        PolicyPlace allowed_by[EVENT_KINDS]; /* where each was allowed */
        uint32_t allowed_methods; /* a bit per event_methods: how volumes may be unlocked */
        uint8_t nv_policy[32];    /* what must guard the first write of NvPCRs */
        bool has_nv_policy;
        bool has_baseline;
        uint64_t baseline;
        BootPolicy boot;
        SystemdPolicy systemd;
} Policy;

/* What holds where no policy is given: every claim is required, the register is pcr:8. */
Policy policy_default(void);

/* Applies a policy file to what holds already; lists that have a default are replaced by the first
 * of its lines that names them, and an empty value clears a list whichever file filled it. The text
 * must live as long as the policy. -EINVAL for what is wrong: e names the line, and nothing
 * changes. */
int policy_apply(Span text, Policy *policy, Err *e) _must_check_;

/* What must guard the first write of NvPCRs; empty where policy does not say. */
static inline Span policy_nv(const Policy *p) {
        return (Span){ p->nv_policy, p->has_nv_policy ? sizeof(p->nv_policy) : 0 };
}

/* Takes out of PCR values the banks that do not count. */
void policy_leave_banks(const Policy *p, PcrValues *values);

/* True where the register is one of those that policy names. */
bool policy_names(const Policy *p, Register reg);

/* "line 3 of machine.policy" */
void policy_say(PolicyPlace place, char *into, size_t size);
