/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/approver.h"

#include <errno.h>
#include <string.h>

/* Approvals, and AES-256-GCM: what a sealed secret stands on besides the TPM. That the policies are
 * the TPM's own is for test/tpm/test-tpm-seal to say. */

static void an_approval_is_for_one_id_count_and_place(void **state) {
        SigningKey *key, *other;
        P256Point public, another;
        Sealed s, changed;
        Err e = {};

        (void) state;
        key = approver_new("P-256", &public, NULL);
        other = approver_new("P-256", &another, NULL);
        assert_non_null(key);
        assert_non_null(other);
        s = approver_draft(&public);
        assert_int_equal(seal_check_approval(&s, &e), -ENOKEY);
        assert_int_equal(seal_approve(&s, key, 12, NULL), 0);
        assert_int_equal(s.count, 12);
        assert_int_equal(seal_check_approval(&s, NULL), 0);

        changed = s;
        changed.count++;
        assert_int_equal(seal_check_approval(&changed, NULL), -EBADMSG);
        changed = s;
        changed.id[31]++;
        assert_int_equal(seal_check_approval(&changed, NULL), -EBADMSG);
        changed = s;
        changed.pcr_digest.bytes[0]++;
        assert_int_equal(seal_check_approval(&changed, NULL), -EBADMSG);
        changed = s;
        changed.pcrs.banks[0].mask ^= 1;
        assert_int_equal(seal_check_approval(&changed, NULL), -EBADMSG);
        changed = s;
        changed.s[31] ^= 1;
        assert_int_equal(seal_check_approval(&changed, NULL), -EBADMSG);
        assert_int_equal(seal_approve(&s, other, 12, NULL), 0);
        assert_int_equal(seal_check_approval(&s, NULL), -EBADMSG);
        signing_key_done(&key);
        signing_key_done(&other);
        signing_key_done(&other);
}

static void the_objects_policy_is_for_one_key_and_id(void **state) {
        P256Point public = { .x = { 1 }, .y = { 2 } };
        Sealed s = approver_draft(&public), changed = s;
        Digest first, second;

        (void) state;
        assert_int_equal(seal_object_policy(&s, &first, NULL), 0);
        changed.count = 4;
        changed.pcr_digest.bytes[0]++;
        assert_int_equal(seal_object_policy(&changed, &second, NULL), 0);
        assert_true(digest_equal(&first, &second));
        changed.id[0]++;
        assert_int_equal(seal_object_policy(&changed, &second, NULL), 0);
        assert_false(digest_equal(&first, &second));
        changed = s;
        changed.y[31]++;
        assert_int_equal(seal_object_policy(&changed, &second, NULL), 0);
        assert_false(digest_equal(&first, &second));
}

static void another_curve_does_not_approve(void **state) {
        P256Point public;
        Err e = {};

        (void) state;
        assert_null(approver_new("P-384", &public, &e));
        assert_non_null(strstr(e.text, "not a P-256 key"));
}

/* NIST's GCM test vectors (gcmEncryptExtIV256.rsp): Keylen = 256, IVlen = 96, PTlen = 0, AADlen =
 * 0, Taglen = 128, the key and the nonce all zeros. */
static void the_cipher_is_nists(void **state) {
        static const uint8_t zeros[32], tag_of_zeros[GCM_TAG] = { 0xd0, 0xd1, 0xc8, 0xa7, 0x99,
                0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19 };
        static const uint8_t sealed_zeros[16] = { 0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e,
                0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18 };
        uint8_t out[16], tag[GCM_TAG];

        (void) state;
        assert_int_equal(gcm_seal((Span){ zeros, 32 }, zeros, (Span){}, (Span){ zeros, 16 }, out,
                                         tag, NULL),
                        0);
        assert_memory_equal(out, sealed_zeros, sizeof(out));
        assert_memory_equal(tag, tag_of_zeros, sizeof(tag));
}

static int open_changed(uint8_t *byte, uint8_t with, const uint8_t *key, const uint8_t *nonce,
                const uint8_t *bound, const uint8_t *text, const uint8_t *tag, Secret *ret) {
        int rc;

        *byte ^= with;
        rc = gcm_open((Span){ key, 32 }, nonce, (Span){ bound, 4 }, (Span){ text, 5 }, tag, ret,
                        NULL);
        *byte ^= with;
        return rc;
}

static void what_was_changed_anywhere_is_not_opened(void **state) {
        uint8_t key[32] = { 1 }, nonce[GCM_NONCE] = { 2 }, bound[4] = { 3 }, text[5], tag[GCM_TAG];
        _cleanup_(secret_done) Secret s = {};
        uint8_t *const places[] = { key, nonce, bound, text, tag };
        uint8_t nothing[5] = {};

        (void) state;
        assert_int_equal(secret_new(8, &s, NULL), 0);
        assert_int_equal(gcm_seal((Span){ key, 32 }, nonce, (Span){ bound, 4 },
                                         SPAN_LITERAL("quiet"), text, tag, NULL),
                        0);
        assert_int_equal(open_changed(text, 0, key, nonce, bound, text, tag, &s), 0);
        assert_true(span_is(secret_span(&s), "quiet"));
        for (size_t i = 0; i < ELEMENTS(places); i++) {
                assert_int_equal(open_changed(places[i], 1, key, nonce, bound, text, tag, &s),
                                -EBADMSG);
                assert_int_equal(s.size, 0);
                assert_memory_equal(s.data, nothing, 5);
        }
        s.room = 4;
        assert_int_equal(open_changed(text, 0, key, nonce, bound, text, tag, &s), -E2BIG);
        s.room = 8;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_approval_is_for_one_id_count_and_place),
                cmocka_unit_test(the_objects_policy_is_for_one_key_and_id),
                cmocka_unit_test(another_curve_does_not_approve),
                cmocka_unit_test(the_cipher_is_nists),
                cmocka_unit_test(what_was_changed_anywhere_is_not_opened),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
