/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/evidence.h"

#include <errno.h>

#include "port/crypto.h"
#include "wire/attest.h"
#include "wire/bundle.h"
#include "wire/tpmkey.h"
#include "wire/tpmpart.h"

/* More than these parts take: four quotes and 96 values in hex and base64. */
enum { TPM_PART_MAX = 64 * 1024, MANIFEST_MAX = 16 * 1024 };

static int ended(const Buf *b, const char *what, Span *ret, Err *e) {
        int rc = buf_end(b, ret);

        if (rc == -E2BIG)
                return err_set(e, rc, "%s: larger than the %zu bytes that it may have", what,
                                b->max);
        return rc < 0 ? err_set(e, rc, "%s: no memory", what) : 0;
}

static int write_tpm_part(const Taken *t, Buf *to, Span *ret, Err *e) {
        _cleanup_(buf_done) Buf selections = BUF_UP_TO(QUOTES_MAX * PCR_SELECTION_MAX);
        TpmPart p = { .ak = buf_span(&t->ak), .n_quotes = t->n_quotes, .pcrs = t->pcrs };
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

/* Every part but the manifest itself and the tpm part, whose quotes are bound by the nonce. */
static int write_manifest(const Taken *t, Span nonce, const Bundle *b, int64_t created, Buf *to,
                Span *ret, Err *e) {
        Manifest m = { .created = created, .nonce_size = nonce.size };
        Digest of_public;
        int rc;

        if (nonce.size < NONCE_MIN || nonce.size > NONCE_MAX)
                return err_set(e, -EINVAL, "a nonce of %zu bytes", nonce.size);
        memcpy(m.nonce, nonce.data, nonce.size);
        rc = hash_bytes(HASH_SHA256, buf_span(&t->ak), &of_public, e);
        if (rc < 0)
                return rc;
        tpm_name(&of_public, m.ak);
        for (BundleLabel label = PART_INVALID; label < _PART_MAX; label++) {
                if (!b->has[label] || label == PART_TPM)
                        continue;
                rc = list_part(&m, label, b->parts[label], e);
                if (rc < 0)
                        return rc;
        }
        manifest_write(&m, to);
        return ended(to, "the manifest", ret, e);
}

static void add_part(Bundle *b, BundleLabel label, Span bytes) {
        b->parts[label] = bytes;
        b->has[label] = bytes.size > 0;
}

int evidence_write(const Taken *t, Span nonce, const Companions *with, int64_t created, Buf *to,
                Err *e) {
        _cleanup_(buf_done) Buf tpm = BUF_UP_TO(TPM_PART_MAX), manifest = BUF_UP_TO(MANIFEST_MAX);
        Bundle b = {};
        Span whole;
        int rc;

        rc = write_tpm_part(t, &tpm, &b.parts[PART_TPM], e);
        if (rc < 0)
                return rc;
        b.has[PART_TPM] = true;
        add_part(&b, PART_AVOUCH_LOG, with->avouch_log);
        add_part(&b, PART_FIRMWARE_LOG, with->firmware_log);
        add_part(&b, PART_COMMAND_LINE, with->command_line);
        rc = write_manifest(t, nonce, &b, created, &manifest, &b.parts[PART_MANIFEST], e);
        if (rc < 0)
                return rc;
        b.has[PART_MANIFEST] = true;
        bundle_write(&b, to);
        return ended(to, "the evidence", &whole, e);
}

Span evidence_whole_lines(Span log) {
        const uint8_t *last = log.size > 0 ? memrchr(log.data, '\n', log.size) : NULL;

        return (Span){ log.data, last ? (size_t) (last - log.data) + 1 : 0 };
}
