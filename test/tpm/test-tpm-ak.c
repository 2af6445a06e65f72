/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/tpm.h"

#include <errno.h>

#include "base/cursor.h"
#include "log/ak.h"
#include "support/folder.h"
#include "wire/tpmcontext.h"

/* The attestation key, handed out by a TPM and taken back from a file. */

/* As another process, which takes the key, quotes with it in an audit session, where the key's Name
 * counts, and ends. */
static Digest quote_kept(const Swtpm *s, const Folder *f, TpmAkType type) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX), attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX),
                                audit = BUF_UP_TO(ATTEST_MAX),
                                audited = BUF_UP_TO(TPM_SIGNATURE_MAX);
        PcrSelection which = selection("sha256:8");
        Tpm *t = open_tapped(s, "");
        Digest ret;

        t->keep = f->path;
        assert_int_equal(ak_begin(t, type, &public, NULL), 0);
        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
        assert_int_equal(tpm_quote(t, &which, SPAN_LITERAL(NONCE), &attest, &signature, NULL), 0);
        assert_signed(buf_span(&public), buf_span(&attest), buf_span(&signature));
        assert_int_equal(tpm_audit_end(t, SPAN_LITERAL(NONCE), &audit, &audited, NULL), 0);
        assert_signed(buf_span(&public), buf_span(&audit), buf_span(&audited));
        tpm_close(&t);
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&public), &ret, NULL), 0);
        return ret;
}

static void forget_commands(const Swtpm *s) {
        char path[128];

        (void) snprintf(path, sizeof(path), "%s/commands", s->folder);
        (void) unlink(path);
}

#define AND_QUOTE                                                                                  \
        " " CC_START_SESSION " " CC_QUOTE " " CC_AUDIT_DIGEST " " CC_FLUSH " " CC_FLUSH " "
#define MAKE_KEEP_AND_QUOTE CC_CREATE_PRIMARY " " CC_CONTEXT_SAVE AND_QUOTE
#define TAKE_BACK_AND_QUOTE CC_CONTEXT_LOAD " " CC_READ_PUBLIC AND_QUOTE

static void the_second_quote_makes_no_key(void **state) {
        static const TpmAkType types[] = { TPM_AK_ECC, TPM_AK_RSA };
        _cleanup_(folder_done) Folder f = folder_new();
        const Swtpm *s = *state;

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                Digest first, second;

                first = quote_kept(s, &f, types[i]);
                assert_commands(s, MAKE_KEEP_AND_QUOTE);
                forget_commands(s);
                second = quote_kept(s, &f, types[i]);
                assert_commands(s, TAKE_BACK_AND_QUOTE);
                forget_commands(s);
                assert_true(digest_equal(&first, &second));
        }
        assert_string_equal(folder_names(&f), AK_FILE_ECC " " AK_FILE_RSA " ");
}

/* The TPM refuses what is of another boot, or from before it was cleared; the key stays the same.
 */
static void another_boot_makes_the_same_key_anew(void **state) {
        char *const clear[] = { (char[]){ "tpm2_clear" }, (char[]){ "-c" }, (char[]){ "platform" },
                NULL };
        _cleanup_(folder_done) Folder f = folder_new();
        Swtpm *s = *state;
        Digest first, again;

        first = quote_kept(s, &f, TPM_AK_ECC);
        for (int i = 0; i < 2; i++) {
                if (i == 0) {
                        swtpm_off(s);
                        assert_int_equal(swtpm_on(s), 0);
                } else
                        run(s, clear);
                forget_commands(s);
                again = quote_kept(s, &f, TPM_AK_ECC);
                assert_commands(s, CC_CONTEXT_LOAD " " MAKE_KEEP_AND_QUOTE);
                assert_true(digest_equal(&first, &again));
                forget_commands(s);
                again = quote_kept(s, &f, TPM_AK_ECC);
                assert_commands(s, TAKE_BACK_AND_QUOTE);
                assert_true(digest_equal(&first, &again));
        }
}

/* What tpm2-tools keeps of an object: its own head, and in what libtss2 made of it the TPM's. */
static void read_tools_context(const Swtpm *s, const char *name, Buf *file, TpmContext *ret) {
        char path[256];
        Cursor c, inner;

        (void) snprintf(path, sizeof(path), "%s/%s", s->folder, name);
        assert_int_equal(file_read(path, file, NULL), 0);
        c = cursor_over(buf_span(file));
        assert_int_equal(cursor_u32be(&c), 0xbadcc0de);
        (void) cursor_bytes(&c, 4 + 4 + 4); /* version, hierarchy, handle */
        ret->sequence = cursor_u64be(&c);
        inner = cursor_over(cursor_prefixed(&c, 2, 8192));
        assert_int_equal(cursor_u32be(&inner), 0);
        ret->blob = cursor_prefixed(&inner, 2, TPM_CONTEXT_MAX);
        assert_int_equal(cursor_end(&c, name, NULL), 0);
        assert_true(ret->blob.size > 0);
}

