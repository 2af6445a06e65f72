/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "support/folder.h"
#include "support/libc.h"
#include "verify/releases.h"

#define ROOT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SIGNER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* A leaf of one root hash: the byte, 32 times. */
static Span leaf_of(uint8_t root, const char *name, const char *version, Buf *to) {
        buf_done(to);
        buf_printf(to, "avouch/release/v1\ntype sysext\nname %s\n", name);
        if (version)
                buf_printf(to, "version %s\n", version);
        buf_string(to, "verity-root-hash sha256:");
        for (size_t i = 0; i < 32; i++)
                buf_printf(to, "%02x", root);
        buf_string(to, "\n");
        return buf_span(to);
}

static const char *name_of(const Releases *r, uint8_t root) {
        uint8_t root_hash[32];
        const Release *found;

        memset(root_hash, root, sizeof(root_hash));
        found = releases_by_root_hash(r, root_hash);
        return found ? found->name : NULL;
}

static void a_release_is_found_by_its_root_hash(void **state) {
        _cleanup_(releases_done) Releases r = {};
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);

        (void) state;
        assert_null(name_of(&r, 1));
        for (unsigned i = 1; i <= 40; i++) {
                char name[8];

                (void) snprintf(name, sizeof(name), "n%u", i);
                assert_int_equal(releases_add(&r, leaf_of((uint8_t) i, name, "1", &b), NULL), 0);
        }
        assert_int_equal(r.n, 40);
        assert_string_equal(name_of(&r, 1), "n1");
        assert_string_equal(name_of(&r, 40), "n40");
        assert_null(name_of(&r, 41));
}

static void a_release_without_a_root_hash_is_not_found_by_zeros(void **state) {
        _cleanup_(releases_done) Releases r = {};

        (void) state;
        assert_int_equal(releases_add(&r, SPAN_LITERAL("avouch/release/v1\ntype sysext\nname a\n"),
                                         NULL),
                        0);
        assert_int_equal(r.n, 1);
        assert_null(name_of(&r, 0));
}

static void all_that_a_leaf_says_is_kept(void **state) {
        _cleanup_(releases_done) Releases r = {};
        static const char leaf[] = "avouch/release/v1\ntype confext\nname a\nversion 1.2\n"
                                   "verity-root-hash sha256:" ROOT "\nsigner sha256:" SIGNER "\n";

        (void) state;
        assert_int_equal(releases_add(&r, SPAN_LITERAL(leaf), NULL), 0);
        assert_int_equal(r.list[0].type, LEAF_CONFEXT);
        assert_string_equal(r.list[0].name, "a");
        assert_string_equal(r.list[0].version, "1.2");
        assert_true(r.list[0].has_root_hash && r.list[0].has_signer);
        assert_int_equal(r.list[0].root_hash[31], 0xef);
        assert_int_equal(r.list[0].signer[31], 0x10);
}

/* The same hash is the same release, or a contradiction. */
static void a_root_hash_has_one_meaning(void **state) {
        static const struct {
                const char *leaf;
                int rc;
        } cases[] = {
                { "type sysext\nname a\nversion 1\nverity-root-hash sha256:" ROOT
                  "\nsigner sha256:" SIGNER "\n",
                                0 },
                { "type confext\nname a\nversion 1\nverity-root-hash sha256:" ROOT
                  "\nsigner sha256:" SIGNER "\n",
                                -EBADMSG },
                { "type sysext\nname b\nversion 1\nverity-root-hash sha256:" ROOT
                  "\nsigner sha256:" SIGNER "\n",
                                -EBADMSG },
                { "type sysext\nname a\nversion 2\nverity-root-hash sha256:" ROOT
                  "\nsigner sha256:" SIGNER "\n",
                                -EBADMSG },
                { "type sysext\nname a\nverity-root-hash sha256:" ROOT "\nsigner sha256:" SIGNER
                  "\n",
                                -EBADMSG },
                { "type sysext\nname a\nversion 1\nverity-root-hash sha256:" ROOT
                  "\nsigner sha256:" ROOT "\n",
                                -EBADMSG },
                { "type sysext\nname a\nversion 1\nverity-root-hash sha256:" ROOT "\n", -EBADMSG },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
                _cleanup_(releases_done) Releases r = {};
                Err e = {};

                buf_printf(&b, "avouch/release/v1\n%s", cases[0].leaf);
                assert_int_equal(releases_add(&r, buf_span(&b), NULL), 0);
                buf_done(&b);
                buf_printf(&b, "avouch/release/v1\n%s", cases[i].leaf);
                assert_int_equal(releases_add(&r, buf_span(&b), &e), cases[i].rc);
                if (cases[i].rc < 0)
                        assert_non_null(strstr(e.text, "has the root hash of 'a'"));
                assert_int_equal(r.n, 1);
        }
}

