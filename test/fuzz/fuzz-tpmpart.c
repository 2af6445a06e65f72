/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/tpmpart.h"

#include "fuzz/check.h"

static void check_equal(const TpmPart *a, const TpmPart *b) {
        check(span_equal(a->ak, b->ak) && a->n_quotes == b->n_quotes);
        for (size_t i = 0; i < a->n_quotes; i++) {
                check(span_equal(a->quotes[i].selection, b->quotes[i].selection));
                check(span_equal(a->quotes[i].attest, b->quotes[i].attest));
                check(span_equal(a->quotes[i].signature, b->quotes[i].signature));
        }
        check(a->n_nv == b->n_nv && a->has_audit == b->has_audit);
        for (size_t i = 0; i < a->n_nv; i++) {
                check(span_equal(a->nv[i].public, b->nv[i].public));
                check(span_equal(a->nv[i].auth, b->nv[i].auth));
                check(span_equal(a->nv[i].attest, b->nv[i].attest));
                check(span_equal(a->nv[i].signature, b->nv[i].signature));
                check(a->nv[i].size == b->nv[i].size && a->nv[i].offset == b->nv[i].offset);
        }
        for (size_t i = 0; i < a->n_quotes + a->n_nv; i++)
                check(a->commands[i] == b->commands[i]);
        check(span_equal(a->audit_attest, b->audit_attest));
        check(span_equal(a->audit_signature, b->audit_signature));
        check(a->pcrs.held.n_banks == b->pcrs.held.n_banks);
        for (size_t i = 0; i < a->pcrs.held.n_banks; i++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        uint16_t alg = a->pcrs.held.banks[i].alg;
                        const Digest *ours = pcr_value(&a->pcrs, alg, pcr);
                        const Digest *theirs = pcr_value(&b->pcrs, alg, pcr);

                        check(!ours == !theirs && (!ours || digest_equal(ours, theirs)));
                }
}

/* Written and read again, a part has the same values; where it was canonical, the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(size), again = BUF_UP_TO(2 * size);
        _cleanup_(buf_done) Buf written = BUF_UP_TO(2 * size);
        Span text = { data, size };
        TpmPart a, b;
        Err e = {};

        if (tpm_part_parse(text, &into, &a, &e) < 0) {
                check(e.code < 0);
                return 0;
        }
        check(a.n_quotes > 0 && a.n_quotes <= QUOTES_MAX && a.n_nv <= NV_CERTIFIED_MAX);
        tpm_part_write(&a, &written);
        check(tpm_part_parse(buf_span(&written), &again, &b, NULL) == 0);
        check_equal(&a, &b);
        if (is_canonical(text))
                check(span_equal(text, buf_span(&written)));
        return 0;
}
