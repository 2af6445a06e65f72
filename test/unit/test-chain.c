/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "support/draftlog.h"
#include "support/follow.h"

/* What drafts of genesis start with. */
static Digest draft_start(HashAlg alg) {
        Digest d = digest_zero(alg);
        const char *hex = alg == HASH_SHA1 ? HEX_32 "01234567" : HEX_64;

        for (size_t i = 0; i < d.size; i++) {
                unsigned byte;

                assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
                d.bytes[i] = (uint8_t) byte;
        }
        return d;
}

static void a_log_replays_to_what_the_register_holds(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        static const Event events[] = { EVENT_PHASE_GENESIS, EVENT_NOTE_TEXT, EVENT_GLASS_CLOSE };

        (void) state;
        for (size_t n = 0; n < ELEMENTS(events); n++) {
                Digest before[2];
                Chain c;
                int rc;

                for (size_t i = 0; i < 2; i++)
                        before[i] = draft_log_replay(&l, i, draft_start(l.banks[i]));
                draft_log_add(&l, events[n], NULL);
                assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, NULL), n + 1);
                assert_int_equal(rc, 0);
                assert_int_equal(c.next_seq, n + 1);
                assert_int_equal(c.strands[0].n_banks, 2);
                assert_int_equal(c.strands[0].reg.kind, REGISTER_PCR);
                assert_int_equal(c.strands[0].reg.index, 8);
                assert_int_equal(c.boot[15], 0xef);
                assert_false(c.broken);
                assert_memory_equal(c.prev, l.prev, sizeof(c.prev));
                for (size_t i = 0; i < 2; i++) {
                        Digest start = draft_start(l.banks[i]);
                        Digest now = draft_log_replay(&l, i, start);

                        assert_true(digest_equal(&c.strands[0].start[i], &start));
                        assert_true(digest_equal(&c.before[i], &before[i]));
                        assert_true(digest_equal(&c.strands[0].now[i], &now));
                }
        }
}

/* Of a machine without a TPM. */
#define NO_REGISTER                                                                                \
        { "register", "\"none\"" }, { "start", "{}" }, { "others", NULL }, { "blinded", NULL },    \
                        { "count", NULL }, { "missing", NULL }, { "skipped", NULL },               \
                        { "software", NULL }, {                                                    \
                "unmeasured", NULL                                                                 \
        }

static void a_log_of_no_register_is_chained_all_the_same(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Chain c;
        int rc;

        (void) state;
        l.reg = (Register){};
        l.n_banks = 0;
        draft_log_add(&l, EVENT_PHASE_GENESIS, (DraftChange[]){ NO_REGISTER, {} });
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, NULL), 2);
        assert_int_equal(rc, 0);
        assert_int_equal(c.strands[0].n_banks, 0);
        assert_false(strand_starts_at_reset(&c.strands[0]));
        assert_memory_equal(c.prev, l.prev, sizeof(c.prev));
}

static void a_log_of_every_bank_replays(void **state) {
        static const HashAlg banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        _cleanup_(buf_done) Buf start = BUF_UP_TO(512);
        Segment s;
        Record r;
        Chain c = {};

        (void) state;
        memcpy(l.banks, banks, sizeof(banks));
        l.n_banks = 4;
        for (size_t i = 0; i < 4; i++) {
                buf_printf(&start, "%c\"%s\":\"", i > 0 ? ',' : '{', hash_name(banks[i]));
                for (size_t j = 0; j < hash_size(banks[i]); j++)
                        buf_string(&start, "00");
                buf_string(&start, "\"");
        }
        buf_string(&start, "}");
        buf_byte(&start, '\0');
        draft_log_add(&l, EVENT_PHASE_GENESIS,
                        (DraftChange[]){ { "start", (const char *) start.data }, { "others", NULL },
                                        {} });
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        s = segment_over(draft_log_bytes(&l));
        for (size_t n = 0; n < 2; n++) {
                assert_int_equal(segment_next(&s, &r, NULL), 1);
                assert_int_equal(chain_add(&c, &r, NULL), 0);
                assert_memory_equal(&c, &s.chain, sizeof(c));
        }
        for (size_t i = 0; i < 4; i++) {
                Digest now = draft_log_replay(&l, i, digest_zero(banks[i]));

                assert_true(digest_equal(&c.strands[0].now[i], &now));
        }
        r.n_digests = 77;
        assert_int_equal(segment_next(&s, &r, NULL), 0);
        assert_int_equal(r.n_digests, 77); /* nothing is handed out at the end */
}

