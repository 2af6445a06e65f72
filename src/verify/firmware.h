/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/pcr.h"
#include "wire/firmware.h"

/* The firmware's event log as far as digests go: what of each event was measured, and what the
 * registers must hold after all of them. What the events mean is for verify/secureboot and
 * verify/boot, in words verify/timeline.
 *
 * A log is the word of whoever hands it out. Replayed to a quoted value, the digests in it are
 * those that were extended, in this order within each register; and of an event whose digest is
 * that of its data, the data are true. Nothing else in it is: not the type, not the order between
 * registers, not the text beside a digest of something else. */

typedef enum Proof {
        PROOF_NONE,   /* never measured: EV_NO_ACTION */
        PROOF_DIGEST, /* measured was something that is not in the log, or cannot be computed */
        PROOF_PART,   /* measured was a part of the data */
        PROOF_DATA,   /* measured were the data, or they follow from what was */
        PROOF_BROKEN, /* the type says that the data were measured, and they were not */
} Proof;

/* "unproven", "digest only", "proven" (in part, too), "CONTRADICTED" */
const char *proof_name(Proof proof);

typedef struct Measured {
        FirmwareEvent event;
        Proof proof;
        Span proven;   /* the part of the event's data that is true; empty where none is */
        Digest digest; /* in the bank that is read by; of no algorithm where the event has none */
} Measured;

/* A log, read by one of its banks. */
typedef struct FirmwareReading {
        FirmwareLog log;
        size_t bank;
        HashAlg alg;   /* HASH_NONE where the log has no bank that we can compute */
        uint32_t only; /* a bit per PCR whose events are wanted; 0: all. May be set */
} FirmwareReading;

/* alg: the bank to read by; HASH_NONE for the best that there is. -EBADMSG for a log that is none,
 * or does not have that bank. */
int firmware_read(Span log, HashAlg alg, FirmwareReading *ret, Err *e) _must_check_;

/* 1 and the next event that is wanted, 0 at the end, -EBADMSG; other errors where hashing failed.
 */
int firmware_read_next(FirmwareReading *r, Measured *ret, Err *e) _must_check_;

/* What the registers hold after a log: of each bank that we can compute all PCRs, at their reset
 * value where the log has no event. */
typedef struct FirmwareReplay {
        PcrValues values;
        uint32_t touched;              /* a bit per PCR that has an event */
        size_t lacking[PCR_BANKS_MAX]; /* by bank of values: an event without its digest, or 0 */
        size_t n_events;               /* that were measured */
        bool agile, confidential;
        uint8_t locality; /* from which the TPM was started, by the log's word */
} FirmwareReplay;

/* -EBADMSG for a log that is none. A StartupLocality counts once, before anything was extended into
 * PCR 0 (whoever adds one has PCR 0 replay to something else). */
int firmware_replay(Span log, FirmwareReplay *ret, Err *e) _must_check_;
