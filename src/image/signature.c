/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/signature.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "port/cms.h"
#include "wire/veritysig.h"

enum {
        HASH_TEXT_SIZE = 64,
        /* as base64 beside the other members */
        DER_MAX = (VERITY_SIGNATURE_SIZE - SIGNATURE_PROOF_ROOM - 256) / 4 * 3,
};

/* What is signed is the root hash as text (UAPI.2, "Verity Signature"). */
static void put_content(Span root_hash, Buf *to) {
        text_hex(to, root_hash);
}

static int sign(const Signature *s, Span root_hash, Buf *der, Err *e) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);

        put_content(root_hash, &hex);
        return cms_sign(buf_span(&hex), s->key, &s->certificate, der, e);
}

/* The root hash that is named, and the text behind it: "FILE" or "base64:TEXT". */
static int split_joined(const char *text, uint8_t root_hash[32], const char **ret_where, Err *e) {
        if (strlen(text) <= HASH_TEXT_SIZE + 1 || text[HASH_TEXT_SIZE] != ':' ||
                        !text_unhex((Span){ (const uint8_t *) text, HASH_TEXT_SIZE }, root_hash,
                                        32))
                return err_set(e, -EINVAL,
                                "'--join-signature=' is not HASH:FILE, with the root hash in 64 "
                                "lower-case hexadecimal digits");
        *ret_where = text + HASH_TEXT_SIZE + 1;
        return 0;
}

static int read_joined(const char *where, Buf *der, Err *e) {
        Span inside = SPAN_LITERAL("base64:");

        if (!span_starts(span_of(where), inside))
                return file_read(where, der, e);
        return text_unbase64(span_of(where + inside.size), der)
                               ? 0
                               : err_set(e, -EINVAL,
                                                 "'--join-signature=' has a signature that is not "
                                                 "base64");
}

int signature_check(const SignatureParams *p, Err *e) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_DER_MAX);
        const char *where = NULL;
        uint8_t root_hash[32];
        int rc;

        if (!p->joined)
                return 0;
        rc = split_joined(p->joined, root_hash, &where, e);
        if (rc < 0 || !span_starts(span_of(where), SPAN_LITERAL("base64:")))
                return rc;
        return read_joined(where, &der, e);
}

/* Brought from elsewhere: it must be of the root hash that it is said to be of. */
static int join(Signature *s, Err *e) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);
        const char *where = NULL;
        bool holds = false;
        int rc;

        rc = split_joined(s->p->joined, s->root_hash, &where, e);
        if (rc == 0)
                rc = read_joined(where, &s->der, e);
        if (rc < 0)
                return rc;
        put_content((Span){ s->root_hash, sizeof(s->root_hash) }, &hex);
        rc = cms_judge(buf_span(&s->der), buf_span(&hex), &s->certificate, &holds, e);
        if (rc == 0 && !holds)
                rc = err_set(e, -EKEYREJECTED,
                                "%s: no signature of that root hash with the key of the certificate "
                                "of %s",
                                where, s->certificate.subject);
        s->reproducible = true;
        return rc;
}

static int try_key(Signature *s, Err *e) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_DER_MAX);
        const uint8_t zeros[32] = {};
        int rc;

        rc = private_key_load(s->p->private_key, &s->p->source, &s->key, e);
        if (rc < 0)
                return rc;
        s->reproducible = private_key_repeats(s->key);
        return sign(s, (Span){ zeros, sizeof(zeros) }, &der, e);
}

int signature_prepare(const SignatureParams *p, Signature *ret, Err *e) {
        _cleanup_(signature_done) Signature s = SIGNATURE_NONE;
        int rc;

        s.p = p;
        rc = certificate_load(p->certificate, &s.certificate, e);
        if (rc == 0)
                rc = p->joined ? join(&s, e) : try_key(&s, e);
        if (rc < 0)
                return rc;

        *ret = s;
        s = SIGNATURE_NONE;
        return 0;
}

static int repeat_joined(const Signature *s, const Digest *root_hash, Buf *der, Err *e) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);

        if (memcmp(root_hash->bytes, s->root_hash, sizeof(s->root_hash)) != 0) {
                put_content(digest_span(root_hash), &hex);
                return err_set(e, -ESTALE,
                                "the root hash is %.*s now, and the signature is of another: the "
                                "source, an option or a program has changed",
                                (int) hex.size, (const char *) hex.data);
        }
        buf_bytes(der, buf_span(&s->der));
        return der->failed < 0 ? err_set(e, der->failed, "no room for the signature") : 0;
}

int signature_make(Signature *s, const Digest *root_hash, Buf *der, Err *e) {
        size_t before = der->size;
        int rc = s->p->joined ? repeat_joined(s, root_hash, der, e)
                              : sign(s, digest_span(root_hash), der, e);

        if (rc == 0 && der->size - before > DER_MAX)
                rc = err_set(e, -E2BIG,
                                "a signature of %zu bytes leaves no room for a proof of its release; "
                                "leave certificates out of it",
                                der->size - before);
        return rc;
}

void signature_done(Signature *s) {
        private_key_done(&s->key);
        certificate_done(&s->certificate);
        buf_done(&s->der);
}