/* Whoever has computed the digests gets the same chain, and no further with others. */
static void known_digests_are_held_against_the_record(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Chain c = {}, before;
        Segment s;
        Record r;

        (void) state;
        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        s = segment_over(draft_log_bytes(&l));
        assert_int_equal(segment_next(&s, &r, NULL), 1);
        c = before = s.chain;
        assert_int_equal(segment_next(&s, &r, NULL), 1);
        for (size_t i = 0; i < r.n_digests; i++) {
                Digest wrong[BANKS_MAX];

                memcpy(wrong, r.digests, sizeof(wrong));
                wrong[i].bytes[wrong[i].size - 1] ^= 1;
                assert_int_equal(chain_add_known(&c, &r, wrong, NULL), -EBADMSG);
                assert_memory_equal(&c, &before, sizeof(c));
        }
        assert_int_equal(r.n_digests, 2);
        assert_int_equal(chain_add_known(&c, &r, r.digests, NULL), 0);
        assert_memory_equal(&c, &s.chain, sizeof(c));
}

/* How a record is wrong that stands after a genesis and a note. */
typedef struct Wrong {
        const char *what;
        Event event;
        DraftChange changes[1];
        Register reg; /* REGISTER_NONE: as before */
        HashAlg banks[4];
        size_t n_banks; /* 0: as before */
        int spoiled;    /* 1: the first bank's digest */
        const char *why;
} Wrong;

#define OTHER "\"0000000000000000000000000000000000000000000000000000000000000001\""
#define BANKS_ONE "{\"sha256\":\"" HEX_64 "\"}"

static const Wrong wrongs[] = {
        { .what = "prev changed",
                        .event = EVENT_NOTE_TEXT,
                        .changes = { { "prev", OTHER } },
                        .why = "its prev is not the hash of the record before" },
        { .what = "another boot",
                        .event = EVENT_NOTE_TEXT,
                        .changes = { { "boot", "\"0123456789abcdef0123456789abcdee\"" } },
                        .why = "of another boot" },
        { .what = "another PCR",
                        .event = EVENT_NOTE_TEXT,
                        .reg = { REGISTER_PCR, 10 },
                        .why = "of a register that the genesis does not name" },
        { .what = "an NV index of the same number",
                        .event = EVENT_NOTE_TEXT,
                        .reg = { REGISTER_NV, 8 },
                        .why = "of a register that the genesis does not name" },
        { .what = "a bank missing",
                        .event = EVENT_NOTE_TEXT,
                        .banks = { HASH_SHA256 },
                        .n_banks = 1,
                        .why = "1 digests, but the genesis has 2 banks" },
        { .what = "a bank more",
                        .event = EVENT_NOTE_TEXT,
                        .banks = { HASH_SHA1, HASH_SHA256, HASH_SHA384 },
                        .n_banks = 3,
                        .why = "3 digests, but the genesis has 2 banks" },
        { .what = "another bank",
                        .event = EVENT_NOTE_TEXT,
                        .banks = { HASH_SHA1, HASH_SHA384 },
                        .n_banks = 2,
                        .why = "its sha384 digest is not that of its content" },
        { .what = "another first digest",
                        .event = EVENT_NOTE_TEXT,
                        .spoiled = 1,
                        .why = "its sha1 digest is not that of its content" },
        { .what = "another last digest",
                        .event = EVENT_NOTE_TEXT,
                        .spoiled = 2,
                        .why = "its sha256 digest is not that of its content" },
        { .what = "found in fewer banks",
                        .event = EVENT_PHASE_BROKEN,
                        .changes = { { "found", BANKS_ONE } },
                        .why = "register values for other banks" },
        { .what = "found in other banks",
                        .event = EVENT_PHASE_BROKEN,
                        .changes = { { "found", "{\"sha256\":\"" HEX_64
                                                "\",\"sha384\":\"" HEX_32 HEX_64 "\"}" } },
                        .why = "no register value for bank sha1" },
        { .what = "expected in fewer banks",
                        .event = EVENT_PHASE_BROKEN,
                        .changes = { { "expected", BANKS_ONE } },
                        .why = "register values for other banks" },
        { .what = "expected what was never there",
                        .event = EVENT_PHASE_BROKEN,
                        .why = "it expected what the records before do not lead to" },
};

/* {"sha1":hex,"sha256":hex} of a chain's values, with a NUL. */
static const char *values_json(const Digest *values, Buf *to) {
        for (size_t i = 0; i < 2; i++) {
                buf_printf(to, "%s\"%s\":\"", i > 0 ? "," : "{", hash_name(values[i].alg));
                for (size_t j = 0; j < values[i].size; j++)
                        buf_printf(to, "%02x", values[i].bytes[j]);
                buf_string(to, "\"");
        }
        buf_string(to, "}");
        buf_byte(to, '\0');
        return (const char *) buf_span(to).data;
}

