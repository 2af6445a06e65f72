/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "measure/account.h"
#include "measure/checkpoint.h"
#include "port/host.h"
#include "support/draftlog.h"
#include "support/world.h"

/* Which logs are continued, which are put aside, and what has to be there to begin one. */

static const Register pcr8 = { REGISTER_PCR, WORLD_PCR };

static void hex_of(const uint8_t *bytes, size_t size, char *into) {
        for (size_t i = 0; i < size; i++)
                (void) snprintf(into + 2 * i, 3, "%02x", bytes[i]);
}

/* This boot's id in hex. */
static const char *this_boot(char into[static 33]) {
        uint8_t boot[16];

        assert_int_equal(host_boot_id(boot, NULL), 0);
        hex_of(boot, sizeof(boot), into);
        return into;
}

/* Opens the account over a log that somebody wrote; returns under which name it was put aside, ""
 * where it was continued. */
static const char *name_of_retired(World *w, Span log) {
        Account a;
        Err e = {};

        world_new(w);
        w->log.max = LOG_MAX + 1;
        buf_bytes(&w->log, log);
        if (account_open(&w->store, &w->tpm, pcr8, &a, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(a.size, w->log.size);
        return w->n_retired > 0 ? w->retired[0] : "";
}

static void a_log_of_another_boot_is_put_aside_under_its_boot(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        World w;

        (void) state;
        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        assert_string_equal(name_of_retired(&w, draft_log_bytes(&l)), HEX_32);
        world_done(&w);
}

/* A genesis of this boot, into a register. */
static void add_genesis(DraftLog *l, Register reg) {
        char boot[33], boot_json[40], reg_json[32];

        (void) snprintf(boot_json, sizeof(boot_json), "\"%s\"", this_boot(boot));
        if (reg.kind == REGISTER_PCR)
                (void) snprintf(reg_json, sizeof(reg_json), "\"pcr:%u\"", reg.index);
        else
                (void) snprintf(reg_json, sizeof(reg_json), "\"nv:0x%08x\"", reg.index);
        l->reg = reg;
        draft_log_add(l, EVENT_PHASE_GENESIS,
                        (DraftChange[]){ { "boot", boot_json }, { "register", reg_json },
                                        { "others", NULL }, { "blinded", NULL },
                                        { "tpm.reset", "3" }, { "tpm.restart", "0" },
                                        {} }); /* as the world's */
}

static void a_log_of_another_register_is_put_aside(void **state) {
        static const struct {
                Register reg;
                const char *why; /* a genesis stands in no NV index */
        } others[] = { { { REGISTER_PCR, 9 }, "register" }, { { REGISTER_NV, 8 }, "damaged" } };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                char boot[33], name[64];
                World w;

                add_genesis(&l, others[i].reg);
                (void) snprintf(name, sizeof(name), "%s.%s", this_boot(boot), others[i].why);
                assert_string_equal(name_of_retired(&w, draft_log_bytes(&l)), name);
                world_done(&w);
        }
}

static void a_log_of_this_boot_and_register_is_continued(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        World w;

        (void) state;
        add_genesis(&l, pcr8);
        assert_string_equal(name_of_retired(&w, draft_log_bytes(&l)), "");
        world_done(&w);
}

static void a_log_that_cannot_be_followed_is_put_aside_as_damaged(void **state) {
        _cleanup_(buf_done) Buf large = BUF_UP_TO(LOG_MAX + 1), record = BUF_UP_TO(RECORD_MAX);
        Span logs[3] = { SPAN_LITERAL("{}\n") };
        char boot[33], name[64];

        (void) state;
        buf_zeros(&large, LOG_MAX + 1); /* more than is read */
        logs[1] = buf_span(&large);
        /* more than a content may have, but not more than a line */
        buf_string(&record,
                        "\x1e{\"recnum\":0,\"digests\":[],\"content_type\":\"avouch\",\"content\":");
        for (int i = 0; i < CONTENT_MAX + 1; i++)
                buf_byte(&record, '7');
        buf_string(&record, "}\n");
        logs[2] = buf_span(&record);
        (void) snprintf(name, sizeof(name), "%s.damaged", this_boot(boot));
        for (size_t i = 0; i < ELEMENTS(logs); i++) {
                World w;

                assert_string_equal(name_of_retired(&w, logs[i]), name);
                world_done(&w);
        }
}

static int add_note(Account *a) {
        static uint8_t text[STRING_MAX];
        const Member note[] = { { .name = "text", .bytes = { text, sizeof(text) } } };

        memset(text, 'x', sizeof(text));
        return account_record(a, EVENT_NOTE_TEXT, note, 1, NULL);
}

/* Nearly as much as one record can say. */
static int add_much(Account *a) {
        static uint8_t text[STRING_MAX];
        static const char *const names[] = { "reason", "rhost", "service", "session", "tty",
                "user" };
        Member glass[ELEMENTS(names) + 2] = {
                { .name = "kind", .bytes = SPAN_LITERAL("other") },
                { .name = "uid", .type = MEMBER_INTEGER },
        };

        memset(text, 'x', sizeof(text));
        for (size_t i = 0; i < ELEMENTS(names); i++)
                glass[i + 2] = (Member){ .name = names[i], .bytes = { text, sizeof(text) } };
        return account_record(a, EVENT_GLASS_OPEN, glass, ELEMENTS(glass), NULL);
}

/* By another process, or by the one that stays. */
static void take_anew(World *w, bool stays, Account *a) {
        checkpoint_keep(a);
        if (!stays) {
                assert_int_equal(account_open(&w->store, &w->tpm, pcr8, a, NULL), 0);
                return;
        }
        assert_int_equal(account_pause(a, NULL), 0);
        assert_int_equal(account_resume(a, 1, NULL), 0);
}

static void put_aside_when_nearly_full(bool stays) {
        char boot[33], name[64];
        Account a;
        World w;

        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        while (w.log.size <= LOG_MAX - 65 * RECORD_MAX)
                assert_int_equal(add_much(&a), 0);
        take_anew(&w, stays, &a);
        assert_int_equal(w.n_retired, 0);
        while (w.log.size <= LOG_MAX - 64 * RECORD_MAX)
                assert_int_equal(add_much(&a), 0);
        take_anew(&w, stays, &a);
        assert_int_equal(w.n_retired, 1);
        (void) snprintf(name, sizeof(name), "%s.full", this_boot(boot));
        assert_string_equal(w.retired[0], name);
        assert_int_equal(a.chain.next_seq, 1);
        assert_int_equal(a.size, w.log.size);
        world_done(&w);
}

static void a_log_that_is_nearly_full_is_put_aside(void **state) {
        (void) state;
        put_aside_when_nearly_full(false);
        put_aside_when_nearly_full(true);
}

static void a_log_that_is_full_takes_no_record_more(void **state) {
        size_t before;
        Account a;
        World w;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(add_note(&a), 0);
        before = w.log.size;
        a.size = LOG_MAX - 1024; /* a note has more */
        assert_int_equal(add_note(&a), -EFBIG);
        a.size = before;
        a.chain.next_seq = LOG_RECORDS_MAX;
        assert_true(add_note(&a) < 0);
        assert_int_equal(w.log.size, before);
        world_done(&w);
}

static int fail_clock(Tpm *t, TpmClock *ret, Err *e) {
        (void) t, (void) ret;
        return err_set(e, -EIO, "no clock");
}

static int fail_read(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        (void) t, (void) which, (void) ret;
        return err_set(e, -EIO, "no value");
}

/* A TPM that says nothing of the register. */
static int read_nothing(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        (void) t, (void) which, (void) e;
        *ret = (PcrValues){};
        return 0;
}

static void no_genesis_is_written_where_the_tpm_does_not_tell(void **state) {
        TpmOps ops[3];
        World w;

        (void) state;
        world_new(&w);
        ops[0] = ops[1] = ops[2] = *w.tpm.ops;
        ops[0].clock = fail_clock;
        ops[1].read = fail_read;
        ops[2].read = read_nothing;
        for (size_t i = 0; i < ELEMENTS(ops); i++) {
                Account a;

                w.tpm.ops = &ops[i];
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), -EIO);
                assert_int_equal(w.log.size, 0);
        }
        world_done(&w);
}

