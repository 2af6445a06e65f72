/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/pcr.h"

/* A firmware's event log written by hand, event after event, and the registers of the TPM that was
 * extended with it. Shares no code with wire/firmware and verify/. What an attacker does to a log
 * is done to the list of events, after the registers were taken. */

enum { FIRM_EVENTS_MAX = 256, FIRM_DATA_MAX = 4096 };

typedef struct FirmEvent {
        uint32_t pcr, type;
        uint8_t data[FIRM_DATA_MAX];
        size_t size;
        Digest digests[PCR_BANKS_MAX]; /* of what was measured, which need not be the data */
        uint32_t left_out;             /* a bit per bank: the event has no digest of it */
} FirmEvent;

typedef struct FirmLog {
        FirmEvent *events; /* owned */
        size_t n;
        HashAlg banks[PCR_BANKS_MAX];
        uint16_t sizes[PCR_BANKS_MAX]; /* that the head tells */
        size_t n_banks;
        uint32_t head_pcr;
        uint8_t locality;
} FirmLog;

/* What a machine boots; zeroed: Secure Boot is off and there is no UKI. */
typedef struct FirmBoot {
        bool secure_boot;
        Span certificate;     /* DER; in PK, KEK and db, and what db has verified */
        const char *cmdline;  /* of the UKI; NULL: no UKI */
        const char *appended; /* by an addon, to the command line; NULL: nothing */
        bool credentials, extensions;
} FirmBoot;

FirmLog firmlog_new(const HashAlg *banks, size_t n_banks);
void firmlog_done(FirmLog *l); /* for _cleanup_ */

/* An event more, of which the data were measured, or something else. */
FirmEvent *firmlog_add(FirmLog *l, uint32_t pcr, uint32_t type, Span data);
FirmEvent *firmlog_add_of(FirmLog *l, uint32_t pcr, uint32_t type, Span data, Span measured);
/* EV_EFI_VARIABLE_...: the name is ASCII, the GUID 16 bytes. */
FirmEvent *firmlog_add_variable(FirmLog *l, uint32_t pcr, uint32_t type, const uint8_t guid[16],
                const char *name, Span data);
/* A section of a UKI, as systemd-stub measures it. */
void firmlog_add_section(FirmLog *l, const char *name, Span content);
/* What the Linux kernel's EFI stub measures: 0x8f3b22ed LoadOptions, 0x8f3b22ec initrd. */
void firmlog_add_tag(FirmLog *l, uint32_t pcr, uint32_t tag, const char *name, Span measured);

/* A whole boot. */
void firmlog_boot(FirmLog *l, const FirmBoot *b);

/* Where the n-th event of a register and type stands (from 0); aborts where there is none. */
size_t firmlog_find(const FirmLog *l, uint32_t pcr, uint32_t type, unsigned n);
void firmlog_remove(FirmLog *l, size_t at);
void firmlog_swap(FirmLog *l, size_t a, size_t b);
/* Digests of the data as they now stand. */
void firmlog_rehash(FirmLog *l, FirmEvent *event, Span measured);

void firmlog_write(const FirmLog *l, Buf *to);
/* All PCRs of all banks, 0 to 15. */
void firmlog_replay(const FirmLog *l, PcrValues *ret);
/* What the operating system measures afterwards. */
void firmlog_extend(PcrValues *v, unsigned pcr, const char *word);

/* ASCII as UTF-16LE; with its NUL. */
void firmlog_utf16(Buf *to, const char *ascii, bool nul);
/* An EFI_SIGNATURE_LIST with one certificate or one hash, by the size. */
void firmlog_signatures(Buf *to, Span content);
/* A certificate "CN=NAME", DER. */
void firmlog_certificate(Buf *to, const char *name);

extern const uint8_t firmlog_global[16], firmlog_security[16], firmlog_shim[16];
