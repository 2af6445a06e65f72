/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "verify/layers.h"

/* The claim layers, over a story that is proven already. */

#define LEAF(type, name, version, root, signer)                                                    \
        "avouch/release/v1\n"                                                                      \
        "type " type "\n"                                                                          \
        "name " name "\n" version "verity-root-hash sha256:" root "\n" signer
#define ROOT "abababababababababababababababababababababababababababababababab"
#define UKI(key, hash)                                                                             \
        "avouch/release/v1\n"                                                                      \
        "type uki\nname linux\nversion 7\n" key " sha256:" hash "\n" SIGNER
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define SIGNER "signer sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n"

typedef struct Table {
        Story story;
        Policy policy;
        Releases releases;
        Verdict verdict;
} Table;

static Table *table_new(const char *leaf) {
        Table *t = calloc(1, sizeof(*t));

        assert_non_null(t);
        t->policy = policy_default();
        assert_int_equal(releases_add(&t->releases, span_of(leaf), NULL), 0);
        verdict_prove(&t->verdict, CLAIM_REGISTERS, "for this test");
        return t;
}

static void table_free(Table *t) {
        releases_done(&t->releases);
        free(t);
}

static StoryLayer *add(Table *t, const char *class, const char *name, const char *version) {
        StoryLayer *layer = &t->story.layers[t->story.n_layers];

        *layer = (StoryLayer){ .class = span_of(class),
                .name = span_of(name),
                .version = span_of(version),
                .has_root_hash = true,
                .has_signer = true,
                .seq = 10 + t->story.n_layers++ };
        memset(layer->root_hash, 0xab, sizeof(layer->root_hash));
        memset(layer->signer, 0xcd, sizeof(layer->signer));
        return layer;
}

static void judge(Table *t) {
        const Question q = { .policy = &t->policy, .releases = &t->releases };

        judge_layers(&t->story, &q, &t->verdict);
}

static void assert_reason(const Table *t, ClaimState state, const char *reason) {
        assert_string_equal(t->verdict.reasons[CLAIM_LAYERS], reason);
        assert_int_equal(verdict_state(&t->verdict, CLAIM_LAYERS), state);
}

static void each_layer_is_a_release_as_recorded(void **state) {
        Table *t = table_new(LEAF("sysext", "tools", "version 1.2\n", ROOT, SIGNER));

        (void) state;
        (void) add(t, "sysext", "tools", "1.2");
        (void) add(t, "sysext", "tools", "1.2");
        judge(t);
        assert_reason(t, CLAIM_PROVEN, "2 activated in this boot, each a known release");
        table_free(t);
}

static void no_layer_at_all_is_said_so(void **state) {
        Table *t = table_new(LEAF("sysext", "tools", "", ROOT, ""));

        (void) state;
        judge(t);
        assert_reason(t, CLAIM_PROVEN, "none was activated in this boot");
        table_free(t);
}

static void what_a_log_says_that_is_not_proven_counts_for_nothing(void **state) {
        Table *t = table_new(LEAF("sysext", "tools", "version 1.2\n", ROOT, SIGNER));

        (void) state;
        t->verdict = (Verdict){};
        (void) add(t, "sysext", "tools", "1.2");
        judge(t);
        assert_reason(t, CLAIM_NOT_PROVEN, "the log that names them is not proven (registers)");
        table_free(t);
}

