/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "wire/content.h"

static const uint8_t prev[32] = { 0xfe }, boot[16] = { 0x01 };

static Content head_of(Event event) {
        Content head = { .event = event, .seq = 7, .time = 8, .wall = -9 };

        memcpy(head.prev, prev, sizeof(prev));
        memcpy(head.boot, boot, sizeof(boot));
        return head;
}

static void what_is_written_is_sorted_and_reads_the_same(void **state) {
        static const Member log[] = {
                { .name = "size", .type = MEMBER_INTEGER, .number = 12 },
                { .name = "root", .type = MEMBER_HEX, .bytes = { prev, 32 } },
                { .name = "origin", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "o", 1 } },
                { .name = "index", .type = MEMBER_INTEGER, .number = 3 },
        };
        const Member members[] = {
                { .name = "rootHash", .type = MEMBER_HEX, .bytes = { prev, 32 } },
                { .name = "name",
                                .type = MEMBER_TEXT,
                                .bytes = SPAN_LITERAL("a\\b\n\"\xff\xc3\xa9\x7f") },
                { .name = "class", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("sysext") },
                { .name = "log", .type = MEMBER_OBJECT, .members = log, .n_members = 4 },
        };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX), text = BUF_UP_TO(64);
        Content head = head_of(EVENT_LAYER_ACTIVATE), c;

        (void) state;
        assert_int_equal(content_write(&head, members, ELEMENTS(members), &b, NULL), 0);
        assert_true(span_is(buf_span(&b),
                        "{\"avouch\":1,\"boot\":\"01000000000000000000000000000000\","
                        "\"class\":\"sysext\",\"event\":\"layer.activate\","
                        "\"log\":{\"index\":3,\"origin\":\"o\",\"root\":\"fe"
                        "00000000000000000000000000000000000000000000000000000000000000\","
                        "\"size\":12},\"name\":\"a\\\\x5cb\\\\x0a\\\"\\\\xff\xc3\xa9\\\\x7f\","
                        "\"prev\":\"fe"
                        "00000000000000000000000000000000000000000000000000000000000000\","
                        "\"rootHash\":\"fe"
                        "00000000000000000000000000000000000000000000000000000000000000\","
                        "\"seq\":7,\"time\":8,\"wall\":-9}"));
        assert_int_equal(content_parse(buf_span(&b), &c, NULL), 0);
        assert_int_equal(c.event, EVENT_LAYER_ACTIVATE);
        assert_int_equal(c.seq, 7);
        assert_int_equal(c.time, 8);
        assert_int_equal(c.wall, -9);
        assert_memory_equal(c.prev, prev, 32);
        assert_memory_equal(c.boot, boot, 16);
        assert_true(json_text(content_member(&c, "name"), &text));
        assert_true(span_is(buf_span(&text), "a\\x5cb\\x0a\"\\xff\xc3\xa9\\x7f"));
}

static void numbers_are_written_to_their_limits(void **state) {
        const Member lost[] = {
                { .name = "lost", .type = MEMBER_INTEGER, .number = JSON_INTEGER_MAX },
                { .name = "lane", .bytes = SPAN_LITERAL("note") },
        };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
        Content head = head_of(EVENT_NOTE_LOST), c;

        (void) state;
        head.wall = -JSON_INTEGER_MAX;
        assert_int_equal(content_write(&head, lost, 2, &b, NULL), 0);
        assert_int_equal(content_parse(buf_span(&b), &c, NULL), 0);
        assert_true(span_is(content_text(&c, "lost"), "9007199254740991"));
        assert_true(c.wall == -JSON_INTEGER_MAX);
}

static void a_list_is_written_in_its_order(void **state) {
        static const Member skipped[] = {
                { .bytes = { (const uint8_t *) "0x0027", 6 } },
                { .bytes = { (const uint8_t *) "0x0012", 6 } },
        };
        static const Member tpm[] = {
                { .name = "clock", .type = MEMBER_INTEGER },
                { .name = "reset", .type = MEMBER_INTEGER },
                { .name = "restart", .type = MEMBER_INTEGER },
        };
        static const Member start[] = {
                { .name = "sha256", .type = MEMBER_HEX, .bytes = { prev, 32 } },
        };
        const Member members[] = {
                { .name = "machine", .type = MEMBER_HEX, .bytes = { boot, 16 } },
                { .name = "register", .bytes = SPAN_LITERAL("pcr:8") },
                { .name = "skipped", .type = MEMBER_ARRAY, .members = skipped, .n_members = 2 },
                { .name = "start", .type = MEMBER_OBJECT, .members = start, .n_members = 1 },
                { .name = "tpm", .type = MEMBER_OBJECT, .members = tpm, .n_members = 3 },
                { .name = "version", .bytes = SPAN_LITERAL("0") },
                { .name = "why", .bytes = SPAN_LITERAL("boot") },
        };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
        Content head = { .event = EVENT_PHASE_GENESIS }, c;

        (void) state;
        assert_int_equal(content_write(&head, members, ELEMENTS(members), &b, NULL), 0);
        assert_int_equal(content_parse(buf_span(&b), &c, NULL), 0);
        assert_true(span_is(content_text(&c, "skipped"), "[\"0x0027\",\"0x0012\"]"));
}

