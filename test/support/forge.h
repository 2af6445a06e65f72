/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/firmlog.h"
#include "support/world.h"
#include "wire/bundle.h"
#include "wire/nvpublic.h"
#include "wire/tpmkey.h"
#include "wire/tpmpart.h"

typedef struct ForgeNv {
        NvPublic public;
        Span value; /* borrowed, as is the policy in public */
        uint8_t name[34];
        Buf bytes, attest, signature;
} ForgeNv;

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

        /* a counter that is certified beside the quote, as avouch-evidence(5) has it unless a test
         * changes it before forge_quote() */
        bool counted;
        NvPublic counter;
        uint64_t count;
        uint16_t nv_offset, nv_size; /* of what is certified of it */
        uint8_t nv_nonce[32];
        Buf nv_public, nv_attest, nv_signature;
        bool nv_with_other; /* other_key signs it */

        /* NvPCRs of systemd that are certified beside it */
        ForgeNv nvpcrs[NVPCRS_MAX];
        size_t n_nvpcrs;

        /* an audit of all that, made by forge_bundle() for the manifest that it writes */
        bool audited, exclusive;
        uint8_t audit_spoiled; /* 1: another digest; 2: another extraData */
        bool audit_with_other; /* other_key signs it */
        TpmClock audit_clock;
        Buf audit_attest, audit_signature;

        PcrSelection asked;                    /* what the evidence says was asked for */
        PcrValues values;                      /* beside the quote */
        Buf log, before, history, systemd_log; /* a part each, unless empty */
        Buf firmware, line, ima; /* parts firmware-log, command-line and ima-log, likewise */
        Buf report;              /* part systemd-report, likewise */
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

/* Signs bytes as the TPM does, with key or with other_key. */
void forge_sign(Forge *f, Span attest, bool with_other, Buf *signature);

/* Writes what every attestation begins with. */
void forge_head(const Forge *f, uint16_t type, Span extra, const TpmClock *clock, Buf *to);

/* TPM2_NV_Certify of the counter: at this value, with this qualifyingData. */
void forge_certify(Forge *f, uint64_t value, Span qualifying, const TpmClock *clock, Buf *attest,
                Buf *signature);

/* An NvPCR more, and none any more. TPM2_NV_Certify of all of them, and their places in a part. */
void forge_nvpcr(Forge *f, NvPublic public, Span value);
void forge_drop_nvpcrs(Forge *f);
void forge_certify_nvpcrs(Forge *f);
void forge_add_nvpcrs(Forge *f, TpmPart *part);

/* The audit of a part that is whole but for it, for this manifest. */
void forge_audit(Forge *f, Span manifest, TpmPart *part);

/* A line of the history: its content with a receipt, made when the counter stood at this value. */
void forge_history_add(Forge *f, Span content, uint64_t value, const TpmClock *clock);

/* Takes a firmware's log along, and the registers that the machine has after it: all but the
 * world's own, in the banks of the log. */
void forge_firmware(Forge *f, const FirmLog *l);

void forge_quote(Forge *f);
void forge_bundle(Forge *f, Buf *to);
