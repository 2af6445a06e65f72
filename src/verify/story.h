/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/chain.h"
#include "verify/evidence.h"
#include "verify/question.h"
#include "verify/replay.h"

/* What the machine's log tells, replayed against what was quoted: the claim registers, and the
 * story that the claims after it read. Nothing in it counts unless registers is proven. */

typedef struct StoryLayer {
        Span class, name, version; /* as recorded (escapes of avouch-log-format(5)); borrowed */
        uint8_t root_hash[32], identity[32], signer[32]; /* identity: Authenticode, of a uki */
        uint8_t line[32]; /* SHA-256 of the command line that a uki was loaded with */
        bool has_root_hash, has_identity, has_signer, has_line;
        uint64_t seq;
} StoryLayer;

enum { STORY_WORDS = 512 };

typedef struct Story {
        Segment segment; /* the last one, after its last record */
        bool has_log;
        bool kexec;      /* the kernel that recorded was started by another one */
        bool unnamed;    /* ...and of one that was so, the log does not say which it is */
        bool has_ready;  /* the log says that a kernel lies ready for kexec... */
        bool resumed;    /* the TPM was reset under it: the machine slept without power */
        bool software;   /* the TPM is a program's, as the machine says itself */
        bool unmeasured; /* there are records of this boot from before it had a TPM */
        size_t n_segments;
        uint64_t n_records; /* of all segments */
        bool has_count, has_past;
        uint64_t count;   /* of openings, when the first segment began */
        uint8_t past[32]; /* SHA-256 of the history's last line then */
        uint8_t machine[16];
        Register missing[REGISTERS_MAX]; /* NV indices that the TPM did not have */
        size_t n_missing;
        StoryLayer layers[STORY_LAYERS_MAX];
        size_t n_layers;
        StoryLayer ready;   /* ...this one... */
        StoryLayer running; /* ...which runs now, where it was started by kexec and is not unnamed
                             */
        uint8_t boot[16];   /* of the last genesis */
        unsigned opened, closed;
        unsigned lost;         /* openings of which the log says that they were left out */
        bool lost_layers;      /* the same of layers */
        bool unlocks;          /* records tell of volumes that were unlocked, or may have */
        uint32_t restarts;     /* TPM Restarts and Resumes since the log began */
        uint32_t opened_kinds; /* a bit per event_kinds */
        uint64_t first_opened_seq;
        char first_opened[STORY_WORDS];
} Story;

/* Whether a log says that it begins behind hibernation: the registers were emptied under what runs,
 * and other logs of it are of what they held before. */
bool story_begins_awake(Span log);

/* A glass.open in words, and the bit of event_kinds that it is. */
void story_opening_words(const Content *c, char into[STORY_WORDS]);
uint32_t story_opening_kind(const Content *c);

/* What a record says of a layer. Borrows from c. */
StoryLayer story_layer(const Content *c);

/* True where records of the log are in an NV index. */
bool story_has_index(const Story *s);

/* Replays and judges the claim registers. others: what the logs of others make of the registers.
 * Borrows from the evidence. */
int judge_registers(const Evidence *ev, const Question *q, const Replay *others, Verdict *v,
                Story *ret, Err *e) _must_check_;
