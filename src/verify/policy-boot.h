/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/ini.h"
#include "wire/limits.h"

/* What policy demands of how the machine started: sections [Firmware] and [Kernel], and what is
 * known of its images without a leaf. */

typedef enum Switch { SWITCH_ANY, SWITCH_ON, SWITCH_OFF } Switch;

typedef struct PolicyHash {
        uint8_t sha256[32];
        const char *file; /* where policy says so; borrowed, may be NULL */
        unsigned line;
} PolicyHash;

typedef struct BootPolicy {
        Switch secure_boot;
        PolicyHash platform_keys[POLICY_HASHES_MAX], authorities[POLICY_HASHES_MAX];
        PolicyHash revoked[POLICY_HASHES_MAX];
        size_t n_platform_keys, n_authorities, n_revoked;
        bool option_roms;

        PolicyHash root_hashes[POLICY_HASHES_MAX]; /* of images that no leaf needs to name */
        size_t n_root_hashes;

        char command_line[COMMAND_LINE_MAX + 1]; /* of the UKI; "": the one that its release has */
        char appended[COMMAND_LINE_MAX + 1];     /* to it, exactly; "": nothing may be */
        bool companions; /* what came beside the UKI, and of which only digests are known */
} BootPolicy;

BootPolicy boot_policy_default(void);

/* Whether an image with this root hash of dm-verity is known without a leaf. */
bool boot_policy_names_root(const BootPolicy *p, const uint8_t hash[static 32]);

/* True for text that a policy holds to the letter as a value: not empty at its ends, no control
 * characters, and short enough for a command line. */
bool policy_can_hold(Span text);

/* Applies one assignment of these sections, in a file of this name. -EINVAL says what is wrong. */
int boot_policy_apply(BootPolicy *p, const char *file, const Assignment *a, Err *e) _must_check_;
