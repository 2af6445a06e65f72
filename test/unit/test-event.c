/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/buf.h"
#include "base/macro.h"
#include "wire/event.h"

/* avouch-log-format(5): what must be there, and after the bar what may be. An object's members
 * stand in brackets. "rootHash" and "identity" depend on the class. */
static const struct {
        const char *name, *members;
} events[_EVENT_MAX] = {
        [EVENT_INVALID] = { "invalid", NULL },
        [EVENT_PHASE_GENESIS] = { "phase.genesis",
                        "machine register start tpm(clock reset restart) version why | "
                        "blinded config count history missing others skipped software unmeasured" },
        [EVENT_PHASE_BROKEN] = { "phase.broken", "expected found |" },
        [EVENT_PHASE_ENTER] = { "phase.enter", "phase |" },
        [EVENT_LAYER_ACTIVATE] = { "layer.activate",
                        "class name | "
                        "commandLine identity log(index origin root size) order reason rootHash signer verity version" },
        [EVENT_LAYER_DEACTIVATE] = { "layer.deactivate",
                        "class name | "
                        "commandLine identity log(index origin root size) order reason rootHash signer verity version" },
        [EVENT_LAYER_REFUSE] = { "layer.refuse",
                        "class name reason | "
                        "commandLine identity log(index origin root size) order rootHash signer verity version" },
        [EVENT_UNLOCK_OPEN] = { "unlock.open",
                        "human luks method volume | count keyslot past token tries" },
        [EVENT_UNLOCK_FAIL] = { "unlock.fail",
                        "human luks method volume | count keyslot past token tries" },
        [EVENT_GLASS_BEGIN] = { "glass.begin", "count index name |" },
        [EVENT_GLASS_OPEN] = { "glass.open",
                        "kind uid user | auth(method) count past reason rhost service session tty" },
        [EVENT_GLASS_CLOSE] = { "glass.close",
                        "kind uid user | auth(method) count past reason rhost service session tty" },
        [EVENT_GLASS_LOST] = { "glass.lost", "from to why |" },
        [EVENT_NOTE_TEXT] = { "note.text", "text |" },
        [EVENT_NOTE_LOST] = { "note.lost", "lane lost |" },
};

static void every_event_has_one_name(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID; event < _EVENT_MAX; event++) {
                assert_string_equal(event_name(event), events[event].name);
                assert_int_equal(event_of_name(span_of(events[event].name)), event);
        }
}

static void what_is_no_event_is_invalid(void **state) {
        static const char *const names[] = { "", "invalid", "note", "note.", "note.tex",
                "note.text.", "Note.text", "note text" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(names); i++)
                assert_int_equal(event_of_name(span_of(names[i])), EVENT_INVALID);
        assert_int_equal(event_of_name((Span){}), EVENT_INVALID);
        assert_int_equal(event_of_name(SPAN_LITERAL("note.text\0")), EVENT_INVALID);
        assert_string_equal(event_name(_EVENT_MAX), "invalid");
        assert_string_equal(event_name((Event) 1000), "invalid");
        assert_null(event_members(EVENT_INVALID));
        assert_null(event_members(_EVENT_MAX));
        assert_null(event_members((Event) 1000));
}

/* The names of the rules that are (not) optional, in the order of the names. */
static void put_names(const MemberRule *rules, bool optional, Buf *to) {
        const char *last = "";

        for (;;) {
                const MemberRule *next = NULL;

                for (const MemberRule *r = rules; r->name; r++)
                        if (r->optional == optional && strcmp(r->name, last) > 0 &&
                                        (!next || strcmp(r->name, next->name) < 0))
                                next = r;
                if (!next)
                        return;
                buf_printf(to, "%s%s", to->size > 0 && to->data[to->size - 1] != '(' ? " " : "",
                                next->name);
                if (next->rule == RULE_OBJECT) {
                        buf_byte(to, '(');
                        put_names(next->members, false, to);
                        buf_byte(to, ')');
                }
                last = next->name;
        }
}

static void every_event_has_the_members_of_the_format(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(512);

                put_names(event_members(event), false, &b);
                buf_string(&b, " |");
                put_names(event_members(event), true, &b);
                buf_byte(&b, '\0');
                assert_string_equal((const char *) buf_span(&b).data, events[event].members);
        }
}

static void check_table(const MemberRule *rules, const MemberRule *others) {
        for (; rules->name; rules++) {
                for (const MemberRule *r = rules + 1; r->name; r++)
                        assert_string_not_equal(r->name, rules->name);
                for (const MemberRule *r = others; r && r->name; r++)
                        assert_string_not_equal(r->name, rules->name);
                assert_true(rules->rule <= RULE_OBJECT);
                assert_int_equal(rules->words != NULL, rules->rule == RULE_WORD);
                assert_int_equal(rules->members != NULL, rules->rule == RULE_OBJECT);
                if (rules->words)
                        assert_non_null(rules->words[0]);
                if (rules->members)
                        check_table(rules->members, NULL);
        }
}

static void the_table_holds_together(void **state) {
        (void) state;
        check_table(event_common_members, NULL);
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++)
                check_table(event_members(event), event_common_members);
}

static void three_events_name_a_layer(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID; event < _EVENT_MAX; event++)
                assert_int_equal(event_is_layer(event),
                                strncmp(event_name(event), "layer.", 6) == 0);
}

static void every_event_has_a_lane(void **state) {
        (void) state;
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++) {
                const char *lane = lane_names[event_lane(event)];

                assert_memory_equal(event_name(event), lane, strlen(lane));
                assert_int_equal(event_name(event)[strlen(lane)], '.');
        }
        assert_null(lane_names[_LANE_MAX]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_event_has_one_name),
                cmocka_unit_test(what_is_no_event_is_invalid),
                cmocka_unit_test(every_event_has_the_members_of_the_format),
                cmocka_unit_test(the_table_holds_together),
                cmocka_unit_test(every_event_has_a_lane),
                cmocka_unit_test(three_events_name_a_layer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
