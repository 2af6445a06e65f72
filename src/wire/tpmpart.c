/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/tpmpart.h"

#include <assert.h>
#include <errno.h>

#include "base/text.h"
#include "wire/json.h"

static const char part_text[] = "tpm part";

/* "quote 0" */
typedef struct Command {
        char text[8];
} Command;

_Static_assert(QUOTES_MAX <= 10, "one digit numbers the quotes");

static Command command_of(size_t quote) {
        Command c = { "quote 0" };

        c.text[6] = (char) ('0' + quote);
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

static int check_commands(Json commands, size_t n_quotes, Err *e) {
        size_t n = 0;

        if (json_type(commands) != JSON_ARRAY || json_count(commands) != n_quotes)
                return json_reject(commands, part_text, "not a command for each quote", e);
        for (Json v = json_first(commands); json_type(v) != JSON_NONE; v = json_next(commands, v))
                if (!json_is(v, command_of(n++).text))
                        return json_reject(v, part_text, "not the command of the next quote", e);
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
        static const char *const names[] = { "ak", "commands", "nv", "pcrs", "quotes", NULL };

        if (json_type(json_member(v, "audit")) != JSON_NONE)
                return json_reject(json_member(v, "audit"), part_text,
                                "an audit attestation, which this version does not read", e);
        if (!json_has_only(v, names))
                return json_reject(v, part_text, "not ak, commands, nv, pcrs, quotes", e);
        if (json_type(json_member(v, "nv")) != JSON_ARRAY || json_count(json_member(v, "nv")) != 0)
                return json_reject(json_member(v, "nv"), part_text,
                                "NV attestations, which this version does not read", e);
        return 0;
}

/* Only now does the Buf stay where it is; what was decoded stands in it one after the other. */
static void place(Span *s, const uint8_t **at) {
        s->data = *at;
        *at += s->size;
}

int tpm_part_parse(Span text, Buf *into, TpmPart *ret, Err *e) {
        JsonToken tokens[BUNDLE_TOKENS_MAX];
        size_t start = into->size;
        const uint8_t *at;
        TpmPart p = {};
        Json v;
        int rc;

        rc = json_parse(text, JSON_STRICT, tokens, ELEMENTS(tokens), part_text, &v, e);
        if (rc < 0)
                return rc;
        rc = check_members(v, e);
        if (rc < 0)
                return rc;
        rc = read_bytes(json_member(v, "ak"), TPM_PUBLIC_MAX, into, &p.ak, e);
        if (rc < 0)
                return rc;
        rc = read_quotes(json_member(v, "quotes"), into, &p, e);
        if (rc < 0)
                return rc;
        rc = check_commands(json_member(v, "commands"), p.n_quotes, e);
        if (rc < 0)
                return rc;
        rc = read_pcrs(json_member(v, "pcrs"), &p.pcrs, e);
        if (rc < 0)
                return rc;

        at = into->data + start;
        place(&p.ak, &at);
        for (size_t i = 0; i < p.n_quotes; i++) {
                place(&p.quotes[i].selection, &at);
                place(&p.quotes[i].attest, &at);
                place(&p.quotes[i].signature, &at);
        }
        *ret = p;
        return 0;
}

static void put_pcr(JsonWriter *w, const char *name, const Digest *d) {
        if (d)
                json_put_hex(w, name, digest_span(d));
}

/* The numbers are names, so they come as text is sorted: 0, 1, 10, 11, ... 19, 2, 20, ... */
static void put_bank(JsonWriter *w, const PcrValues *values, uint16_t alg) {
        for (unsigned first = 0; first < 10; first++) {
                char name[3] = { (char) ('0' + first) };

                put_pcr(w, name, pcr_value(values, alg, first));
                for (unsigned second = 0; first > 0 && second < 10; second++) {
                        name[1] = (char) ('0' + second);
                        put_pcr(w, name, pcr_value(values, alg, first * 10 + second));
                }
        }
}

static void put_pcrs(JsonWriter *w, const PcrValues *values) {
        static const HashAlg banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

        json_put_object(w, "pcrs");
        for (size_t i = 0; i < ELEMENTS(banks); i++)
                for (size_t j = 0; j < values->held.n_banks; j++) {
                        if (values->held.banks[j].alg != banks[i] ||
                                        values->held.banks[j].mask == 0)
                                continue;
                        json_put_object(w, hash_name(banks[i]));
                        put_bank(w, values, values->held.banks[j].alg);
                        json_put_end(w);
                }
        json_put_end(w);
}

void tpm_part_write(const TpmPart *p, Buf *to) {
        JsonWriter w = json_writer(to, JSON_CANONICAL);

        assert(p->n_quotes > 0 && p->n_quotes <= QUOTES_MAX);

        json_put_object(&w, NULL);
        json_put_base64url(&w, "ak", p->ak);
        json_put_array(&w, "commands");
        for (size_t i = 0; i < p->n_quotes; i++)
                json_put_string(&w, NULL, command_of(i).text);
        json_put_end(&w);
        json_put_array(&w, "nv");
        json_put_end(&w);
        put_pcrs(&w, &p->pcrs);
        json_put_array(&w, "quotes");
        for (size_t i = 0; i < p->n_quotes; i++) {
                json_put_object(&w, NULL);
                json_put_base64url(&w, "attest", p->quotes[i].attest);
                json_put_base64url(&w, "selection", p->quotes[i].selection);
                json_put_base64url(&w, "signature", p->quotes[i].signature);
                json_put_end(&w);
        }
        json_put_end(&w);
        json_put_end(&w);
}
