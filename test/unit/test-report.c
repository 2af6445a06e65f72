/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "support/case.h"
#include "support/draftlog.h"
#include "verify/report.h"

/* What people and programs are told, letter by letter, as the files of test/unit/report have it.
 * The machine's log is written by hand, so that it is the same each time; its key is not, and
 * stands as AK there. */

#define STARTS                                                                                           \
        {                                                                                                \
                "start", "{\"sha1\":\"0000000000000000000000000000000000000000\",\"sha256\":\"" ZEROS_64 \
                         "\"}"                                                                           \
        }
#define AB_64 "\"abababababababababababababababababababababababababababababababab\""
#define CD_64 "\"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\""

static void add(DraftLog *l, Event event, const DraftChange *changes) {
        static const char *const times[] = { "1500000", "2000000", "3250000", "61000000",
                "62000001", "63999999" };
        DraftChange all[12] = { { "time", times[l->n] }, { "wall", "1767225600000000" } };
        size_t n = 2;

        for (; changes && changes->path; changes++)
                all[n++] = *changes;
        draft_log_add(l, event, all);
}

static void add_honest(DraftLog *l) {
        add(l, EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ STARTS, { "why", "\"boot\"" }, { "others", NULL },
                                        { "blinded", NULL }, { "count", NULL }, { "history", NULL },
                                        {} });
        add(l, EVENT_PHASE_ENTER, (const DraftChange[]){ { "phase", "\"ready\"" }, {} });
        add(l, EVENT_LAYER_ACTIVATE,
                        (const DraftChange[]){ { "name", "\"tools\"" }, { "version", "\"1.2\"" },
                                        { "rootHash", AB_64 }, { "signer", CD_64 },
                                        { "reason", NULL }, {} });
}

static void add_opening(DraftLog *l) {
        add(l, EVENT_GLASS_OPEN,
                        (const DraftChange[]){ { "kind", "\"sudo\"" }, { "user", "\"ada\"" },
                                        { "uid", "1000" }, { "tty", "\"tty1\"" }, { "count", NULL },
                                        { "past", NULL },
                                        { "reason", "\"disk \\\"full\\\" \\\\x1b[2J\"" }, {} });
        add(l, EVENT_NOTE_TEXT, (const DraftChange[]){ { "text", "\"all is well\"" }, {} });
        add(l, EVENT_GLASS_CLOSE,
                        (const DraftChange[]){ { "kind", "\"sudo\"" }, { "user", "\"ada\"" },
                                        { "uid", "1000" }, { "tty", NULL }, { "reason", NULL },
                                        { "count", NULL }, { "past", NULL }, {} });
}

/* Lays the hand-written log and what it leads to on the table. */
static void lay(Case *c, const DraftLog *l) {
        Digest value = draft_log_replay(l, 1, digest_zero(HASH_SHA256));

        buf_done(&c->forge.log);
        buf_bytes(&c->forge.log, draft_log_bytes(l));
        c->forge.values.digests[0][8] = value;
        c->forge.signed_values = c->forge.values;
        c->forge.clock = (TpmClock){ .clock = 7, .reset_count = 7, .restart_count = 7 };
}

typedef struct Text {
        char *text;
        size_t size;
} Text;

static void text_done(Text *t) {
        free(t->text);
}

/* What a file of test/unit/report holds, with the key's Name wherever AK stands in it. */
static void assert_text(const Case *c, const char *text, const char *name) {
        _cleanup_(buf_done) Buf file = BUF_UP_TO(64 * 1024), whole = BUF_UP_TO(64 * 1024);
        const char *folder = getenv("TEST_REPORTS"), *expected;
        char path[4096];

        (void) snprintf(path, sizeof(path), "%s/%s", folder ?: "test/unit/report", name);
        assert_int_equal(file_read(path, &file, NULL), 0);
        buf_byte(&file, '\0');
        expected = (const char *) buf_span(&file).data;
        for (const char *at; (at = strstr(expected, "AK")); expected = at + 2) {
                buf_bytes(&whole, (Span){ (const uint8_t *) expected, (size_t) (at - expected) });
                text_hex(&whole, (Span){ c->forge.ak_name, sizeof(c->forge.ak_name) });
        }
        buf_string(&whole, expected);
        buf_byte(&whole, '\0');
        assert_string_equal(text, (const char *) buf_span(&whole).data);
}

static Text people(const Case *c) {
        const Question q = case_question(c);
        Text t = {};
        FILE *to = open_memstream(&t.text, &t.size);

        assert_non_null(to);
        report_people(&c->judgement, &q, to);
        assert_int_equal(fclose(to), 0);
        return t;
}

static Text json(const Case *c) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64 * 1024);
        const Question q = case_question(c);

        assert_int_equal(report_json(&c->judgement, &q, &b, NULL), 0);
        buf_byte(&b, '\n');
        return (Text){ strndup((const char *) b.data, b.size), b.size };
}

static void assert_people(const Case *c, const char *name) {
        _cleanup_(text_done) Text t = people(c);

        assert_text(c, t.text, name);
}

