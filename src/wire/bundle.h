/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/json.h"
#include "wire/limits.h"

/* The evidence bundle (avouch-evidence(5)): a CMW JSON collection (RFC 9999) of labelled parts,
 * and the manifest that names each part with its hash. Whether the hashes hold is for verify/ to
 * say. */

typedef enum BundleLabel {
        PART_INVALID,
        PART_MANIFEST,
        PART_TPM,
        PART_AK_CERTIFICATE,
        PART_FIRMWARE_LOG,
        PART_COMMAND_LINE,
        PART_IMA_LOG,
        PART_SYSTEMD_LOG,
        PART_AVOUCH_LOG,
        PART_AVOUCH_LOG_BEFORE,
        PART_HISTORY,
        PART_RELEASES,
        PART_TEE_REPORT,
        PART_SYSTEMD_REPORT,
        _PART_MAX,
} BundleLabel;

/* "avouch-log"; NULL for PART_INVALID. */
const char *bundle_label_name(BundleLabel label);

typedef struct Bundle {
        bool has[_PART_MAX];
        Span parts[_PART_MAX]; /* decoded; borrowed from the Buf handed to bundle_parse() */
} Bundle;

/* Decodes all parts into into, which is to have room for as many bytes as the text has. Refused:
 * another collection type, an unknown label, a part of another media type or indicator than its
 * label's or above its limit, no manifest, no tpm part. */
int bundle_parse(Span text, Buf *into, Bundle *ret, Err *e) _must_check_;
void bundle_write(const Bundle *b, Buf *to);

typedef struct ManifestPart {
        bool listed;
        uint8_t sha256[32];
        uint64_t size;
} ManifestPart;

typedef struct Manifest {
        uint8_t ak[34];  /* Name of the attestation key */
        int64_t created; /* microseconds, UTC, by the machine's own clock */
        uint8_t nonce[NONCE_MAX];
        size_t nonce_size;
        ManifestPart parts[_PART_MAX]; /* never PART_MANIFEST and PART_TPM */
} Manifest;

/* Refused: a spelling that is not canonical, another version, an ak that is no SHA-256 Name, a
 * nonce shorter or longer than one may be, a part of unknown label, or manifest or tpm listed. */
int manifest_parse(Span text, Manifest *ret, Err *e) _must_check_;
void manifest_write(const Manifest *m, Buf *to);
