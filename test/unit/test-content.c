/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "support/draft.h"
#include "wire/content.h"

/* Parses, and asserts that nothing is written where it is refused. */
static int parse(Span bytes, Content *ret, Err *e) {
        Content before;
        int rc;

        memset(ret, 0x5a, sizeof(*ret));
        before = *ret;
        rc = content_parse(bytes, ret, e);
        if (rc < 0)
                assert_memory_equal(ret, &before, sizeof(before));
        else
                assert_true(span_equal(ret->bytes, bytes));
        return rc;
}

static void assert_taken(Event event, const DraftChange *changes) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * CONTENT_MAX);
        Content c;
        Err e = {};

        draft_content(event, changes, &b);
        if (parse(buf_span(&b), &c, &e) < 0)
                fail_msg("%.*s is refused: %s", (int) b.size, (const char *) b.data, e.text);
        assert_int_equal(c.event, event);
}

/* why: what the reason contains. */
static void assert_refused(Event event, const DraftChange *changes, const char *why) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * CONTENT_MAX);
        Content c;
        Err e = {};

        draft_content(event, changes, &b);
        if (parse(buf_span(&b), &c, &e) >= 0)
                fail_msg("%.*s is taken", (int) b.size, (const char *) b.data);
        if (!strstr(e.text, why))
                fail_msg("%.*s is refused with: %s", (int) b.size, (const char *) b.data, e.text);
}

static void every_event_is_taken_with_all_its_members_and_with_few(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++) {
                _cleanup_(buf_done) Buf all = BUF_UP_TO(CONTENT_MAX), few = BUF_UP_TO(CONTENT_MAX);
                Content c;

                draft_content(event, NULL, &all);
                assert_int_equal(parse(buf_span(&all), &c, NULL), 0);
                assert_int_equal(c.event, event);
                assert_int_equal(c.seq, event == EVENT_PHASE_GENESIS ? 0 : 7);
                assert_int_equal(c.time, 7);
                assert_true(c.wall == 1700000000000000);
                assert_int_equal(c.boot[0], 0x01);
                assert_int_equal(c.boot[15], 0xef);
                assert_int_equal(c.prev[0], event == EVENT_PHASE_GENESIS ? 0 : 0xfe);
                draft_content_short(event, NULL, &few);
                assert_true(few.size <= all.size);
                assert_int_equal(parse(buf_span(&few), &c, NULL), 0);
        }
}

static void every_prefix_and_every_longer_text_is_refused(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
                Content c;

                draft_content(event, NULL, &b);
                for (size_t n = 0; n < b.size; n++)
                        assert_int_equal(parse((Span){ b.data, n }, &c, NULL), -EBADMSG);
                buf_byte(&b, '\n');
                assert_int_equal(parse(buf_span(&b), &c, NULL), -EBADMSG);
        }
}

/* Values that a rule takes, but this member only together with others: in tests of their own. */
static bool depends(const MemberRule *rule) {
        static const char *const names[] = { "avouch", "commandLine", "event", "found", "human",
                "identity", "prev", "seq" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (strcmp(rule->name, names[i]) == 0)
                        return true;
        return false;
}

static void check_rules(Event event, const MemberRule *rules, const char *prefix);

static void check_rule(Event event, const MemberRule *rule, const char *path) {
        const DraftValues *v = draft_values(rule->rule);
        char word[64];

        for (size_t i = 0; i < ELEMENTS(v->good) && v->good[i] && !depends(rule); i++)
                assert_taken(event, (DraftChange[]){ { path, v->good[i] }, {} });
        for (size_t i = 0; i < ELEMENTS(v->bad) && v->bad[i]; i++)
                assert_refused(event, (DraftChange[]){ { path, v->bad[i] }, {} }, "");
        for (size_t i = 0; rule->words && rule->words[i]; i++) {
                bool uki = strcmp(rule->words[i], "uki") == 0;
                const DraftChange changes[] = { { path, word }, { "rootHash", NULL },
                        { "identity", "\"" HEX_64 "\"" }, {} };

                (void) snprintf(word, sizeof(word), "\"%s\"", rule->words[i]);
                assert_taken(event, uki ? changes : (DraftChange[]){ { path, word }, {} });
                (void) snprintf(word, sizeof(word), "\"%s.\"", rule->words[i]);
                assert_refused(event, (DraftChange[]){ { path, word }, {} },
                                "one of the words that it may be");
                (void) snprintf(word, sizeof(word), "\"%.*s\"", (int) strlen(rule->words[i]) - 1,
                                rule->words[i]);
                assert_refused(event, (DraftChange[]){ { path, word }, {} },
                                "one of the words that it may be");
        }
        if (rule->members)
                check_rules(event, rule->members, path);
}

static void check_rules(Event event, const MemberRule *rules, const char *prefix) {
        for (; rules->name; rules++) {
                char path[64];

                (void) snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "",
                                rules->name);
                check_rule(event, rules, path);
                if (!rules->optional)
                        assert_refused(event, (DraftChange[]){ { path, NULL }, {} },
                                        *prefix ? "is not the object that it should be"
                                        : strcmp(path, "event") == 0  ? "no event that is known"
                                        : strcmp(path, "avouch") == 0 ? "not of version 1"
                                                                      : "is missing");
                else if (strcmp(path, "rootHash") != 0)
                        assert_taken(event, (DraftChange[]){ { path, NULL }, {} });
        }
}

