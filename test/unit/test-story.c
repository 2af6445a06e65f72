/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/case.h"
#include "support/draftlog.h"

/* What the log tells, replayed: registers, layers, untouched. */

/* Where the n-th record of the log begins. */
static size_t record_at(const Buf *log, unsigned n) {
        Span rest = buf_span(log), line;

        while (n-- > 0)
                assert_int_equal(record_next_line(&rest, &line, NULL), 1);
        return log->size - rest.size;
}

static void a_record_cannot_be_taken_out(void **state) {
        (void) state;
        for (unsigned n = 0; n < 3; n++) {
                Case c;
                size_t from, to;

                case_begin(&c);
                forge_quote(&c.forge);
                from = record_at(&c.forge.log, n);
                to = record_at(&c.forge.log, n + 1);
                memmove(c.forge.log.data + from, c.forge.log.data + to, c.forge.log.size - to);
                c.forge.log.size -= to - from;
                case_judge_bundle(&c);
                assert_refused(&c, CLAIM_REGISTERS, "record");
                assert_int_equal(case_state(&c, CLAIM_LAYERS), CLAIM_NOT_PROVEN);
                assert_int_equal(case_state(&c, CLAIM_UNTOUCHED), CLAIM_NOT_PROVEN);
                case_end(&c);
        }
}

static void no_byte_of_the_log_can_be_changed(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        for (size_t i = 0; i < c.forge.log.size; i++) {
                c.forge.log.data[i] ^= 1;
                case_judge_bundle(&c);
                assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_NOT_PROVEN);
                c.forge.log.data[i] ^= 1;
        }
        case_end(&c);
}

static void a_record_cannot_be_added(void **state) {
        Case c, other;

        (void) state;
        case_begin(&c);
        case_begin(&other);
        forge_quote(&c.forge);
        /* a chain of the same length and one more, right in itself */
        assert_int_equal(measure_note(&c.account, "one", NULL), 0);
        assert_int_equal(measure_note(&c.account, "two", NULL), 0);
        buf_done(&c.forge.log);
        buf_bytes(&c.forge.log, buf_span(&c.world.log));
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_REGISTERS, "do not replay");
        case_end(&c);
        case_end(&other);
}

/* The log says one record more than the register: a crash may leave that, and anybody can write it.
 */
static void a_record_that_is_in_no_register_proves_nothing(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        assert_int_equal(measure_note(&c.account, "pending", NULL), 0);
        buf_done(&c.forge.log);
        buf_bytes(&c.forge.log, buf_span(&c.world.log));
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_REGISTERS, "last record (3) is not in the quoted pcr:8");
        assert_int_equal(case_state(&c, CLAIM_LAYERS), CLAIM_NOT_PROVEN);
        case_end(&c);
}

/* Nothing was ever recorded; somebody in between writes a genesis that begins at zero. */
static void a_genesis_that_is_in_no_register_proves_nothing(void **state) {
        Case c, other;

        (void) state;
        case_begin(&c);
        case_begin(&other);
        world_done(&c.world);
        world_new(&c.world);
        forge_take(&c.forge, &c.world); /* PCR 8 is zero, and the log empty */
        forge_quote(&c.forge);
        world_done(&other.world);
        world_new(&other.world);
        assert_int_equal(account_open(&other.world.store, &other.world.tpm, pcr8, &other.account,
                                         NULL),
                        0);
        buf_bytes(&c.forge.log, buf_span(&other.world.log));
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_REGISTERS, "is not in the quoted pcr:8");
        assert_int_equal(case_state(&c, CLAIM_UNTOUCHED), CLAIM_NOT_PROVEN);
        case_end(&c);
        case_end(&other);
}

static void silence_fails(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        buf_done(&c.forge.log);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "says nothing");
        case_end(&c);
}

static void a_log_of_another_register_proves_nothing(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.policy.registers[0].index = 9;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "another register than pcr:9");
        case_end(&c);
}

static void a_register_without_a_log_is_unexplained(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.values.digests[0][4].bytes[0] = 1;
        c.forge.signed_values = c.forge.values;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "sha256:4");
        case_end(&c);
}

static void a_quote_without_the_register_proves_nothing(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.values.held.banks[0].mask = 0xff;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not quoted in a bank that proves");
        case_end(&c);
}

static void sha1_proves_nothing(void **state) {
        const Digest *value;
        Case c;

        (void) state;
        case_begin(&c);
        value = pcr_value(&c.world.pcrs, HASH_SHA1, WORLD_PCR);
        c.forge.values = (PcrValues){};
        assert_true(pcr_set(&c.forge.values, WORLD_PCR, value));
        c.forge.signed_values = c.forge.values;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not quoted in a bank that proves");
        case_end(&c);
}

