/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/firmlog.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "port/crypto.h"

enum {
        NO_ACTION = 3,
        SEPARATOR = 4,
        EVENT_TAG = 6,
        CRTM_VERSION = 8,
        IPL = 0xd,
        DRIVER_CONFIG = 0x80000001,
        VARIABLE_BOOT = 0x80000002,
        APPLICATION = 0x80000003,
        GPT = 0x80000006,
        ACTION = 0x80000007,
        BLOB = 0x80000008,
        AUTHORITY = 0x800000e0,
};

const uint8_t firmlog_global[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d,
        0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
const uint8_t firmlog_security[16] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc,
        0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
const uint8_t firmlog_shim[16] = { 0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d,
        0xd8, 0x10, 0xdd, 0x8b, 0x23 };
static const uint8_t x509_guid[16] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5,
        0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };
static const uint8_t sha256_guid[16] = { 0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9,
        0x41, 0xf9, 0x36, 0x93, 0x43, 0x28 };
static const uint8_t owner[16] = { 0x77 };

FirmLog firmlog_new(const HashAlg *banks, size_t n_banks) {
        FirmLog l = { .events = calloc(FIRM_EVENTS_MAX, sizeof(FirmEvent)), .n_banks = n_banks };

        assert(l.events && n_banks <= PCR_BANKS_MAX);
        for (size_t b = 0; b < n_banks; b++) {
                l.banks[b] = banks[b];
                l.sizes[b] = hash_size(banks[b]);
        }
        return l;
}

void firmlog_done(FirmLog *l) {
        free(l->events);
        *l = (FirmLog){};
}

void firmlog_rehash(FirmLog *l, FirmEvent *event, Span measured) {
        for (size_t b = 0; b < l->n_banks; b++)
                if (hash_bytes(l->banks[b], measured, &event->digests[b], NULL) < 0)
                        assert(false);
}

FirmEvent *firmlog_add_of(FirmLog *l, uint32_t pcr, uint32_t type, Span data, Span measured) {
        FirmEvent *event = &l->events[l->n++];

        assert(l->n <= FIRM_EVENTS_MAX && data.size <= FIRM_DATA_MAX);
        *event = (FirmEvent){ .pcr = pcr, .type = type, .size = data.size };
        if (data.size > 0)
                memcpy(event->data, data.data, data.size);
        if (type == NO_ACTION)
                for (size_t b = 0; b < l->n_banks; b++)
                        event->digests[b] = digest_zero(l->banks[b]);
        else
                firmlog_rehash(l, event, measured);
        return event;
}

FirmEvent *firmlog_add(FirmLog *l, uint32_t pcr, uint32_t type, Span data) {
        return firmlog_add_of(l, pcr, type, data, data);
}

void firmlog_utf16(Buf *to, const char *ascii, bool nul) {
        for (; *ascii; ascii++)
                buf_le(to, (uint8_t) *ascii, 2);
        buf_zeros(to, nul ? 2 : 0);
}

static void put_variable(Buf *to, const uint8_t guid[16], const char *name, Span data) {
        buf_bytes(to, (Span){ guid, 16 });
        buf_le(to, strlen(name), 8);
        buf_le(to, data.size, 8);
        firmlog_utf16(to, name, false);
        buf_bytes(to, data);
}

FirmEvent *firmlog_add_variable(FirmLog *l, uint32_t pcr, uint32_t type, const uint8_t guid[16],
                const char *name, Span data) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(FIRM_DATA_MAX);

        put_variable(&b, guid, name, data);
        return firmlog_add(l, pcr, type, buf_span(&b));
}

void firmlog_add_section(FirmLog *l, const char *name, Span content) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);

        firmlog_utf16(&b, name, true);
        (void) firmlog_add_of(l, 11, IPL, buf_span(&b),
                        (Span){ (const uint8_t *) name, strlen(name) + 1 });
        (void) firmlog_add_of(l, 11, IPL, buf_span(&b), content);
}