static void only_banks_with_this_pcr_are_extended_and_one_must_prove(void **state) {
        Account a;
        Err e = {};
        World w;

        (void) state;
        world_new(&w);
        w.pcrs.held.banks[2].mask = 1u << 7; /* SHA-384, without PCR 8 */
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(a.chain.strands[0].n_banks, 2);
        world_done(&w);

        world_new(&w);
        w.pcrs.held.n_banks = 1; /* SHA-1 alone */
        w.unknown_bank = 0x0012;
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, &e), -EOPNOTSUPP);
        assert_non_null(strstr(e.text, "no active SHA-256, SHA-384 or SHA-512 bank with PCR 8"));
        assert_int_equal(w.log.size, 0);
        world_done(&w);
}

static void banks_stand_in_the_order_of_their_algorithms(void **state) {
        static const HashAlg reported[] = { HASH_SHA384, HASH_SHA1, HASH_SHA512, HASH_SHA256 };
        Account a;
        World w;

        (void) state;
        world_new(&w);
        w.pcrs = (PcrValues){};
        for (size_t i = 0; i < ELEMENTS(reported); i++) {
                Digest zero = digest_zero(reported[i]);

                assert_true(pcr_set(&w.pcrs, WORLD_PCR, &zero));
        }
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(a.chain.strands[0].n_banks, 4);
        for (size_t i = 1; i < 4; i++)
                assert_true(a.chain.strands[0].now[i - 1].alg < a.chain.strands[0].now[i].alg);
        for (size_t i = 0; i < 4; i++)
                assert_true(digest_equal(&a.chain.strands[0].now[i],
                                pcr_value(&w.pcrs, (uint16_t) a.chain.strands[0].now[i].alg,
                                                WORLD_PCR)));
        world_done(&w);
}

