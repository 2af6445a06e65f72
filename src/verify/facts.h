/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/appraise.h"

/* What one evidence tells of a machine, thing by thing and in words, so that it can be held against
 * what another one tells: never numbers of registers.
 *
 * A fact is proven where a signed register or counter is over it. Of what was measured as a digest
 * alone that holds for the digest; the name is the log's word. */

typedef enum FactKind {
        FACT_CLAIM,        /* what is proven of the claims; "fresh" is of each evidence alone */
        FACT_TPM,          /* version of its firmware */
        FACT_MACHINE,      /* its id */
        FACT_SECURE_BOOT,  /* "on" */
        FACT_PLATFORM_KEY, /* an entry of PK; the same of the databases that follow */
        FACT_EXCHANGE_KEY, /* KEK */
        FACT_ALLOWED,      /* db */
        FACT_REVOKED,      /* dbx */
        FACT_AUTHORITY,    /* what let a program start */
        FACT_FIRMWARE,     /* anything else that the firmware measured */
        FACT_PROGRAM,      /* that the firmware started */
        FACT_SECTION,      /* of the UKI */
        FACT_COMMAND_LINE,
        FACT_APPENDED,  /* to the command line, by an addon or from SMBIOS */
        FACT_COMPANION, /* what came beside the UKI: credentials, extensions, device trees */
        FACT_KERNEL,    /* what the kernel's entry measured: its initrd, for one */
        FACT_PHASE,
        FACT_FILE_SYSTEM,
        FACT_VERITY, /* a dm-verity device, by its root hash */
        FACT_VOLUME, /* the key of one */
        FACT_UNLOCK,
        FACT_LOGIN,
        FACT_SYSTEMD, /* anything else that systemd measured */
        FACT_LAYER,
        FACT_GLASS,  /* somebody opened the machine */
        FACT_COUNT,  /* of openings, by the TPM's counter */
        FACT_RECORD, /* of avouch: its version, its configuration, a broken register */
        _FACT_MAX,
} FactKind;

/* "secure-boot", for programs; "Secure Boot", for people. */
const char *fact_kind_name(FactKind kind);
const char *fact_kind_title(FactKind kind);

/* Where a text stands in Facts.text. */
typedef struct FactText {
        size_t at, size;
} FactText;

typedef struct Fact {
        FactKind kind;
        bool proven;
        FactText subject; /* by which two facts of one kind belong together */
        FactText value;   /* in words (escapes of avouch-log-format(5) in it) */
        Digest digest;    /* what the words do not hold; of no algorithm where they hold all */
        size_t n;         /* which one, in the order in which they were told */
} Fact;

typedef struct Facts {
        Fact *list; /* owned; sorted by kind, subject, order */
        size_t n, room;
        Buf text;                 /* owned */
        uint32_t told;            /* a bit per FactKind of which this evidence tells at all */
        char fault[ERR_TEXT_MAX]; /* why they are not whole; "": they are */
} Facts;

/* The bank to read two firmware logs by, so that their digests can be compared: the best that both
 * have; HASH_NONE where one of them has no log, or they have none in common. */
HashAlg facts_bank(const Judgement *a, const Judgement *b);

/* Facts of evidence that was judged; none where it could not be read. Owner: facts_done(). */
int facts_take(const Judgement *j, HashAlg bank, Facts *ret, Err *e) _must_check_;
void facts_done(Facts *f);

Span facts_text(const Facts *f, FactText t);

/* For those who take facts (verify/facts-*.c): one more. What does not fit any more becomes a
 * fault. */
int facts_add(Facts *f, FactKind kind, bool proven, Span subject, Span value, const Digest *digest,
                Err *e) _must_check_;
/* The same in words that were put together. */
int facts_add_words(Facts *f, FactKind kind, bool proven, Span subject, const Buf *words,
                const Digest *digest, Err *e) _must_check_;
/* Why facts of a log are not whole; the first counts. */
void facts_fault(Facts *f, const char *why);

/* What the firmware's log tells, and the kernel's command line. */
int facts_take_firmware(const Judgement *j, HashAlg bank, Facts *f, Err *e) _must_check_;
int facts_take_line(const Judgement *j, HashAlg bank, Facts *f, Err *e) _must_check_;
/* What systemd's log tells, and avouch's. */
int facts_take_systemd(const Judgement *j, Facts *f, Err *e) _must_check_;
int facts_take_records(const Judgement *j, Facts *f, Err *e) _must_check_;
