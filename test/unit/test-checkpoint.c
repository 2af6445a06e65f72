/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/checkpoint.h"

#include "port/crypto.h"
#include "support/world.h"
#include "unit/suite.h"

/* What is noted beside the log saves the next one the replay, and is believed only where log and
 * registers say the same. */

static const Register pcr8 = { REGISTER_PCR, WORLD_PCR };

static const Member note[] = {
        { .name = "text", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "here", 4 } },
};

static const Member opening[] = {
        { .name = "count", .type = MEMBER_INTEGER, .number = 7 },
        { .name = "kind", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "sudo", 4 } },
        { .name = "uid", .type = MEMBER_INTEGER, .number = 0 },
        { .name = "user", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "root", 4 } },
};

static Plan notes_apart(void) {
        Plan plan = plan_of(pcr8);

        plan.lanes[LANE_NOTE].index = WORLD_PCR_OTHER;
        return plan;
}

static Account open_or_fail(World *w) {
        const Plan plan = notes_apart();
        Account a;
        Err e = {};

        if (account_open_plan(&w->store, &w->tpm, &plan, &a, &e) < 0)
                fail_msg("%s", e.text);
        return a;
}

static void add(Account *a, Event event) {
        const bool glass = event == EVENT_GLASS_OPEN;

        assert_int_equal(account_record(a, event, glass ? opening : note,
                                         glass ? ELEMENTS(opening) : ELEMENTS(note), NULL),
                        0);
}

/* Three records and what they come to, noted. */
static Account begin(World *w) {
        Account a;

        world_new(w);
        a = open_or_fail(w);
        add(&a, EVENT_GLASS_OPEN);
        add(&a, EVENT_NOTE_TEXT);
        checkpoint_keep(&a);
        assert_true(a.kept);
        w->loaded = 0;
        return a;
}

/* Records once more, and follows the log as a verifier would: all of it holds, is n records long,
 * and the registers show it. */
static void assert_right(World *w, uint64_t n, bool broken) {
        Account a = open_or_fail(w);
        Segment s;
        Record r;
        int rc;

        add(&a, EVENT_NOTE_TEXT);
        s = segment_over(buf_span(&w->log));
        while ((rc = segment_next(&s, &r, NULL)) > 0)
                continue;
        assert_int_equal(rc, 0);
        assert_int_equal(s.chain.next_seq, n);
        assert_int_equal(s.chain.broken, broken);
        for (size_t k = 0; k < s.chain.n_strands; k++)
                for (size_t i = 0; i < s.chain.strands[k].n_banks; i++) {
                        const Digest *d = &s.chain.strands[k].now[i];

                        assert_true(digest_equal(d, pcr_value(&w->pcrs, (uint16_t) d->alg,
                                                                    s.chain.strands[k].reg.index)));
                }
        assert_int_equal(w->n_retired, 0);
}

static void what_was_noted_spares_the_replay(void **state) {
        Account before, after, replayed;
        World w;

        (void) state;
        before = begin(&w);
        w.tpm_commands = 0;
        after = open_or_fail(&w);
        assert_int_equal(w.loaded, 0);
        assert_int_equal(w.tpm_commands, 1);
        assert_false(after.mended || after.began || after.pending);

        buf_done(&w.note);
        replayed = open_or_fail(&w);
        assert_int_equal(w.loaded, 1);
        assert_memory_equal(&after.chain, &replayed.chain, sizeof(Chain));
        assert_memory_equal(&after.chain, &before.chain, sizeof(Chain));
        assert_memory_equal(&after.glass, &replayed.glass, sizeof(GlassCount));
        assert_int_equal(after.glass.opened, 1);
        assert_int_equal(after.size, replayed.size);
        assert_int_equal(after.last_from, replayed.last_from);
        assert_right(&w, 4, false);
        world_done(&w);
}

static void it_is_noted_once_and_only_what_is_settled(void **state) {
        Account a;
        World w;

        (void) state;
        a = begin(&w);
        buf_done(&w.note);
        checkpoint_keep(&a); /* nothing is new */
        assert_int_equal(w.note.size, 0);
        world_fail_after(&w, 1, FAULT_FOR_EVER); /* in the log, and not in the register */
        assert_true(account_record(&a, EVENT_NOTE_TEXT, note, ELEMENTS(note), NULL) < 0);
        world_heal(&w);
        checkpoint_keep(&a);
        assert_int_equal(w.note.size, 0);
        assert_right(&w, 5, false);
        world_done(&w);
}

