/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/bundle.h"

#include <assert.h>
#include <errno.h>

/* RFC 9999, section 3.3: a collection's type; and section 3.1: bit 2 of a record's indicator */
#define COLLECTION_TYPE "tag:avouch,2026:evidence/v1"
enum { INDICATOR_EVIDENCE = 1 << 2 };

static const char bundle_text[] = "evidence bundle", manifest_text[] = "evidence manifest";

#define MEDIA_JSON(label) "application/vnd.avouch." label "+json"
#define MEDIA_BYTES "application/octet-stream"

static const struct {
        const char *name, *media;
        size_t max;
} labels[_PART_MAX] = {
        [PART_MANIFEST] = { "manifest", MEDIA_JSON("manifest"), BUNDLE_MAX },
        [PART_TPM] = { "tpm", MEDIA_JSON("tpm"), TPM_PART_MAX },
        [PART_AK_CERTIFICATE] = { "ak-certificate", MEDIA_BYTES, CERTIFICATE_MAX },
        [PART_FIRMWARE_LOG] = { "firmware-log", MEDIA_BYTES, FIRMWARE_LOG_MAX },
        [PART_COMMAND_LINE] = { "command-line", MEDIA_BYTES, COMMAND_LINE_MAX },
        [PART_IMA_LOG] = { "ima-log", MEDIA_BYTES, IMA_LOG_MAX },
        [PART_SYSTEMD_LOG] = { "systemd-log", MEDIA_JSON("systemd-log") "-seq", SYSTEMD_LOG_MAX },
        [PART_AVOUCH_LOG] = { "avouch-log", MEDIA_JSON("avouch-log") "-seq", LOG_MAX },
        [PART_AVOUCH_LOG_BEFORE] = { "avouch-log-before", MEDIA_JSON("avouch-log-before") "-seq",
                        LOG_MAX },
        [PART_HISTORY] = { "history", MEDIA_JSON("history") "-seq", HISTORY_MAX },
        [PART_RELEASES] = { "releases", MEDIA_BYTES, BUNDLE_MAX },
        [PART_TEE_REPORT] = { "tee-report", MEDIA_BYTES, BUNDLE_MAX },
        [PART_SYSTEMD_REPORT] = { "systemd-report", MEDIA_JSON("systemd-report") "-seq",
                        BUNDLE_MAX },
};

/* Bytewise, as canonical JSON has its names. */
static const BundleLabel sorted[] = {
        PART_AK_CERTIFICATE,
        PART_AVOUCH_LOG,
        PART_AVOUCH_LOG_BEFORE,
        PART_COMMAND_LINE,
        PART_FIRMWARE_LOG,
        PART_HISTORY,
        PART_IMA_LOG,
        PART_MANIFEST,
        PART_RELEASES,
        PART_SYSTEMD_LOG,
        PART_SYSTEMD_REPORT,
        PART_TEE_REPORT,
        PART_TPM,
};

_Static_assert(ELEMENTS(sorted) == _PART_MAX - 1, "every label has its place");
_Static_assert(ELEMENTS(sorted) <= BUNDLE_PARTS_MAX, "all parts may stand in one bundle");

const char *bundle_label_name(BundleLabel label) {
        return label < _PART_MAX ? labels[label].name : NULL;
}

static BundleLabel label_of(Json name) {
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++)
                if (json_is(name, labels[label].name))
                        return label;
        return PART_INVALID;
}

/* ["MEDIA TYPE","BASE64URL",4]; how many bytes were added to into. */
static int read_part(Json part, BundleLabel label, Buf *into, size_t *ret, Err *e) {
        Json media = json_first(part), data = json_next(part, media);
        Json indicator = json_next(part, data);
        size_t before = into->size;
        int64_t v;

        if (json_type(part) != JSON_ARRAY || json_count(part) != 3)
                return json_reject(part, bundle_text,
                                "a part is a media type, base64url, and a number", e);
        if (!json_is(media, labels[label].media))
                return json_reject(media, bundle_text, "another media type than its label's", e);
        if (!json_integer(indicator, INDICATOR_EVIDENCE, INDICATOR_EVIDENCE, &v))
                return json_reject(
                                indicator, bundle_text, "an indicator other than 4, evidence", e);
        if (!json_base64url(data, into)) {
                if (into->failed < 0)
                        return err_set(e, into->failed, "%s: no room for the part %s", bundle_text,
                                        labels[label].name);
                return json_reject(data, bundle_text, "not base64url without padding", e);
        }
        if (into->size - before > labels[label].max)
                return json_reject(data, bundle_text, "a part above its limit", e);
        *ret = into->size - before;
        return 0;
}

