/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "support/case.h"
#include "support/draftlog.h"
#include "verify/segments.h"

/* Logs of several segments, joined by what the register held. */

enum { SEGMENTS = 3 };

/* A machine that was started by kexec twice: each segment begins where the one before ended. */
typedef struct Chained {
        Case c;
        DraftLog logs[SEGMENTS];
        Digest ends[SEGMENTS]; /* sha256 */
        char starts[SEGMENTS][DRAFT_START_MAX];
} Chained;

static void begin(Chained *x) {
        Digest sha1 = digest_zero(HASH_SHA1), sha256 = digest_zero(HASH_SHA256);

        case_begin(&x->c);
        for (size_t i = 0; i < SEGMENTS; i++) {
                x->logs[i] = draft_log();
                draft_register_values(&sha1, &sha256, x->starts[i]);
                draft_log_add(&x->logs[i], EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "start", x->starts[i] },
                                                { "why", i == 0 ? "\"boot\"" : "\"kexec\"" },
                                                { "count", NULL }, { "history", NULL },
                                                { "others", NULL }, { "blinded", NULL }, {} });
                draft_log_add(&x->logs[i], EVENT_NOTE_TEXT, NULL);
                sha1 = draft_log_replay(&x->logs[i], 0, sha1);
                x->ends[i] = sha256 = draft_log_replay(&x->logs[i], 1, sha256);
        }
        x->c.forge.values.digests[0][8] = x->ends[SEGMENTS - 1];
        x->c.forge.signed_values = x->c.forge.values;
        x->c.forge.clock = (TpmClock){ .clock = 7, .reset_count = 7, .restart_count = 7 };
}

/* A segment of another boot, joined to the first one, that calls itself what it likes. */
static void rename_second(Chained *x, const char *boot, const char *why) {
        DraftLog *l = &x->logs[1];

        draft_log_done(l);
        *l = draft_log();
        draft_log_add(l, EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ { "start", x->starts[1] }, { "why", why },
                                        { "boot", boot }, { "count", NULL }, { "history", NULL },
                                        { "others", NULL }, { "blinded", NULL }, {} });
        buf_done(&x->c.forge.before);
        buf_done(&x->c.forge.log);
        buf_bytes(&x->c.forge.before, draft_log_bytes(&x->logs[0]));
        buf_bytes(&x->c.forge.log, draft_log_bytes(l));
        x->c.forge.values.digests[0][8] = draft_log_replay(l, 1, x->ends[0]);
        x->c.forge.signed_values = x->c.forge.values;
        case_judge(&x->c);
}

static void end(Chained *x) {
        for (size_t i = 0; i < SEGMENTS; i++)
                draft_log_done(&x->logs[i]);
        case_end(&x->c);
}

/* Lays these segments before the last. */
static void judge(Chained *x, const char *which) {
        Forge *f = &x->c.forge;

        buf_done(&f->before);
        buf_done(&f->log);
        for (; *which; which++)
                buf_bytes(&f->before, draft_log_bytes(&x->logs[*which - '0']));
        buf_bytes(&f->log, draft_log_bytes(&x->logs[SEGMENTS - 1]));
        case_judge(&x->c);
}