static void a_log_with_a_torn_end_is_not_noted(void **state) {
        Account a;
        World w;

        (void) state;
        a = begin(&w);
        buf_done(&w.note);
        add(&a, EVENT_NOTE_TEXT);
        world_fail_after(&w, 0, FAULT_TORN);
        assert_true(account_record(&a, EVENT_NOTE_TEXT, note, ELEMENTS(note), NULL) < 0);
        world_heal(&w);
        checkpoint_keep(&a);
        assert_int_equal(w.note.size, 0);
        assert_right(&w, 5, false);
        world_done(&w);
}

static void a_log_that_has_but_begun_has_no_note(void **state) {
        Account a;
        World w;

        (void) state;
        world_new(&w);
        a = open_or_fail(&w);
        checkpoint_keep(&a);
        assert_int_equal(w.note.size, 0);
        world_done(&w);
}

static void an_old_note_is_passed_over(void **state) {
        Account a;
        World w;

        (void) state;
        a = begin(&w);
        add(&a, EVENT_NOTE_TEXT); /* and killed before it was noted */
        a = open_or_fail(&w);
        assert_int_equal(w.loaded, 1);
        assert_false(a.mended);
        assert_right(&w, 5, false);
        world_done(&w);
}

static void a_log_that_was_changed_behind_it_is_replayed(void **state) {
        uint8_t *at;
        World w;

        (void) state;
        (void) begin(&w);
        at = memmem(w.log.data, w.log.size, "sudo", 4);
        assert_non_null(at);
        at[0] = 'p';
        w.written++;
        (void) open_or_fail(&w);
        assert_int_equal(w.loaded, 1);
        assert_int_equal(w.n_retired, 1); /* damaged, and put aside */
        world_done(&w);
}

static void a_foreign_extend_is_seen(void **state) {
        World w;

        (void) state;
        (void) begin(&w);
        world_extend_foreign(&w, true);
        assert_right(&w, 5, true);
        assert_int_equal(w.loaded, 2); /* once more to see that nothing waited for the TPM */
        world_done(&w);
}

static void another_boot_or_plan_does_not_take_it_up(void **state) {
        Account a;
        World w;

        (void) state;
        (void) begin(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(w.loaded, 1);
        assert_string_equal(strchr(w.retired[0], '.'), ".register");
        world_done(&w);
}

/* What a note says, whole as it looks, after this was done to the account that it was made of. */
static void note_a_lie(World *w, void (*lie)(Account *)) {
        Account a = begin(w);

        lie(&a);
        a.kept = false;
        checkpoint_keep(&a);
        assert_true(a.kept);
}

static void lie_seq(Account *a) {
        a->chain.next_seq++;
}

static void lie_prev(Account *a) {
        a->chain.prev[31] ^= 1;
}

static void lie_boot(Account *a) {
        a->chain.boot[0] ^= 1;
}

static void lie_now(Account *a) {
        a->chain.strands[0].now[1].bytes[0] ^= 1;
}

static void lie_now_of_the_last(Account *a) {
        a->chain.strands[a->chain.last_at].now[2].bytes[47] ^= 1;
}

static void lie_before(Account *a) {
        a->chain.before[0].bytes[0] ^= 1;
}

static void lie_last(Account *a) {
        a->chain.last[0].bytes[0] ^= 1;
}

static void lie_strand(Account *a) {
        a->chain.last_at = 0;
}

static void lie_register(Account *a) {
        a->chain.strands[1].reg.index = WORLD_PCR;
}

static void lie_place(Account *a) {
        a->last_from++;
}

static void lie_place_before(Account *a) {
        a->last_from--;
}

static void a_lie_is_found(void **state) {
        static void (*const lies[])(Account *) = { lie_seq, lie_prev, lie_boot, lie_now,
                lie_now_of_the_last, lie_before, lie_last, lie_strand, lie_register, lie_place,
                lie_place_before };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(lies); i++) {
                World w;

                note_a_lie(&w, lies[i]);
                assert_right(&w, 4, false);
                assert_int_equal(w.loaded, 1);
                world_done(&w);
        }
}