static int check_names(Json collection, Err *e) {
        for (Json name = json_first(collection); json_type(name) != JSON_NONE;
                        name = json_next(collection, name))
                if (label_of(name) == PART_INVALID && !json_is(name, "__cmwc_t"))
                        return json_reject(name, bundle_text,
                                        "a part that this version does not know", e);
        return 0;
}

static int check_collection(Json v, Err *e) {
        if (json_type(v) != JSON_OBJECT)
                return json_reject(v, bundle_text, "not a CMW collection", e);
        if (!json_is(json_member(v, "__cmwc_t"), COLLECTION_TYPE))
                return json_reject(v, bundle_text, "its __cmwc_t is not " COLLECTION_TYPE, e);
        if (json_type(json_member(v, "manifest")) == JSON_NONE)
                return json_reject(v, bundle_text, "no manifest", e);
        if (json_type(json_member(v, "tpm")) == JSON_NONE)
                return json_reject(v, bundle_text, "no tpm part", e);
        return check_names(v, e);
}

int bundle_parse(Span text, Buf *into, Bundle *ret, Err *e) {
        JsonToken tokens[BUNDLE_TOKENS_MAX];
        size_t start = into->size;
        Bundle b = {};
        Json v;
        int rc;

        if (text.size > BUNDLE_MAX)
                return err_set(e, -E2BIG, "%s: %zu bytes, and %d are the limit", bundle_text,
                                text.size, BUNDLE_MAX);
        rc = json_parse(text, JSON_STRICT, tokens, ELEMENTS(tokens), bundle_text, &v, e);
        if (rc < 0)
                return rc;
        rc = check_collection(v, e);
        if (rc < 0)
                return rc;
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++) {
                Json part = json_member(v, labels[label].name);

                b.has[label] = json_type(part) != JSON_NONE;
                if (!b.has[label])
                        continue;
                rc = read_part(part, label, into, &b.parts[label].size, e);
                if (rc < 0)
                        return rc;
        }
        /* Only now does the Buf stay where it is. The parts stand in it in the order of labels. */
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++) {
                if (b.parts[label].size == 0)
                        continue;
                b.parts[label].data = into->data + start;
                start += b.parts[label].size;
        }
        *ret = b;
        return 0;
}

void bundle_write(const Bundle *b, Buf *to) {
        JsonWriter w = json_writer(to, JSON_CANONICAL);

        assert(b->has[PART_MANIFEST] && b->has[PART_TPM]);

        json_put_object(&w, NULL);
        json_put_string(&w, "__cmwc_t", COLLECTION_TYPE);
        for (size_t i = 0; i < ELEMENTS(sorted); i++) {
                BundleLabel label = sorted[i];

                if (!b->has[label])
                        continue;
                json_put_array(&w, labels[label].name);
                json_put_string(&w, NULL, labels[label].media);
                json_put_base64url(&w, NULL, b->parts[label]);
                json_put_integer(&w, NULL, INDICATOR_EVIDENCE);
                json_put_end(&w);
        }
        json_put_end(&w);
}

