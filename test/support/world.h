/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/store.h"
#include "port/tpm.h"

/* A TPM and a store that live in memory, with one switch between them: the n-th step from now
 * fails, once or from then on. A test counts n up from 0 until the whole operation gets through. A
 * step that changes something may fail before it did, or after (a lost answer). */

typedef enum FaultKind {
        FAULT_NONE,
        FAULT_ONCE,      /* the step did nothing and says so */
        FAULT_ONCE_DONE, /* the step was done, its answer got lost */
        FAULT_FOR_EVER,  /* no step works any more */
        FAULT_TORN,      /* append: half a line is left, and no step works any more (a crash) */
} FaultKind;

enum { WORLD_NV_MAX = 8 };

/* An NV index: a counter (value) or an extend index (digest). */
typedef struct WorldNv {
        uint32_t index; /* 0: none */
        uint32_t attributes;
        uint16_t size;
        uint64_t value;
        Digest digest;
} WorldNv;

typedef struct World {
        Tpm tpm;
        Store store;
        PcrValues pcrs;        /* PCR 8 and 9, in the banks of world_new() */
        uint16_t unknown_bank; /* reported as active besides, 0 for none */
        TpmClock clock;
        WorldNv nv[WORLD_NV_MAX];
        uint64_t highest; /* value that a counter ever had */
        bool nv_full;     /* there is no room for another index */
        void *key;        /* OpenSSL's, of P-256: signs what is certified */
        bool key_made;    /* or loaded, since the process began */
        unsigned keys;    /* how often it was made */
        bool odd_context; /* what it hands out of the key is no context */
        bool auditing;    /* in a session */
        Buf log;
        Buf note;             /* beside the log */
        unsigned written;     /* how often the log was written */
        unsigned loaded;      /* how often it was read from its beginning */
        char retired[8][128]; /* names under which logs were put aside */
        unsigned n_retired;
        char marked[64]; /* under this name a log was begun */
        bool away;       /* the log was let go */
        size_t paused_size;
        int steps_left; /* steps that still work */
        FaultKind fault;
        bool struck; /* it did */
        unsigned tpm_commands;
        bool dying;        /* the TPM alone does */
        int commands_left; /* until then */
} World;

/* The PCRs that it has: the one that is used unless a test says so, and another. */
enum { WORLD_PCR = 8, WORLD_PCR_OTHER = 9 };

void world_new(World *w);
void world_done(World *w);

/* The next n steps work, then the fault strikes. */
void world_fail_after(World *w, int n, FaultKind kind);

/* The next n commands of the TPM work, then none does any more; stores work on. */
void world_tpm_dies_after(World *w, int n);

/* All work again, as after a reboot of the machine that does not touch TPM and disk. */
void world_heal(World *w);

/* Somebody else's extend of PCR 8, in the sha256 bank alone or in all. */
void world_extend_foreign(World *w, bool all_banks);

/* Another store of the same world: a history at home, or its spool. */
typedef struct WorldShelf {
        Store store;
        World *world;
        Buf bytes;
        bool read_only;
        int room; /* appends until it is full; negative: it never is */
        char retired[4][64];
        unsigned n_retired;
} WorldShelf;

void world_shelf_new(WorldShelf *s, World *w);
void world_shelf_done(WorldShelf *s);
