/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "verify/verdict.h"
#include "wire/event.h"
#include "wire/limits.h"
#include "wire/register.h"

/* What a relying party demands of a machine (forms.md, section 5): a systemd-style file, every key
 * documented in avouch-policy(5), unknown sections and keys refused with the nearest known one. */

typedef struct PolicyKey {
        uint8_t name[34]; /* of the attestation key */
        unsigned line;
} PolicyKey;

typedef struct Policy {
        PolicyKey keys[POLICY_KEYS_MAX];
        size_t n_keys;
        Register registers[POLICY_REGISTERS_MAX];
        size_t n_registers; /* at least 1 */
        bool any_start;
        uint32_t required;              /* a bit per Claim; never 0 */
        Span leaves[POLICY_LEAVES_MAX]; /* paths, as written; borrowed from the text */
        size_t n_leaves;
        uint32_t allowed_kinds;              /* a bit per event_kinds */
        unsigned allowed_lines[EVENT_KINDS]; /* where each was allowed */
        bool has_baseline;
        uint64_t baseline;
} Policy;

/* What holds where no policy is given: every claim is required, the register is pcr:8. */
Policy policy_default(void);

/* Applies a policy file to what holds already; lists that have a default are replaced by the first
 * file that names them. -EINVAL for what is wrong: e names the line, and nothing changes. */
int policy_apply(Span text, Policy *policy, Err *e) _must_check_;