static void a_release_is_named_by_its_root_hash_and_by_nothing_else(void **state) {
        static const struct {
                const char *class, *name, *version, *words;
        } cases[] = {
                { "sysext", "toolz", "1.2", "name" },
                { "sysext", "tool", "1.2", "name" },
                { "sysext", "tools", "1.3", "version" },
                { "sysext", "tools", "", "version" },
                { "confext", "tools", "1.2", "class" },
                { "portable", "tools", "1.2", "class" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Table *t = table_new(LEAF("sysext", "tools", "version 1.2\n", ROOT, SIGNER));
                char reason[REASON_MAX];

                (void) add(t, cases[i].class, cases[i].name, cases[i].version);
                judge(t);
                (void) snprintf(reason, sizeof(reason),
                                "'%s' (record 10) is release 'tools' by its root hash, but its %s differs",
                                cases[i].name, cases[i].words);
                assert_reason(t, CLAIM_NOT_PROVEN, reason);
                table_free(t);
        }
}

static void a_backslash_stands_in_a_record_as_records_have_it(void **state) {
        static const struct {
                const char *recorded;
                ClaimState state;
        } cases[] = {
                { "a\\\\x5cb", CLAIM_PROVEN }, /* in JSON */
                { "a\\x5cb", CLAIM_NOT_PROVEN },
                { "a\\b", CLAIM_NOT_PROVEN },
                { "a\\\\x5c", CLAIM_NOT_PROVEN },
                { "a\\\\x5cbc", CLAIM_NOT_PROVEN },
                { "", CLAIM_NOT_PROVEN },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Table *t = table_new(LEAF("sysext", "a\\b", "", ROOT, ""));

                (void) add(t, "sysext", cases[i].recorded, "");
                judge(t);
                assert_int_equal(verdict_state(&t->verdict, CLAIM_LAYERS), cases[i].state);
                table_free(t);
        }
}

static void a_signer_is_compared_where_both_name_one(void **state) {
        (void) state;
        for (unsigned i = 0; i < 4; i++) {
                Table *t = table_new(i & 1 ? LEAF("sysext", "tools", "", ROOT, SIGNER)
                                           : LEAF("sysext", "tools", "", ROOT, ""));
                StoryLayer *layer = add(t, "sysext", "tools", "");

                layer->has_signer = i & 2;
                layer->signer[31] ^= 1;
                judge(t);
                if (i == 3)
                        assert_reason(t, CLAIM_NOT_PROVEN,
                                        "'tools' (record 10) is release 'tools' by its root hash, but its signer differs");
                else
                        assert_int_equal(verdict_state(&t->verdict, CLAIM_LAYERS), CLAIM_PROVEN);
                table_free(t);
        }
}

/* A kernel that kexec loads: it is known by its Authenticode digest, and never by a root hash. */
static void a_kernel_is_a_release_by_its_authenticode_digest(void **state) {
        static const struct {
                const char *leaf;
                uint8_t digest;
                ClaimState state;
                const char *reason;
        } cases[] = {
                { UKI("authenticode", ROOT), 0xab, CLAIM_PROVEN,
                                "1 activated in this boot, each a known release" },
                { UKI("authenticode", ROOT), 0xac, CLAIM_NOT_PROVEN,
                                "'linux' (Authenticode digest acacacacacacacac..., record 10) is no release that was handed over" },
                { UKI("verity-root-hash", ROOT), 0xab, CLAIM_NOT_PROVEN,
                                "'linux' (Authenticode digest abababababababab..., record 10) is no release that was handed over" },
                { UKI("authenticode", ZEROS), 0xab, CLAIM_NOT_PROVEN,
                                "'linux' (Authenticode digest abababababababab..., record 10) is no release that was handed over" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Table *t = table_new(cases[i].leaf);
                StoryLayer *layer = add(t, "uki", "linux", "7");

                layer->has_root_hash = false;
                layer->has_identity = true;
                memset(layer->identity, cases[i].digest, sizeof(layer->identity));
                judge(t);
                assert_reason(t, cases[i].state, cases[i].reason);
                table_free(t);
        }
}

static void a_kernel_under_another_name_is_named(void **state) {
        Table *t = table_new(UKI("authenticode", ROOT));
        StoryLayer *layer = add(t, "uki", "linux", "8");

        (void) state;
        layer->has_root_hash = false;
        layer->has_identity = true;
        memset(layer->identity, 0xab, sizeof(layer->identity));
        judge(t);
        assert_reason(t, CLAIM_NOT_PROVEN,
                        "'linux' (record 10) is release 'linux' by its Authenticode digest, but its version differs");
        table_free(t);
}

static void a_layer_without_a_root_hash_is_no_release(void **state) {
        Table *t = table_new(LEAF("sysext", "tools", "", ZEROS, ""));
        StoryLayer *layer = add(t, "sysext", "tools", "");

        (void) state;
        memset(layer->root_hash, 0, sizeof(layer->root_hash));
        assert_non_null(layer_release(layer, &t->releases));
        layer->has_root_hash = false;
        assert_null(layer_release(layer, &t->releases));
        judge(t);
        assert_reason(t, CLAIM_NOT_PROVEN,
                        "'tools' (root hash 0000000000000000..., record 10) is no release that was handed over");
        table_free(t);
}

/* One that nobody knows ends it: the first is named, and nothing is said of the others. */
static void one_stranger_among_many_is_named(void **state) {
        Table *t = table_new(LEAF("sysext", "tools", "version 1.2\n", ROOT, SIGNER));

        (void) state;
        (void) add(t, "sysext", "tools", "1.2");
        add(t, "sysext", "evil", "6")->root_hash[31] = 0x66;
        t->story.layers[1].has_signer = false;
        add(t, "sysext", "worse", "7")->root_hash[31] = 0x67;
        judge(t);
        assert_reason(t, CLAIM_NOT_PROVEN,
                        "'evil' (root hash abababababababab..., record 11) is no release that was handed over");
        table_free(t);
}

static void signatures_that_were_not_checked_are_counted(void **state) {
        Table *t = table_new(LEAF("sysext", "tools", "version 1.2\n", ROOT, SIGNER));

        (void) state;
        (void) add(t, "sysext", "tools", "1.2");
        add(t, "sysext", "tools", "1.2")->has_signer = false;
        add(t, "sysext", "tools", "1.2")->has_signer = false;
        judge(t);
        assert_reason(t, CLAIM_PROVEN,
                        "3 activated in this boot, each a known release; of 2 the machine did not check "
                        "the signature (their content is the release's all the same)");
        table_free(t);
}

static void records_that_were_left_out_may_have_been_of_layers(void **state) {
        Table *t = table_new(LEAF("sysext", "tools", "version 1.2\n", ROOT, SIGNER));

        (void) state;
        (void) add(t, "sysext", "tools", "1.2");
        t->story.lost_layers = true;
        judge(t);
        assert_reason(t, CLAIM_NOT_PROVEN, "the log says that records of layers were left out");
        table_free(t);
}

static void a_long_name_is_cut(void **state) {
        Table *t = table_new(LEAF("sysext", "tools", "", ROOT, ""));
        char name[101] = "", reason[REASON_MAX];

        (void) state;
        memset(name, 'n', sizeof(name) - 1);
        (void) add(t, "sysext", name, "");
        judge(t);
        (void) snprintf(reason, sizeof(reason),
                        "'%.80s' (record 10) is release 'tools' by its root hash, but its name differs",
                        name);
        assert_reason(t, CLAIM_NOT_PROVEN, reason);
        table_free(t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_layer_is_a_release_as_recorded),
                cmocka_unit_test(no_layer_at_all_is_said_so),
                cmocka_unit_test(what_a_log_says_that_is_not_proven_counts_for_nothing),
                cmocka_unit_test(a_release_is_named_by_its_root_hash_and_by_nothing_else),
                cmocka_unit_test(a_backslash_stands_in_a_record_as_records_have_it),
                cmocka_unit_test(a_signer_is_compared_where_both_name_one),
                cmocka_unit_test(a_kernel_is_a_release_by_its_authenticode_digest),
                cmocka_unit_test(a_kernel_under_another_name_is_named),
                cmocka_unit_test(a_layer_without_a_root_hash_is_no_release),
                cmocka_unit_test(one_stranger_among_many_is_named),
                cmocka_unit_test(signatures_that_were_not_checked_are_counted),
                cmocka_unit_test(records_that_were_left_out_may_have_been_of_layers),
                cmocka_unit_test(a_long_name_is_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