static void a_bank_that_the_log_was_not_extended_into_is_refused(void **state) {
        Digest zero = digest_zero(HASH_SHA512);
        Case c;

        (void) state;
        case_begin(&c);
        assert_true(pcr_set(&c.forge.values, WORLD_PCR, &zero));
        c.forge.signed_values = c.forge.values;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not extended into");
        case_end(&c);
}

static void a_broken_log_is_not_proven(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        world_extend_foreign(&c.world, true);
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "somebody else extended");
        case_end(&c);
}

static void a_log_that_begins_late_is_taken_only_where_policy_says_so(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        buf_done(&c.world.log); /* the log is gone, the register is not */
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "was not zero any more");
        c.policy.any_start = true;
        case_judge_machine(&c);
        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_REGISTERS], "any start"));
        case_end(&c);
}

static void the_tpm_must_not_have_been_restarted_since(void **state) {
        static const struct {
                TpmClock clock;
                const char *words;
        } cases[] = {
                { { .clock = 4711, .reset_count = 4 }, "resetCount" },
                { { .clock = 4711, .reset_count = 0 }, "resetCount" },
                { { .clock = 0, .reset_count = 3 }, "clock went back" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Case c;

                case_begin(&c);
                c.forge.clock = cases[i].clock;
                case_judge(&c);
                assert_refused(&c, CLAIM_REGISTERS, cases[i].words);
                case_end(&c);
        }
}

static void a_suspend_is_no_restart_but_is_said(void **state) {
        static const Claim told[] = { CLAIM_REGISTERS, CLAIM_LAYERS, CLAIM_UNTOUCHED };
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.clock.restart_count = 2;
        case_judge(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        for (size_t i = 0; i < ELEMENTS(told); i++)
                assert_non_null(strstr(c.judgement.verdict.reasons[told[i]],
                                "resumed or restarted 2 times"));
        case_end(&c);
}

static void a_restart_count_that_went_back_is_refused(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        world_done(&c.world);
        world_new(&c.world);
        c.world.clock.restart_count = 5;
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        forge_take(&c.forge, &c.world);
        c.forge.clock.restart_count = 4;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "restartCount went back");
        case_end(&c);
}

static void a_layer_that_nobody_released_is_named(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        case_add_layer(&c, "evil", "6", 0x66, 0x66);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_LAYERS,
                        "'evil' (root hash 6666666666666666..., record 3) is no release");
        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        case_end(&c);
}

static void a_layer_under_another_name_than_its_release_is_refused(void **state) {
        static const struct {
                const char *name, *version;
                uint8_t signer;
                const char *words;
        } cases[] = {
                { "toolz", "1.2", 0xcd, "its name differs" },
                { "tools", "1.3", 0xcd, "its version differs" },
                { "tools", "1.2", 0x11, "its signer differs" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Case c;

                case_begin(&c);
                case_add_layer(&c, cases[i].name, cases[i].version, 0xab, cases[i].signer);
                case_judge_machine(&c);
                assert_refused(&c, CLAIM_LAYERS, cases[i].words);
                case_end(&c);
        }
}

static void a_layer_whose_signature_was_not_checked_is_remarked(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        case_add_layer(&c, "tools", "1.2", 0xab, 0);
        case_judge_machine(&c);
        assert_int_equal(case_state(&c, CLAIM_LAYERS), CLAIM_PROVEN);
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_LAYERS], "did not check"));
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_LAYERS], "if the running system"));
        case_end(&c);
}

static void a_layer_that_was_taken_away_is_not_counted_twice(void **state) {
        const Member gone[] = {
                { .name = "class", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("sysext") },
                { .name = "name", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("tools") },
                { .name = "rootHash",
                                .type = MEMBER_HEX,
                                .bytes = SPAN_LITERAL("\x01\x01\x01\x01\x01\x01\x01\x01"
                                                      "\x01\x01\x01\x01\x01\x01\x01\x01"
                                                      "\x01\x01\x01\x01\x01\x01\x01\x01"
                                                      "\x01\x01\x01\x01\x01\x01\x01\x01") },
        };
        Case c;

        (void) state;
        case_begin(&c);
        case_add_layer(&c, "more", "2", 0x01, 0);
        assert_int_equal(account_record(&c.account, EVENT_LAYER_DEACTIVATE, gone, 3, NULL), 0);
        case_judge_machine(&c);
        assert_int_equal(c.judgement.story.n_layers, 2);
        assert_true(c.judgement.story.layers[0].active);
        assert_false(c.judgement.story.layers[1].active);
        assert_refused(&c, CLAIM_LAYERS, "'more'"); /* it was active, and nobody knows it */
        case_end(&c);
}