static void a_kernel_is_found_by_its_authenticode_digest(void **state) {
        static const char first[] = "avouch/release/v1\ntype uki\nname a\n"
                                    "authenticode sha256:" ROOT "\n";
        static const char other[] = "avouch/release/v1\ntype uki\nname b\n"
                                    "authenticode sha256:" ROOT "\n";
        static const char none[] = "avouch/release/v1\ntype uki\nname c\n"
                                   "verity-root-hash sha256:" ROOT "\n";
        _cleanup_(releases_done) Releases r = {};
        uint8_t digest[32] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
        const Release *found;
        Err e = {};

        (void) state;
        for (size_t i = 8; i < sizeof(digest); i++)
                digest[i] = digest[i % 8];
        assert_int_equal(releases_add(&r, SPAN_LITERAL(none), NULL), 0);
        assert_null(releases_by_authenticode(&r, digest));
        assert_int_equal(releases_add(&r, SPAN_LITERAL(first), NULL), 0);
        found = releases_by_authenticode(&r, digest);
        assert_non_null(found);
        assert_string_equal(found->name, "a");
        assert_int_equal(releases_add(&r, SPAN_LITERAL(other), &e), -EBADMSG);
        assert_non_null(strstr(e.text, "'b' has the Authenticode digest of 'a'"));
        assert_int_equal(releases_add(&r, SPAN_LITERAL(first), NULL), 0);
        assert_int_equal(r.n, 2);
        digest[31] ^= 1;
        assert_null(releases_by_authenticode(&r, digest));
}

/* Zeros are a signer too, and not the same as none. */
static void no_signer_is_no_zero_signer(void **state) {
        static const char none[] = "avouch/release/v1\ntype sysext\nname a\n"
                                   "verity-root-hash sha256:" ROOT "\n";
        static const char zeros[] =
                        "avouch/release/v1\ntype sysext\nname a\nverity-root-hash sha256:" ROOT
                        "\nsigner sha256:"
                        "0000000000000000000000000000000000000000000000000000000000000000\n";
        _cleanup_(releases_done) Releases r = {};

        (void) state;
        assert_int_equal(releases_add(&r, SPAN_LITERAL(none), NULL), 0);
        assert_int_equal(releases_add(&r, SPAN_LITERAL(zeros), NULL), -EBADMSG);
        assert_int_equal(r.n, 1);
}

static void what_is_no_leaf_is_refused_and_nothing_is_taken(void **state) {
        _cleanup_(releases_done) Releases r = {};
        Err e = {};

        (void) state;
        assert_int_equal(releases_add(&r, SPAN_LITERAL("avouch/release/v1\ntype sysext\n"), &e),
                        -EBADMSG);
        assert_int_equal(r.n, 0);
}

