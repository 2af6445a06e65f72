/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "fuzz/check.h"
#include "wire/pcrlock.h"

/* A record in the one spelling that what was read of it has. */
static void write_record(const PcrlockRecord *r, Buf *to) {
        buf_printf(to, "{\"%s\":%u,\"digests\":[", r->reg.kind == REGISTER_PCR ? "pcr" : "nv_index",
                        r->reg.index);
        for (size_t i = 0; i < r->n_digests; i++) {
                buf_printf(to, "%s{\"hashAlg\":\"%s\",\"digest\":\"", i > 0 ? "," : "",
                                hash_name(r->digests[i].alg));
                text_hex(to, digest_span(&r->digests[i]));
                buf_string(to, "\"}");
        }
        buf_string(to, "]}");
}

static bool same(const PcrlockRecord *a, const PcrlockRecord *b) {
        if (!register_equal(a->reg, b->reg) || a->n_digests != b->n_digests)
                return false;
        for (size_t i = 0; i < a->n_digests; i++)
                if (!digest_equal(&a->digests[i], &b->digests[i]))
                        return false;
        return true;
}

/* What was read, written again, is read as the same; a record of unknown hashes alone cannot be. */
static void holds(const PcrlockRecord *r) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);
        JsonToken tokens[64];
        PcrlockRecord again;
        Json records;

        check(r->reg.kind == REGISTER_NV || (r->reg.kind == REGISTER_PCR && r->reg.index < 24));
        check(r->n_digests <= BANKS_MAX);
        for (size_t i = 0; i < r->n_digests; i++)
                check(pcrlock_digest(r, r->digests[i].alg) == &r->digests[i]);
        if (r->n_digests == 0)
                return;
        buf_string(&text, "{\"records\":[");
        write_record(r, &text);
        buf_string(&text, "]}");
        check(pcrlock_parse(buf_span(&text), tokens, sizeof(tokens) / sizeof(*tokens), &records,
                              NULL) == 0);
        check(pcrlock_record(json_first(records), &again, NULL) == 0 && same(r, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static JsonToken tokens[4096];
        PcrlockRecord r;
        Json records;

        if (pcrlock_parse((Span){ data, size }, tokens, sizeof(tokens) / sizeof(*tokens), &records,
                            NULL) < 0)
                return 0;
        for (Json v = json_first(records); json_type(v) != JSON_NONE; v = json_next(records, v)) {
                check(pcrlock_record(v, &r, NULL) == 0);
                holds(&r);
        }
        return 0;
}
