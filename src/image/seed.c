/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/seed.h"

#include <errno.h>

#include "base/text.h"
#include "port/crypto.h"

/* The first 16 bytes, marked as a UUID of version 4 (RFC 9562, 5.4), as systemd does with its own
 * derived ids. */
static int derive_uuid(Span key, Span label, uint8_t into[16], Err *e) {
        Digest d;
        int rc;

        rc = hmac_sha256(key, &label, 1, &d, e);
        if (rc < 0)
                return rc;
        memcpy(into, d.bytes, 16);
        into[6] = (uint8_t) ((into[6] & 0x0f) | 0x40);
        into[8] = (uint8_t) ((into[8] & 0x3f) | 0x80);
        return 0;
}

int image_seed(const char *text, const char *name, const char *version, ImageSeed *ret, Err *e) {
        Span usual[] = { span_of(name), { (const uint8_t *) "", 1 }, span_of(version) };
        Span key = span_of(text), salt_label = SPAN_LITERAL("salt");
        ImageSeed s;
        Digest d, salt;
        int rc;

        if (!text) {
                rc = hash_parts(HASH_SHA256, usual, ELEMENTS(usual), &d, e);
                if (rc < 0)
                        return rc;
                key = digest_span(&d);
        }

        rc = derive_uuid(key, SPAN_LITERAL("disk"), s.disk, e);
        if (rc == 0)
                rc = derive_uuid(key, SPAN_LITERAL("filesystem"), s.filesystem, e);
        if (rc == 0)
                rc = derive_uuid(key, SPAN_LITERAL("verity"), s.verity, e);
        if (rc == 0)
                rc = derive_uuid(key, SPAN_LITERAL("verity-sig"), s.signature, e);
        if (rc == 0)
                rc = hmac_sha256(key, &salt_label, 1, &salt, e);
        if (rc < 0)
                return rc;

        memcpy(s.salt, salt.bytes, sizeof(s.salt));
        *ret = s;
        return 0;
}

int image_salt(const char *hex, ImageSeed *s, Err *e) {
        uint8_t salt[sizeof(s->salt)];

        if (!hex)
                return 0;
        if (!text_unhex(span_of(hex), salt, sizeof(salt)))
                return err_set(e, -EINVAL, "the salt '%s' is not 64 lower-case hexadecimal digits",
                                hex);
        memcpy(s->salt, salt, sizeof(salt));
        return 0;
}