/* What a log leads to. */
static const char *now_json(const DraftLog *l, Buf *to) {
        Chain c;
        int rc;

        (void) follow(draft_log_bytes(l), &c, &rc, NULL);
        assert_int_equal(rc, 0);
        return values_json(c.strands[0].now, to);
}

static void what_does_not_continue_the_chain_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrongs); i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                Segment s, before;
                _cleanup_(buf_done) Buf json = BUF_UP_TO(256);
                DraftChange changes[3] = { wrongs[i].changes[0] };
                Record r;

                draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
                draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
                if (changes[0].path && strcmp(changes[0].path, "found") == 0)
                        changes[1] = (DraftChange){ "expected", now_json(&l, &json) };
                if (wrongs[i].reg.kind != REGISTER_NONE)
                        l.reg = wrongs[i].reg;
                if (wrongs[i].n_banks > 0) {
                        memcpy(l.banks, wrongs[i].banks, sizeof(l.banks));
                        l.n_banks = wrongs[i].n_banks;
                }
                l.spoiled = wrongs[i].spoiled - 1;
                draft_log_add(&l, wrongs[i].event, changes);

                s = segment_over(draft_log_bytes(&l));
                assert_int_equal(segment_next(&s, &r, NULL), 1);
                assert_int_equal(segment_next(&s, &r, NULL), 1);
                before = s;
                r.n_digests = 77;
                for (int twice = 0; twice < 2; twice++) {
                        Err e = {};

                        assert_int_equal(segment_next(&s, &r, &e), -EBADMSG);
                        if (!strstr(e.text, wrongs[i].why))
                                fail_msg("%s is refused with: %s", wrongs[i].what, e.text);
                        assert_int_equal(strncmp(e.text, "log record 2: ", 14), 0);
                        assert_memory_equal(&s, &before, sizeof(s)); /* nothing has changed */
                        assert_int_equal(r.n_digests, 77);
                }
        }
}

static void a_record_of_no_register_does_not_continue_one_that_has(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Err e = {};
        Chain c;
        int rc;

        (void) state;
        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        l.reg = (Register){};
        l.n_banks = 0;
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, &e), 1);
        assert_string_equal(
                        e.text, "log record 1: it is of a register that the genesis does not name");
}

/* How a genesis is wrong. */
static const struct {
        DraftChange changes[10];
        const char *why;
} wrong_geneses[] = {
        { { { "register", "\"pcr:9\"" } }, "names another register" },
        { { { "register", "\"nv:0x00000008\"" } }, "names another register" },
        { { NO_REGISTER }, "names another register" },
        { { { "start", BANKS_ONE } }, "register values for other banks than were extended" },
        { { { "start", "{\"sha1\":\"" HEX_32 "01234567\",\"sha384\":\"" HEX_32 HEX_64 "\"}" } },
                        "no register value for bank sha256" },
        { { { "start", "{\"sha1\":\"" HEX_32 "01234567\",\"sha256\":\"" HEX_64
                       "\",\"sha384\":\"" HEX_32 HEX_64 "\"}" } },
                        "register values for other banks than were extended" },
};

static void a_genesis_that_contradicts_its_line_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong_geneses); i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                Chain c, none = {};
                Err e = {};
                int rc;

                draft_log_add(&l, EVENT_PHASE_GENESIS, wrong_geneses[i].changes);
                assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, &e), 0);
                assert_int_equal(rc, -EBADMSG);
                if (!strstr(e.text, wrong_geneses[i].why))
                        fail_msg("%zu is refused with: %s", i, e.text);
                assert_memory_equal(&c, &none, sizeof(c));
        }
}

static void a_genesis_whose_digest_is_anothers_is_refused(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Err e = {};
        Chain c;
        int rc;

        (void) state;
        l.spoiled = 1;
        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, &e), 0);
        assert_string_equal(e.text, "log record 0: its sha256 digest is not that of its content");
}

