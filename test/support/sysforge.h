/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/sdlog.h"
#include "wire/sysreport.h"

/* A report as systemd-report of 262 signs it, made without a TPM from a log and what it measured:
 * an ordinary key signs, so that a test can change one thing and sign the rest again. */
typedef struct SysForge {
        void *key; /* OpenSSL's, P-256 */
        SdLog l;
        const char *metric; /* a text in the report */
        uint32_t attributes;
        uint32_t pcrs;    /* quoted of sha256, a bit each */
        bool sha1;        /* of SHA-1 instead, whose bank nobody extended */
        bool exclusive;   /* what the audit says */
        uint8_t locality; /* that PCR 0 began with */
        uint64_t clock;   /* of the first attestation; each that follows is 1 ms younger */
        uint32_t reset, restart;
        uint64_t firmware;
        /* what is spoiled before it is signed: 0 nothing, else the component from 1 on */
        unsigned other_run;   /* is of another run of the TPM */
        unsigned other_reset; /* is of after a reset of the TPM */
        unsigned left_out;    /* is in the session, and not in the report */
        unsigned unsigned_;   /* has a signature over something else */
        bool other_report;    /* the audit is over another report than stands there */
        bool other_digest;    /* the quote's digest is none of these values */
        bool twice;           /* the TPM's signature stands there twice, and no other */
        /* what is changed in the text in the end: the first place where old stands */
        const char *old, *new;
        Buf file;
} SysForge;

void sysforge_new(SysForge *f);
void sysforge_done(SysForge *f);

/* Signs and writes anew. */
Span sysforge_file(SysForge *f);

/* Name of the key, 34 bytes. */
void sysforge_name(SysForge *f, uint8_t ret[34]);
