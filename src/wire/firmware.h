/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "wire/limits.h"

/* The firmware's event log (TCG PC Client Platform Firmware Profile, section 10): how its events
 * lie one behind the other. What an event's data mean is for wire/efievent to say, and whether the
 * digests are those of the data for verify/.
 *
 * Two forms are read: the crypto-agile one, whose first event ("Spec ID Event03") lists the banks,
 * and the older one with SHA-1 alone, which has no such event. The log of a confidential guest
 * (CCEL) has the first form too, with measurement registers where PCRs are otherwise.
 *
 * Strict: sizes are compared with what is left, the size of a digest is that of its algorithm, no
 * event has a bank twice or one that the head does not list. Events of a type that nobody knows are
 * handed out like any other. Zeros to the end, or 0xff to the end, are room that was left over. */

enum {
        FIRMWARE_NO_ACTION = 3, /* EV_NO_ACTION: in the log, but in no register */

        /* of a confidential guest (UEFI 2.10, section 38.4.1): MRTD, then RTMR 0 to 3 */
        FIRMWARE_MEASUREMENT_REGISTERS = 5,
};

typedef struct FirmwareBank {
        uint16_t alg;  /* TPM_ALG_ID; may be one that we cannot compute */
        uint16_t size; /* bytes of a digest */
} FirmwareBank;

typedef struct FirmwareEvent {
        size_t number; /* from 0; the head of an agile log counts */
        size_t at;     /* byte at which it begins */
        uint32_t pcr;  /* one that there is, except of EV_NO_ACTION */
        uint32_t type;
        bool has[FIRMWARE_BANKS_MAX]; /* by bank, in the order of the head */
        Span digests[FIRMWARE_BANKS_MAX];
        Span data;
} FirmwareEvent;

typedef struct FirmwareLog {
        Span bytes;
        size_t at, n_events;
        size_t padding_at; /* where the room that was left over begins */
        bool agile;        /* false: SHA-1 alone */
        bool confidential; /* registers are those of a confidential guest */
        FirmwareBank banks[FIRMWARE_BANKS_MAX];
        size_t n_banks;
        uint8_t version[3]; /* major, minor, errata; zeros in a log without a head */
} FirmwareLog;

/* Reads the head. Everything borrows from bytes. -EBADMSG says what is wrong, and where. */
int firmware_open(Span bytes, FirmwareLog *ret, Err *e) _must_check_;

/* 1 and the next event (not the head of an agile log), 0 at the end, -EBADMSG; where it fails, the
 * log stands where it stood. */
int firmware_next(FirmwareLog *log, FirmwareEvent *ret, Err *e) _must_check_;

/* True for what looks like the beginning of a firmware log, in either form. */
bool firmware_matches(Span head);