static void assert_json(const Case *c, const char *name) {
        _cleanup_(text_done) Text t = json(c);

        assert_text(c, t.text, name);
}

static void assert_within(const char *text, const char *words) {
        if (!strstr(text, words))
                fail_msg("'%s' does not stand in:\n%s", words, text);
}

static void assert_tells(const Case *c, const char *words) {
        _cleanup_(text_done) Text t = people(c);

        assert_within(t.text, words);
}

static void assert_json_tells(const Case *c, const char *words) {
        _cleanup_(text_done) Text t = json(c);

        assert_within(t.text, words);
}

static void assert_suggestion(const Case *c, const char *name) {
        const Question q = case_question(c);
        _cleanup_(text_done) Text t = {};
        FILE *to = open_memstream(&t.text, &t.size);

        assert_non_null(to);
        assert_int_equal(report_suggest(&c->judgement, &q, to, NULL), 0);
        assert_int_equal(fclose(to), 0);
        assert_text(c, t.text, name);
}

static void judge(Case *c, const DraftLog *l) {
        lay(c, l);
        case_judge(c);
}

static void an_honest_machine_is_reported(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Case c;

        (void) state;
        add_honest(&l);
        case_begin(&c);
        judge(&c, &l);
        assert_people(&c, "honest.txt");
        assert_json(&c, "honest.json");
        assert_suggestion(&c, "honest.policy");
        case_end(&c);
}

static void an_opened_machine_is_reported(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Case c;

        (void) state;
        add_honest(&l);
        add_opening(&l);
        case_begin(&c);
        judge(&c, &l);
        assert_people(&c, "opened.txt");
        assert_json(&c, "opened.json");
        assert_suggestion(&c, "opened.policy");
        case_end(&c);
}

static void what_policy_excuses_is_reported_with_its_line(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Case c;

        (void) state;
        add_honest(&l);
        add_opening(&l);
        case_begin(&c);
        c.policy.allowed_kinds = 1u << 1;
        c.policy.allowed_by[1].line = 12; /* sudo */
        judge(&c, &l);
        assert_tells(&c,
                        "excused    this boot: opened 1 time, first as sudo by \"ada\": \"disk \\x22full\\x22 \\x1b[2J\" (record 3); earlier boots: not judged "
                        "(excused by policy line 12, [Glass] Allow=)\n");
        assert_tells(&c, "\nTRUSTED: every claim that policy requires is proven or excused.\n");
        assert_json_tells(&c, "\"trusted\":1");
        assert_json_tells(&c,
                        "\"untouched\":{\"state\":\"excused\",\"required\":1,\"reason\":\"this boot: opened 1 "
                        "time, first as sudo by \\\"ada\\\": \\\"disk \\\\x22full\\\\x22 \\\\x1b[2J\\\" (record 3); earlier boots: not judged\","
                        "\"by\":\"policy line 12, [Glass] Allow=\"}");
        case_end(&c);
}

static void what_is_excused_is_not_among_what_is_missing(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Case c;

        (void) state;
        add_honest(&l);
        add_opening(&l);
        case_begin(&c);
        c.policy.allowed_kinds = 1u << 1;
        c.nonce[0] ^= 1;
        judge(&c, &l);
        assert_tells(&c, "\nNOT TRUSTED: fresh not proven.\n");
        case_end(&c);
}

static void evidence_that_cannot_be_read_is_reported(void **state) {
        Question q;
        Case c;
        Err e = {};

        (void) state;
        case_begin(&c);
        q = case_question(&c);
        assert_int_equal(appraise(SPAN_LITERAL("{}"), &q, &c.judgement, NULL), 0);
        assert_people(&c, "unreadable.txt");
        assert_json_tells(&c, "\"trusted\":0");
        assert_json_tells(&c, "\"machine\":{},\"notJudged\":[],\"timeline\":[]}");
        assert_int_equal(report_suggest(&c.judgement, &q, stdout, &e), -EBADMSG);
        assert_string_equal(e.text,
                        "no policy can be suggested: the evidence is malformed: evidence bundle: malformed "
                        "at byte 0 of 2: its __cmwc_t is not tag:avouch,2026:evidence/v1");
        case_end(&c);
}

static void a_log_that_is_not_proven_is_shown_so(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Case c;

        (void) state;
        add_honest(&l);
        case_begin(&c);
        lay(&c, &l);
        buf_string(&c.forge.log, "junk\n");
        case_judge(&c);
        assert_tells(&c,
                        "\nWhat the machine recorded, in order (NOT PROVEN: anybody may have written this)\n");
        assert_tells(&c,
                        "\n   2         3.250 s  layer.activate   sysext \"tools\" version \"1.2\", root hash abababababababab..., a known release\n"
                        "     ... and 5 bytes that do not continue it\n");
        assert_tells(&c, "\nNOT TRUSTED: registers, layers, untouched not proven.\n");
        assert_json_tells(&c,
                        "\"says\":\"the machine enters \\\"ready\\\"\",\"proven\":0,\"afterOpening\":0}");
        case_end(&c);
}

