/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/systemdlog.h"
#include "verify/verdict.h"
#include "wire/tpmkey.h"

/* What systemd measured by itself (systemd 255 to 262), as far as registers prove it: its log,
 * replayed into the PCRs that were quoted and the NvPCRs that were certified. */

/* An NvPCR: an NV index of type EXTEND that systemd uses like a PCR (systemd 259). What is
 * certified comes from the evidence, the rest is found out by systemd_judge(). */
typedef struct NvPcr {
        uint32_t index, attributes;
        uint16_t size;
        uint8_t name[TPM_NAME_SHA256]; /* of the index, as certified */
        Span policy;                   /* authPolicy; borrowed */
        Span value;                    /* as certified; borrowed */
        char label[64];                /* "login", by which systemd introduced it; may be empty */
        bool told;                     /* the log says what was measured into it */
        const char *fault;             /* why nothing that is told of it counts; NULL: it counts */
} NvPcr;

typedef struct SystemdStory {
        bool has_log;
        Span log;     /* what the story is read from: a log, */
        Json records; /* or an array of CEL records */
        size_t n_records;
        uint32_t kinds;       /* a bit per SystemdKind that the records say they are: others are not
                                 among them, and need not be looked for */
        PcrSelection covered; /* PCRs that hold what the logs say, in banks that prove */
        NvPcr nv[NVPCRS_MAX];
        size_t n_nv;
        bool has_boot, several_boots;
        uint8_t boot[16];
} SystemdStory;

SystemdWalk systemd_walk(const SystemdStory *s);

/* Takes the log into the replay. What is wrong with it refutes the claim registers; then the story
 * has no records. log, records: see SystemdStory. */
int systemd_take(Span log, Json records, Verdict *v, Replay *replay, SystemdStory *ret,
                Err *e) _must_check_;

/* To be asked when every log is in the replay: which PCRs and NvPCRs hold what is told of them.
 * held: the values that are quoted, empty where no signature covers them; policy: the authPolicy
 * that NvPCRs must have, empty where nobody says. Refutes the claim registers where an NvPCR does
 * not. */
int systemd_judge(const Replay *replay, const PcrValues *held, Span policy, Verdict *v,
                SystemdStory *s, Err *e) _must_check_;

/* True where the register of a record is proven, and the record is part of it. */
bool systemd_covers(const SystemdStory *s, const SystemdEntry *entry);

/* What a record says, where its words are proven, and stand in a register that is proven and is the
 * one where systemd measures such; SYSTEMD_UNKNOWN otherwise. */
SystemdKind systemd_proven(const SystemdStory *s, const SystemdEntry *entry);

/* The NvPCR of this index; NULL where none is certified. */
const NvPcr *systemd_nv(const SystemdStory *s, uint32_t index);
