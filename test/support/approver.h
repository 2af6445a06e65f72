/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "measure/sealpolicy.h"
#include "support/folder.h"

/* A P-256 key of a test's own that approves: made, written to a file, and read back. */
static inline SigningKey *approver_new(const char *curve, P256Point *public, Err *e) {
        Folder f = folder_new();
        EVP_PKEY *pkey = EVP_EC_gen(curve);
        FILE *to = fopen(folder_path(&f, "key.pem"), "w");
        SigningKey *k = NULL;

        assert_non_null(pkey);
        assert_non_null(to);
        assert_int_equal(PEM_write_PrivateKey(to, pkey, NULL, NULL, 0, NULL, NULL), 1);
        assert_int_equal(fclose(to), 0);
        EVP_PKEY_free(pkey);
        if (signing_key_load(folder_path(&f, "key.pem"), &k, public, e) < 0)
                k = NULL;
        folder_done(&f);
        return k;
}

/* A secret to be sealed for this key, with numbers that no test cares for. */
static inline Sealed approver_draft(const P256Point *public) {
        Sealed s = { .id = "an id of thirty-two bytes, or so",
                .pcr_digest = digest_zero(HASH_SHA256),
                .public = { 1 },
                .private = { 1 },
                .public_size = 1,
                .private_size = 1 };

        assert_int_equal(pcr_selection_from_text("sha256:7", &s.pcrs, NULL), 0);
        memcpy(s.x, public->x, sizeof(s.x));
        memcpy(s.y, public->y, sizeof(s.y));
        return s;
}
