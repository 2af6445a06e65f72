/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <string.h>

#include "base/text.h"
#include "port/crypto.h"
#include "port/pcr11.h"

/* "systemd-measure calculate --linux=FILE --cmdline=FILE" of systemd 252, FILE holding "hi". */
static const struct {
        HashAlg bank;
        const char *phases, *value;
} cases[] = {
        { HASH_SHA1, ":",
                        "d7c86b863fd3bb03b893"
                        "a3b5ceb14bb4f30f5f96" },
        { HASH_SHA1, "enter-initrd:leave-initrd:sysinit:ready",
                        "65b7d247a3512ad7fbd2"
                        "49417c57acb80e96575d" },
        { HASH_SHA256, ":",
                        "d55aef7bc56aa858645321b881432169"
                        "66935f73c92db1326c6e7777d67b0c19" },
        { HASH_SHA256, "enter-initrd:leave-initrd:sysinit:ready",
                        "0f43eab18fbca6da90d9c187ac1091df"
                        "78f2971239f1f3f24c2d385277d6b30f" },
        { HASH_SHA384, ":",
                        "289c6a3828bfb9867db1d2f59e43b9b5c73801dfdda7bf06"
                        "d734a7e6e3d43c52dc88e0bd63856b9771fd7eee15f02c7b" },
        { HASH_SHA384, "enter-initrd:leave-initrd:sysinit:ready",
                        "f85a7b7e3ca8fbab9fa10725239e33fb9f42725ea90a8c4f"
                        "372f6ce76ceb188eb1007031453ab3d287dfc4f9c7d4179f" },
        { HASH_SHA512, ":",
                        "620378546f6d9299a569a4892dca801b5d09b497cdfbf47646e6f21f6069b46e"
                        "27301301fc7144b0c6f260e894ef4e7b90218c829458eba9fd64df524dee617f" },
        { HASH_SHA512, "enter-initrd:leave-initrd:sysinit:ready",
                        "c64e54c6cf3118f6c3be9b7b4e6d8482db1433e1fab830126af3e8552f83acd6"
                        "1ebac5c155413b8cf84529776ccbcf9d184089ec4b02dfdf9e534ec51986508d" },
};

static void value_of(HashAlg bank, const char *phases, char hex[2 * DIGEST_MAX + 1]) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * DIGEST_MAX);
        Digest contents, value = digest_zero(bank);

        assert_int_equal(hash_bytes(bank, SPAN_LITERAL("hi"), &contents, NULL), 0);
        assert_int_equal(pcr11_section(&value, ".linux", &contents, NULL), 0);
        assert_int_equal(pcr11_section(&value, ".cmdline", &contents, NULL), 0);
        assert_int_equal(pcr11_phases(&value, span_of(phases), NULL), 0);
        text_hex(&b, digest_span(&value));
        memcpy(hex, b.data, b.size);
        hex[b.size] = '\0';
}

static void values_are_systemds(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char hex[2 * DIGEST_MAX + 1];

                value_of(cases[i].bank, cases[i].phases, hex);
                assert_string_equal(hex, cases[i].value);
        }
}

static void nothing_and_a_colon_are_no_phase(void **state) {
        char none[2 * DIGEST_MAX + 1], colon[2 * DIGEST_MAX + 1], one[2 * DIGEST_MAX + 1];

        (void) state;
        value_of(HASH_SHA256, "", none);
        value_of(HASH_SHA256, ":", colon);
        value_of(HASH_SHA256, "a", one);
        assert_string_equal(none, colon);
        assert_string_not_equal(none, one);
}

static void a_path_is_its_words_one_after_another(void **state) {
        Digest whole = digest_zero(HASH_SHA384), steps = digest_zero(HASH_SHA384);

        (void) state;
        assert_int_equal(pcr11_phases(&whole, SPAN_LITERAL("a:bc"), NULL), 0);
        assert_int_equal(pcr11_phases(&steps, SPAN_LITERAL("a"), NULL), 0);
        assert_int_equal(pcr11_phases(&steps, SPAN_LITERAL("bc"), NULL), 0);
        assert_true(digest_equal(&whole, &steps));
}

static void the_usual_paths_grow(void **state) {
        size_t n = 0;

        (void) state;
        for (; pcr11_phase_paths[n + 1]; n++)
                assert_true(span_starts(
                                span_of(pcr11_phase_paths[n + 1]), span_of(pcr11_phase_paths[n])));
        assert_string_equal(pcr11_phase_paths[n], "enter-initrd:leave-initrd:sysinit:ready");
        assert_int_equal(n, 3);
}

/* "systemd-measure policy-digest --linux=FILE --phase=enter-initrd" of systemd 262, FILE holding
 * "hi" and a line feed. */
static void policies_are_systemds(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * DIGEST_MAX);
        Digest contents, value = digest_zero(HASH_SHA256), policy;

        (void) state;
        assert_int_equal(hash_bytes(HASH_SHA256, SPAN_LITERAL("hi\n"), &contents, NULL), 0);
        assert_int_equal(pcr11_section(&value, ".linux", &contents, NULL), 0);
        assert_int_equal(pcr11_phases(&value, SPAN_LITERAL("enter-initrd"), NULL), 0);
        assert_int_equal(pcr11_policy(&value, &policy, NULL), 0);
        text_hex(&b, digest_span(&policy));
        assert_true(span_is(buf_span(&b), "18ff39f599ef6813218e94a9c5bbf908"
                                          "cf8c673a7654855e8d479b15edd06e4b"));
}

static void paths_are_words_between_colons(void **state) {
        static const char *const good[] = { "a", "a:b", "enter-initrd:leave-initrd" },
                                 *const bad[] = { "", ":", "a:", ":a", "a::b", "a b", "a\"", "a\\",
                                         "a\n", "\x7f" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++)
                assert_true(pcr11_is_path(span_of(good[i])));
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_false(pcr11_is_path(span_of(bad[i])));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_systemds),
                cmocka_unit_test(policies_are_systemds),
                cmocka_unit_test(paths_are_words_between_colons),
                cmocka_unit_test(nothing_and_a_colon_are_no_phase),
                cmocka_unit_test(a_path_is_its_words_one_after_another),
                cmocka_unit_test(the_usual_paths_grow),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
