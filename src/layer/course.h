/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/bankhash.h"

/* The course of a boot, foretold: one measurement after another, and the registers that they lead
 * to. */

/* Which part of the boot a measurement belongs to. */
typedef enum StepPart {
        STEP_FIRMWARE,  /* what every boot has, whatever is started */
        STEP_VARIABLES, /* Secure Boot's */
        STEP_AUTHORITY, /* what let the image in */
        STEP_LOADER,    /* what is started before the image */
        STEP_IMAGE,     /* the image, and its sections */
        STEP_COMPANION, /* what lies beside it, or is handed to it */
        STEP_LINE,      /* the kernel: its command line */
        STEP_INITRD,    /* and its initrd */
        STEP_SYSTEM,    /* what the system that was started measures itself */
} StepPart;

typedef struct Step {
        StepPart part;
        unsigned pcr;
        BankDigests digests;
} Step;

typedef struct Course {
        Banks banks;
        size_t n;
        Step list[COURSE_STEPS_MAX];
} Course;

/* Begins one that has no step yet. */
void course_begin(Course *c, const Banks *banks);

enum { PCR_PROGRAMS = 4 }; /* what firmware loads (TCG PC Client PFP, PCR usage) */

/* Behind all others; -E2BIG where there are too many. digests: one of each bank, in their order. */
int course_add(Course *c, StepPart part, unsigned pcr, const Digest digests[BANKS_MAX],
                Err *e) _must_check_;

/* The same for bytes that are at hand. */
int course_add_bytes(Course *c, StepPart part, unsigned pcr, Span bytes, Err *e) _must_check_;

/* What a register holds after all of it, in the n-th bank: zeros where no step is its. */
int course_value(const Course *c, unsigned pcr, unsigned n, Digest *ret, Err *e) _must_check_;
