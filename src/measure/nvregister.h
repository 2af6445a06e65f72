/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"

/* A register in an NV index of type EXTEND (design, section 5), where PCRs are scarce.
 *
 * Whoever has the owner's authorisation can delete such an index, define it again under the same
 * Name, and extend into it what he likes. So the first thing that is extended into it after each
 * start of the TPM is a random number that is forgotten: the value after it cannot be reached a
 * second time, and it stands in a genesis, whose PCR nobody can set back. NV space is scarce and
 * slow to define: that is for `avouch setup`, and never done at boot. */

/* What it holds: 1; 0 and zeros where nothing was extended since the TPM started; -ENOENT where
 * there is no such index, or it is none of ours: e says which. An answer that got lost is asked for
 * once more. */
int nvregister_read(Tpm *t, uint32_t index, Digest *ret, Err *e) _must_check_;

/* Extends a random number, and tells the value after it. */
int nvregister_blind(Tpm *t, uint32_t index, Digest *ret, Err *e) _must_check_;

/* Defines it where there is none: 1 where it had to, 0 where it was there. -EBADMSG where something
 * else has its place, -ENOSPC where the TPM has no room. */
int nvregister_define(Tpm *t, uint32_t index, Err *e) _must_check_;
