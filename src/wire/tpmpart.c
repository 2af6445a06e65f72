/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/tpmpart.h"

#include <errno.h>

#include "base/text.h"
#include "wire/json.h"

static const char part_text[] = "tpm part";

/* What a TPM2_NV_Certify is authorised by, as cpHash has it: the Name of an index, or a permanent
 * handle, which is its own Name (TPM 2.0 Library, Part 1, section 16). */
enum { AUTH_OF_INDEX = 34, AUTH_OF_OWNER = 4 };
static const uint8_t owner_handle[AUTH_OF_OWNER] = { 0x40, 0x00, 0x00, 0x01 };

_Static_assert(QUOTES_MAX <= 10 && NV_CERTIFIED_MAX <= 10, "one digit numbers what a TPM made");

TpmCommandText tpm_command_text(TpmCommand command, size_t n) {
        TpmCommandText c = { "" };
        size_t digit = command == TPM_COMMAND_NV ? 3 : 6;

        memcpy(c.text, command == TPM_COMMAND_NV ? "nv 0" : "quote 0", digit + 1);
        c.text[digit] = (char) ('0' + n);
        return c;
}

/* A member that is base64url of at most max bytes, and some. ret gets the size alone: the bytes lie
 * in into, which still moves. */
static int read_bytes(Json v, size_t max, Buf *into, Span *ret, Err *e) {
        size_t before = into->size, size;

        if (!json_base64url(v, into)) {
                if (into->failed < 0)
                        return err_set(e, into->failed, "%s: no room for its bytes", part_text);
                return json_reject(v, part_text, "not base64url without padding", e);
        }
        size = into->size - before;
        if (size == 0 || size > max)
                return json_reject(v, part_text, "empty, or above its limit", e);
        *ret = (Span){ .size = size };
        return 0;
}

static int read_quote(Json v, Buf *into, TpmQuote *ret, Err *e) {
        static const char *const names[] = { "attest", "selection", "signature", NULL };
        int rc;

        if (!json_has_only(v, names))
                return json_reject(v, part_text, "not attest, selection, signature of a quote", e);
        rc = read_bytes(json_member(v, "selection"), PCR_SELECTION_MAX, into, &ret->selection, e);
        if (rc < 0)
                return rc;
        rc = read_bytes(json_member(v, "attest"), ATTEST_MAX, into, &ret->attest, e);
        if (rc < 0)
                return rc;
        return read_bytes(json_member(v, "signature"), TPM_SIGNATURE_MAX, into, &ret->signature, e);
}

static int read_quotes(Json quotes, Buf *into, TpmPart *p, Err *e) {
        size_t n = json_count(quotes);

        if (json_type(quotes) != JSON_ARRAY || n == 0 || n > QUOTES_MAX)
                return json_reject(quotes, part_text, "not one to four quotes", e);
        for (Json v = json_first(quotes); json_type(v) != JSON_NONE; v = json_next(quotes, v)) {
                int rc = read_quote(v, into, &p->quotes[p->n_quotes], e);

                if (rc < 0)
                        return rc;
                p->n_quotes++;
        }
        return 0;
}

/* The bytes of a Name, in hex; as with read_bytes(), ret gets the size alone. */
static int read_auth(Json v, Buf *into, Span *ret, Err *e) {
        size_t size = json_raw(v).size / 2;
        uint8_t name[AUTH_OF_INDEX];

        if ((size != AUTH_OF_INDEX && size != AUTH_OF_OWNER) || !json_hex(v, name, size) ||
                        (size == AUTH_OF_OWNER && memcmp(name, owner_handle, size) != 0))
                return json_reject(v, part_text, "not the Name of an index or of the owner", e);
        buf_bytes(into, (Span){ name, size });
        if (into->failed < 0)
                return err_set(e, into->failed, "%s: no room for its bytes", part_text);
        *ret = (Span){ .size = size };
        return 0;
}

