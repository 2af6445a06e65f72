/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/json.h"
#include "wire/limits.h"
#include "wire/register.h"

/* systemd's log of what it measured, /run/log/systemd/tpm2-measure.log (systemd 255 to 262): an RFC
 * 7464 sequence of CEL-like records,
 *
 *     0x1E {"pcr":11,"digests":[{"hashAlg":"sha256","digest":"..."}],"content_type":"systemd",
 *           "content":{"string":"enter-initrd","bootId":"...","timestamp":1,"eventType":"phase"}}
 * 0x0A
 *
 * Others write it, so what we do not know is carried: other members, events, content types, hashes.
 * Framing, register and digests are read strictly, since by them the log is replayed. Nothing but
 * the digests is covered by the TPM: what they prove of the words is for verify/ to say. */

typedef enum SystemdSource {
        SYSTEMD_SOURCE_OTHER,    /* a content type that we do not know */
        SYSTEMD_SOURCE_SYSTEMD,  /* "systemd" */
        SYSTEMD_SOURCE_FIRMWARE, /* "pcclient_std", as systemd-pcrlock cel converts it */
} SystemdSource;

typedef struct SystemdRecord {
        Register reg; /* a PCR or an NV index */
        Digest digests[BANKS_MAX];
        size_t n_digests; /* of hashes that we know; none twice */
        SystemdSource source;
        Json string; /* what was measured, as the log tells it; JSON_NONE where it is absent */
        Json nv_name, event_type;
        bool has_boot;
        uint8_t boot[16];
        int64_t time; /* CLOCK_BOOTTIME, microseconds; 0 where it is absent */
} SystemdRecord;

/* Takes the next line off a log: from its 0x1E to its 0x0A. 1 and a line; 0 at the end; -EBADMSG
 * for bytes that are no line; -ENODATA for a last line that has no 0x0A. */
int systemd_log_next(Span *log, Span *ret, Err *e) _must_check_;

/* ret borrows from line and tokens. */
int systemd_record_parse(Span line, JsonToken tokens[static SYSTEMD_RECORD_TOKENS_MAX],
                SystemdRecord *ret, Err *e) _must_check_;

/* The same for a record that stands inside of something else, as in an array of CEL records. */
int systemd_record_read(Json v, SystemdRecord *ret, Err *e) _must_check_;

/* The digest of one bank; NULL where the record has none. */
const Digest *systemd_record_digest(const SystemdRecord *r, uint32_t alg);

/* systemd writes what it measured through cescape(), and cuts off what is longer than 1024 bytes
 * with "...": its inverse. False, and to as it was, for what cescape() never writes. */
bool systemd_unescape(Span s, Buf *to) _must_check_;

/* What measured bytes say, in the words of systemd 252 to 262 (facts of its source: pcrextend,
 * pcrextend-util.c, cryptsetup.c, tpm2-util.c). */
typedef enum SystemdKind {
        SYSTEMD_UNKNOWN,
        SYSTEMD_PHASE,           /* value */
        SYSTEMD_MACHINE_ID,      /* value: 32 hex digits */
        SYSTEMD_FILE_SYSTEM,     /* name: mount point; value: all the fields behind it */
        SYSTEMD_VOLUME_KEY,      /* name: volume; value: LUKS UUID. An HMAC over these words */
        SYSTEMD_IMDS,            /* value */
        SYSTEMD_OS_SEPARATOR,    /* nothing */
        SYSTEMD_NVPCR_INIT,      /* name: NvPCR; index; value: Name of the NV index, hex */
        SYSTEMD_NVPCR_SEPARATOR, /* nothing */
        SYSTEMD_PRODUCT_ID,      /* value: 32 hex digits, or "missing" */
        SYSTEMD_KEYSLOT,         /* name: volume; value: LUKS UUID; method; slot */
        SYSTEMD_VERITY,          /* name: device; value: root hash, hex; signers */
        SYSTEMD_LOGIN,           /* name: user; value: user record, JSON */
        _SYSTEMD_KIND_MAX,
} SystemdKind;

typedef struct SystemdWords {
        SystemdKind kind;
        Span name; /* systemd's escapes (\xHH) in it */
        Span value;
        uint32_t index;
        Span method, slot, signers;
} SystemdWords;

/* "phase"; "unknown" for what is none. */
const char *systemd_kind_name(SystemdKind kind);

/* The phases, in the order in which a boot enters them; NULL ends them. */
extern const char *const systemd_phases[];

/* Never refuses: what does not read as one of the kinds is SYSTEMD_UNKNOWN. Whether the words stand
 * in the register where systemd measures them is not looked at. Borrows. */
SystemdWords systemd_words(Span measured);
