/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/firmlog.h"
#include "support/world.h"
#include "wire/bundle.h"
#include "wire/tpmkey.h"
#include "wire/tpmpart.h"

/* Evidence made without a TPM: an ordinary key signs what a TPM would, so that a test can change
 * one thing at a time and sign the rest as an attacker with that key would. The steps: forge_new(),
 * change what goes into the quote, forge_quote(), change what is beside it, forge_bundle(). */
typedef struct Forge {
        void *key, *other_key; /* OpenSSL's; other_key is of the same type */
        TpmScheme scheme;      /* of key: with P-256 and P-384, or RSA */
        HashAlg hash;          /* of key */
        HashAlg signed_with;   /* the hash that the quote is signed with all the same */
        Buf ak;                /* TPMT_PUBLIC of key */
        uint8_t ak_name[34];
        uint32_t attributes;

        uint32_t magic;
        uint16_t type;
        uint8_t nonce[32]; /* in the quote */
        size_t nonce_size;
        TpmClock clock;
        PcrSelection selection; /* signed */
        PcrValues signed_values;
        bool sign_with_other;
        Buf attest, signature;

        PcrSelection asked; /* what the evidence says was asked for */
        PcrValues values;   /* beside the quote */
        Buf log;
        Buf firmware, line; /* parts firmware-log and command-line; empty: there is none */
        uint8_t manifest_nonce[32];
        bool leave_log_out_of_manifest;
        /* NULL, or what a test does to what is written in the end */
        void (*spoil_manifest)(Manifest *m);
        void (*spoil_tpm)(TpmPart *p);
        void (*spoil_bundle)(Bundle *b);
} Forge;

/* An honest machine: PCR 8 and log are the world's; quoted is sha256:0-15 with zeros but for PCR 8.
 */
void forge_new(Forge *f, const World *w);
void forge_done(Forge *f);

/* Takes another key: TPM_CURVE_P256, TPM_CURVE_P384, or TPM_CURVE_NONE for RSA with 2048 bits. */
void forge_key(Forge *f, TpmCurve curve, HashAlg hash);

/* Takes the registers and the log from the world again. */
void forge_take(Forge *f, const World *w);

/* Takes a firmware's log along, and the registers that the machine has after it: all but the
 * world's own, in the banks of the log. */
void forge_firmware(Forge *f, const FirmLog *l);

void forge_quote(Forge *f);
void forge_bundle(Forge *f, Buf *to);