void firmlog_add_tag(FirmLog *l, uint32_t pcr, uint32_t tag, const char *name, Span measured) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);

        buf_le(&b, tag, 4);
        buf_le(&b, strlen(name) + 1, 4);
        buf_bytes(&b, (Span){ (const uint8_t *) name, strlen(name) + 1 });
        (void) firmlog_add_of(l, pcr, EVENT_TAG, buf_span(&b), measured);
}

void firmlog_signatures(Buf *to, Span content) {
        bool hash = content.size == 32;

        buf_bytes(to, (Span){ hash ? sha256_guid : x509_guid, 16 });
        buf_le(to, 28 + 16 + content.size, 4);
        buf_le(to, 0, 4);
        buf_le(to, 16 + content.size, 4);
        buf_bytes(to, (Span){ owner, 16 });
        buf_bytes(to, content);
}

void firmlog_certificate(Buf *to, const char *name) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *x = X509_new();
        X509_NAME *subject;
        uint8_t *der = NULL;
        int n;

        assert(key && x && X509_set_version(x, 2) == 1);
        assert(ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1);
        assert(X509_gmtime_adj(X509_getm_notBefore(x), 0) &&
                        X509_gmtime_adj(X509_getm_notAfter(x), 86400));
        subject = X509_get_subject_name(x);
        assert(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *) name, -1,
                               -1, 0) == 1);
        assert(X509_set_issuer_name(x, subject) == 1 && X509_set_pubkey(x, key) == 1);
        assert(X509_sign(x, key, EVP_sha256()) > 0);
        n = i2d_X509(x, &der);
        assert(n > 0);
        buf_bytes(to, (Span){ der, (size_t) n });
        OPENSSL_free(der);
        X509_free(x);
        EVP_PKEY_free(key);
}

static void add_keys(FirmLog *l, const FirmBoot *b) {
        static const uint8_t revoked[32] = { 0xde, 0xad };
        _cleanup_(buf_done) Buf list = BUF_UP_TO(FIRM_DATA_MAX), dbx = BUF_UP_TO(256);
        Span keys = {};

        if (b->secure_boot) {
                firmlog_signatures(&list, b->certificate);
                firmlog_signatures(&dbx, (Span){ revoked, 32 });
                keys = buf_span(&list);
        }
        (void) firmlog_add_variable(l, 7, DRIVER_CONFIG, firmlog_global, "SecureBoot",
                        (Span){ (const uint8_t *) (b->secure_boot ? "\1" : "\0"), 1 });
        (void) firmlog_add_variable(l, 7, DRIVER_CONFIG, firmlog_global, "PK", keys);
        (void) firmlog_add_variable(l, 7, DRIVER_CONFIG, firmlog_global, "KEK", keys);
        (void) firmlog_add_variable(l, 7, DRIVER_CONFIG, firmlog_security, "db", keys);
        (void) firmlog_add_variable(l, 7, DRIVER_CONFIG, firmlog_security, "dbx", buf_span(&dbx));
        (void) firmlog_add(l, 7, SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
}

static void add_authority(FirmLog *l, const FirmBoot *b) {
        _cleanup_(buf_done) Buf entry = BUF_UP_TO(FIRM_DATA_MAX);

        buf_bytes(&entry, (Span){ owner, 16 });
        buf_bytes(&entry, b->certificate);
        (void) firmlog_add_variable(l, 7, AUTHORITY, firmlog_security, "db", buf_span(&entry));
}

static void put_path(Buf *to) {
        _cleanup_(buf_done) Buf file = BUF_UP_TO(256);

        firmlog_utf16(&file, "\\EFI\\BOOT\\BOOTX64.EFI", true);
        buf_bytes(to, SPAN_LITERAL("\x02\x01\x0c\x00\xd0\x41\x03\x0a\0\0\0\0")); /* PciRoot(0x0) */
        buf_bytes(to, SPAN_LITERAL("\x01\x01\x06\x00\x00\x01"));                 /* Pci(0x1,0x0) */
        buf_bytes(to, SPAN_LITERAL("\x04\x04"));
        buf_le(to, 4 + file.size, 2);
        buf_bytes(to, buf_span(&file));
        buf_bytes(to, SPAN_LITERAL("\x7f\xff\x04\x00"));
}

static void add_application(FirmLog *l, const char *program) {
        _cleanup_(buf_done) Buf path = BUF_UP_TO(512), b = BUF_UP_TO(1024);

        put_path(&path);
        buf_le(&b, 0x554de018, 8);
        buf_le(&b, 44554096, 8);
        buf_le(&b, 0x14df90000, 8);
        buf_le(&b, path.size, 8);
        buf_bytes(&b, buf_span(&path));
        (void) firmlog_add_of(l, 4, APPLICATION, buf_span(&b),
                        (Span){ (const uint8_t *) program, strlen(program) });
}

static void add_table(FirmLog *l) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

        buf_bytes(&b, SPAN_LITERAL("EFI PART\0\0\1\0\x5c\0\0\0"));
        buf_zeros(&b, 56 - b.size);
        buf_bytes(&b, (Span){ owner, 16 });
        buf_le(&b, 2, 8);
        buf_le(&b, 128, 4);
        buf_le(&b, 128, 4);
        buf_le(&b, 0, 4);
        buf_le(&b, 1, 8);
        buf_bytes(&b, (Span){ firmlog_global, 16 });
        buf_bytes(&b, (Span){ firmlog_security, 16 });
        buf_le(&b, 2048, 8);
        buf_le(&b, 4095, 8);
        buf_le(&b, 1, 8);
        firmlog_utf16(&b, "esp", true);
        buf_zeros(&b, 92 + 8 + 128 - b.size);
        (void) firmlog_add(l, 5, GPT, buf_span(&b));
}