static void what_would_not_be_read_is_not_written(void **state) {
        static uint8_t text[CONTENT_MAX];
        static const Member tpm[] = { { .name = "clock", .type = MEMBER_INTEGER, .number = 1 } };
        const struct {
                Event event;
                Member member;
                int rc;
                const char *why;
        } cases[] = {
                { EVENT_NOTE_TEXT, { .name = "text", .bytes = { text, STRING_MAX } }, 0, "" },
                { EVENT_NOTE_TEXT, { .name = "text", .bytes = { text, STRING_MAX + 1 } }, -EBADMSG,
                                "note.text: member \"text\" is not a string of at most 1 KiB" },
                { EVENT_NOTE_TEXT, { .name = "text", .bytes = { text, sizeof(text) } }, -E2BIG,
                                "note.text: a record of more than 8192 bytes" },
                { EVENT_NOTE_TEXT, { .name = "phase", .bytes = { text, 1 } }, -EBADMSG,
                                "note.text: member \"phase\" does not belong there" },
                { EVENT_PHASE_ENTER, { .name = "phase", .type = MEMBER_INTEGER, .number = 1 },
                                -EBADMSG, "member \"phase\" is not a string" },
                { EVENT_NOTE_LOST, { .name = "lost", .type = MEMBER_INTEGER, .number = -1 },
                                -EBADMSG, "member \"lost\" is not a number from 0 up" },
                { EVENT_NOTE_LOST,
                                { .name = "lost",
                                                .type = MEMBER_INTEGER,
                                                .number = JSON_INTEGER_MAX + 1 },
                                -ERANGE, "note.lost: a number beyond 2^53 - 1" },
                { EVENT_NOTE_LOST,
                                { .name = "lost",
                                                .type = MEMBER_INTEGER,
                                                .number = -JSON_INTEGER_MAX - 1 },
                                -ERANGE, "note.lost: a number beyond 2^53 - 1" },
                { EVENT_NOTE_LOST, { .name = "lost", .type = MEMBER_INTEGER, .number = INT64_MIN },
                                -ERANGE, "note.lost: a number beyond 2^53 - 1" },
                { EVENT_NOTE_LOST, { .name = "lost", .type = MEMBER_INTEGER, .number = 1 },
                                -EBADMSG, "note.lost: member \"lane\" is missing" },
                { EVENT_PHASE_GENESIS, { .name = "skipped", .type = MEMBER_ARRAY }, -EBADMSG,
                                "member \"skipped\" is not a list of banks" },
                { EVENT_PHASE_GENESIS,
                                { .name = "tpm",
                                                .type = MEMBER_OBJECT,
                                                .members = tpm,
                                                .n_members = 1 },
                                -EBADMSG, "member \"tpm\" is not the object that it should be" },
        };

        (void) state;
        memset(text, 'x', sizeof(text));
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
                Content head = head_of(cases[i].event);
                Err e = {};

                assert_int_equal(content_write(&head, &cases[i].member, 1, &b, &e), cases[i].rc);
                if (!strstr(e.text, cases[i].why))
                        fail_msg("%zu is refused with: %s", i, e.text);
        }
}

static void no_memory_is_said_so(void **state) {
        const Member note = { .name = "text", .bytes = SPAN_LITERAL("x") };
        Content head = head_of(EVENT_NOTE_TEXT);
        Buf b = { .max = CONTENT_MAX, .failed = -ENOMEM };
        Err e = {};

        (void) state;
        assert_int_equal(content_write(&head, &note, 1, &b, &e), -ENOMEM);
        assert_string_equal(e.text, "note.text: no memory for the record");
}

static void a_head_that_cannot_be_is_refused_with_its_reason(void **state) {
        const Member note = { .name = "text", .bytes = SPAN_LITERAL("x") };
        Content heads[] = { head_of(EVENT_NOTE_TEXT), head_of(EVENT_NOTE_TEXT),
                head_of(EVENT_NOTE_TEXT), head_of(EVENT_NOTE_TEXT), head_of(EVENT_NOTE_TEXT),
                head_of(EVENT_INVALID) };

        (void) state;
        heads[0].seq = UINT64_MAX;
        heads[1].seq = (uint64_t) JSON_INTEGER_MAX + 1;
        heads[2].time = INT64_MIN;
        heads[3].time = -1;
        heads[4].wall = JSON_INTEGER_MAX + 1;
        for (size_t i = 0; i < ELEMENTS(heads); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
                Err e = {};

                assert_true(content_write(&heads[i], &note, 1, &b, &e) < 0);
                assert_true(e.code < 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_sorted_and_reads_the_same),
                cmocka_unit_test(numbers_are_written_to_their_limits),
                cmocka_unit_test(a_list_is_written_in_its_order),
                cmocka_unit_test(what_would_not_be_read_is_not_written),
                cmocka_unit_test(no_memory_is_said_so),
                cmocka_unit_test(a_head_that_cannot_be_is_refused_with_its_reason),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
