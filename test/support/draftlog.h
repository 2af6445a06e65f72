/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "support/draft.h"
#include "wire/register.h"

/* A log written by hand, record after record: each follows the one before, unless a test says what
 * is wrong with it. Shares no code with log/ and wire/record. */

enum { DRAFT_RECORDS_MAX = 16, DRAFT_LOG_MAX = 64 * 1024 };

typedef struct DraftLog {
        Buf bytes;
        size_t at[DRAFT_RECORDS_MAX + 1]; /* where record n begins; at[n] is the end */
        size_t n;
        uint8_t prev[32];
        Register reg; /* what the next record is extended into, and in which banks */
        HashAlg banks[4];
        size_t n_banks;
        int spoiled; /* the bank whose digest is not the content's; -1 for none */
} DraftLog;

/* PCR 8 in the banks that drafts of genesis name: sha1 and sha256. */
DraftLog draft_log(void);
void draft_log_done(DraftLog *l); /* for _cleanup_ */

/* A record more. seq and prev are right where changes do not name them. */
void draft_log_add(DraftLog *l, Event event, const DraftChange *changes);

/* The bytes of one record, and of all. Valid until one is added. */
Span draft_log_record(const DraftLog *l, size_t n);
Span draft_log_bytes(const DraftLog *l);

/* What the register holds after all records, by the bank's place; it began with start. */
Digest draft_log_replay(const DraftLog *l, size_t bank, Digest start);

/* The line of a record whose content is there already; digests are computed. */
void draft_line(Register reg, const HashAlg *banks, size_t n_banks, int spoiled, const char *recnum,
                Span content, Buf *to);

/* Register values in the banks sha1 and sha256, as a genesis has them in "start". */
enum { DRAFT_START_MAX = 256 };
void draft_register_values(const Digest *sha1, const Digest *sha256, char into[DRAFT_START_MAX]);