static void every_member_keeps_its_rule(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++) {
                check_rules(event, event_common_members, "");
                check_rules(event, event_members(event), "");
        }
}

static void a_member_of_another_event_does_not_belong_there(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++) {
                assert_refused(event, (DraftChange[]){ { "zzz", "7" }, {} },
                                "member \"zzz\" does not belong there");
                assert_refused(event, (DraftChange[]){ { "Seq", "7" }, {} },
                                "member \"Seq\" does not belong there");
                assert_refused(event, (DraftChange[]){ { "", "7" }, {} },
                                "member \"\" does not belong there");
        }
        assert_refused(EVENT_NOTE_TEXT, (DraftChange[]){ { "phase", "\"x\"" }, {} },
                        "note.text: member \"phase\" does not belong there");
        assert_refused(EVENT_PHASE_GENESIS, (DraftChange[]){ { "tpm.safe", "1" }, {} },
                        "member \"tpm\" is not the object that it should be");
        assert_refused(EVENT_NOTE_TEXT,
                        (DraftChange[]){ { "a23456789b123456789c123456789d123456789e123", "7" },
                                        {} },
                        "member \"a23456789b123456789c123456789d123456789e\" does not");
}

/* A log of no register says nothing of what only a TPM has. */
static void without_a_tpm_a_genesis_tells_of_none(void **state) {
        static const char *const of_a_tpm[] = { "blinded", "count", "missing", "others", "skipped",
                "software", "unmeasured" };
        DraftChange changes[ELEMENTS(of_a_tpm) + 3] = { { "register", "\"none\"" },
                { "start", "{}" } };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
        Content c;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(of_a_tpm); i++)
                changes[2 + i].path = of_a_tpm[i];
        draft_content(EVENT_PHASE_GENESIS, changes, &b);
        assert_int_equal(parse(buf_span(&b), &c, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(of_a_tpm); i++) {
                char why[64];

                changes[2 + i].path = "seq"; /* as it stands: this one is not left out */
                changes[2 + i].json = "0";
                (void) snprintf(why, sizeof(why), "without a TPM there is no '%s'", of_a_tpm[i]);
                assert_refused(EVENT_PHASE_GENESIS, changes, why);
                changes[2 + i] = (DraftChange){ of_a_tpm[i], NULL };
        }
}

