/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/systemdlog.h"
#include "verify/verdict.h"
#include "wire/limits.h"
#include "wire/tpmkey.h"

/* What systemd measured by itself (systemd 255 to 262), as far as registers prove it: its log,
 * replayed into the PCRs that were quoted and the NvPCRs that were certified. */

/* Where systemd measures phases, and the machine's id. */
enum { PCR_PHASES = 11, PCR_MACHINE = 15 };

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

/* A phase that systemd's word was measured for. */
typedef struct SystemdPhase {
        unsigned phase; /* of systemd_phases */
        uint32_t algs;  /* a bit per hash that its record has a digest of */
} SystemdPhase;

/* The machine's id, as systemd measured it (systemd-pcrmachine.service). */
typedef struct SystemdMachine {
        bool told;
        uint8_t id[16];
        uint32_t algs;
        size_t n;       /* the record; by number, from 0 */
        size_t another; /* the first with another id, counted from 1; 0: there is none */
        size_t hidden;  /* the last before it, counted from 1, whose words are not known */
        size_t n_keyed; /* records before it whose words nobody without their key can prove */
} SystemdMachine;

typedef struct SystemdStory {
        bool has_log;
        Span log;     /* what the story is read from: a log, */
        Json records; /* or an array of CEL records */
        size_t n_records;
        uint32_t kinds; /* a bit per SystemdKind that the records say they are: others are not
                           among them, and need not be looked for */
        SystemdPhase phases[STORY_PHASES_MAX];
        size_t n_phases;
        bool more_phases; /* than have room */
        SystemdMachine machine;
        /* By PCR: the record, counted from 1, that put something there which systemd does not
         * measure there; 0: none did. */
        size_t strange[PCR_COUNT];
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

/* The same of what is kept of records: one of these hashes is of a bank in which the PCR is proven.
 */
bool systemd_covers_pcr(const SystemdStory *s, unsigned pcr, uint32_t algs);

/* The NvPCR of this index; NULL where none is certified. */
const NvPcr *systemd_nv(const SystemdStory *s, uint32_t index);

/* True for a record of the NvPCR that systemd introduced by this label. */
bool systemd_is_of_nvpcr(const SystemdStory *s, const SystemdEntry *entry, const char *label);
