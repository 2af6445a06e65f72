/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/check.h"
#include "wire/attest.h"
#include "wire/sysreport.h"
#include "wire/tpmkey.h"

static void points_into(Span part, Span whole) {
        check(part.size == 0 || (part.data >= whole.data &&
                                                part.data + part.size <= whole.data + whole.size));
}

/* What is marshalled lies behind one another, and each attestation has the head of its own type. */
static void tpm2_holds(Json data) {
        static const uint8_t tags[] = { [SYS_PCR] = 0x18, [SYS_NVPCR] = 0x14, [SYS_AUDIT] = 0x16 };
        _cleanup_(buf_done) Buf into = BUF_UP_TO(1 << 20);
        SysTpm2 t;
        Err e = {};

        if (sysreport_tpm2(data, &into, &t, &e) < 0) {
                check(e.code < 0);
                return;
        }
        check(t.n_components > 0 && t.n_components <= SYSREPORT_COMPONENTS_MAX);
        points_into(t.ak, buf_span(&into));
        for (size_t i = 0; i < t.n_components; i++) {
                const SysComponent *c = &t.components[i];
                Quoted q;
                NvCertified nv;

                check((c->type == SYS_AUDIT) == (i + 1 == t.n_components));
                check((c->public.size > 0) == (c->type == SYS_NVPCR));
                points_into(c->attest, buf_span(&into));
                points_into(c->signature, buf_span(&into));
                points_into(c->authenticated, buf_span(&into));
                check(c->attest.size > 6 && c->attest.data[5] == tags[c->type]);
                if (c->type != SYS_PCR)
                        check(quoted_parse(c->attest, &q, NULL) < 0);
                if (c->type != SYS_NVPCR)
                        check(nv_certified_parse(c->attest, &nv, NULL) < 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static JsonToken tokens[2048];
        Span file = { data, size };
        SysReport r;
        Err e = {};

        if (size > 1 << 20)
                return 0;
        if (sysreport_split(file, &r, &e) < 0) {
                check(e.code < 0);
                return 0;
        }
        points_into(r.report, file);
        points_into(r.timestamp, r.report);
        for (size_t i = 0, at = r.report.size; i < r.n_signatures; i++) {
                SysSignature s;

                check(r.signatures[i].data == data + at);
                at += r.signatures[i].size;
                check(i + 1 < r.n_signatures || at == size);
                if (sysreport_signature(r.signatures[i], tokens, ELEMENTS(tokens), &s, NULL) == 0)
                        tpm2_holds(s.data);
        }
        return 0;
}