/* The second command of a record, or the third: an extend whose answer is lost, or which fails. */
static void a_lost_answer_is_looked_up(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                Digest before;
                Account a;
                World w;

                world_new(&w);
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                world_fail_after(&w, 1, kinds[i]);
                assert_int_equal(add_note(&a), 0);
                assert_false(a.pending);
                before = *pcr_value(&w.pcrs, HASH_SHA256, WORLD_PCR);
                assert_true(digest_equal(&before, &a.chain.strands[0].now[1]));
                world_done(&w);
        }
}

static void no_record_is_written_before_the_one_that_is_pending(void **state) {
        size_t before;
        Account a;
        TpmOps ops;
        World w;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        world_fail_after(&w, 1, FAULT_FOR_EVER);
        assert_true(add_note(&a) < 0);
        world_heal(&w);
        before = w.log.size;
        ops = *w.tpm.ops;
        ops.read = fail_read;
        w.tpm.ops = &ops;
        assert_int_equal(add_note(&a), -EIO);
        assert_true(a.pending);
        assert_int_equal(w.log.size, before);
        world_done(&w);
}

static void glass_is_counted_by_event(void **state) {
        const Member glass[] = {
                { .name = "kind", .bytes = SPAN_LITERAL("debug-shell") },
                { .name = "uid", .type = MEMBER_INTEGER },
                { .name = "user", .bytes = SPAN_LITERAL("root") },
        };
        Account a;
        World w;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        for (int i = 0; i < 3; i++)
                assert_int_equal(account_record(&a, EVENT_GLASS_OPEN, glass, 3, NULL), 0);
        for (int i = 0; i < 2; i++)
                assert_int_equal(account_record(&a, EVENT_GLASS_CLOSE, glass, 3, NULL), 0);
        assert_int_equal(add_note(&a), 0);
        for (int again = 0; again < 2; again++) {
                assert_int_equal(a.glass.opened, 3);
                assert_int_equal(a.glass.closed, 2);
                assert_string_equal(a.glass.kind, "debug-shell");
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        }
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_log_of_another_boot_is_put_aside_under_its_boot),
                cmocka_unit_test(a_log_of_another_register_is_put_aside),
                cmocka_unit_test(a_log_of_this_boot_and_register_is_continued),
                cmocka_unit_test(a_log_that_cannot_be_followed_is_put_aside_as_damaged),
                cmocka_unit_test(a_log_that_is_nearly_full_is_put_aside),
                cmocka_unit_test(a_log_that_is_full_takes_no_record_more),
                cmocka_unit_test(no_genesis_is_written_where_the_tpm_does_not_tell),
                cmocka_unit_test(only_banks_with_this_pcr_are_extended_and_one_must_prove),
                cmocka_unit_test(banks_stand_in_the_order_of_their_algorithms),
                cmocka_unit_test(a_lost_answer_is_looked_up),
                cmocka_unit_test(no_record_is_written_before_the_one_that_is_pending),
                cmocka_unit_test(glass_is_counted_by_event),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