/* The SHA-256 at its end is right again. */
static void seal_note(World *w) {
        const Span body = { w->note.data, w->note.size - 32 };
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, body, &d, NULL), 0);
        memcpy(w->note.data + body.size, d.bytes, 32);
}

/* Each byte in turn, with and without the hash being made right again; no length is too short. What
 * is not checked are the starts of two registers in three banks, and of the glass three numbers,
 * the counter's value, the kind of opening, and the last record of one; and how often the TPM had
 * been reset, and restarted. */
static void whatever_is_changed_in_it_costs_a_replay_at_most(void **state) {
        _cleanup_(buf_done) Buf whole = BUF_UP_TO(LOG_MAX);
        size_t unchecked = 2 * (20 + 32 + 48) + 4 + 4 + 4 + 8 + 4 + 8 + 8, believed = 0;
        World w;

        (void) state;
        unchecked += begin(&w).glass.size;
        buf_bytes(&whole, buf_span(&w.note));
        for (size_t i = 0; i < whole.size; i++) {
                w.loaded = 0;
                w.note.data[i] ^= 0x81;
                (void) open_or_fail(&w);
                assert_int_equal(w.loaded, 1);
                seal_note(&w);
                assert_int_equal(open_or_fail(&w).chain.next_seq, 3);
                believed += i < whole.size - 32 && w.loaded == 1;
                memcpy(w.note.data, whole.data, whole.size);
        }
        assert_int_equal(believed, unchecked);
        for (size_t size = 0; size < whole.size; size++) {
                w.loaded = 0;
                w.note.size = size;
                (void) open_or_fail(&w);
                assert_int_equal(w.loaded, 1);
        }
        for (size_t size = 32; size < whole.size; size++) {
                w.loaded = 0;
                w.note.size = size;
                memcpy(w.note.data, whole.data, whole.size);
                seal_note(&w);
                (void) open_or_fail(&w);
                assert_int_equal(w.loaded, 1);
        }
        assert_right(&w, 4, false);
        world_done(&w);
}

/* Records and notes, where one step fails; says how many records were acknowledged. */
static unsigned try_all(World *w) {
        const Plan plan = notes_apart();
        unsigned done = 0;
        Account a;

        if (account_open_plan(&w->store, &w->tpm, &plan, &a, NULL) < 0)
                return 0;
        done += account_record(&a, EVENT_NOTE_TEXT, note, ELEMENTS(note), NULL) == 0;
        if (account_pause(&a, NULL) < 0 || account_resume(&a, 1, NULL) < 0)
                return done;
        done += account_record(&a, EVENT_NOTE_TEXT, note, ELEMENTS(note), NULL) == 0;
        checkpoint_keep(&a);
        return done;
}

static void any_step_may_fail(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE, FAULT_FOR_EVER,
                FAULT_TORN };
        bool struck = true;

        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++, struck = true)
                for (int n = 0; struck; n++) {
                        unsigned done;
                        Account a;
                        World w;

                        (void) begin(&w);
                        world_fail_after(&w, n, kinds[k]);
                        done = try_all(&w);
                        struck = w.steps_left == 0;
                        world_heal(&w);
                        a = open_or_fail(&w);
                        assert_true(a.chain.next_seq >= 3 + done && a.chain.next_seq <= 5);
                        assert_true(struck || done == 2);
                        assert_right(&w, a.chain.next_seq + 1, false);
                        world_done(&w);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_noted_spares_the_replay),
                cmocka_unit_test(it_is_noted_once_and_only_what_is_settled),
                cmocka_unit_test(a_log_with_a_torn_end_is_not_noted),
                cmocka_unit_test(a_log_that_has_but_begun_has_no_note),
                cmocka_unit_test(an_old_note_is_passed_over),
                cmocka_unit_test(a_log_that_was_changed_behind_it_is_replayed),
                cmocka_unit_test(a_foreign_extend_is_seen),
                cmocka_unit_test(another_boot_or_plan_does_not_take_it_up),
                cmocka_unit_test(a_lie_is_found),
                cmocka_unit_test(whatever_is_changed_in_it_costs_a_replay_at_most),
                cmocka_unit_test(any_step_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
