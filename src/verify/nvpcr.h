/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/systemd.h"

/* Whether an NvPCR proves what the log tells of it. Whoever has the owner's authorisation can
 * delete an NV index, define it again and fill it as he likes, under the same Name. Two things
 * stand against that: the first write needs a policy that only the maker of the kernel image can
 * satisfy, and only in the initrd (authPolicy of systemd 262); and systemd measures the Name into
 * PCR 9 before it leaves the initrd ("nvpcr-init", closed by "nvpcr-separator").
 *
 * Fills in label, told and fault of each NvPCR of the story. */
int judge_nvpcrs(const Replay *replay, Span policy, Verdict *v, SystemdStory *s,
                Err *e) _must_check_;

/* TPMA_NV as systemd 262 defines it: EXTEND, POLICYWRITE, OWNERREAD, AUTHREAD, CLEAR_STCLEAR, and
 * WRITTEN since the first write; ORDERLY or not. */
enum { NVPCR_ATTRIBUTES = 0x28060048, NVPCR_ORDERLY = 0x04000000, NVPCR_SIZE = 32 };