static void a_log_of_too_many_layers_is_not_judged(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        for (size_t i = 1; i < STORY_LAYERS_MAX; i++)
                case_add_layer(&c, "tools", "1.2", 0xab, 0xcd);
        case_judge_machine(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        case_add_layer(&c, "tools", "1.2", 0xab, 0xcd);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "more than 256 layers were activated");
        case_end(&c);
}

/* The log of an NV index that has the number of a PCR, and leads to that PCR's value. */
static void an_index_is_no_pcr(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Case c;

        (void) state;
        l.n_banks = 1;
        l.banks[0] = HASH_SHA256;
        l.reg = (Register){ REGISTER_NV, 8 };
        draft_log_add(&l, EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ { "register", "\"nv:0x00000008\"" },
                                        { "start", "{\"sha256\":\"" ZEROS_64 "\"}" }, {} });
        case_begin(&c);
        buf_done(&c.forge.log);
        buf_bytes(&c.forge.log, draft_log_bytes(&l));
        c.forge.values.digests[0][8] = draft_log_replay(&l, 0, digest_zero(HASH_SHA256));
        c.forge.signed_values = c.forge.values;
        c.forge.clock = (TpmClock){ .clock = 7, .reset_count = 7, .restart_count = 7 };
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "the log is of another register than pcr:8");
        case_end(&c);
}

static void opening(Case *c, const char *kind) {
        const Glass g = {
                .kind = kind, .reason = "disk \"full\"", .caller = { .uid = 0, .user = "ada" }
        };

        assert_int_equal(glass_open(&c->account, &g, NULL), 0);
}

static void an_opening_is_told_with_who_and_why(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        opening(&c, "rescue");
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_UNTOUCHED,
                        "rescue by \"ada\": \"disk \\x22full\\x22\" (record 3)");
        assert_int_equal(case_state(&c, CLAIM_LAYERS), CLAIM_PROVEN);
        case_end(&c);
}

static void the_first_opening_is_told_and_all_are_counted(void **state) {
        const Glass bare = { .kind = "console", .caller = { .uid = 7, .user = "bob" } };
        Case c;

        (void) state;
        case_begin(&c);
        assert_int_equal(glass_open(&c.account, &bare, NULL), 0);
        opening(&c, "rescue");
        case_judge_machine(&c);
        assert_int_equal(case_state(&c, CLAIM_UNTOUCHED), CLAIM_NOT_PROVEN);
        assert_string_equal(c.judgement.verdict.reasons[CLAIM_UNTOUCHED],
                        "this boot: opened 2 times, first as console by \"bob\" (record 3)");
        case_end(&c);
}

static void openings_that_were_lost_are_told(void **state) {
        const Member lost[] = {
                { .name = "from", .type = MEMBER_INTEGER, .number = 4 },
                { .name = "to", .type = MEMBER_INTEGER, .number = 6 },
                { .name = "why", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("unknown") },
        };
        Case c;

        (void) state;
        case_begin(&c);
        assert_int_equal(account_record(&c.account, EVENT_GLASS_LOST, lost, 3, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "openings were left out");
        case_end(&c);
}

static void what_is_not_judged_is_said_so(void **state) {
        static const Claim rest[] = { CLAIM_BOUND, CLAIM_ATOMIC, CLAIM_FIRMWARE, CLAIM_KERNEL,
                CLAIM_ROOT, CLAIM_UNLOCK, CLAIM_TOGETHER };
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        for (size_t i = 0; i < ELEMENTS(rest); i++) {
                assert_int_equal(case_state(&c, rest[i]), CLAIM_ABSENT);
                assert_string_equal(
                                c.judgement.verdict.reasons[rest[i]], "not judged by this version");
        }
        case_end(&c);
}

static void closing_again_does_not_make_it_untouched(void **state) {
        const Glass g = { .caller = { .user = "ada" } };
        Case c;

        (void) state;
        case_begin(&c);
        opening(&c, "login");
        assert_int_equal(glass_close(&c.account, &g, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "opened 1 time");
        case_end(&c);
}

static void policy_excuses_by_kind_and_by_name(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.policy.allowed_kinds = 1u << 0; /* login */
        c.policy.allowed_lines[0] = 12;
        opening(&c, "login");
        case_judge_machine(&c);
        assert_int_equal(case_state(&c, CLAIM_UNTOUCHED), CLAIM_EXCUSED);
        assert_string_equal(c.judgement.verdict.by[CLAIM_UNTOUCHED], "line 12, [Glass] Allow=");
        assert_true(verdict_trusted(&c.judgement.verdict));
        opening(&c, "sudo");
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "opened 2 times");
        case_end(&c);
}

static void layers_after_an_excused_opening_carry_a_remark(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.policy.allowed_kinds = 1u << 0;
        opening(&c, "login");
        case_judge_machine(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_LAYERS], "opened at record 3"));
        case_end(&c);
}

