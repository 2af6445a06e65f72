/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/pcr.h"
#include "base/text.h"
#include "wire/sysreport.h"

/* The JSON forms of TPM structures as libtss2-fapi has them (TCG TSS 2.0 JSON Data Types and Policy
 * Language), back into the bytes of TPM 2.0 Library, Part 2. Failure is sticky: each function
 * writes on, and the first that was wrong is told in the end. */
typedef struct Marshal {
        Buf *to;
        Json wrong; /* the first value that does not belong */
        const char *why;
} Marshal;

static void reject(Marshal *m, Json v, Json in, const char *why) {
        if (m->why)
                return;
        m->wrong = json_type(v) != JSON_NONE ? v : in;
        m->why = why;
}

static void put_number(Marshal *m, Json in, const char *name, uint64_t max, unsigned bytes) {
        Json v = json_member(in, name);
        uint64_t n = 0;

        if (!json_u64(v, &n) || n > max) {
                reject(m, v, in, "not a number of its size");
                return;
        }
        buf_be(m->to, n, bytes);
}

/* A word of a table, as its number. */
typedef struct WordNumber {
        const char *word;
        uint32_t number;
} WordNumber;

static const WordNumber algorithms[] = { { "RSA", 0x0001 }, { "SHA1", 0x0004 },
        { "SHA256", 0x000b }, { "SHA384", 0x000c }, { "SHA512", 0x000d }, { "NULL", 0x0010 },
        { "RSASSA", 0x0014 }, { "ECDSA", 0x0018 }, { "ECC", 0x0023 }, {} };
static const WordNumber curves[] = { { "NIST_P256", 0x0003 }, { "NIST_P384", 0x0004 }, {} };
static const WordNumber answers[] = { { "NO", 0 }, { "YES", 1 }, {} };
static const WordNumber attests[] = { { "ATTEST_NV", 0x8014 }, { "ATTEST_SESSION_AUDIT", 0x8016 },
        { "ATTEST_QUOTE", 0x8018 }, {} };

static uint32_t put_word(
                Marshal *m, Json in, const char *name, const WordNumber *words, unsigned bytes) {
        Json v = json_member(in, name);

        for (; words->word; words++)
                if (json_is(v, words->word)) {
                        buf_be(m->to, words->number, bytes);
                        return words->number;
                }
        reject(m, v, in, "not a word that is known here");
        return 0;
}

static uint32_t put_algorithm(Marshal *m, Json in, const char *name) {
        return put_word(m, in, name, algorithms, 2);
}

/* A TPM2B: its size, and the bytes that stand in hex. */
static void put_sized(Marshal *m, Json in, const char *name, size_t max) {
        Json v = json_member(in, name);
        size_t size = json_raw(v).size / 2;

        if (json_type(v) != JSON_STRING || size > max) {
                reject(m, v, in, "not bytes in hex, or too many");
                return;
        }
        buf_be(m->to, size, 2);
        if (!text_unhex_buf(json_raw(v), false, m->to))
                reject(m, v, in, "not bytes in lower-case hex");
}

/* TPMS_PCR_SELECTION: sizeofSelect is lost in JSON, and 3 for a PC Client TPM. */
static void put_bank(Marshal *m, Json bank) {
        Json pcrs = json_member(bank, "pcrSelect");
        uint32_t mask = 0;

        put_algorithm(m, bank, "hash");
        if (json_type(pcrs) != JSON_ARRAY)
                reject(m, pcrs, bank, "not PCR numbers");
        for (Json v = json_first(pcrs); json_type(v) != JSON_NONE; v = json_next(pcrs, v)) {
                int64_t pcr = 0;

                if (!json_integer(v, 0, PCR_COUNT - 1, &pcr) || (mask >> pcr & 1))
                        reject(m, v, pcrs, "not a PCR's number, or one twice");
                mask |= UINT32_C(1) << pcr;
        }
        buf_byte(m->to, 3);
        buf_le(m->to, mask, 3);
}

