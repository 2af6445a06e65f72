/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

/* Which PCRs, in which banks, and what they hold: the words in which we speak with a TPM, write
 * evidence and judge it. Values, owned by nobody. */

enum {
        PCR_COUNT = 24, /* of a PC Client TPM: 0 to 23 (PC Client Platform TPM Profile, section 4.6)
                         */
        PCR_BANKS_MAX = 4,
};

typedef struct PcrBank {
        uint16_t alg;  /* TPM_ALG_ID; may be one that we do not know */
        uint32_t mask; /* bit n: PCR n */
} PcrBank;

/* In the order that was asked for or signed; no bank twice. */
typedef struct PcrSelection {
        PcrBank banks[PCR_BANKS_MAX];
        size_t n_banks;
} PcrSelection;

typedef struct PcrValues {
        PcrSelection held;                        /* which of the digests below are there */
        Digest digests[PCR_BANKS_MAX][PCR_COUNT]; /* same order of banks as in held */
} PcrValues;

bool pcr_selection_equal(const PcrSelection *a, const PcrSelection *b);

/* True where the selection names this PCR of this bank. */
bool pcr_selected(const PcrSelection *s, uint16_t alg, unsigned pcr);

/* NULL where the values have none for it. Borrowed from v. */
const Digest *pcr_value(const PcrValues *v, uint16_t alg, unsigned pcr);

/* False where there is no room for another bank, or the PCR is out of range or there already. */
bool pcr_set(PcrValues *v, unsigned pcr, const Digest *d) _must_check_;

/* The values of a selection in the order in which TPM2_Quote hashes them: bank by bank, and the
 * PCRs of each ascending (TPM 2.0 Library, Part 1, "Selecting Multiple PCR"). How many there are; 0
 * where one is missing. Borrowed from v. */
enum { PCR_VALUES_MAX = PCR_BANKS_MAX * PCR_COUNT };
size_t pcr_values_in_order(const PcrValues *v, const PcrSelection *s, Span ret[PCR_VALUES_MAX]);

/* What a PCR holds after a reset: zeros, but ones in 17 to 22 (PC Client Platform TPM
 * Profile, 4.6.3: the registers of a dynamic launch). */
bool pcr_at_reset(unsigned pcr, const Digest *value);

/* "sha256:0,1,7+sha384:all" as tpm2-tools writes it; ranges "0-7" too. -EINVAL says what is wrong.
 */
int pcr_selection_from_text(const char *text, PcrSelection *ret, Err *e) _must_check_;

/* The same text for a selection, ranges folded; an unknown algorithm as 0xNNNN. */
void pcr_selection_text(const PcrSelection *s, Buf *to);