static void add_uki(FirmLog *l, const FirmBoot *b) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(4096), extra = BUF_UP_TO(4096);
        char all[2048];

        (void) snprintf(all, sizeof(all), "%s%s%s", b->cmdline, b->appended ? " " : "",
                        b->appended ?: "");
        firmlog_utf16(&line, all, true);
        firmlog_add_section(l, ".linux", SPAN_LITERAL("a kernel"));
        firmlog_add_section(l, ".osrel", SPAN_LITERAL("ID=debian\n"));
        firmlog_add_section(l, ".cmdline",
                        (Span){ (const uint8_t *) b->cmdline, strlen(b->cmdline) + 1 });
        firmlog_add_section(l, ".initrd", SPAN_LITERAL("an initrd"));
        if (b->appended) {
                firmlog_utf16(&extra, b->appended, true);
                (void) firmlog_add(l, 12, IPL, buf_span(&extra));
        }
        buf_done(&extra);
        firmlog_utf16(&extra, "Credentials initrd", true);
        if (b->credentials)
                (void) firmlog_add_of(l, 12, IPL, buf_span(&extra), SPAN_LITERAL("cpio"));
        buf_done(&extra);
        firmlog_utf16(&extra, "System extension initrd", true);
        if (b->extensions)
                (void) firmlog_add_of(l, 13, IPL, buf_span(&extra), SPAN_LITERAL("cpio"));
        firmlog_add_tag(l, 9, 0x8f3b22ed, "LOADED_IMAGE::LoadOptions", buf_span(&line));
        firmlog_add_tag(l, 9, 0x8f3b22ec, "Linux initrd", SPAN_LITERAL("an initrd"));
}