static int read_listed(Json name, Manifest *m, Err *e) {
        BundleLabel label = label_of(name);
        ManifestPart *part = &m->parts[label];
        Json v = json_value(name);
        int64_t size;

        if (label == PART_INVALID)
                return json_reject(
                                name, manifest_text, "a part that this version does not know", e);
        if (label == PART_MANIFEST || label == PART_TPM)
                return json_reject(name, manifest_text, "a part that is not for it to list", e);
        if (!json_has_only(v, (const char *const[]){ "sha256", "size", NULL }) ||
                        !json_hex(json_member(v, "sha256"), part->sha256, sizeof(part->sha256)) ||
                        !json_integer(json_member(v, "size"), 0, BUNDLE_MAX, &size))
                return json_reject(v, manifest_text, "not the sha256 and the size of a part", e);
        part->listed = true;
        part->size = (uint64_t) size;
        return 0;
}

static bool read_ak(Json v, Manifest *m) {
        return json_hex(v, m->ak, sizeof(m->ak)) && m->ak[0] == 0x00 && m->ak[1] == HASH_SHA256;
}

static bool read_nonce(Json v, Manifest *m) {
        m->nonce_size = json_raw(v).size / 2;
        return m->nonce_size >= NONCE_MIN && m->nonce_size <= NONCE_MAX &&
               json_hex(v, m->nonce, m->nonce_size);
}

/* All but the parts. */
static int read_manifest(Json v, Manifest *m, Err *e) {
        static const char *const names[] = { "ak", "avouch", "created", "nonce", "parts", NULL };
        Json ak = json_member(v, "ak"), created = json_member(v, "created");
        Json nonce = json_member(v, "nonce"), parts = json_member(v, "parts");
        int64_t version;

        if (!json_has_only(v, names))
                return json_reject(v, manifest_text, "not ak, avouch, created, nonce, parts", e);
        if (!json_integer(json_member(v, "avouch"), 1, 1, &version))
                return json_reject(json_member(v, "avouch"), manifest_text, "not version 1", e);
        if (!read_ak(ak, m))
                return json_reject(ak, manifest_text, "not a Name of SHA-256 in hex", e);
        if (!json_integer(created, 0, INT64_MAX, &m->created))
                return json_reject(created, manifest_text, "not a time in microseconds", e);
        if (!read_nonce(nonce, m))
                return json_reject(nonce, manifest_text, "not 16 to 32 bytes in hex", e);
        if (json_type(parts) != JSON_OBJECT)
                return json_reject(parts, manifest_text, "not parts by their labels", e);
        return 0;
}

int manifest_parse(Span text, Manifest *ret, Err *e) {
        JsonToken tokens[BUNDLE_TOKENS_MAX];
        Manifest m = {};
        Json v, parts;
        int rc;

        rc = json_parse(text, JSON_CANONICAL, tokens, ELEMENTS(tokens), manifest_text, &v, e);
        if (rc < 0)
                return rc;
        rc = read_manifest(v, &m, e);
        if (rc < 0)
                return rc;
        parts = json_member(v, "parts");
        for (Json name = json_first(parts); json_type(name) != JSON_NONE;
                        name = json_next(parts, name)) {
                rc = read_listed(name, &m, e);
                if (rc < 0)
                        return rc;
        }
        *ret = m;
        return 0;
}

void manifest_write(const Manifest *m, Buf *to) {
        JsonWriter w = json_writer(to, JSON_CANONICAL);

        assert(m->nonce_size >= NONCE_MIN && m->nonce_size <= NONCE_MAX);
        assert(!m->parts[PART_MANIFEST].listed && !m->parts[PART_TPM].listed);

        json_put_object(&w, NULL);
        json_put_hex(&w, "ak", (Span){ m->ak, sizeof(m->ak) });
        json_put_integer(&w, "avouch", 1);
        json_put_integer(&w, "created", m->created);
        json_put_hex(&w, "nonce", (Span){ m->nonce, m->nonce_size });
        json_put_object(&w, "parts");
        for (size_t i = 0; i < ELEMENTS(sorted); i++) {
                const ManifestPart *part = &m->parts[sorted[i]];

                if (!part->listed)
                        continue;
                json_put_object(&w, labels[sorted[i]].name);
                json_put_hex(&w, "sha256", (Span){ part->sha256, sizeof(part->sha256) });
                json_put_integer(&w, "size", (int64_t) part->size);
                json_put_end(&w);
        }
        json_put_end(&w);
        json_put_end(&w);
}