static void put_selection(Marshal *m, Json in) {
        Json banks = json_member(in, "pcrSelect");

        if (json_type(banks) != JSON_ARRAY)
                reject(m, banks, in, "not a PCR selection");
        buf_be(m->to, json_count(banks), 4);
        for (Json v = json_first(banks); json_type(v) != JSON_NONE; v = json_next(banks, v))
                put_bank(m, v);
}

/* TPMS_ATTEST (Part 2, section 10.12.12); its magic is what every attestation has, and JSON does
 * not tell it. */
static void put_attest(Marshal *m, Json in, SysComponentType type) {
        static const uint32_t tags[] = {
                [SYS_PCR] = 0x8018, [SYS_NVPCR] = 0x8014, [SYS_AUDIT] = 0x8016
        };
        Json clock = json_member(in, "clockInfo"), attested = json_member(in, "attested");

        buf_be(m->to, 0xff544347, 4);
        if (put_word(m, in, "type", attests, 2) != tags[type])
                reject(m, json_member(in, "type"), in, "an attestation of another type");
        put_sized(m, in, "qualifiedSigner", TPM_NAME_MAX);
        put_sized(m, in, "extraData", TPM_DATA_MAX);
        put_number(m, clock, "clock", UINT64_MAX, 8);
        put_number(m, clock, "resetCount", UINT32_MAX, 4);
        put_number(m, clock, "restartCount", UINT32_MAX, 4);
        put_word(m, clock, "safe", answers, 1);
        put_number(m, in, "firmwareVersion", UINT64_MAX, 8);
        switch (type) {
        case SYS_PCR:
                put_selection(m, attested);
                put_sized(m, attested, "pcrDigest", DIGEST_MAX);
                break;
        case SYS_NVPCR:
                put_sized(m, attested, "indexName", TPM_NAME_MAX);
                put_number(m, attested, "offset", UINT16_MAX, 2);
                put_sized(m, attested, "nvContents", NV_CONTENTS_MAX);
                break;
        case SYS_AUDIT:
                put_word(m, attested, "exclusiveSession", answers, 1);
                put_sized(m, attested, "sessionDigest", DIGEST_MAX);
                break;
        }
}

/* TPMT_SIGNATURE (Part 2, section 11.3.4) */
static void put_signature(Marshal *m, Json in) {
        Json s = json_member(in, "signature");
        uint32_t scheme = put_algorithm(m, in, "sigAlg");

        put_algorithm(m, s, "hash");
        if (scheme == 0x0014) {
                put_sized(m, s, "sig", RSA_BYTES_MAX);
                return;
        }
        put_sized(m, s, "signatureR", ECC_BYTES_MAX);
        put_sized(m, s, "signatureS", ECC_BYTES_MAX);
}

/* TPMT_PUBLIC (Part 2, section 12.2.4) of a signing key */
static void put_public(Marshal *m, Json in) {
        Json parameters = json_member(in, "parameters"), unique = json_member(in, "unique");
        Json scheme = json_member(parameters, "scheme");
        uint32_t type = put_algorithm(m, in, "type");

        put_algorithm(m, in, "nameAlg");
        put_number(m, in, "objectAttributes", UINT32_MAX, 4);
        put_sized(m, in, "authPolicy", DIGEST_MAX);
        put_algorithm(m, json_member(parameters, "symmetric"), "algorithm");
        put_algorithm(m, scheme, "scheme");
        put_algorithm(m, json_member(scheme, "details"), "hashAlg");
        if (type == 0x0001) {
                put_number(m, parameters, "keyBits", UINT16_MAX, 2);
                put_number(m, parameters, "exponent", UINT32_MAX, 4);
                put_sized(m, in, "unique", RSA_BYTES_MAX);
                return;
        }
        put_word(m, parameters, "curveID", curves, 2);
        put_algorithm(m, json_member(parameters, "kdf"), "scheme");
        put_sized(m, unique, "x", ECC_BYTES_MAX);
        put_sized(m, unique, "y", ECC_BYTES_MAX);
}