static bool read_u16(Json v, uint16_t *ret) {
        int64_t n;

        if (!json_integer(v, 0, UINT16_MAX, &n))
                return false;
        *ret = (uint16_t) n;
        return true;
}

static int read_nv(Json v, Buf *into, TpmNv *ret, Err *e) {
        static const char *const names[] = { "attest", "auth", "offset", "public", "signature",
                "size", NULL };
        int rc;

        if (!json_has_only(v, names))
                return json_reject(v, part_text,
                                "not attest, auth, offset, public, signature, size of an NV attestation",
                                e);
        if (!read_u16(json_member(v, "size"), &ret->size) ||
                        !read_u16(json_member(v, "offset"), &ret->offset))
                return json_reject(v, part_text, "a size or offset that no NV index has", e);
        rc = read_bytes(json_member(v, "public"), NV_PUBLIC_MAX, into, &ret->public, e);
        if (rc < 0)
                return rc;
        rc = read_auth(json_member(v, "auth"), into, &ret->auth, e);
        if (rc < 0)
                return rc;
        rc = read_bytes(json_member(v, "attest"), ATTEST_MAX, into, &ret->attest, e);
        if (rc < 0)
                return rc;
        return read_bytes(json_member(v, "signature"), TPM_SIGNATURE_MAX, into, &ret->signature, e);
}

static int read_nvs(Json nv, Buf *into, TpmPart *p, Err *e) {
        if (json_type(nv) != JSON_ARRAY || json_count(nv) > NV_CERTIFIED_MAX)
                return json_reject(nv, part_text, "not at most eight NV attestations", e);
        for (Json v = json_first(nv); json_type(v) != JSON_NONE; v = json_next(nv, v)) {
                int rc = read_nv(v, into, &p->nv[p->n_nv], e);

                if (rc < 0)
                        return rc;
                p->n_nv++;
        }
        return 0;
}

static int read_audit(Json audit, Buf *into, TpmPart *p, Err *e) {
        static const char *const names[] = { "attest", "signature", NULL };
        int rc;

        p->has_audit = json_type(audit) != JSON_NONE;
        if (!p->has_audit)
                return 0;
        if (!json_has_only(audit, names))
                return json_reject(audit, part_text, "not attest, signature of an audit", e);
        rc = read_bytes(json_member(audit, "attest"), ATTEST_MAX, into, &p->audit_attest, e);
        if (rc < 0)
                return rc;
        return read_bytes(json_member(audit, "signature"), TPM_SIGNATURE_MAX, into,
                        &p->audit_signature, e);
}

/* As many commands as attestations, and each the next of its kind: so each stands once. */
static int read_commands(Json commands, TpmPart *p, Err *e) {
        size_t n = 0, quotes = 0, nv = 0;

        if (json_type(commands) != JSON_ARRAY || json_count(commands) != p->n_quotes + p->n_nv)
                return json_reject(commands, part_text, "not a command for each attestation", e);
        for (Json v = json_first(commands); json_type(v) != JSON_NONE; v = json_next(commands, v)) {
                TpmCommand *command = &p->commands[n++];

                if (quotes < p->n_quotes &&
                                json_is(v, tpm_command_text(TPM_COMMAND_QUOTE, quotes).text)) {
                        *command = TPM_COMMAND_QUOTE;
                        quotes++;
                } else if (nv < p->n_nv && json_is(v, tpm_command_text(TPM_COMMAND_NV, nv).text)) {
                        *command = TPM_COMMAND_NV;
                        nv++;
                } else {
                        return json_reject(v, part_text,
                                        "not the command of the next quote or NV attestation", e);
                }
        }
        return 0;
}

