/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include <tss2/tss2_mu.h>

#include "wire/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Our reader of attestations against tss2's, over the same bytes: whatever ours takes, tss2 takes
 * too, to the last byte and with the same values. (tss2 takes more: other types, other lengths,
 * what follows.) */

static void need(bool holds) {
        if (!holds)
                abort();
}

static bool same(Span ours, const uint8_t *bytes, size_t size) {
        return span_equal(ours, (Span){ bytes, size });
}

static bool theirs(Span in, TPMS_ATTEST *ret) {
        size_t at = 0;

        return Tss2_MU_TPMS_ATTEST_Unmarshal(in.data, in.size, &at, ret) == TSS2_RC_SUCCESS &&
               at == in.size;
}

static void need_head(const AttestHead *h, const TPMS_ATTEST *a) {
        need(same(h->signer, a->qualifiedSigner.name, a->qualifiedSigner.size));
        need(same(h->extra, a->extraData.buffer, a->extraData.size));
        need(h->clock == a->clockInfo.clock);
        need(h->reset_count == a->clockInfo.resetCount);
        need(h->restart_count == a->clockInfo.restartCount);
        need(h->safe == a->clockInfo.safe);
        need(h->firmware == a->firmwareVersion);
}

static void need_selection(const PcrSelection *s, const TPML_PCR_SELECTION *list) {
        need(s->n_banks == list->count);
        for (size_t i = 0; i < s->n_banks; i++) {
                const TPMS_PCR_SELECTION *bank = &list->pcrSelections[i];
                uint32_t mask = 0;

                for (unsigned k = 0; k < bank->sizeofSelect; k++)
                        mask |= (uint32_t) bank->pcrSelect[k] << (8 * k);
                need(s->banks[i].alg == bank->hash && s->banks[i].mask == mask);
        }
}

static void compare_selection(Span in) {
        TPML_PCR_SELECTION list = {};
        PcrSelection s;
        size_t at = 0;

        if (pcr_selection_parse(in, &s, NULL) < 0)
                return;
        need(Tss2_MU_TPML_PCR_SELECTION_Unmarshal(in.data, in.size, &at, &list) == TSS2_RC_SUCCESS);
        need(at == in.size);
        need_selection(&s, &list);
}

static void compare_attest(Span in) {
        TPMS_ATTEST a = {};
        bool taken = theirs(in, &a);
        SessionAudited audit;
        NvCertified nv;
        Quoted q;

        if (quoted_parse(in, &q, NULL) == 0) {
                need(taken && a.magic == TPM2_GENERATED_VALUE && a.type == TPM2_ST_ATTEST_QUOTE);
                need_head(&q.head, &a);
                need_selection(&q.selection, &a.attested.quote.pcrSelect);
                need(same(q.digest, a.attested.quote.pcrDigest.buffer,
                                a.attested.quote.pcrDigest.size));
        }
        if (nv_certified_parse(in, &nv, NULL) == 0) {
                need(taken && a.magic == TPM2_GENERATED_VALUE && a.type == TPM2_ST_ATTEST_NV);
                need_head(&nv.head, &a);
                need(same(nv.index_name, a.attested.nv.indexName.name,
                                a.attested.nv.indexName.size));
                need(nv.offset == a.attested.nv.offset);
                need(same(nv.contents, a.attested.nv.nvContents.buffer,
                                a.attested.nv.nvContents.size));
        }
        if (session_audited_parse(in, &audit, NULL) == 0) {
                need(taken && a.magic == TPM2_GENERATED_VALUE &&
                                a.type == TPM2_ST_ATTEST_SESSION_AUDIT);
                need_head(&audit.head, &a);
                need(audit.exclusive == a.attested.sessionAudit.exclusiveSession);
                need(same(audit.digest, a.attested.sessionAudit.sessionDigest.buffer,
                                a.attested.sessionAudit.sessionDigest.size));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        (void) setenv("TSS2_LOG", "all+NONE", 0);
        compare_attest((Span){ data, size });
        compare_selection((Span){ data, size });
        return 0;
}