void firmlog_boot(FirmLog *l, const FirmBoot *b) {
        (void) firmlog_add(l, 0, CRTM_VERSION, SPAN_LITERAL("1\0.\0\0\0"));
        (void) firmlog_add_of(l, 0, BLOB, SPAN_LITERAL("\0\0\x82\0\0\0\0\0\0\0\x0e\0\0\0\0\0"),
                        SPAN_LITERAL("firmware"));
        add_keys(l, b);
        (void) firmlog_add_variable(
                        l, 1, VARIABLE_BOOT, firmlog_global, "BootOrder", SPAN_LITERAL("\0\0"));
        (void) firmlog_add(l, 4, ACTION, SPAN_LITERAL("Calling EFI Application from Boot Option"));
        for (unsigned pcr = 0; pcr < 7; pcr++)
                (void) firmlog_add(l, pcr, SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
        if (b->secure_boot)
                add_authority(l, b);
        add_table(l);
        add_application(l, "a UKI");
        if (b->cmdline)
                add_uki(l, b);
        (void) firmlog_add(l, 5, ACTION, SPAN_LITERAL("Exit Boot Services Invocation"));
        (void) firmlog_add(l, 5, ACTION, SPAN_LITERAL("Exit Boot Services Returned with Success"));
}

size_t firmlog_find(const FirmLog *l, uint32_t pcr, uint32_t type, unsigned n) {
        size_t i = 0;

        for (; i < l->n; i++)
                if (l->events[i].pcr == pcr && l->events[i].type == type && n-- == 0)
                        return i;
        assert(false);
        return 0;
}

void firmlog_remove(FirmLog *l, size_t at) {
        memmove(&l->events[at], &l->events[at + 1], (l->n - at - 1) * sizeof(FirmEvent));
        l->n--;
}

void firmlog_swap(FirmLog *l, size_t a, size_t b) {
        FirmEvent *kept = malloc(sizeof(*kept));

        assert(kept);
        *kept = l->events[a];
        l->events[a] = l->events[b];
        l->events[b] = *kept;
        free(kept);
}

static void write_head(const FirmLog *l, Buf *to) {
        buf_le(to, l->head_pcr, 4);
        buf_le(to, NO_ACTION, 4);
        buf_zeros(to, 20);
        buf_le(to, 16 + 8 + 4 + 4 * l->n_banks + 1, 4);
        buf_bytes(to, SPAN_LITERAL("Spec ID Event03\0"));
        buf_bytes(to, SPAN_LITERAL("\0\0\0\0\0\2\0\2"));
        buf_le(to, l->n_banks, 4);
        for (size_t b = 0; b < l->n_banks; b++) {
                buf_le(to, l->banks[b], 2);
                buf_le(to, l->sizes[b], 2);
        }
        buf_byte(to, 0);
}

void firmlog_write(const FirmLog *l, Buf *to) {
        write_head(l, to);
        for (size_t i = 0; i < l->n; i++) {
                const FirmEvent *event = &l->events[i];

                buf_le(to, event->pcr, 4);
                buf_le(to, event->type, 4);
                buf_le(to, l->n_banks - (unsigned) __builtin_popcount(event->left_out), 4);
                for (size_t b = 0; b < l->n_banks; b++) {
                        if (event->left_out >> b & 1)
                                continue;
                        buf_le(to, l->banks[b], 2);
                        buf_bytes(to, (Span){ event->digests[b].bytes, l->sizes[b] });
                }
                buf_le(to, event->size, 4);
                buf_bytes(to, (Span){ event->data, event->size });
        }
}

void firmlog_replay(const FirmLog *l, PcrValues *ret) {
        *ret = (PcrValues){};
        for (size_t b = 0; b < l->n_banks; b++)
                for (unsigned pcr = 0; pcr < 16; pcr++) {
                        Digest d = digest_zero(l->banks[b]);

                        if (pcr == 0)
                                d.bytes[d.size - 1] = l->locality;
                        for (size_t i = 0; i < l->n; i++)
                                if (l->events[i].pcr == pcr && l->events[i].type != NO_ACTION &&
                                                hash_extend(&d, &l->events[i].digests[b], NULL) < 0)
                                        assert(false);
                        if (!pcr_set(ret, pcr, &d))
                                assert(false);
                }
}

void firmlog_extend(PcrValues *v, unsigned pcr, const char *word) {
        for (size_t b = 0; b < v->held.n_banks; b++) {
                Digest *d = &v->digests[b][pcr], with;

                if (hash_bytes(d->alg, span_of(word), &with, NULL) < 0 ||
                                hash_extend(d, &with, NULL) < 0)
                        assert(false);
        }
}