/* Somebody has the TPM make another key, and puts it in the place of ours. */
static void make_other(const Swtpm *s, const char *how) {
        char script[1024];

        (void) snprintf(script, sizeof(script), "set -e; cd '%s'; %s", s->folder, how);
        run(s, (char *[]){ (char[]){ "bash" }, (char[]){ "-c" }, script, NULL });
}

#define AS_OURS "'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign'"
#define PRIMARY(hierarchy, algorithm, attributes)                                                  \
        "tpm2_createprimary -Q -C " hierarchy " -G " algorithm " -a " attributes                   \
        " -c other.ctx; tpm2_flushcontext -t"

static int load_other(const Swtpm *s, TpmAkType type, Tpm **ret) {
        _cleanup_(buf_done) Buf file = BUF_UP_TO(16384), public = BUF_UP_TO(TPM_PUBLIC_MAX);
        TpmContext c;
        int rc;

        read_tools_context(s, "other.ctx", &file, &c);
        forget_commands(s);
        *ret = open_tapped(s, "");
        rc = tpm_key_load(*ret, type, c.sequence, c.blob, &public, NULL);
        assert_int_equal(public.size > 0, rc == 0);
        return rc;
}

static void no_other_key_takes_its_place(void **state) {
        static const struct {
                const char *how;
                TpmAkType type;
                bool loads; /* the TPM finds nothing wrong with it */
        } others[] = {
                { PRIMARY("e", "ecc256:ecdsa-sha256:null",
                                  "'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign'"),
                                TPM_AK_ECC, true },
                { PRIMARY("e", "ecc256:ecdsa-sha256:null",
                                  "'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'"),
                                TPM_AK_ECC, true },
                { PRIMARY("e", "ecc256:ecdsa-sha384:null", AS_OURS), TPM_AK_ECC, true },
                { PRIMARY("e", "ecc384:ecdsa-sha256:null", AS_OURS), TPM_AK_ECC, true },
                { PRIMARY("e", "ecc256:ecdsa-sha256:null -g sha384", AS_OURS), TPM_AK_ECC, true },
                { PRIMARY("e", "ecc256:ecdsa-sha256:null", AS_OURS), TPM_AK_RSA, true },
                { PRIMARY("e", "rsa2048:rsassa-sha256:null", AS_OURS), TPM_AK_ECC, true },
                { PRIMARY("e", "rsa2048:rsapss-sha256:null", AS_OURS), TPM_AK_RSA, true },
                /* of another hierarchy, whatever the file says */
                { PRIMARY("o", "ecc256:ecdsa-sha256:null", AS_OURS), TPM_AK_ECC, false },
                { PRIMARY("n", "ecc256:ecdsa-sha256:null", AS_OURS), TPM_AK_ECC, false },
                /* below a key of its own hierarchy: no primary */
                { "tpm2_createprimary -Q -C e -c p; tpm2_create -Q -C p -G ecc256:ecdsa-sha256:null -a " AS_OURS
                  " -u k.pub -r k.priv; tpm2_flushcontext -t; "
                  "tpm2_load -Q -C p -u k.pub -r k.priv -c other.ctx; tpm2_flushcontext -t",
                                TPM_AK_ECC, true },
        };
        PcrSelection which = selection("sha256:8");
        const Swtpm *s = *state;

        for (size_t i = 0; i < ELEMENTS(others); i++) {
                _cleanup_(buf_done) Buf unused = BUF_UP_TO(ATTEST_MAX);
                Tpm *t;

                make_other(s, others[i].how);
                assert_int_equal(load_other(s, others[i].type, &t), -EBADMSG);
                assert_commands(s, others[i].loads ? CC_CONTEXT_LOAD " " CC_READ_PUBLIC " " CC_FLUSH
                                                                     " "
                                                   : CC_CONTEXT_LOAD " ");
                assert_int_equal(tpm_quote(t, &which, SPAN_LITERAL(NONCE), &unused, &unused, NULL),
                                -ENOKEY);
                tpm_close(&t);
        }
}

static void put_name(Span of, Buf *to) {
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, of, &d, NULL), 0);
        buf_be(to, 2 + d.size, 2);
        buf_be(to, HASH_SHA256, 2);
        buf_bytes(to, digest_span(&d));
}

