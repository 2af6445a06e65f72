/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/secureboot.h"

#include <errno.h>
#include <stdio.h>

#include "port/crypto.h"
#include "wire/efievent.h"

enum { PCR_SECURE_BOOT = 7, OWNER_SIZE = 16 };

#define GLOBAL "8be4df61-93ca-11d2-aa0d-00e098032b8c"   /* EFI_GLOBAL_VARIABLE */
#define SECURITY "d719b2cb-3d3a-4596-a3bc-dad00e67656f" /* EFI_IMAGE_SECURITY_DATABASE_GUID */

static void wrong(SecureBoot *s, const FirmwareEvent *event, const char *what) {
        if (s->wrong[0] != '\0')
                return;
        if (event)
                (void) snprintf(s->wrong, sizeof(s->wrong), "event %zu in PCR 7: %s", event->number,
                                what);
        else
                (void) snprintf(s->wrong, sizeof(s->wrong), "PCR 7: %s", what);
}

bool separator_is_good(Span data) {
        return span_equal(data, SPAN_LITERAL("\0\0\0\0")) ||
               span_equal(data, SPAN_LITERAL("\xff\xff\xff\xff"));
}

/* A variable that may be told once. */
static void keep(SecureBoot *s, const FirmwareEvent *event, Span data, Span *into, bool *has) {
        if (*has)
                wrong(s, event, "a variable that was measured before");
        *has = true;
        *into = data;
}

static void read_switch(SecureBoot *s, const FirmwareEvent *event, Span data) {
        if (s->told)
                wrong(s, event, "SecureBoot was measured before");
        /* firmware without Secure Boot has no such variable, and measures that (OVMF) */
        if (data.size > 1 || (data.size == 1 && data.data[0] > 1))
                wrong(s, event, "SecureBoot is neither 0 nor 1");
        s->told = true;
        s->on = data.size == 1 && data.data[0] == 1;
}

static void read_variable(SecureBoot *s, const Measured *m) {
        const FirmwareEvent *event = &m->event;
        EfiVariable v;

        if (s->has_separator)
                wrong(s, event, "a variable of Secure Boot behind the separator");
        if (efi_variable_parse(event->data, &v, NULL) < 0) {
                wrong(s, event, "not a variable");
                return;
        }
        if (efi_guid_is(v.guid, GLOBAL)) {
                if (efi_text_is(v.name, "SecureBoot"))
                        read_switch(s, event, v.data);
                if (efi_text_is(v.name, "PK"))
                        keep(s, event, v.data, &s->pk, &s->has_pk);
                if (efi_text_is(v.name, "KEK"))
                        keep(s, event, v.data, &s->kek, &s->has_kek);
        } else if (efi_guid_is(v.guid, SECURITY)) {
                if (efi_text_is(v.name, "db"))
                        keep(s, event, v.data, &s->db, &s->has_db);
                if (efi_text_is(v.name, "dbx"))
                        keep(s, event, v.data, &s->dbx, &s->has_dbx);
        }
}

static void read_authority(SecureBoot *s, const Measured *m) {
        EfiVariable v;

        if (efi_variable_parse(m->event.data, &v, NULL) < 0) {
                wrong(s, &m->event, "not a variable");
                return;
        }
        if (s->n_authorities == AUTHORITIES_MAX) {
                wrong(s, &m->event, "more authorities than are taken");
                return;
        }
        s->authorities[s->n_authorities++] = (Authority){ m->event.number, v.name, v.data };
}

static void read_separator(SecureBoot *s, const FirmwareEvent *event) {
        if (s->has_separator)
                wrong(s, event, "a second separator");
        if (!separator_is_good(event->data))
                wrong(s, event, "the firmware says that it failed");
        s->has_separator = true;
}

/* Some of what firmware says of itself there (PFP, section 3.3.4.8; Microsoft's DMA protection). */
static void read_action(SecureBoot *s, const FirmwareEvent *event) {
        if (span_is(event->data, "DMA Protection Disabled") ||
                        span_equal(event->data, SPAN_LITERAL("DMA Protection Disabled\0")))
                s->dma_unprotected = true;
        else
                wrong(s, event, "an action that does not belong there, such as a debug mode");
}

static void read_event(SecureBoot *s, const Measured *m) {
        if (m->proof != PROOF_DATA && m->proof != PROOF_PART) {
                wrong(s, &m->event, "its data are not what was measured");
                return;
        }
        switch (m->event.type) {
        case EV_EFI_VARIABLE_DRIVER_CONFIG:
                read_variable(s, m);
                break;
        case EV_EFI_VARIABLE_AUTHORITY:
                read_authority(s, m);
                break;
        case EV_SEPARATOR:
                read_separator(s, &m->event);
                break;
        case EV_EFI_ACTION:
                read_action(s, &m->event);
                break;
        default:
                wrong(s, &m->event, "of a type that does not belong there");
        }
}

int secureboot_read(Span log, HashAlg alg, SecureBoot *ret, Err *e) {
        FirmwareReading r = {};
        SecureBoot s = {};
        Measured m;
        int rc;

        rc = firmware_read(log, alg, &r, e);
        if (rc < 0)
                return rc;
        r.only = UINT32_C(1) << PCR_SECURE_BOOT;
        while ((rc = firmware_read_next(&r, &m, e)) > 0)
                if (m.proof != PROOF_NONE)
                        read_event(&s, &m);
        if (rc < 0)
                return rc;
        if (!s.told)
                wrong(&s, NULL, "the log does not say whether Secure Boot is on");
        if (!s.has_separator)
                wrong(&s, NULL, "the separator is missing");

        *ret = s;
        return 0;
}

static int read_certificate(Span der, BootKey *ret, Err *e) {
        BootKey key = { .is_certificate = true };
        Digest d;
        int rc;

        rc = certificate_subject(der, key.subject, e);
        if (rc <= 0)
                return rc;
        rc = hash_bytes(HASH_SHA256, der, &d, e);
        if (rc < 0)
                return rc;
        memcpy(key.sha256, d.bytes, sizeof(key.sha256));
        *ret = key;
        return 1;
}

static int read_hash(Span hash, BootKey *ret) {
        BootKey key = { .subject = "a program by its hash" };

        if (hash.size != sizeof(key.sha256))
                return 0;
        memcpy(key.sha256, hash.data, sizeof(key.sha256));
        *ret = key;
        return 1;
}

int boot_key_of_signature(const EfiSignature *s, BootKey *ret, Err *e) {
        if (s->kind == EFI_SIGNATURE_X509)
                return read_certificate(s->data, ret, e);
        return s->kind == EFI_SIGNATURE_SHA256 ? read_hash(s->data, ret) : 0;
}

/* The firmware measures an EFI_SIGNATURE_DATA: an owner and the entry. shim measures its own
 * certificates without an owner. */
int boot_key_of_authority(const Authority *a, BootKey *ret, Err *e) {
        Span inner = {};
        int rc;

        if (a->data.size > OWNER_SIZE)
                inner = span_from(a->data, OWNER_SIZE);
        rc = read_certificate(a->data, ret, e);
        if (rc == 0)
                rc = read_certificate(inner, ret, e);
        return rc == 0 ? read_hash(inner, ret) : rc;
}

bool authority_is_setting(const Authority *a) {
        return efi_text_is(a->variable, "SbatLevel") || efi_text_is(a->variable, "MokListTrusted");
}
