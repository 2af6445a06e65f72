/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/pcr.h"
#include "wire/limits.h"
#include "wire/register.h"

/* What the logs in the evidence say that the registers hold: it begins at reset, and each log in
 * turn extends what the one before it left. Whether that is what was quoted is asked at the end. */

typedef struct ReplayNv {
        uint32_t index;
        Digest value; /* sha256 */
        size_t n;     /* how often it was extended */
} ReplayNv;

typedef struct Replay {
        PcrValues pcrs; /* every PCR of each bank */
        uint32_t told;  /* bit n: a log extends PCR n */
        ReplayNv nv[NVPCRS_MAX];
        size_t n_nv;
} Replay;

/* All PCRs at reset, in the banks of a selection; no NV index. */
Replay replay_begin(const PcrSelection *held);

/* Extends what is there: a PCR in each bank that a digest is of, an NV index where there is one of
 * sha256. -EBADMSG for more NV indices than are taken. */
int replay_extend(Replay *r, Register reg, const Digest *digests, size_t n, Err *e) _must_check_;

/* What an NvPCR of systemd holds before its first record: the 32 zero bytes that it is extended by
 * when it is made are in no log (tpm2_nvpcr_initialize() of systemd 262). NULL where no log extends
 * the index. */
int replay_nvpcr_start(Digest *ret, Err *e) _must_check_;
const ReplayNv *replay_nv(const Replay *r, uint32_t index);

/* Whether one PCR holds what the logs say, in each bank that has a value of it. */
typedef enum ReplayResult {
        REPLAY_NOT_HELD, /* there is no value of it, or none in a bank that proves */
        REPLAY_DIFFERS,
        REPLAY_EQUAL,
} ReplayResult;
ReplayResult replay_compare(const Replay *r, const PcrValues *held, unsigned pcr);