/* What a TPM says of a key is as foreign as the file: here the Name is not of what it shows. */
static void a_name_is_of_the_public_area(void **state) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX), body = BUF_UP_TO(4096),
                                answer = BUF_UP_TO(4096), qualified = BUF_UP_TO(64);
        _cleanup_(folder_done) Folder f = folder_new();
        const Swtpm *s = *state;
        char path[128], rule[256];

        for (int right = 0; right < 2; right++) {
                Tpm *t = open_or_fail(s->tcti);

                t->keep = f.path;
                assert_int_equal(ak_begin(t, TPM_AK_ECC, &public, NULL), 0);
                tpm_close(&t);

                buf_be(&body, public.size, 2);
                buf_bytes(&body, buf_span(&public));
                put_name(right ? buf_span(&public) : SPAN_LITERAL("another"), &body);
                buf_be(&qualified, TPM_CONTEXT_ENDORSEMENT, 4);
                buf_bytes(&qualified, span_from(buf_span(&body), body.size - 34));
                put_name(buf_span(&qualified), &body);
                buf_be(&answer, 0x8001, 2);
                buf_be(&answer, 10 + body.size, 4);
                buf_be(&answer, 0, 4);
                buf_bytes(&answer, buf_span(&body));
                (void) snprintf(path, sizeof(path), "%s/answer", s->folder);
                assert_int_equal(file_write(path, 0600, buf_span(&answer), NULL), 0);

                forget_commands(s);
                (void) snprintf(rule, sizeof(rule), CC_READ_PUBLIC ":@%s:1", path);
                t = open_tapped(s, rule);
                t->keep = f.path;
                buf_done(&public);
                assert_int_equal(ak_begin(t, TPM_AK_ECC, &public, NULL), 0);
                tpm_close(&t);
                assert_commands(s, right ? CC_CONTEXT_LOAD " " CC_READ_PUBLIC " " CC_FLUSH " "
                                         : CC_CONTEXT_LOAD " " CC_READ_PUBLIC " " CC_FLUSH
                                                           " " CC_CREATE_PRIMARY " " CC_CONTEXT_SAVE
                                                           " " CC_FLUSH " ");
                buf_done(&public);
                buf_done(&body);
                buf_done(&qualified);
                buf_done(&answer);
        }
}

/* The one thing that its public area does not say: a fact, and no promise. */
static void another_unique_is_not_told_apart(void **state) {
        const Swtpm *s = *state;
        Tpm *t;

        make_other(s, PRIMARY("e", "ecc256:ecdsa-sha256:null", AS_OURS));
        assert_int_equal(load_other(s, TPM_AK_ECC, &t), 0);
        tpm_close(&t);
        assert_commands(s, CC_CONTEXT_LOAD " " CC_READ_PUBLIC " " CC_FLUSH " ");
}

/* Whatever fails on the way back, the key is made, and what was loaded is not left in the TPM. */
static void what_fails_on_the_way_back_is_made(void **state) {
        static const struct {
                const char *rules, *commands;
        } cases[] = {
                { CC_CONTEXT_LOAD ":00000101:1", CC_CONTEXT_LOAD " " CC_CREATE_PRIMARY },
                { CC_READ_PUBLIC ":00000101:1", CC_CONTEXT_LOAD " " CC_READ_PUBLIC " " CC_FLUSH
                                                                " " CC_CREATE_PRIMARY },
        };
        const Swtpm *s = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(folder_done) Folder f = folder_new();
                _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX);
                char expected[256];
                Tpm *t;

                (void) quote_kept(s, &f, TPM_AK_ECC);
                forget_commands(s);
                t = open_tapped(s, cases[i].rules);
                t->keep = f.path;
                assert_int_equal(ak_begin(t, TPM_AK_ECC, &public, NULL), 0);
                tpm_close(&t);
                (void) snprintf(expected, sizeof(expected), "%s %s %s ", cases[i].commands,
                                CC_CONTEXT_SAVE, CC_FLUSH);
                assert_commands(s, expected);
                forget_commands(s);
        }
}

static void a_tpm_that_is_busy_is_not_asked_in_another_way(void **state) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX);
        _cleanup_(folder_done) Folder f = folder_new();
        const Swtpm *s = *state;
        Tpm *t;

        (void) quote_kept(s, &f, TPM_AK_ECC);
        t = open_within_or_fail(tapped(s, CC_CONTEXT_LOAD ":00000920:99999").tcti, 3000);
        t->keep = f.path;
        assert_int_equal(ak_begin(t, TPM_AK_ECC, &public, NULL), -EBUSY);
        assert_int_equal(public.size, 0);
        tpm_close(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                SWTPM_TEST(the_second_quote_makes_no_key),
                SWTPM_TEST(another_boot_makes_the_same_key_anew),
                SWTPM_TEST(no_other_key_takes_its_place),
                SWTPM_TEST(a_name_is_of_the_public_area),
                SWTPM_TEST(another_unique_is_not_told_apart),
                SWTPM_TEST(what_fails_on_the_way_back_is_made),
                SWTPM_TEST(a_tpm_that_is_busy_is_not_asked_in_another_way),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
