/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"

/* What PCR 11 holds after systemd-stub and the boot phases were measured into it (systemd-stub(7),
 * systemd-pcrphase.service(8)): arithmetic with a hash, for those who foretell it and those who
 * judge what they find. One bank at a time, from digest_zero() on. */

/* A section that the stub found: its name with the NUL, then its contents, of which this is the
 * digest in the same bank. */
int pcr11_section(Digest *value, const char *name, const Digest *contents, Err *e) _must_check_;

/* The words of a phase path, "enter-initrd:leave-initrd"; none for "" and ":". */
int pcr11_phases(Digest *value, Span path, Err *e) _must_check_;

/* Whether it is one: words of visible ASCII without '"' and '\\', a colon between two. */
bool pcr11_is_path(Span path);

/* The paths that are of interest where nobody asks for others, as systemd-measure(1) has them: each
 * one longer than the one before. Ended by NULL. */
extern const char *const pcr11_phase_paths[];

/* The TPM policy that holds while PCR 11 has this value (TPM 2.0 Library, Part 3, TPM2_PolicyPCR),
 * SHA-256 whatever the bank. */
int pcr11_policy(const Digest *value, Digest *ret, Err *e) _must_check_;