static void a_machine_without_a_log_is_reported(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        buf_done(&c.forge.log);
        case_judge(&c);
        assert_people(&c, "silent.txt");
        assert_json_tells(&c, "\"quoted\":\"sha256:0-15\"},\"notJudged\":[],\"timeline\":[]}");
        assert_suggestion(&c, "silent.policy");
        case_end(&c);
}

static void a_key_that_nobody_knows_yet_is_suggested(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Case c;

        (void) state;
        add_honest(&l);
        case_begin(&c);
        c.policy.n_keys = 1; /* another one */
        c.nonce_size = 0;
        judge(&c, &l);
        assert_int_equal(case_state(&c, CLAIM_KEY), CLAIM_NOT_PROVEN);
        assert_int_equal(case_state(&c, CLAIM_FRESH), CLAIM_NOT_PROVEN);
        assert_suggestion(&c, "honest.policy");
        case_end(&c);
}

static void a_key_whose_signature_does_not_hold_is_not_suggested(void **state) {
        Case c;
        Question q;
        Err e = {};

        (void) state;
        case_begin(&c);
        q = case_question(&c);
        c.forge.sign_with_other = true;
        case_judge(&c);
        assert_int_equal(report_suggest(&c.judgement, &q, stdout, &e), -EBADMSG);
        assert_string_equal(e.text,
                        "no policy can be suggested: quote 0 is not signed by the key in the evidence");
        case_end(&c);
}

static void every_part_that_is_not_judged_is_named(void **state) {
        static const BundleLabel judged[] = { PART_MANIFEST, PART_TPM, PART_AVOUCH_LOG,
                PART_FIRMWARE_LOG, PART_COMMAND_LINE, PART_AVOUCH_LOG_BEFORE, PART_HISTORY,
                PART_IMA_LOG, PART_SYSTEMD_LOG, PART_SYSTEMD_REPORT };
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++) {
                _cleanup_(text_done) Text t = {};
                char words[128];
                bool is_judged = false, had = c.judgement.evidence.bundle.has[label];

                for (size_t i = 0; i < ELEMENTS(judged); i++)
                        is_judged = is_judged || judged[i] == label;
                c.judgement.evidence.bundle.has[label] = true;
                t = people(&c);
                (void) snprintf(words, sizeof(words), "not judged by this version: %s\n",
                                bundle_label_name(label));
                assert_int_equal(strstr(t.text, words) == NULL, is_judged);
                if (!is_judged) {
                        (void) snprintf(words, sizeof(words), "\"notJudged\":[\"%s\"]",
                                        bundle_label_name(label));
                        assert_json_tells(&c, words);
                }
                c.judgement.evidence.bundle.has[label] = had;
        }
        case_end(&c);
}

static void a_report_that_does_not_fit_is_no_report(void **state) {
        Question q;
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        q = case_question(&c);
        for (size_t max = 0; max < 2000; max += 371) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(max);
                Err e = {};

                assert_int_equal(report_json(&c.judgement, &q, &b, &e), -E2BIG);
                assert_non_null(strstr(e.text, "the verdict takes more than"));
        }
        case_end(&c);
}

static void a_reason_stays_json_whatever_it_quotes(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        c.judgement.verdict = (Verdict){};
        verdict_refute(&c.judgement.verdict, CLAIM_ROOT, "%s", "a\\x1b \"b\" \xc3\xa9 \xc3");
        assert_json_tells(&c, "\"root\":{\"state\":\"not-proven\",\"required\":0,"
                              "\"reason\":\"a\\\\x1b \\\"b\\\" \xc3\xa9 \\\\xc3\"}");
        case_end(&c);
}

static void a_log_is_told_as_far_as_it_can_be_read(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        buf_string(&c.forge.firmware, "no log");
        case_judge(&c);
        assert_tells(&c, "     ... and then firmware log: cut short at byte 4 of 6\n");
        case_end(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_machine_is_reported),
                cmocka_unit_test(an_opened_machine_is_reported),
                cmocka_unit_test(what_policy_excuses_is_reported_with_its_line),
                cmocka_unit_test(what_is_excused_is_not_among_what_is_missing),
                cmocka_unit_test(evidence_that_cannot_be_read_is_reported),
                cmocka_unit_test(a_log_that_is_not_proven_is_shown_so),
                cmocka_unit_test(a_machine_without_a_log_is_reported),
                cmocka_unit_test(a_log_is_told_as_far_as_it_can_be_read),
                cmocka_unit_test(a_key_that_nobody_knows_yet_is_suggested),
                cmocka_unit_test(a_key_whose_signature_does_not_hold_is_not_suggested),
                cmocka_unit_test(every_part_that_is_not_judged_is_named),
                cmocka_unit_test(a_report_that_does_not_fit_is_no_report),
                cmocka_unit_test(a_reason_stays_json_whatever_it_quotes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
