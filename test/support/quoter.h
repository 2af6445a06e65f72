/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"

/* A TPM in memory that quotes: well-formed attestations over its registers, which nobody signed. It
 * can be told to answer wrongly, and somebody else can be told to use it in between. */
typedef enum QuoterLie {
        LIE_NONE,
        LIE_NONCE,     /* another nonce */
        LIE_SELECTION, /* over other PCRs */
        LIE_TYPE,      /* an attestation of something else */
        LIE_STRAY,     /* a byte too many */
        LIE_SIGNATURE, /* a signature that is none */
        LIE_HASH,      /* signed with another hash than the key's */
        LIE_KEY,       /* a key that is none */
        LIE_COUNTER,   /* a counter that is none */
        LIE_CERTIFY,   /* the counter certified for another nonce */
        LIE_CONTENTS,  /* half of the counter */
        LIE_AUDIT,     /* an audit about something else */
        LIE_VALUE,     /* a PCR is left out when they are read */
} QuoterLie;

typedef struct Quoter {
        Tpm tpm;
        PcrValues pcrs; /* PCRs 0 to 23 of sha256 and sha384 */
        QuoterLie lie;
        unsigned meddle;           /* before so many quotes, from now on, PCR 8 is extended */
        int fail_after;            /* commands that still work; negative: all */
        bool counted;              /* there is a counter, at 7 */
        uint32_t nvpcr_attributes; /* of any other NV index; 0: there is none */
        uint16_t nvpcr_size;
        unsigned intrude; /* so many exclusive sessions, from now on, are lost to somebody else */
        unsigned intrude_late; /* the same, after all that is attested */
        bool auditing, exclusive, intruded;
        unsigned keys, reads, quotes, certified, audits, publics;
} Quoter;

void quoter_new(Quoter *q);
void quoter_extend(Quoter *q, unsigned pcr, uint8_t with);