static void a_version_longer_than_a_record_can_name_is_refused(void **state) {
        _cleanup_(releases_done) Releases r = {};
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
        char version[NAME_TEXT_MAX + 2] = "";
        Err e = {};

        (void) state;
        memset(version, '1', NAME_TEXT_MAX);
        assert_int_equal(releases_add(&r, leaf_of(1, "a", version, &b), NULL), 0);
        assert_int_equal(strlen(r.list[0].version), NAME_TEXT_MAX);
        version[NAME_TEXT_MAX] = '1';
        assert_int_equal(releases_add(&r, leaf_of(2, "a", version, &b), &e), -EBADMSG);
        assert_non_null(strstr(e.text, "too long"));
        assert_int_equal(r.n, 1);
}

static void there_is_an_end_to_leaves(void **state) {
        _cleanup_(releases_done) Releases r = {};
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
        /* none has a root hash: a second leaf of one hash is not kept */
        Span leaf = SPAN_LITERAL("avouch/release/v1\ntype uki\nname a\n");
        Err e = {};

        (void) state;
        assert_int_equal(releases_add(&r, leaf_of(1, "a", NULL, &b), NULL), 0);
        assert_int_equal(releases_add(&r, leaf_of(1, "a", NULL, &b), NULL), 0);
        assert_int_equal(r.n, 1);
        for (size_t i = 1; i < LEAVES_MAX; i++)
                assert_int_equal(releases_add(&r, leaf, NULL), 0);
        assert_int_equal(releases_add(&r, leaf, &e), -E2BIG);
        assert_string_equal(e.text, "more than 4096 leaves");
        assert_int_equal(r.n, LEAVES_MAX);
}

static void no_memory_is_said_so(void **state) {
        _cleanup_(releases_done) Releases r = {};
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
        Span leaf = leaf_of(1, "a", NULL, &b);
        Err e = {};

        (void) state;
        libc_fail_after(LIBC_MEMORY, 0, ENOMEM, true);
        assert_int_equal(releases_add(&r, leaf, &e), -ENOMEM);
        assert_int_equal(libc_heal(), 1);
        assert_int_equal(r.n, 0);
        assert_non_null(strstr(e.text, "no memory"));
}

/* Whatever step of taking a UKI finds no memory. */
static void a_uki_is_taken_whole_or_not_at_all(void **state) {
        static const Span leaf = SPAN_LITERAL(
                        "avouch/release/v1\ntype uki\nname a\nsection .linux sha256:"
                        "1111111111111111111111111111111111111111111111111111111111111111\n"
                        "pcr11 sha256:enter-initrd "
                        "2222222222222222222222222222222222222222222222222222222222222222\n");
        int failed = 1, n = 0;

        (void) state;
        for (; failed > 0; n++) {
                _cleanup_(releases_done) Releases r = {};
                int rc;

                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = releases_add(&r, leaf, NULL);
                failed = libc_heal();
                assert_int_equal(rc, failed > 0 ? -ENOMEM : 0);
                assert_int_equal(r.n, failed > 0 ? 0 : 1);
        }
        assert_int_equal(n, 4); /* the list, sections, values; and none */
}

static void a_folder_gives_its_leaves_and_nothing_else(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(releases_done) Releases r = {};
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);

        (void) state;
        folder_write(&f, "one.leaf", leaf_of(1, "one", NULL, &b));
        folder_write(&f, "two.raw.leaf", leaf_of(2, "two", NULL, &b));
        folder_write(&f, "three.raw", SPAN_LITERAL("an image"));
        folder_write(&f, ".leaf", SPAN_LITERAL("a name that has nothing before its end"));
        folder_write(&f, "leaf", SPAN_LITERAL("no ending"));
        assert_int_equal(releases_load(&r, f.path, NULL), 0);
        assert_int_equal(r.n, 2);
        assert_string_equal(name_of(&r, 1), "one");
        assert_string_equal(name_of(&r, 2), "two");
}

