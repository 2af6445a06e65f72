/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/sysreport.h"

#include <errno.h>

#include "port/crypto.h"
#include "verify/evidence.h"

bool sysevidence_matches(Span file) {
        return file.size > 0 && file.data[0] == 0x1e;
}

void sysevidence_done(SysEvidence *s) {
        buf_done(&s->tokens);
        buf_done(&s->bytes);
}

const AttestHead *sysevidence_head(const SysEvidence *s, size_t component) {
        const SysAttested *a = &s->attested[component];

        switch (s->tpm2.components[component].type) {
        case SYS_PCR:
                return &a->quoted.head;
        case SYS_NVPCR:
                return &a->nv.head;
        default:
                return &a->audit.head;
        }
}

/* Which of the signatures a TPM made: there is to be one. Signers stand in the order of their
 * names, so others may stand before and behind it. */
static int find_tpm2(SysEvidence *s, JsonToken *tokens, size_t *ret, Err *e) {
        size_t n = s->report.n_signatures, found = n;

        for (size_t i = 0; i < n; i++) {
                SysSignature one;
                int rc;

                rc = sysreport_signature(
                                s->report.signatures[i], tokens, SYSREPORT_TOKENS_MAX, &one, e);
                if (rc < 0)
                        return rc;
                if (!json_is(one.mechanism, "tpm2")) {
                        s->n_others++;
                        continue;
                }
                if (found < n)
                        return err_set(e, -EBADMSG, "systemd's report: two signatures of TPMs");
                found = i;
        }
        if (found == n)
                return err_set(e, -EBADMSG, "systemd's report: not signed by a TPM");
        *ret = found;
        return 0;
}

static int open_signature(SysEvidence *s, SysSignature *ret, Err *e) {
        JsonToken *tokens = (void *) buf_room(&s->tokens, SYSREPORT_TOKENS_MAX * sizeof(JsonToken));
        size_t which = 0;
        int rc;

        if (!tokens)
                return err_set(e, s->tokens.failed, "no memory for systemd's report");
        rc = find_tpm2(s, tokens, &which, e);
        if (rc < 0)
                return rc;
        return sysreport_signature(
                        s->report.signatures[which], tokens, SYSREPORT_TOKENS_MAX, ret, e);
}

static int open_key(SysEvidence *s, Err *e) {
        int rc;

        rc = tpm_public_parse(s->tpm2.ak, &s->ak, e);
        if (rc < 0)
                return rc;
        rc = hash_bytes(s->ak.name_alg, s->ak.bytes, &s->ak_digest, e);
        if (rc < 0)
                return rc;
        s->ak_name[0] = (uint8_t) (s->ak.name_alg >> 8);
        s->ak_name[1] = (uint8_t) s->ak.name_alg;
        memcpy(s->ak_name + 2, s->ak_digest.bytes, s->ak_digest.size);
        s->ak_name_size = 2u + s->ak_digest.size;
        return 0;
}

/* The public area that lies beside a certified NvPCR is that of the index which was certified, all
 * of it, and the text beside it is what was certified with it. */
static int check_nv(const SysComponent *c, const SysAttested *a, Err *e) {
        uint8_t name[TPM_NAME_SHA256];
        Digest d;
        int rc;

        rc = hash_bytes(HASH_SHA256, c->public, &d, e);
        if (rc < 0)
                return rc;
        tpm_name(&d, name);
        if (a->public.name_alg != HASH_SHA256 ||
                        !span_equal(a->nv.index_name, (Span){ name, sizeof(name) }))
                return err_set(e, -EBADMSG,
                                "systemd's report: nvPublic of 0x%08x is not of the index that was certified",
                                a->public.index);
        if (a->nv.offset != 0 || a->nv.contents.size != a->public.size)
                return err_set(e, -EBADMSG,
                                "systemd's report: a part of 0x%08x is certified, and not all of it",
                                a->public.index);
        rc = hash_bytes(HASH_SHA256, c->authenticated, &d, e);
        if (rc < 0)
                return rc;
        tpm_name(&d, name); /* written as a TPMT_HA: the algorithm, and the digest */
        if (!span_equal(a->nv.head.extra, (Span){ name, sizeof(name) }))
                return err_set(e, -EBADMSG,
                                "systemd's report: authenticatedData of 0x%08x is not what was certified with it",
                                a->public.index);
        return 0;
}

static int open_component(SysEvidence *s, size_t i, Err *e) {
        const SysComponent *c = &s->tpm2.components[i];
        SysAttested *a = &s->attested[i];
        int rc;

        rc = tpm_signature_parse(c->signature, &a->signature, e);
        if (rc < 0)
                return rc;
        if (c->type == SYS_PCR)
                return quoted_parse(c->attest, &a->quoted, e);
        if (c->type == SYS_AUDIT)
                return session_audited_parse(c->attest, &a->audit, e);
        rc = nv_public_parse(c->public, &a->public, e);
        if (rc == 0)
                rc = nv_certified_parse(c->attest, &a->nv, e);
        return rc < 0 ? rc : check_nv(c, a, e);
}

static int open_all(Span file, SysEvidence *s, Err *e) {
        SysSignature signature = {};
        int rc;

        rc = sysreport_split(file, &s->report, e);
        if (rc < 0)
                return rc;
        rc = open_signature(s, &signature, e);
        if (rc < 0)
                return rc;
        memcpy(s->sha256, signature.sha256, sizeof(s->sha256));
        rc = sysreport_tpm2(signature.data, &s->bytes, &s->tpm2, e);
        if (rc < 0)
                return rc;
        rc = open_key(s, e);
        for (size_t i = 0; rc == 0 && i < s->tpm2.n_components; i++)
                rc = open_component(s, i, e);
        return rc;
}

int sysevidence_open(Span file, SysEvidence *ret, Err *e) {
        SysEvidence s = { .tokens = BUF_UP_TO(SYSREPORT_TOKENS_MAX * sizeof(JsonToken)),
                .bytes = BUF_UP_TO(BUNDLE_MAX) };
        int rc;

        rc = open_all(file, &s, e);
        if (rc < 0) {
                sysevidence_done(&s);
                return rc;
        }
        s.readable = true;
        *ret = s;
        return 0;
}