static void a_close_without_its_open_is_an_opening_left_out(void **state) {
        const Member members[] = {
                { .name = "kind", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("login") },
                { .name = "uid", .type = MEMBER_INTEGER },
                { .name = "user", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("ada") },
        };
        Case c;

        (void) state;
        case_begin(&c);
        assert_int_equal(account_record(&c.account, EVENT_GLASS_CLOSE, members, 3, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "left out");
        case_end(&c);
}

static void records_left_out_of_a_lane_leave_its_claim_unproven(void **state) {
        static const struct {
                const char *lane;
                bool layers, untouched; /* still proven */
        } cases[] = {
                { "note", true, true },
                { "glass", true, false },
                { "layer", false, true },
                { "whatever", false, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const Member members[] = {
                        { .name = "lane", .type = MEMBER_TEXT, .bytes = span_of(cases[i].lane) },
                        { .name = "lost", .type = MEMBER_INTEGER, .number = 3 },
                };
                Case c;

                case_begin(&c);
                assert_int_equal(account_record(&c.account, EVENT_NOTE_LOST, members, 2, NULL), 0);
                case_judge_machine(&c);
                assert_int_equal(case_state(&c, CLAIM_LAYERS) == CLAIM_PROVEN, cases[i].layers);
                assert_int_equal(case_state(&c, CLAIM_UNTOUCHED) == CLAIM_PROVEN,
                                cases[i].untouched);
                case_end(&c);
        }
}

static void leaves_that_contradict_each_other_are_refused(void **state) {
        Err e = {};
        Case c;

        (void) state;
        case_begin(&c);
        assert_int_equal(releases_add(&c.releases,
                                         SPAN_LITERAL("avouch/release/v1\ntype sysext\nname other\n"
                                                      "verity-root-hash sha256:"
                                                      "abababababababababababababababab"
                                                      "abababababababababababababababab\n"),
                                         &e),
                        -EBADMSG);
        assert_non_null(strstr(e.text, "'other' has the root hash of 'tools'"));
        case_end(&c);
}

static void a_baseline_cannot_be_met_without_a_counter(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.policy.has_baseline = true;
        case_judge(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "no counter");
        case_end(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_record_cannot_be_taken_out),
                cmocka_unit_test(no_byte_of_the_log_can_be_changed),
                cmocka_unit_test(a_record_cannot_be_added),
                cmocka_unit_test(a_record_that_is_in_no_register_proves_nothing),
                cmocka_unit_test(a_genesis_that_is_in_no_register_proves_nothing),
                cmocka_unit_test(silence_fails),
                cmocka_unit_test(a_log_of_another_register_proves_nothing),
                cmocka_unit_test(a_register_without_a_log_is_unexplained),
                cmocka_unit_test(a_quote_without_the_register_proves_nothing),
                cmocka_unit_test(sha1_proves_nothing),
                cmocka_unit_test(a_bank_that_the_log_was_not_extended_into_is_refused),
                cmocka_unit_test(a_broken_log_is_not_proven),
                cmocka_unit_test(a_log_that_begins_late_is_taken_only_where_policy_says_so),
                cmocka_unit_test(the_tpm_must_not_have_been_restarted_since),
                cmocka_unit_test(a_suspend_is_no_restart_but_is_said),
                cmocka_unit_test(a_restart_count_that_went_back_is_refused),
                cmocka_unit_test(a_layer_that_nobody_released_is_named),
                cmocka_unit_test(a_layer_under_another_name_than_its_release_is_refused),
                cmocka_unit_test(a_layer_whose_signature_was_not_checked_is_remarked),
                cmocka_unit_test(a_layer_that_was_taken_away_is_not_counted_twice),
                cmocka_unit_test(a_log_of_too_many_layers_is_not_judged),
                cmocka_unit_test(an_index_is_no_pcr),
                cmocka_unit_test(an_opening_is_told_with_who_and_why),
                cmocka_unit_test(the_first_opening_is_told_and_all_are_counted),
                cmocka_unit_test(openings_that_were_lost_are_told),
                cmocka_unit_test(what_is_not_judged_is_said_so),
                cmocka_unit_test(closing_again_does_not_make_it_untouched),
                cmocka_unit_test(policy_excuses_by_kind_and_by_name),
                cmocka_unit_test(layers_after_an_excused_opening_carry_a_remark),
                cmocka_unit_test(a_close_without_its_open_is_an_opening_left_out),
                cmocka_unit_test(records_left_out_of_a_lane_leave_its_claim_unproven),
                cmocka_unit_test(leaves_that_contradict_each_other_are_refused),
                cmocka_unit_test(a_baseline_cannot_be_met_without_a_counter),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
