/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/veritysig.h"

#include <errno.h>

#include "base/text.h"

enum { SIGNATURE_TEXT_MAX = (CMS_MAX + 2) / 3 * 4 };

/* The object is what stands before the first NUL. */
static int cut_padding(Span partition, Span *ret, Err *e) {
        Span rest;
        size_t n = 0;

        while (n < partition.size && partition.data[n] != '\0')
                n++;
        rest = span_from(partition, n);
        if (!span_is_zero(rest))
                return err_set(e, -EBADMSG,
                                "verity signature: bytes other than NUL behind the padding's "
                                "beginning at byte %zu",
                                n);
        *ret = (Span){ partition.data, n };
        return 0;
}

static int read_signature(Json object, Buf *der, Span *ret, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(SIGNATURE_TEXT_MAX);
        _cleanup_(buf_done) Buf decoded = BUF_UP_TO(CMS_MAX);
        size_t before = der->size;

        if (!json_text(json_member(object, "signature"), &text) ||
                        !text_unbase64(buf_span(&text), &decoded) || buf_span(&decoded).size == 0)
                return err_set(e, -EBADMSG,
                                "verity signature: signature is missing, or not base64 of 1 to %d "
                                "bytes",
                                CMS_MAX);
        buf_bytes(der, buf_span(&decoded));
        if (der->failed < 0)
                return err_set(e, der->failed, "verity signature: no room for the signature");
        *ret = span_from(buf_span(der), before);
        return 0;
}

/* Members of others have the name of a domain in theirs ("org.example.thing"). */
static bool has_unknown(Json object) {
        for (Json name = json_first(object); json_type(name) != JSON_NONE;
                        name = json_next(object, name)) {
                Span raw = json_raw(name);

                if (!json_is(name, "rootHash") && !json_is(name, "signature") &&
                                !json_is(name, "certificateFingerprint") &&
                                (raw.size == 0 || !memchr(raw.data, '.', raw.size)))
                        return true;
        }
        return false;
}

int verity_signature_parse(Span partition, Buf *der, VeritySignature *ret, Err *e) {
        JsonToken tokens[VERITY_SIGNATURE_TOKENS_MAX];
        VeritySignature s = {};
        Json object = {}, fingerprint;
        Span text = {};
        int rc;

        if (partition.size > VERITY_SIGNATURE_MAX)
                return err_set(e, -E2BIG, "verity signature: larger than %d bytes",
                                VERITY_SIGNATURE_MAX);
        rc = cut_padding(partition, &text, e);
        if (rc == 0)
                rc = json_parse(text, JSON_STRICT, tokens, ELEMENTS(tokens), "verity signature",
                                &object, e);
        if (rc < 0)
                return rc;

        if (!json_hex(json_member(object, "rootHash"), s.root_hash, sizeof(s.root_hash)))
                return err_set(e, -EBADMSG,
                                "verity signature: rootHash is missing, or not 64 lower-case hex "
                                "digits");
        s.has_unknown = has_unknown(object);
        fingerprint = json_member(object, "certificateFingerprint");
        s.has_fingerprint = json_type(fingerprint) != JSON_NONE;
        if (s.has_fingerprint && !json_hex(fingerprint, s.fingerprint, sizeof(s.fingerprint)))
                return err_set(e, -EBADMSG,
                                "verity signature: certificateFingerprint is not 64 lower-case hex "
                                "digits");
        rc = read_signature(object, der, &s.pkcs7, e);
        if (rc < 0)
                return rc;

        *ret = s;
        return 0;
}

int verity_signature_write(const VeritySignature *s, Buf *to, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SIGNATURE_SIZE);

        buf_string(&b, "{\"rootHash\":\"");
        text_hex(&b, (Span){ s->root_hash, sizeof(s->root_hash) });
        if (s->has_fingerprint) {
                buf_string(&b, "\",\"certificateFingerprint\":\"");
                text_hex(&b, (Span){ s->fingerprint, sizeof(s->fingerprint) });
        }
        buf_string(&b, "\",\"signature\":\"");
        text_base64(&b, s->pkcs7);
        buf_string(&b, "\"}");
        buf_zeros(&b, VERITY_SIGNATURE_SIZE - b.size);
        if (b.failed == -E2BIG)
                return err_set(e, -E2BIG,
                                "the signature of %zu bytes does not fit a partition of %d bytes; "
                                "leave certificates out of it",
                                s->pkcs7.size, VERITY_SIGNATURE_SIZE);

        buf_bytes(to, buf_span(&b));
        if (b.failed < 0 || to->failed < 0)
                return err_set(e, b.failed < 0 ? b.failed : to->failed,
                                "verity signature: no room for the partition");
        return 0;
}
