/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/evidence.h"

#include <errno.h>
#include <stdio.h>

#include "port/crypto.h"

/* The manifest lists every part but itself and the TPM's, and nothing else; each hash holds. */
static int check_manifest(const Bundle *b, const Manifest *m, Err *e) {
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++) {
                const ManifestPart *p = &m->parts[label];
                Digest d;
                int rc;

                if (label == PART_MANIFEST || label == PART_TPM)
                        continue;
                if (b->has[label] != p->listed)
                        return err_set(e, -EBADMSG, "part %s is %s", bundle_label_name(label),
                                        p->listed ? "in the manifest, but not there"
                                                  : "there, but not in the manifest");
                if (!p->listed)
                        continue;
                rc = hash_bytes(HASH_SHA256, b->parts[label], &d, e);
                if (rc < 0)
                        return rc;
                if (b->parts[label].size != p->size ||
                                !span_equal(digest_span(&d), (Span){ p->sha256, 32 }))
                        return err_set(e, -EBADMSG, "part %s is not the one in the manifest",
                                        bundle_label_name(label));
        }
        return 0;
}

static int open_key(Evidence *ev, Err *e) {
        Digest d;
        int rc;

        rc = tpm_public_parse(ev->tpm.ak, &ev->ak, e);
        if (rc < 0)
                return rc;
        if (ev->ak.name_alg != HASH_SHA256)
                return err_set(e, -EBADMSG, "the Name of the key is of another hash than SHA-256");
        rc = hash_bytes(HASH_SHA256, ev->ak.bytes, &d, e);
        if (rc < 0)
                return rc;
        tpm_name(&d, ev->ak_name);
        if (memcmp(ev->ak_name, ev->manifest.ak, sizeof(ev->ak_name)) != 0)
                return err_set(e, -EBADMSG, "the manifest names another key than the evidence has");
        return 0;
}

static int open_quote(Evidence *ev, size_t i, Err *e) {
        const TpmQuote *q = &ev->tpm.quotes[i];
        PcrSelection asked = {};
        int rc;

        rc = quoted_parse(q->attest, &ev->quotes[i], e);
        if (rc < 0)
                return rc;
        rc = tpm_signature_parse(q->signature, &ev->signatures[i], e);
        if (rc < 0)
                return rc;
        rc = pcr_selection_parse(q->selection, &asked, e);
        if (rc < 0)
                return rc;
        if (!pcr_selection_equal(&asked, &ev->quotes[i].selection))
                return err_set(e, -EBADMSG, "quote %zu is over other PCRs than were asked for", i);
        return 0;
}

/* Whose Name it is, which bytes of it, and by whose leave: all as it says beside it. */
static int check_nv(const Evidence *ev, size_t i, Err *e) {
        const TpmNv *n = &ev->tpm.nv[i];
        const NvCertified *c = &ev->nv[i].certified;
        uint8_t name[TPM_NAME_SHA256];
        Digest d;
        int rc;

        rc = hash_bytes(HASH_SHA256, n->public, &d, e);
        if (rc < 0)
                return rc;
        tpm_name(&d, name);
        if (!span_equal(c->index_name, (Span){ name, sizeof(name) }))
                return err_set(e, -EBADMSG,
                                "NV attestation %zu is not of the index whose public area stands beside it",
                                i);
        if (n->auth.size == sizeof(name) && !span_equal(n->auth, c->index_name))
                return err_set(e, -EBADMSG, "NV attestation %zu was authorised by another index",
                                i);
        if (c->offset != n->offset || c->contents.size != n->size)
                return err_set(e, -EBADMSG,
                                "NV attestation %zu is of other bytes than were asked for", i);
        return 0;
}

static int open_nv(Evidence *ev, size_t i, Err *e) {
        const TpmNv *n = &ev->tpm.nv[i];
        int rc;

        rc = nv_public_parse(n->public, &ev->nv[i].public, e);
        if (rc < 0)
                return rc;
        rc = nv_certified_parse(n->attest, &ev->nv[i].certified, e);
        if (rc < 0)
                return rc;
        rc = tpm_signature_parse(n->signature, &ev->nv[i].signature, e);
        if (rc < 0)
                return rc;
        return check_nv(ev, i, e);
}

