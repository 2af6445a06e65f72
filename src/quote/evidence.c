/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/evidence.h"

#include <errno.h>

#include "port/crypto.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"
#include "wire/tpmkey.h"
#include "wire/tpmpart.h"

static int ended(const Buf *b, const char *what, Span *ret, Err *e) {
        int rc = buf_end(b, ret);

        if (rc == -E2BIG)
                return err_set(e, rc, "%s: larger than the %zu bytes that it may have", what,
                                b->max);
        return rc < 0 ? err_set(e, rc, "%s: no memory", what) : 0;
}

/* The Names of those who authorised an attestation: the indices themselves. */
typedef struct NvNames {
        uint8_t names[NV_CERTIFIED_MAX][TPM_NAME_SHA256];
} NvNames;

static int add_nv(TpmNv nv, NvNames *names, TpmPart *p, Err *e) {
        uint8_t *name = names->names[p->n_nv];
        Digest d;
        int rc;

        rc = hash_bytes(HASH_SHA256, nv.public, &d, e);
        if (rc < 0)
                return rc;
        tpm_name(&d, name);
        nv.auth = (Span){ name, TPM_NAME_SHA256 };
        p->commands[p->n_quotes + p->n_nv] = TPM_COMMAND_NV;
        p->nv[p->n_nv++] = nv;
        return 0;
}

/* The counter, and the NvPCRs, in the order in which the TPM was asked. */
static int add_indices(const Taken *t, NvNames *names, TpmPart *p, Err *e) {
        int rc = 0;

        if (t->has_counter)
                rc = add_nv((TpmNv){ .public = buf_span(&t->nv_public),
                                            .size = NV_COUNTER_SIZE,
                                            .attest = buf_span(&t->nv_attest),
                                            .signature = buf_span(&t->nv_signature) },
                                names, p, e);
        for (size_t i = 0; rc == 0 && i < t->n_nvpcrs; i++)
                rc = add_nv((TpmNv){ .public = buf_span(&t->nvpcrs[i].public),
                                            .size = TAKEN_NVPCR_SIZE,
                                            .attest = buf_span(&t->nvpcrs[i].attest),
                                            .signature = buf_span(&t->nvpcrs[i].signature) },
                                names, p, e);
        return rc;
}

static int write_tpm_part(const Taken *t, Buf *to, Span *ret, Err *e) {
        _cleanup_(buf_done) Buf selections = BUF_UP_TO(QUOTES_MAX * PCR_SELECTION_MAX);
        TpmPart p = { .ak = buf_span(&t->ak), .n_quotes = t->n_quotes, .pcrs = t->pcrs };
        NvNames names;
        size_t ends[QUOTES_MAX];
        Span all;
        int rc;

        for (size_t i = 0; i < t->n_quotes; i++) {
                pcr_selection_write(&t->selections[i], &selections);
                ends[i] = selections.size;
        }
        rc = ended(&selections, "PCR selections", &all, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0, at = 0; i < t->n_quotes; at = ends[i++])
                p.quotes[i] = (TpmQuote){
                        .selection = { all.data + at, ends[i] - at },
                        .attest = buf_span(&t->attests[i]),
                        .signature = buf_span(&t->signatures[i]),
                };
        rc = add_indices(t, &names, &p, e);
        if (rc < 0)
                return rc;
        p.has_audit = t->has_audit;
        p.audit_attest = buf_span(&t->audit_attest);
        p.audit_signature = buf_span(&t->audit_signature);
        tpm_part_write(&p, to);
        return ended(to, "the tpm part", ret, e);
}

static int list_part(Manifest *m, BundleLabel label, Span bytes, Err *e) {
        Digest d;
        int rc;

        rc = hash_bytes(HASH_SHA256, bytes, &d, e);
        if (rc < 0)
                return rc;
        m->parts[label].listed = true;
        m->parts[label].size = bytes.size;
        memcpy(m->parts[label].sha256, d.bytes, sizeof(m->parts[label].sha256));
        return 0;
}

int evidence_manifest(
                const Taken *t, Span nonce, const Bundle *parts, int64_t created, Buf *to, Err *e) {
        Manifest m = { .created = created, .nonce_size = nonce.size };
        Digest of_public;
        Span whole;
        int rc;

        if (nonce.size < NONCE_MIN || nonce.size > NONCE_MAX)
                return err_set(e, -EINVAL, "a nonce of %zu bytes", nonce.size);
        memcpy(m.nonce, nonce.data, nonce.size);
        rc = hash_bytes(HASH_SHA256, buf_span(&t->ak), &of_public, e);
        if (rc < 0)
                return rc;
        tpm_name(&of_public, m.ak);
        for (BundleLabel label = PART_INVALID; label < _PART_MAX; label++) {
                if (!parts->has[label])
                        continue;
                rc = list_part(&m, label, parts->parts[label], e);
                if (rc < 0)
                        return rc;
        }
        manifest_write(&m, to);
        return ended(to, "the manifest", &whole, e);
}

int evidence_extra(Span nonce, Span manifest, Digest *ret, Err *e) {
        static const char label[] = "avouch-evidence/v1"; /* with its NUL */
        const uint8_t size[2] = { (uint8_t) (nonce.size >> 8), (uint8_t) nonce.size };
        Digest d;
        int rc;

        rc = hash_bytes(HASH_SHA256, manifest, &d, e);
        if (rc < 0)
                return rc;
        return hash_parts(HASH_SHA256,
                        (Span[]){ { (const uint8_t *) label, sizeof(label) },
                                        { size, sizeof(size) }, nonce, digest_span(&d) },
                        4, ret, e);
}

int evidence_write(const Taken *t, const Bundle *parts, Span manifest, Buf *to, Err *e) {
        _cleanup_(buf_done) Buf tpm = BUF_UP_TO(TPM_PART_MAX);
        Bundle b = *parts;
        Span whole;
        int rc;

        rc = write_tpm_part(t, &tpm, &b.parts[PART_TPM], e);
        if (rc < 0)
                return rc;
        b.parts[PART_MANIFEST] = manifest;
        b.has[PART_TPM] = b.has[PART_MANIFEST] = true;
        bundle_write(&b, to);
        return ended(to, "the evidence", &whole, e);
}

Span evidence_whole_lines(Span log) {
        const uint8_t *last = log.size > 0 ? memrchr(log.data, '\n', log.size) : NULL;

        return (Span){ log.data, last ? (size_t) (last - log.data) + 1 : 0 };
}