/* TPMS_NV_PUBLIC (Part 2, section 13.6) */
static void put_nv_public(Marshal *m, Json in) {
        put_number(m, in, "nvIndex", UINT32_MAX, 4);
        put_algorithm(m, in, "nameAlg");
        put_number(m, in, "attributes", UINT32_MAX, 4);
        put_sized(m, in, "authPolicy", DIGEST_MAX);
        put_number(m, in, "dataSize", UINT16_MAX, 2);
}

static void put_text(Marshal *m, Json in, const char *name) {
        Json v = json_member(in, name);

        if (!json_text(v, m->to))
                reject(m, v, in, "not a text");
}

/* What was written since: its size alone, as the bytes still move. */
static Span since(const Marshal *m, size_t *at) {
        Span s = { .size = m->to->size - *at };

        *at = m->to->size;
        return s;
}

static SysComponentType type_of(Marshal *m, Json v) {
        static const WordNumber types[] = { { "pcr", SYS_PCR }, { "nvpcr", SYS_NVPCR },
                { "session-audit", SYS_AUDIT }, {} };
        Json type = json_member(v, "type");

        for (size_t i = 0; types[i].word; i++)
                if (json_is(type, types[i].word))
                        return (SysComponentType) types[i].number;
        reject(m, type, v, "a component of a type that is not known here");
        return SYS_PCR;
}

static void put_component(Marshal *m, Json v, SysComponent *ret) {
        SysComponent c = { .type = type_of(m, v) };
        size_t at = m->to->size;

        put_attest(m, json_member(json_member(v, "attestInfo"), "attest"), c.type);
        c.attest = since(m, &at);
        put_signature(m, json_member(v, "signature"));
        c.signature = since(m, &at);
        if (c.type == SYS_NVPCR) {
                put_nv_public(m, json_member(v, "nvPublic"));
                c.public = since(m, &at);
                put_text(m, v, "authenticatedData");
                c.authenticated = since(m, &at);
        }
        *ret = c;
}

static void put_components(Marshal *m, Json components, SysTpm2 *t) {
        bool audited = false;

        for (Json v = json_first(components); json_type(v) != JSON_NONE;
                        v = json_next(components, v)) {
                SysComponent *next = &t->components[t->n_components];

                if (t->n_components == SYSREPORT_COMPONENTS_MAX) {
                        reject(m, v, components, "more components than are taken");
                        return;
                }
                if (audited)
                        reject(m, v, components, "a component behind the audit");
                put_component(m, v, next);
                audited = next->type == SYS_AUDIT;
                t->n_components++;
        }
        if (!audited)
                reject(m, components, components, "no audit behind the components");
}

static void place(Span *s, const uint8_t **at) {
        s->data = *at;
        *at += s->size;
}

int sysreport_tpm2(Json data, Buf *into, SysTpm2 *ret, Err *e) {
        Marshal m = { .to = into };
        Json components = json_member(data, "components");
        SysTpm2 t = { .event_log = json_member(data, "eventLog") };
        size_t start = into->size, at = start;
        const uint8_t *bytes;

        put_public(&m, json_member(data, "publicKey"));
        t.ak = since(&m, &at);
        if (json_type(components) != JSON_ARRAY)
                reject(&m, components, data, "no components");
        if (json_type(t.event_log) != JSON_ARRAY)
                reject(&m, t.event_log, data, "no event log");
        put_components(&m, components, &t);
        if (into->failed < 0) /* then what was read into it may seem wrong */
                return err_set(e, into->failed, "systemd's report: no room for its bytes");
        if (m.why)
                return json_reject(json_type(m.wrong) == JSON_NONE ? data : m.wrong,
                                "systemd's report", m.why, e);

        bytes = into->data + start;
        place(&t.ak, &bytes);
        for (size_t i = 0; i < t.n_components; i++) {
                SysComponent *c = &t.components[i];

                place(&c->attest, &bytes);
                place(&c->signature, &bytes);
                place(&c->public, &bytes);
                place(&c->authenticated, &bytes);
        }
        *ret = t;
        return 0;
}