static int open_audit(Evidence *ev, Err *e) {
        int rc;

        if (!ev->tpm.has_audit)
                return 0;
        rc = session_audited_parse(ev->tpm.audit_attest, &ev->audit, e);
        if (rc < 0)
                return rc;
        return tpm_signature_parse(ev->tpm.audit_signature, &ev->audit_signature, e);
}

/* The values are those of the signed selections: none missing, none besides. */
static int check_values(const Evidence *ev, Err *e) {
        for (size_t b = 0; b < ev->tpm.pcrs.held.n_banks; b++) {
                const PcrBank *held = &ev->tpm.pcrs.held.banks[b];
                uint32_t mask = 0;

                for (size_t i = 0; i < ev->tpm.n_quotes; i++)
                        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                                if (pcr_selected(&ev->quotes[i].selection, held->alg, pcr))
                                        mask |= UINT32_C(1) << pcr;
                if (held->mask & ~mask)
                        return err_set(e, -EBADMSG, "there are %s values that no quote is over",
                                        hash_name(held->alg));
        }
        for (size_t i = 0; i < ev->tpm.n_quotes; i++) {
                const PcrSelection *s = &ev->quotes[i].selection;

                for (size_t b = 0; b < s->n_banks; b++)
                        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                                if ((s->banks[b].mask >> pcr & 1) &&
                                                !pcr_value(&ev->tpm.pcrs, s->banks[b].alg, pcr))
                                        return err_set(e, -EBADMSG,
                                                        "the value of quoted PCR %u of bank 0x%04x is missing",
                                                        pcr, s->banks[b].alg);
        }
        return 0;
}

static int open_parts(Span bundle, Evidence *ev, Err *e) {
        int rc;

        rc = bundle_parse(bundle, &ev->parts, &ev->bundle, e);
        if (rc < 0)
                return rc;
        rc = manifest_parse(ev->bundle.parts[PART_MANIFEST], &ev->manifest, e);
        if (rc < 0)
                return rc;
        rc = check_manifest(&ev->bundle, &ev->manifest, e);
        if (rc < 0)
                return rc;
        rc = tpm_part_parse(ev->bundle.parts[PART_TPM], &ev->tpm_bytes, &ev->tpm, e);
        if (rc < 0)
                return rc;
        rc = open_key(ev, e);
        for (size_t i = 0; rc == 0 && i < ev->tpm.n_quotes; i++)
                rc = open_quote(ev, i, e);
        for (size_t i = 0; rc == 0 && i < ev->tpm.n_nv; i++)
                rc = open_nv(ev, i, e);
        if (rc == 0)
                rc = open_audit(ev, e);
        return rc < 0 ? rc : check_values(ev, e);
}

bool evidence_not_judged(int rc) {
        return rc == -ENOMEM || rc == -EIO || rc == -EOPNOTSUPP; /* port/crypto's */
}

int evidence_open(Span bundle, Evidence *ret, Err *e) {
        Evidence ev = { .parts = BUF_UP_TO(BUNDLE_MAX), .tpm_bytes = BUF_UP_TO(BUNDLE_MAX) };
        int rc;

        rc = open_parts(bundle, &ev, e);
        if (rc < 0) {
                evidence_done(&ev);
                return rc;
        }
        *ret = ev;
        return 0;
}

void evidence_done(Evidence *ev) {
        buf_done(&ev->parts);
        buf_done(&ev->tpm_bytes);
}

const AttestHead *evidence_head(const Evidence *ev, size_t n, EvidenceHeadName *ret) {
        if (n < ev->tpm.n_quotes) {
                (void) snprintf(ret->text, sizeof(ret->text), "quote %zu", n);
                return &ev->quotes[n].head;
        }
        n -= ev->tpm.n_quotes;
        if (n < ev->tpm.n_nv) {
                (void) snprintf(ret->text, sizeof(ret->text), "NV attestation %zu", n);
                return &ev->nv[n].certified.head;
        }
        (void) snprintf(ret->text, sizeof(ret->text), "the audit");
        return n == ev->tpm.n_nv && ev->tpm.has_audit ? &ev->audit.head : NULL;
}