static void segments_lead_back_to_zero(void **state) {
        Chained x;

        (void) state;
        begin(&x);
        judge(&x, "01");
        assert_int_equal(case_state(&x.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_non_null(strstr(x.c.judgement.verdict.reasons[CLAIM_REGISTERS],
                        "6 records replay to the quoted pcr:8; in 3 segments"));
        assert_int_equal(x.c.judgement.story.n_records, 6);
        end(&x);
}

static void none_may_be_missing_doubled_or_out_of_order(void **state) {
        static const struct {
                const char *before, *words;
        } cases[] = {
                { "", "begins when pcr:8 was not zero any more" },
                { "1", "begins when pcr:8 was not zero any more" },
                { "0", "a segment of the log does not begin at the value" },
                { "10", "begins when pcr:8 was not zero any more" },
                { "001", "a segment of the log does not begin at the value" },
                { "011", "a segment of the log does not begin at the value" },
                { "012", "a segment of the log does not begin at the value" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Chained x;

                begin(&x);
                judge(&x, cases[i].before);
                assert_refused(&x.c, CLAIM_REGISTERS, cases[i].words);
                end(&x);
        }
}

static void a_start_that_policy_takes_needs_no_earlier_segment(void **state) {
        Chained x;

        (void) state;
        begin(&x);
        x.c.policy.any_start = true;
        judge(&x, "");
        assert_int_equal(case_state(&x.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        judge(&x, "0"); /* but what is there must fit */
        assert_refused(&x.c, CLAIM_REGISTERS, "does not begin at the value");
        end(&x);
}

/* Whoever is root begins another segment, and records there what pleases policy. */
static void an_unlock_in_an_earlier_segment_is_not_forgotten(void **state) {
        static const DraftChange by_hand[] = { { "method", "\"passphrase\"" }, { "human", "1" },
                { "count", NULL }, { "past", NULL }, {} };
        Digest sha1;
        Chained x;

        (void) state;
        begin(&x);
        x.c.policy.required |= UINT32_C(1) << CLAIM_UNLOCK;
        draft_log_add(&x.logs[0], EVENT_UNLOCK_OPEN, by_hand);
        sha1 = draft_log_replay(&x.logs[0], 0, digest_zero(HASH_SHA1));
        x.ends[0] = draft_log_replay(&x.logs[0], 1, digest_zero(HASH_SHA256));
        draft_register_values(&sha1, &x.ends[0], x.starts[1]);
        rename_second(&x, "\"0123456789abcdef0123456789abcdef\"", "\"boot\"");
        assert_int_equal(case_state(&x.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_refused(&x.c, CLAIM_UNLOCK,
                        "by passphrase, which policy does not allow (record 2 of an earlier segment of avouch's log)");
        end(&x);
}

static void no_byte_of_an_earlier_segment_can_be_changed(void **state) {
        Chained x;

        (void) state;
        begin(&x);
        judge(&x, "01");
        for (size_t i = 0; i < x.c.forge.before.size; i += 3) {
                x.c.forge.before.data[i] ^= 1;
                case_judge_bundle(&x.c);
                assert_int_equal(case_state(&x.c, CLAIM_REGISTERS), CLAIM_NOT_PROVEN);
                x.c.forge.before.data[i] ^= 1;
        }
        x.c.forge.before.size -= 2;
        case_judge_bundle(&x.c);
        assert_refused(&x.c, CLAIM_REGISTERS, "earlier segments");
        end(&x);
}

/* A segment of another register, or in other banks. */
static void segments_are_of_one_register(void **state) {
        Chained x;

        (void) state;
        begin(&x);
        x.logs[0].reg.index = 9;
        draft_log_done(&x.logs[0]);
        x.logs[0].n = 0;
        memset(x.logs[0].prev, 0, sizeof(x.logs[0].prev));
        draft_log_add(&x.logs[0], EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ { "start", x.starts[0] },
                                        { "register", "\"pcr:9\"" }, { "others", NULL },
                                        { "blinded", NULL }, {} });
        draft_log_add(&x.logs[0], EVENT_NOTE_TEXT, NULL);
        judge(&x, "01");
        assert_refused(&x.c, CLAIM_REGISTERS, "was not zero any more");
        end(&x);
}

static void openings_before_kexec_are_openings(void **state) {
        Chained x;

        (void) state;
        begin(&x);
        draft_log_done(&x.logs[2]);
        x.logs[2].n = 0;
        memset(x.logs[2].prev, 0, sizeof(x.logs[2].prev));
        draft_log_done(&x.logs[1]);
        x.logs[1].n = 0;
        memset(x.logs[1].prev, 0, sizeof(x.logs[1].prev));
        {
                Digest sha1 = draft_log_replay(&x.logs[0], 0, digest_zero(HASH_SHA1));
                Digest sha256 = x.ends[0];

                for (size_t i = 1; i < SEGMENTS; i++) {
                        draft_register_values(&sha1, &sha256, x.starts[i]);
                        draft_log_add(&x.logs[i], EVENT_PHASE_GENESIS,
                                        (const DraftChange[]){ { "start", x.starts[i] },
                                                        { "count", NULL }, { "history", NULL },
                                                        { "others", NULL }, { "blinded", NULL },
                                                        {} });
                        if (i == 1)
                                draft_log_add(&x.logs[i], EVENT_GLASS_OPEN,
                                                (const DraftChange[]){ { "count", NULL },
                                                                { "past", NULL }, {} });
                        sha1 = draft_log_replay(&x.logs[i], 0, sha1);
                        sha256 = draft_log_replay(&x.logs[i], 1, sha256);
                }
                x.c.forge.values.digests[0][8] = sha256;
                x.c.forge.signed_values = x.c.forge.values;
        }
        judge(&x, "01");
        assert_int_equal(case_state(&x.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_refused(&x.c, CLAIM_UNTOUCHED, "opened 1 time");
        end(&x);
}

static void the_clock_holds_for_each_segment(void **state) {
        Chained x;

        (void) state;
        begin(&x);
        x.c.forge.clock.reset_count = 8;
        judge(&x, "01");
        assert_refused(&x.c, CLAIM_REGISTERS, "the TPM was reset since the log began");
        end(&x);
}

static void earlier_segments_alone_are_silence(void **state) {
        Chained x;

        (void) state;
        begin(&x);
        x.c.forge.values.digests[0][8] = x.ends[0];
        x.c.forge.signed_values = x.c.forge.values;
        buf_done(&x.c.forge.log);
        buf_bytes(&x.c.forge.before, draft_log_bytes(&x.logs[0]));
        case_judge(&x.c);
        assert_refused(&x.c, CLAIM_REGISTERS, "says nothing");
        end(&x);
}

static void segments_are_cut_before_each_genesis(void **state) {
        Chained x;
        Span rest, one;
        Err e = {};

        (void) state;
        begin(&x);
        judge(&x, "01");
        rest = buf_span(&x.c.forge.before);
        assert_int_equal(segment_cut(&rest, &one, NULL), 1);
        assert_true(span_equal(one, draft_log_bytes(&x.logs[0])));
        assert_int_equal(segment_cut(&rest, &one, NULL), 1);
        assert_true(span_equal(one, draft_log_bytes(&x.logs[1])));
        assert_int_equal(segment_cut(&rest, &one, NULL), 0);
        assert_int_equal(rest.size, 0);

        /* lines that are no records go with what they follow; bytes that are no lines do not */
        rest = SPAN_LITERAL("\x1e{}\n\x1e{}\n");
        assert_int_equal(segment_cut(&rest, &one, NULL), 1);
        assert_int_equal(one.size, 8);
        rest = SPAN_LITERAL("{}\n");
        assert_int_equal(segment_cut(&rest, &one, &e), -EBADMSG);
        rest = SPAN_LITERAL("\x1e{}\n\x1e{}");
        assert_int_equal(segment_cut(&rest, &one, NULL), -ENODATA);
        end(&x);
}

/* A bank that the later one has, and the earlier one has not; another register of the same value.
 */
static void segments_join_in_every_bank_of_one_register(void **state) {
        Chain earlier = { .n_strands = 1,
                .strands = { { .reg = { REGISTER_PCR, 8 }, .n_banks = 1 } } };
        Chain later = { .n_strands = 1,
                .strands = { { .reg = { REGISTER_PCR, 8 }, .n_banks = 2 } } };
        Strand *to = &later.strands[0];
        const Policy p = policy_default();
        const Question q = { .policy = &p };

        (void) state;
        earlier.strands[0].now[0] = to->start[0] = digest_zero(HASH_SHA256);
        to->start[1] = digest_zero(HASH_SHA384);
        for (unsigned i = 0; i < 4; i++) {
                Verdict v = { .required = 1u << CLAIM_REGISTERS };

                to->n_banks = i == 0 ? 2 : 1;
                to->reg = (Register){ i == 1 ? REGISTER_NV : REGISTER_PCR, i == 2 ? 9 : 8 };
                judge_join(&earlier, &later, &q, &v);
                verdict_prove(&v, CLAIM_REGISTERS, "otherwise");
                assert_int_equal(verdict_state(&v, CLAIM_REGISTERS),
                                i == 3 ? CLAIM_PROVEN : CLAIM_NOT_PROVEN);
        }
}

/* PCRs outlive a boot by kexec alone: what was measured is of the first kernel, whatever the log of
 * the second says. */
static void a_kexec_is_one_whatever_it_is_called(void **state) {
        static const char other[] = "\"00000000000000000000000000000001\"",
                          same[] = "\"" HEX_32 "\"";
        Chained x;

        (void) state;
        begin(&x);
        rename_second(&x, same, "\"boot\""); /* a second log of one boot */
        assert_int_equal(case_state(&x.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_false(x.c.judgement.story.kexec);
        rename_second(&x, other, "\"boot\"");
        assert_int_equal(case_state(&x.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_true(x.c.judgement.story.kexec);
        rename_second(&x, same, "\"kexec\"");
        assert_true(x.c.judgement.story.kexec);
        end(&x);
}

/* Who begins a log again cannot say that less had been counted before. */
static void what_the_first_segment_began_with_stands(void **state) {
        static const char *const counts[] = { "3", "9" };
        Digest sha1 = digest_zero(HASH_SHA1), sha256 = digest_zero(HASH_SHA256);
        Chained x;

        (void) state;
        begin(&x);
        for (size_t i = 0; i < ELEMENTS(counts); i++) {
                draft_log_done(&x.logs[i]);
                x.logs[i] = draft_log();
                draft_register_values(&sha1, &sha256, x.starts[i]);
                draft_log_add(&x.logs[i], EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "start", x.starts[i] },
                                                { "count", counts[i] }, { "history", NULL },
                                                { "others", NULL }, { "blinded", NULL }, {} });
                sha1 = draft_log_replay(&x.logs[i], 0, sha1);
                sha256 = draft_log_replay(&x.logs[i], 1, sha256);
        }
        buf_bytes(&x.c.forge.before, draft_log_bytes(&x.logs[0]));
        buf_done(&x.c.forge.log);
        buf_bytes(&x.c.forge.log, draft_log_bytes(&x.logs[1]));
        x.c.forge.values.digests[0][8] = sha256;
        x.c.forge.signed_values = x.c.forge.values;
        case_judge(&x.c);
        assert_int_equal(case_state(&x.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_true(x.c.judgement.story.has_count);
        assert_int_equal(x.c.judgement.story.count, 3);
        end(&x);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(segments_lead_back_to_zero),
                cmocka_unit_test(a_kexec_is_one_whatever_it_is_called),
                cmocka_unit_test(what_the_first_segment_began_with_stands),
                cmocka_unit_test(none_may_be_missing_doubled_or_out_of_order),
                cmocka_unit_test(a_start_that_policy_takes_needs_no_earlier_segment),
                cmocka_unit_test(an_unlock_in_an_earlier_segment_is_not_forgotten),
                cmocka_unit_test(no_byte_of_an_earlier_segment_can_be_changed),
                cmocka_unit_test(segments_are_of_one_register),
                cmocka_unit_test(openings_before_kexec_are_openings),
                cmocka_unit_test(the_clock_holds_for_each_segment),
                cmocka_unit_test(earlier_segments_alone_are_silence),
                cmocka_unit_test(segments_join_in_every_bank_of_one_register),
                cmocka_unit_test(segments_are_cut_before_each_genesis),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