static void a_log_begins_with_a_genesis_and_has_one(void **state) {
        Err e = {};
        Chain c;
        int rc;

        (void) state;
        for (Event event = EVENT_PHASE_BROKEN; event < _EVENT_MAX; event++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();

                l.n = 1; /* so that its seq is 1 */
                l.prev[0] = 1;
                draft_log_add(&l, event, NULL);
                e = (Err){};
                assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, &e), 0);
                assert_int_equal(rc, -EBADMSG);
                assert_non_null(strstr(e.text, "stands where a genesis belongs"));
        }
        for (size_t n = 1; n < 3; n++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                _cleanup_(buf_done) Buf first = BUF_UP_TO(RECORD_MAX);

                for (size_t i = 0; i < n; i++)
                        draft_log_add(&l, i == 0 ? EVENT_PHASE_GENESIS : EVENT_NOTE_TEXT, NULL);
                buf_bytes(&first, draft_log_record(&l, 0));
                buf_bytes(&l.bytes, buf_span(&first));
                e = (Err){};
                assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, &e), n);
                assert_int_equal(rc, -EBADMSG);
                assert_non_null(strstr(e.text, ": record 0 stands where "));
        }
}

static void a_broken_register_goes_on_from_what_was_found(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        _cleanup_(buf_done) Buf json = BUF_UP_TO(256);
        Digest found[2] = { digest_zero(HASH_SHA1), digest_zero(HASH_SHA256) };
        DraftLog rest; /* borrows from l */
        Chain c;
        int rc;

        (void) state;
        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        draft_log_add(&l, EVENT_PHASE_BROKEN,
                        (DraftChange[]){ { "expected", now_json(&l, &json) }, {} });
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);

        assert_int_equal(follow((Span){ l.bytes.data, l.at[3] }, &c, &rc, NULL), 3);
        assert_true(c.broken);
        found[0].bytes[16] = 0; /* what drafts find: 0123...ef and zeros; zeros */
        for (size_t i = 0; i < 16; i++)
                found[0].bytes[i] = draft_start(HASH_SHA1).bytes[i];
        assert_true(digest_equal(&c.before[0], &found[0]));
        assert_true(digest_equal(&c.before[1], &found[1]));
        assert_int_equal(follow(draft_log_bytes(&l), &c, &rc, NULL), 4);
        assert_int_equal(rc, 0);
        assert_true(c.broken); /* for ever */

        /* the last two records, replayed from what was found */
        rest = l;
        rest.n = 2;
        rest.at[0] = l.at[2];
        rest.at[1] = l.at[3];
        rest.at[2] = l.at[4];
        for (size_t i = 0; i < 2; i++) {
                Digest now = draft_log_replay(&rest, i, found[i]);

                assert_true(digest_equal(&c.strands[0].now[i], &now));
        }
}

static void digests_and_values_are_those_of_the_chains_banks(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Digest digests[BANKS_MAX] = {}, other[BANKS_MAX];
        Chain c;
        int rc;

        (void) state;
        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        (void) follow(draft_log_bytes(&l), &c, &rc, NULL);
        assert_int_equal(strand_digests(&c.strands[0], SPAN_LITERAL("abc"), digests, NULL), 0);
        assert_int_equal(digests[0].alg, HASH_SHA1); /* FIPS 180, of "abc" */
        assert_memory_equal(digests[0].bytes, "\xa9\x99\x3e\x36", 4);
        assert_int_equal(digests[1].alg, HASH_SHA256);
        assert_memory_equal(digests[1].bytes, "\xba\x78\x16\xbf", 4);
        assert_int_equal(digests[2].alg, HASH_NONE);
        for (size_t bank = 0; bank < 4; bank++) {
                memcpy(other, c.strands[0].now, sizeof(other));
                assert_true(strand_values_equal(&c.strands[0], other, c.strands[0].now));
                other[bank].bytes[0] ^= 1;
                other[bank].size = other[bank].size ?: 1;
                assert_int_equal(strand_values_equal(&c.strands[0], other, c.strands[0].now),
                                bank >= 2);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_log_replays_to_what_the_register_holds),
                cmocka_unit_test(known_digests_are_held_against_the_record),
                cmocka_unit_test(a_log_of_no_register_is_chained_all_the_same),
                cmocka_unit_test(a_log_of_every_bank_replays),
                cmocka_unit_test(what_does_not_continue_the_chain_is_refused),
                cmocka_unit_test(a_record_of_no_register_does_not_continue_one_that_has),
                cmocka_unit_test(a_genesis_that_contradicts_its_line_is_refused),
                cmocka_unit_test(a_genesis_whose_digest_is_anothers_is_refused),
                cmocka_unit_test(a_log_begins_with_a_genesis_and_has_one),
                cmocka_unit_test(a_broken_register_goes_on_from_what_was_found),
                cmocka_unit_test(digests_and_values_are_those_of_the_chains_banks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