/* Leaves that were not read are not known, and what they would vouch for is not proven. */
static void a_folder_that_cannot_be_read_is_an_error(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        int failed = 1, n = 0;

        (void) state;
        folder_write(&f, "three.raw", SPAN_LITERAL("an image"));
        for (; failed > 0; n++) {
                _cleanup_(releases_done) Releases r = {};
                Err e = {};
                int rc;

                libc_fail_after(LIBC_FILES, n, EIO, false);
                rc = releases_load(&r, f.path, &e);
                failed = libc_heal();
                assert_int_equal(rc, failed > 0 ? -EIO : 0);
                assert_true(failed == 0 || strstr(e.text, f.path));
        }
        assert_int_equal(n, 5); /* ., .., the file, the end; and none */
}

static void a_leaf_that_is_named_is_taken_whatever_its_ending(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(releases_done) Releases r = {};
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);

        (void) state;
        folder_write(&f, "leaf", leaf_of(7, "seven", NULL, &b));
        assert_int_equal(releases_load(&r, folder_path(&f, "leaf"), NULL), 0);
        assert_string_equal(name_of(&r, 7), "seven");
}

static void a_leaf_that_is_wrong_is_named(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(releases_done) Releases r = {};
        Err e = {};

        (void) state;
        folder_write(&f, "bad.leaf", SPAN_LITERAL("nothing"));
        assert_int_equal(releases_load(&r, f.path, &e), -EBADMSG);
        assert_non_null(strstr(e.text, folder_path(&f, "bad.leaf")));
        e = (Err){};
        assert_int_equal(releases_load(&r, folder_path(&f, "absent.leaf"), &e), -ENOENT);
        assert_non_null(strstr(e.text, "absent.leaf"));
        assert_int_equal(r.n, 0);
}

static void a_leaf_above_its_limit_is_not_read(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(releases_done) Releases r = {};
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX + 1);

        (void) state;
        buf_zeros(&b, LEAF_MAX + 1);
        folder_write(&f, "large.leaf", buf_span(&b));
        assert_int_equal(releases_load(&r, f.path, NULL), -E2BIG);
}

static void a_path_that_is_too_long_is_refused(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(releases_done) Releases r = {};
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
        char path[4096];
        Err e = {};
        size_t n;

        (void) state;
        folder_write(&f, "one.leaf", leaf_of(1, "one", NULL, &b));
        n = (size_t) snprintf(path, sizeof(path), "%s", f.path);
        while (n + 2 < sizeof(path) - 4) {
                memcpy(path + n, "/.", 3);
                n += 2;
        }
        assert_int_equal(releases_load(&r, path, &e), -ENAMETOOLONG);
        assert_int_equal(r.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_release_is_found_by_its_root_hash),
                cmocka_unit_test(a_release_without_a_root_hash_is_not_found_by_zeros),
                cmocka_unit_test(all_that_a_leaf_says_is_kept),
                cmocka_unit_test(a_root_hash_has_one_meaning),
                cmocka_unit_test(a_kernel_is_found_by_its_authenticode_digest),
                cmocka_unit_test(no_signer_is_no_zero_signer),
                cmocka_unit_test(what_is_no_leaf_is_refused_and_nothing_is_taken),
                cmocka_unit_test(a_version_longer_than_a_record_can_name_is_refused),
                cmocka_unit_test(there_is_an_end_to_leaves),
                cmocka_unit_test(no_memory_is_said_so),
                cmocka_unit_test(a_uki_is_taken_whole_or_not_at_all),
                cmocka_unit_test(a_folder_gives_its_leaves_and_nothing_else),
                cmocka_unit_test(a_folder_that_cannot_be_read_is_an_error),
                cmocka_unit_test(a_leaf_that_is_named_is_taken_whatever_its_ending),
                cmocka_unit_test(a_leaf_that_is_wrong_is_named),
                cmocka_unit_test(a_leaf_above_its_limit_is_not_read),
                cmocka_unit_test(a_path_that_is_too_long_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