static int read_bank(Json name, PcrValues *values, Err *e) {
        HashAlg alg = hash_of_name(json_raw(name));
        Json bank = json_value(name);

        if (alg == HASH_NONE)
                return json_reject(name, part_text, "a bank that this version does not know", e);
        if (json_type(bank) != JSON_OBJECT || json_count(bank) == 0)
                return json_reject(bank, part_text, "a bank without values", e);
        for (Json pcr = json_first(bank); json_type(pcr) != JSON_NONE; pcr = json_next(bank, pcr)) {
                Digest d = digest_zero(alg);
                uint64_t index;

                if (!text_number(json_raw(pcr), PCR_COUNT - 1, &index))
                        return json_reject(pcr, part_text, "not the number of a PCR, 0 to 23", e);
                if (!json_hex(json_value(pcr), d.bytes, d.size))
                        return json_reject(json_value(pcr), part_text,
                                        "not a value of its bank's size in hex", e);
                if (!pcr_set(values, (unsigned) index, &d))
                        return json_reject(pcr, part_text, "more banks than a quote has", e);
        }
        return 0;
}

static int read_pcrs(Json pcrs, PcrValues *values, Err *e) {
        if (json_type(pcrs) != JSON_OBJECT)
                return json_reject(pcrs, part_text, "not banks of PCR values", e);
        for (Json name = json_first(pcrs); json_type(name) != JSON_NONE;
                        name = json_next(pcrs, name)) {
                int rc = read_bank(name, values, e);

                if (rc < 0)
                        return rc;
        }
        return 0;
}

static int check_members(Json v, Err *e) {
        static const char *const audited[] = { "ak", "audit", "commands", "nv", "pcrs", "quotes",
                NULL };
        static const char *const plain[] = { "ak", "commands", "nv", "pcrs", "quotes", NULL };

        if (!json_has_only(v, audited) && !json_has_only(v, plain))
                return json_reject(v, part_text,
                                "not ak, commands, nv, pcrs, quotes, and perhaps audit", e);
        return 0;
}

static int read_members(Json v, Buf *into, TpmPart *p, Err *e) {
        int rc;

        rc = read_bytes(json_member(v, "ak"), TPM_PUBLIC_MAX, into, &p->ak, e);
        if (rc < 0)
                return rc;
        rc = read_quotes(json_member(v, "quotes"), into, p, e);
        if (rc < 0)
                return rc;
        rc = read_nvs(json_member(v, "nv"), into, p, e);
        if (rc < 0)
                return rc;
        rc = read_audit(json_member(v, "audit"), into, p, e);
        if (rc < 0)
                return rc;
        rc = read_commands(json_member(v, "commands"), p, e);
        if (rc < 0)
                return rc;
        return read_pcrs(json_member(v, "pcrs"), &p->pcrs, e);
}

/* Only now does the Buf stay where it is; what was decoded stands in it one after the other. */
static void place(Span *s, const uint8_t **at) {
        s->data = *at;
        *at += s->size;
}

static void place_all(TpmPart *p, const uint8_t *at) {
        place(&p->ak, &at);
        for (size_t i = 0; i < p->n_quotes; i++) {
                place(&p->quotes[i].selection, &at);
                place(&p->quotes[i].attest, &at);
                place(&p->quotes[i].signature, &at);
        }
        for (size_t i = 0; i < p->n_nv; i++) {
                place(&p->nv[i].public, &at);
                place(&p->nv[i].auth, &at);
                place(&p->nv[i].attest, &at);
                place(&p->nv[i].signature, &at);
        }
        place(&p->audit_attest, &at);
        place(&p->audit_signature, &at);
}

int tpm_part_parse(Span text, Buf *into, TpmPart *ret, Err *e) {
        JsonToken tokens[BUNDLE_TOKENS_MAX];
        size_t start = into->size;
        TpmPart p = {};
        Json v;
        int rc;

        rc = json_parse(text, JSON_STRICT, tokens, ELEMENTS(tokens), part_text, &v, e);
        if (rc < 0)
                return rc;
        rc = check_members(v, e);
        if (rc < 0)
                return rc;
        rc = read_members(v, into, &p, e);
        if (rc < 0)
                return rc;
        place_all(&p, into->data + start);
        *ret = p;
        return 0;
}