/* What no single member shows. */
static const struct {
        Event event;
        DraftChange changes[4];
        const char *why; /* NULL: taken */
} sense[] = {
        { EVENT_PHASE_GENESIS, { { "seq", "1" } }, "a genesis has seq 0" },
        { EVENT_PHASE_GENESIS, { { "prev", "\"" HEX_64 "\"" } }, "a genesis has seq 0" },
        { EVENT_PHASE_GENESIS, { { "seq", "7" }, { "prev", "\"" HEX_64 "\"" } },
                        "a genesis has seq 0" },
        { EVENT_NOTE_TEXT, { { "seq", "0" } }, "a genesis has seq 0" },
        { EVENT_NOTE_TEXT, { { "prev", "\"" ZEROS_64 "\"" } }, "a genesis has seq 0" },
        { EVENT_NOTE_TEXT, { { "seq", "0" }, { "prev", "\"" ZEROS_64 "\"" } },
                        "a genesis has seq 0" },
        { EVENT_NOTE_TEXT, { { "seq", "1" } }, NULL },

        { EVENT_NOTE_TEXT, { { "avouch", "2" } }, "not of version 1" },
        { EVENT_NOTE_TEXT, { { "avouch", "0" } }, "not of version 1" },
        { EVENT_NOTE_TEXT, { { "avouch", "\"1\"" } }, "not of version 1" },
        { EVENT_NOTE_TEXT, { { "event", "\"invalid\"" } }, "no event that is known" },
        { EVENT_NOTE_TEXT, { { "event", "7" } }, "no event that is known" },
        { EVENT_NOTE_TEXT, { { "event", "\"note.lost\"" } },
                        "note.lost: member \"text\" does not" },
        { EVENT_GLASS_OPEN, { { "event", "\"glass.close\"" } }, NULL },

        { EVENT_PHASE_GENESIS, { { "register", "\"none\"" } }, "a register has a start" },
        { EVENT_PHASE_GENESIS, { { "start", "{}" } }, "a register has a start" },

        { EVENT_PHASE_BROKEN, { { "found", "{}" }, { "expected", "{}" } }, "what was found" },
        { EVENT_PHASE_BROKEN,
                        { { "found", "{\"sha256\":\"" HEX_64 "\"}" },
                                        { "expected", "{\"sha256\":\"" HEX_64 "\"}" } },
                        "what was found is what was expected" },
        { EVENT_PHASE_BROKEN,
                        { { "found", "{\"sha256\":\"" HEX_64 "\"}" },
                                        { "expected", "{\"sha256\":\"" ZEROS_64 "\"}" } },
                        NULL },

        { EVENT_LAYER_ACTIVATE, { { "rootHash", NULL } }, "a layer has a rootHash" },
        { EVENT_LAYER_ACTIVATE, { { "class", "\"uki\"" } }, "a uki has an identity" },
        { EVENT_LAYER_ACTIVATE, { { "identity", "\"" HEX_64 "\"" } }, "a layer has a rootHash" },
        { EVENT_LAYER_ACTIVATE, { { "identity", "\"" HEX_64 "\"" }, { "rootHash", NULL } },
                        "a layer has a rootHash" },
        { EVENT_LAYER_REFUSE, { { "identity", "\"" HEX_64 "\"" }, { "class", "\"uki\"" } },
                        "a uki has an identity" },
        { EVENT_LAYER_DEACTIVATE, { { "rootHash", NULL }, { "class", "\"uki\"" } },
                        "a uki has an identity" },
        { EVENT_LAYER_DEACTIVATE, { { "rootHash", NULL } }, "a layer has a rootHash" },
        { EVENT_LAYER_REFUSE, { { "rootHash", NULL } }, NULL },
        { EVENT_LAYER_REFUSE, { { "rootHash", NULL }, { "class", "\"uki\"" } }, NULL },
        { EVENT_LAYER_REFUSE, { { "identity", "\"" HEX_64 "\"" }, { "rootHash", NULL } },
                        "a layer has a rootHash" },
        { EVENT_LAYER_ACTIVATE, { { "commandLine", "\"" HEX_64 "\"" } },
                        "a commandLine belongs to a uki" },
        { EVENT_LAYER_ACTIVATE,
                        { { "commandLine", "\"" HEX_64 "\"" }, { "class", "\"uki\"" },
                                        { "identity", "\"" HEX_64 "\"" }, { "rootHash", NULL } },
                        NULL },
        { EVENT_LAYER_REFUSE, { { "commandLine", "\"" HEX_64 "\"" }, { "rootHash", NULL } },
                        "a commandLine belongs to a uki" },

        { EVENT_UNLOCK_OPEN, { { "human", "0" } }, "count and past belong" },
        { EVENT_UNLOCK_OPEN, { { "human", "0" }, { "count", NULL } }, "count and past belong" },
        { EVENT_UNLOCK_FAIL, { { "human", "0" }, { "past", NULL } }, "count and past belong" },
        { EVENT_UNLOCK_OPEN, { { "human", "0" }, { "past", NULL }, { "count", NULL } }, NULL },
        { EVENT_UNLOCK_OPEN, { { "human", "1" }, { "past", NULL }, { "count", NULL } }, NULL },
        { EVENT_UNLOCK_OPEN, { { "human", "2" }, { "past", NULL }, { "count", NULL } },
                        "member \"human\" is not 0 or 1" },
};

static void a_content_that_contradicts_itself_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(sense); i++)
                if (sense[i].why)
                        assert_refused(sense[i].event, sense[i].changes, sense[i].why);
                else if (sense[i].event == EVENT_GLASS_OPEN) {
                        _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
                        Content c;

                        draft_content(sense[i].event, sense[i].changes, &b);
                        assert_int_equal(parse(buf_span(&b), &c, NULL), 0);
                        assert_int_equal(c.event, EVENT_GLASS_CLOSE);
                } else {
                        assert_taken(sense[i].event, sense[i].changes);
                }
}

/* wire/json refuses these, each with its own reason; here it counts that it is asked for the
 * canonical form. */
