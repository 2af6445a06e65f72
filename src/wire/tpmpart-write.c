/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/tpmpart.h"

#include <assert.h>

#include "wire/json.h"

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

static void put_quote(JsonWriter *w, const TpmQuote *q) {
        json_put_object(w, NULL);
        json_put_base64url(w, "attest", q->attest);
        json_put_base64url(w, "selection", q->selection);
        json_put_base64url(w, "signature", q->signature);
        json_put_end(w);
}

static void put_nv(JsonWriter *w, const TpmNv *n) {
        json_put_object(w, NULL);
        json_put_base64url(w, "attest", n->attest);
        json_put_hex(w, "auth", n->auth);
        json_put_integer(w, "offset", n->offset);
        json_put_base64url(w, "public", n->public);
        json_put_base64url(w, "signature", n->signature);
        json_put_integer(w, "size", n->size);
        json_put_end(w);
}

static void put_audit(JsonWriter *w, const TpmPart *p) {
        if (!p->has_audit)
                return;
        json_put_object(w, "audit");
        json_put_base64url(w, "attest", p->audit_attest);
        json_put_base64url(w, "signature", p->audit_signature);
        json_put_end(w);
}

static void put_commands(JsonWriter *w, const TpmPart *p) {
        size_t done[] = { [TPM_COMMAND_QUOTE] = 0, [TPM_COMMAND_NV] = 0 };

        json_put_array(w, "commands");
        for (size_t i = 0; i < p->n_quotes + p->n_nv; i++)
                json_put_string(w, NULL,
                                tpm_command_text(p->commands[i], done[p->commands[i]]++).text);
        json_put_end(w);
        assert(done[TPM_COMMAND_QUOTE] == p->n_quotes);
}

void tpm_part_write(const TpmPart *p, Buf *to) {
        JsonWriter w = json_writer(to, JSON_CANONICAL);

        assert(p->n_quotes > 0 && p->n_quotes <= QUOTES_MAX && p->n_nv <= NV_CERTIFIED_MAX);

        json_put_object(&w, NULL);
        json_put_base64url(&w, "ak", p->ak);
        put_audit(&w, p);
        put_commands(&w, p);
        json_put_array(&w, "nv");
        for (size_t i = 0; i < p->n_nv; i++)
                put_nv(&w, &p->nv[i]);
        json_put_end(&w);
        put_pcrs(&w, &p->pcrs);
        json_put_array(&w, "quotes");
        for (size_t i = 0; i < p->n_quotes; i++)
                put_quote(&w, &p->quotes[i]);
        json_put_end(&w);
        json_put_end(&w);
}
