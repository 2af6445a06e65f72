/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/case.h"
#include "support/draftlog.h"

/* What the log tells of layers and openings: the claims layers and untouched. */

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
        assert_refused(&c, CLAIM_LAYERS, "'more'"); /* it was there, and nobody knows it */
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
        assert_refused(&c, CLAIM_REGISTERS, "an NV index has none");
        case_end(&c);
}

#define LEFT_OUT                                                                                   \
        { "others", NULL }, { "blinded", NULL }, { "count", NULL }, { "missing", NULL },           \
                        { "skipped", NULL }, { "software", NULL }, {                               \
                "history", NULL                                                                    \
        }

/* The machine's log is another one: l, of which PCR 8 shows what it leads to. */
static void judge_log(Case *c, const DraftLog *l) {
        buf_done(&c->forge.log);
        buf_bytes(&c->forge.log, draft_log_bytes(l));
        c->forge.values.digests[0][8] = draft_log_replay(l, 0, digest_zero(HASH_SHA256));
        c->forge.signed_values = c->forge.values;
        c->forge.clock = (TpmClock){ .clock = 7, .reset_count = 7, .restart_count = 7 };
        case_judge(c);
}

/* Its register is none, so that the quoted ones are as empty as if nothing had ever happened. */
static void what_was_recorded_without_a_tpm_proves_nothing(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Case c;

        (void) state;
        l.reg = (Register){};
        l.n_banks = 0;
        draft_log_add(&l, EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ { "register", "\"none\"" }, { "start", "{}" },
                                        LEFT_OUT, { "unmeasured", NULL }, {} });
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        case_begin(&c);
        l.banks[0] = HASH_SHA256;
        judge_log(&c, &l);
        assert_refused(&c, CLAIM_REGISTERS, "recorded without a TPM (register: none)");
        assert_refused(&c, CLAIM_UNTOUCHED, "not proven (registers)");
        assert_refused(&c, CLAIM_LAYERS, "");
        assert_int_not_equal(case_state(&c, CLAIM_UNLOCK), CLAIM_PROVEN);
        c.policy.any_start = true; /* takes a register that others used, not none at all */
        judge_log(&c, &l);
        assert_refused(&c, CLAIM_REGISTERS, "recorded without a TPM (register: none)");
        case_end(&c);
}

/* It says so itself; whether its key is pinned, or how its log replays, does not matter. */
static void a_tpm_that_is_a_program_proves_nothing_against_root(void **state) {
        static const char *const flags[] = { NULL, "0", "1" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(flags); i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                Case c;

                l.n_banks = 1;
                l.banks[0] = HASH_SHA256;
                draft_log_add(&l, EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "software", flags[i] },
                                                { "start", "{\"sha256\":\"" ZEROS_64 "\"}" },
                                                LEFT_OUT, { "unmeasured", NULL }, {} });
                case_begin(&c);
                judge_log(&c, &l);
                assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
                if (i < 2) {
                        assert_int_equal(case_state(&c, CLAIM_KEY), CLAIM_PROVEN);
                } else {
                        assert_refused(&c, CLAIM_KEY, "its TPM is a program");
                        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_REGISTERS],
                                        "by a TPM that is a program"));
                }
                case_end(&c);
        }
}

/* A TPM that came later in the boot makes nothing of it look measured. */
static void nor_is_a_boot_proven_that_began_without_one(void **state) {
        static const char *const flags[] = { "0", "1" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(flags); i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                Case c;

                l.n_banks = 1;
                l.banks[0] = HASH_SHA256;
                draft_log_add(&l, EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "start", "{\"sha256\":\"" ZEROS_64 "\"}" },
                                                LEFT_OUT, { "unmeasured", flags[i] }, {} });
                case_begin(&c);
                judge_log(&c, &l);
                if (i == 0)
                        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
                else
                        assert_refused(&c, CLAIM_REGISTERS,
                                        "recorded without a TPM earlier in this boot");
                case_end(&c);
        }
}

/* What it recorded before it slept is in no register any more: layers, and openings that nothing
 * counted. */
static void what_came_before_hibernation_is_not_known(void **state) {
        static const char *const whys[] = { "\"boot\"", "\"resume\"" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(whys); i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                Case c;

                l.n_banks = 1;
                l.banks[0] = HASH_SHA256;
                draft_log_add(&l, EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "start", "{\"sha256\":\"" ZEROS_64 "\"}" },
                                                LEFT_OUT, { "why", whys[i] }, {} });
                case_begin(&c);
                judge_log(&c, &l);
                assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
                if (i == 0) {
                        assert_int_equal(case_state(&c, CLAIM_UNTOUCHED), CLAIM_PROVEN);
                } else {
                        assert_refused(&c, CLAIM_UNTOUCHED, "no counter tells of openings before");
                        assert_refused(&c, CLAIM_LAYERS, "resuming from hibernation");
                }
                case_end(&c);
        }
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
                        "this boot: opened 2 times, first as console by \"bob\" (record 3); earlier boots: not judged");
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
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        assert_int_equal(case_state(&c, CLAIM_TOGETHER), CLAIM_ABSENT);
        assert_string_equal(
                        c.judgement.verdict.reasons[CLAIM_TOGETHER], "not judged by this version");
        assert_int_equal(case_state(&c, CLAIM_ROOT), CLAIM_ABSENT);
        assert_string_equal(c.judgement.verdict.reasons[CLAIM_ROOT],
                        "no root image is named (roothash= or usrhash= on a proven command line, or an NvPCR of systemd 262)");
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
        c.policy.allowed_by[0].line = 12;
        opening(&c, "login");
        case_judge_machine(&c);
        assert_int_equal(case_state(&c, CLAIM_UNTOUCHED), CLAIM_EXCUSED);
        assert_string_equal(
                        c.judgement.verdict.by[CLAIM_UNTOUCHED], "policy line 12, [Glass] Allow=");
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
                ClaimState unlock;      /* of which nothing else is told */
        } cases[] = {
                { "note", true, true, CLAIM_ABSENT },
                { "glass", true, false, CLAIM_ABSENT },
                { "layer", false, true, CLAIM_ABSENT },
                { "unlock", true, true, CLAIM_NOT_PROVEN },
                { "whatever", false, false, CLAIM_NOT_PROVEN },
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
                assert_int_equal(case_state(&c, CLAIM_UNLOCK), cases[i].unlock);
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
                cmocka_unit_test(a_layer_that_nobody_released_is_named),
                cmocka_unit_test(a_layer_under_another_name_than_its_release_is_refused),
                cmocka_unit_test(a_layer_whose_signature_was_not_checked_is_remarked),
                cmocka_unit_test(a_layer_that_was_taken_away_is_not_counted_twice),
                cmocka_unit_test(a_log_of_too_many_layers_is_not_judged),
                cmocka_unit_test(an_index_is_no_pcr),
                cmocka_unit_test(what_was_recorded_without_a_tpm_proves_nothing),
                cmocka_unit_test(a_tpm_that_is_a_program_proves_nothing_against_root),
                cmocka_unit_test(nor_is_a_boot_proven_that_began_without_one),
                cmocka_unit_test(what_came_before_hibernation_is_not_known),
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
