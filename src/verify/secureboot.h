/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "port/x509.h"
#include "verify/firmware.h"
#include "wire/efisig.h"
#include "wire/limits.h"

/* What PCR 7 tells: whether Secure Boot was on, with which keys, and which of them let programs
 * start (TCG PC Client Platform Firmware Profile, section 3.3.4.8). Only data that were measured
 * are told. The types of events are not measured, so what may stand in PCR 7, and in which order,
 * is held to the letter: an event more or less cannot hide under another type. */

/* An entry of a database that let a program start. */
typedef struct Authority {
        size_t number; /* of the event */
        Span variable; /* "db", UTF-16LE; "Shim", "MokList" for those of shim */
        Span data;
} Authority;

typedef struct SecureBoot {
        bool told, on;
        Span pk, kek, db, dbx; /* contents of the variables; borrowed from the log */
        bool has_pk, has_kek, has_db, has_dbx;
        Authority authorities[AUTHORITIES_MAX];
        size_t n_authorities;
        bool has_separator;
        bool dma_unprotected;
        char wrong[ERR_TEXT_MAX]; /* the first thing in PCR 7 that does not belong there; "": none
                                   */
} SecureBoot;

/* alg: the bank to read by. -EBADMSG for a log that is none. */
int secureboot_read(Span log, HashAlg alg, SecureBoot *ret, Err *e) _must_check_;

/* What a database entry is: a certificate with its subject, or the hash of a program. */
typedef struct BootKey {
        bool is_certificate;
        char subject[SUBJECT_TEXT_SIZE]; /* for people, safe to show */
        uint8_t sha256[32];              /* of the certificate; or the hash itself */
} BootKey;

/* 1; 0 for what is neither. Negative where that could not be found out. */
int boot_key_of_signature(const EfiSignature *s, BootKey *ret, Err *e) _must_check_;
int boot_key_of_authority(const Authority *a, BootKey *ret, Err *e) _must_check_;

/* True for an authority that is a setting of shim's and no key ("SbatLevel", "MokListTrusted"). */
bool authority_is_setting(const Authority *a);

/* The separator that ends what the firmware measured: true for one that says that all went well. */
bool separator_is_good(Span data);