static void another_spelling_is_refused(void **state) {
        static const DraftChange changes[][2] = {
                { { "text", " \"blank\"" } },
                { { "text", "\"h\\u00e9\"" } },
                { { "text", "\"a\\/b\"" } },
                { { "text", "\"a\nb\"" } },
                { { "text", "\"\x7f\"" } },
                { { "text", "\"\xff\"" } },
                { { "text", "null" } },
                { { "text", "\"a\",\"text\":\"b\"" } },
                { { "text", "\"a\",\"a\":\"b\"" } },
                { { "time", "7.0" } },
                { { "time", "07" } },
                { { "time", "7e0" } },
                { { "seq", "9007199254740992" } },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(changes); i++)
                assert_refused(EVENT_NOTE_TEXT, changes[i], "record content: malformed at byte");
}

static void what_is_no_object_is_refused(void **state) {
        static const char *const texts[] = { "[]", "7", "\"note.text\"", "{}", "[{}]" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                Content c;
                Err e = {};

                assert_int_equal(parse(span_of(texts[i]), &c, &e), -EBADMSG);
                assert_string_equal(e.text, "record content: not of version 1 (\"avouch\":1)");
        }
}

static void no_more_values_are_taken_than_there_is_room_for(void **state) {
        unsigned tokens = 0;

        (void) state;
        for (unsigned n = 1; n < 70; n++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX),
                                        blinded = BUF_UP_TO(CONTENT_MAX);
                Content c;
                Err e = {};

                for (unsigned i = 0; i < n; i++)
                        buf_printf(&blinded, "%c\"%08x\":\"%s\"", i > 0 ? ',' : '{', i, HEX_64);
                buf_string(&blinded, "}");
                buf_byte(&blinded, '\0');
                draft_content_short(EVENT_PHASE_GENESIS,
                                (DraftChange[]){ { "blinded", (const char *) blinded.data }, {} },
                                &b);
                if (tokens <= RECORD_TOKENS_MAX - 2) {
                        assert_int_equal(parse(buf_span(&b), &c, NULL), 0);
                        assert_true(n == 1 || c.n_tokens == tokens + 2); /* a name and a value */
                        tokens = (unsigned) c.n_tokens;
                } else {
                        assert_int_equal(parse(buf_span(&b), &c, &e), -E2BIG);
                        assert_non_null(strstr(e.text, "more than 128 JSON values"));
                }
        }
}

static void a_content_is_taken_up_to_its_limit(void **state) {
        const char *full = draft_values(RULE_TEXT)->good[4];
        char text[STRING_MAX + 3];
        Content c;

        (void) state;
        assert_int_equal(strlen(full), STRING_MAX + 2);
        for (int pad = 0; pad <= STRING_MAX; pad++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * CONTENT_MAX);
                Err e = {};

                (void) snprintf(text, sizeof(text), "%.*s\"", pad + 1, full);
                draft_content(EVENT_GLASS_OPEN,
                                (DraftChange[]){ { "auth.key", full }, { "auth.method", full },
                                                { "reason", full }, { "rhost", full },
                                                { "service", full }, { "session", full },
                                                { "tty", full }, { "user", text }, {} },
                                &b);
                assert_true(pad < STRING_MAX || b.size > CONTENT_MAX);
                assert_int_equal(parse(buf_span(&b), &c, &e), b.size > CONTENT_MAX ? -E2BIG : 0);
                if (b.size == CONTENT_MAX + 1)
                        assert_string_equal(e.text,
                                        "record content: 8193 bytes, at most 8192 are taken");
        }
}

static void members_are_found_by_name(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
        Content c;
        int64_t n;

        (void) state;
        draft_content(EVENT_PHASE_GENESIS, (DraftChange[]){ { "version", "\"a\\\\x5cb\"" }, {} },
                        &b);
        assert_int_equal(content_parse(buf_span(&b), &c, NULL), 0);
        assert_true(span_is(content_text(&c, "version"), "a\\\\x5cb")); /* as it stands */
        assert_true(json_integer(json_member(content_member(&c, "tpm"), "clock"), 7, 7, &n));
        assert_int_equal(json_type(content_member(&c, "no such")), JSON_NONE);
        assert_int_equal(content_text(&c, "no such").size, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_event_is_taken_with_all_its_members_and_with_few),
                cmocka_unit_test(every_prefix_and_every_longer_text_is_refused),
                cmocka_unit_test(every_member_keeps_its_rule),
                cmocka_unit_test(a_member_of_another_event_does_not_belong_there),
                cmocka_unit_test(without_a_tpm_a_genesis_tells_of_none),
                cmocka_unit_test(a_content_that_contradicts_itself_is_refused),
                cmocka_unit_test(another_spelling_is_refused),
                cmocka_unit_test(what_is_no_object_is_refused),
                cmocka_unit_test(no_more_values_are_taken_than_there_is_room_for),
                cmocka_unit_test(a_content_is_taken_up_to_its_limit),
                cmocka_unit_test(members_are_found_by_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
