/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/draft.h"
#include "wire/record.h"

#define START "\x1e{"
#define SHA1 "{\"hashAlg\":\"sha1\",\"digest\":\"0123456789abcdef0123456789abcdef01234567\"}"
#define SHA256 "{\"hashAlg\":\"sha256\",\"digest\":\"" HEX_64 "\"}"
#define SHA384 "{\"hashAlg\":\"sha384\",\"digest\":\"" HEX_64 HEX_32 "\"}"
#define SHA512 "{\"hashAlg\":\"sha512\",\"digest\":\"" HEX_64 HEX_64 "\"}"
#define TYPE ",\"content_type\":\"avouch\",\"content\":"
#define HEAD START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE

/* head, a note whose seq is 7, tail. */
static Span line_of(const char *head, const char *tail, Buf *to) {
        buf_string(to, head);
        draft_content(EVENT_NOTE_TEXT, NULL, to);
        buf_string(to, tail);
        return buf_span(to);
}

/* Parses, and asserts that nothing is written where it is refused. */
static int parse(Span line, Record *ret, Err *e) {
        Record before;
        int rc;

        memset(ret, 0x5a, sizeof(*ret));
        before = *ret;
        rc = record_parse(line, ret, e);
        if (rc < 0)
                assert_memory_equal(ret, &before, sizeof(before));
        return rc;
}

static const struct {
        const char *head;
        Register reg;
        size_t n_digests;
} good[] = {
        { HEAD, { REGISTER_PCR, 8 }, 1 },
        { START "\"pcr\":0,\"recnum\":7,\"digests\":[" SHA1 "]" TYPE, { REGISTER_PCR, 0 }, 1 },
        { START "\"pcr\":23,\"recnum\":7,\"digests\":[" SHA1 "," SHA256 "," SHA384 "," SHA512
                "]" TYPE,
                        { REGISTER_PCR, 23 }, 4 },
        { START "\"nv_index\":25166848,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE,
                        { REGISTER_NV, 0x01800400 }, 1 },
        { START "\"nv_index\":4294967295,\"recnum\":7,\"digests\":[" SHA384 "," SHA512 "]" TYPE,
                        { REGISTER_NV, UINT32_MAX }, 2 },
        { START "\"recnum\":7,\"digests\":[]" TYPE, { REGISTER_NONE, 0 }, 0 },
};

static void a_record_is_read_and_written_to_the_same_bytes(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(RECORD_MAX), again = BUF_UP_TO(RECORD_MAX);
                Span line = line_of(good[i].head, "}\n", &b);
                Record r;

                assert_int_equal(parse(line, &r, NULL), 0);
                assert_int_equal(r.reg.kind, good[i].reg.kind);
                assert_int_equal(r.reg.index, good[i].reg.index);
                assert_int_equal(r.n_digests, good[i].n_digests);
                assert_int_equal(r.content.seq, 7);
                assert_ptr_equal(r.content.bytes.data, line.data + strlen(good[i].head));
                record_write(r.reg, r.content.seq, r.digests, r.n_digests, r.content.bytes, &again);
                assert_true(span_equal(buf_span(&again), line));
        }
}

static void every_prefix_and_every_longer_line_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(RECORD_MAX);
                Span line = line_of(good[i].head, "}\n", &b);
                Record r;

                for (size_t n = 0; n < line.size; n++)
                        assert_int_equal(parse((Span){ line.data, n }, &r, NULL), -EBADMSG);
                buf_byte(&b, '\n');
                assert_int_equal(parse(buf_span(&b), &r, NULL), -EBADMSG);
        }
}

static const struct {
        const char *head, *tail, *why;
} bad[] = {
        /* another number than the content's */
        { START "\"pcr\":8,\"recnum\":8,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "log record: recnum 8 stands outside, seq 7 inside" },
        { START "\"pcr\":8,\"recnum\":07,\"digests\":[" SHA256 "]" TYPE, "}\n", "not a number" },
        { START "\"pcr\":8,\"recnum\":000000000000000000007,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "more bytes than allowed" },
        { START "\"pcr\":8,\"recnum\":-7,\"digests\":[" SHA256 "]" TYPE, "}\n", "not a number" },
        { START "\"pcr\":8,\"recnum\":,\"digests\":[" SHA256 "]" TYPE, "}\n", "not a number" },
        { START "\"pcr\":8,\"recnum\":\"7\",\"digests\":[" SHA256 "]" TYPE, "}\n", "not a number" },
        { START "\"pcr\":8,\"recnum\":1048576,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "not a number within its limits" },
        { START "\"pcr\":8,\"recnum\":1048575,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "recnum 1048575 stands outside" },

        /* registers */
        { START "\"pcr\":24,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n", "not a number" },
        { START "\"pcr\":08,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n", "not a number" },
        { START "\"nv_index\":4294967296,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "not a number" },
        { START "\"nv_index\":\"01800400\",\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "not a number" },
        { START "\"pcr\":8,\"nv_index\":25166848,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "\"recnum\" comes after the register" },
        { START "\"pcr\":8,\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "\"recnum\" comes after the register" },
        { START "\"recnum\":7,\"pcr\":8,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "\"digests\" comes after" },

        /* digests */
        { START "\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n", "digests of no register" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[]" TYPE, "}\n", "a digest begins with" },
        { START "\"nv_index\":25166848,\"recnum\":7,\"digests\":[]" TYPE, "}\n",
                        "a digest begins with" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 "," SHA1 "]" TYPE, "}\n",
                        "not in ascending order" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA1 "," SHA512 "," SHA384 "]" TYPE, "}\n",
                        "not in ascending order" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 "," SHA256 "]" TYPE, "}\n",
                        "not in ascending order" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA1 "," SHA256 "," SHA384 "," SHA512
                "," SHA512 "]" TYPE,
                        "}\n", "more digests than there are banks" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 ",]" TYPE, "}\n", "a digest begins" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 SHA384 "]" TYPE, "}\n",
                        "digests that do not end" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"sm3_256\",\"digest\":\"" HEX_64
                "\"}]" TYPE,
                        "}\n", "a hash that is not known" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"aaaaaaaaaaaaaaaaa\",\"digest\":\"\"}]" TYPE,
                        "}\n", "more bytes than allowed" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"sha512\",\"digest\":\"" HEX_64
                                        HEX_64 "0\"}]" TYPE,
                        "}\n", "more bytes than allowed" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"sm3_256\",\"digest\":\"\"}]" TYPE,
                        "}\n", "a hash that is not known" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"SHA256\",\"digest\":\"" HEX_64
                "\"}]" TYPE,
                        "}\n", "a hash that is not known" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"sha384\",\"digest\":\"" HEX_64
                "\"}]" TYPE,
                        "}\n", "not as long as its hash" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" HEX_64
                "00\"}]" TYPE,
                        "}\n", "not as long as its hash" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":"
                "\"0123456789ABCDEF0123456789abcdef01234567\"}]" TYPE,
                        "}\n", "in lower-case hex" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"digest\":\"" HEX_64
                "\",\"hashAlg\":\"sha256\"}]" TYPE,
                        "}\n", "a digest begins with" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" HEX_64
                "\",\"x\":1}]" TYPE,
                        "}\n", "a digest has two members" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":" SHA256 TYPE, "}\n",
                        "\"digests\" comes after" },

        /* the order of the keys, and the type */
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256
                "],\"content_type\":\"systemd\",\"content\":",
                        "}\n", "\"content_type\":\"avouch\" comes after" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 "],\"content\":", "}\n",
                        "\"content_type\":\"avouch\" comes after" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256
                "],\"x\":1,\"content_type\":\"avouch\",\"content\":",
                        "}\n", "\"content_type\":\"avouch\" comes after" },
        { HEAD, ",\"x\":1}\n", "record content: " },
        { HEAD, " }\n", "record content: " },

        /* blanks, and how a line begins and ends */
        { START " \"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "\"recnum\" comes after" },
        { START "\"pcr\": 8,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n", "not a number" },
        { START "\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE " ", "}\n",
                        "record content: " },
        { "{\"pcr\":8,\"recnum\":7,\"digests\":[" SHA256 "]" TYPE, "}\n",
                        "begins with 0x1e and {" },
        { "\n" HEAD, "}\n", "begins with 0x1e and {" },
        { "\x1e" HEAD, "}\n", "begins with 0x1e and {" },
        { HEAD, "}", "a line ends with } and a newline" },
        { HEAD, "}\r\n", "a line ends with } and a newline" },
        { HEAD, "}\n ", "a line ends with } and a newline" },
        { HEAD, "}\n\n", "a line ends with } and a newline" },
        { HEAD, "\n", "record content: cut short" },
        { HEAD, "}}\n", "record content: " },
        { HEAD, "]\n", "a line ends with } and a newline" },
        { HEAD, "}\r", "a line ends with } and a newline" },
        { HEAD, "} ", "a line ends with } and a newline" },
};

static void another_spelling_and_a_contradiction_are_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(RECORD_MAX);
                Record r;
                Err e = {};

                assert_int_equal(parse(line_of(bad[i].head, bad[i].tail, &b), &r, &e), -EBADMSG);
                if (!strstr(e.text, bad[i].why))
                        fail_msg("%s is refused with: %s", bad[i].head, e.text);
        }
}

/* Zeros stand outside, and would inside where nothing was read. */
static void a_content_that_is_none_is_refused_whatever_its_number(void **state) {
        Record r;

        (void) state;
        assert_int_equal(parse(SPAN_LITERAL(START "\"recnum\":0,\"digests\":[]" TYPE "{}}\n"), &r,
                                         NULL),
                        -EBADMSG);
}

static void a_record_is_the_last_that_a_log_may_have(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(RECORD_MAX);
        Record r;

        (void) state;
        buf_string(&b, START "\"pcr\":8,\"recnum\":1048575,\"digests\":[" SHA256 "]" TYPE);
        draft_content(EVENT_NOTE_TEXT, (DraftChange[]){ { "seq", "1048575" }, {} }, &b);
        buf_string(&b, "}\n");
        assert_int_equal(parse(buf_span(&b), &r, NULL), 0);
        assert_int_equal(r.content.seq, LOG_RECORDS_MAX - 1);
}

static void a_record_of_no_content_is_refused_whatever_its_number(void **state) {
        static const char *const contents[] = { "", "{}", "7" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(contents); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(RECORD_MAX);
                Record r;

                buf_printf(&b, START "\"recnum\":0,\"digests\":[]" TYPE "%s}\n", contents[i]);
                assert_int_equal(parse(buf_span(&b), &r, NULL), -EBADMSG);
        }
}

static void a_line_that_is_too_long_is_refused_unread(void **state) {
        static uint8_t line[RECORD_MAX + 1];
        Record r;
        Err e = {};

        (void) state;
        memset(line, 'x', sizeof(line));
        assert_int_equal(parse((Span){ line, RECORD_MAX }, &r, NULL), -EBADMSG);
        assert_int_equal(parse((Span){ line, RECORD_MAX + 1 }, &r, &e), -E2BIG);
        assert_string_equal(e.text, "log record: 12289 bytes, at most 12288 are taken");
}

static void lines_are_taken_off_one_by_one(void **state) {
        Span log = SPAN_LITERAL("\x1e{a}\n\x1e\n\x1e{b\x1e}\n"), whole = log, line = {};

        (void) state;
        assert_int_equal(record_next_line(&log, &line, NULL), 1);
        assert_true(span_is(line, "\x1e{a}\n"));
        assert_ptr_equal(line.data, whole.data);
        assert_int_equal(record_next_line(&log, &line, NULL), 1);
        assert_true(span_is(line, "\x1e\n"));
        assert_int_equal(record_next_line(&log, &line, NULL), 1);
        assert_true(span_is(line, "\x1e{b\x1e}\n"));
        assert_int_equal(log.size, 0);
        assert_int_equal(record_next_line(&log, &line, NULL), 0);
        log = (Span){};
        assert_int_equal(record_next_line(&log, &line, NULL), 0);
}

static void what_is_no_line_is_left_where_it_is(void **state) {
        static const struct {
                const char *log;
                int rc;
                const char *why;
        } cases[] = {
                { "{a}\n", -EBADMSG, "log: a record begins with byte 0x1e, not with 0x7b" },
                { "\n\x1e{a}\n", -EBADMSG, "log: a record begins with byte 0x1e, not with 0x0a" },
                { "\x1e", -ENODATA, "log: the last record is not finished (1 bytes of it)" },
                { "\x1e{a}", -ENODATA, "log: the last record is not finished (4 bytes of it)" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Span log = span_of(cases[i].log), line = { .size = 77 };
                Err e = {};

                assert_int_equal(record_next_line(&log, &line, &e), cases[i].rc);
                assert_string_equal(e.text, cases[i].why);
                assert_true(span_is(log, cases[i].log));
                assert_int_equal(line.size, 77);
        }
}

static void a_line_ends_within_its_limit(void **state) {
        static uint8_t bytes[2 * RECORD_MAX];

        (void) state;
        memset(bytes, 'x', sizeof(bytes));
        bytes[0] = 0x1e;
        for (size_t size = RECORD_MAX - 1; size <= RECORD_MAX + 1; size++) {
                Span log = { bytes, sizeof(bytes) }, line = { .size = 77 };
                Err e = {};

                bytes[size - 1] = '\n';
                assert_int_equal(record_next_line(&log, &line, &e),
                                size <= RECORD_MAX ? 1 : -EBADMSG);
                assert_int_equal(line.size, size <= RECORD_MAX ? size : 77);
                if (size > RECORD_MAX)
                        assert_string_equal(e.text, "log: a record of more than 12288 bytes");
                bytes[size - 1] = 'x';
        }
        /* and one that does not end is unfinished as long as it may still end */
        for (size_t size = RECORD_MAX - 1; size <= RECORD_MAX + 1; size++) {
                Span log = { bytes, size }, line;

                assert_int_equal(record_next_line(&log, &line, NULL),
                                size <= RECORD_MAX ? -ENODATA : -EBADMSG);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_record_is_read_and_written_to_the_same_bytes),
                cmocka_unit_test(every_prefix_and_every_longer_line_is_refused),
                cmocka_unit_test(another_spelling_and_a_contradiction_are_refused),
                cmocka_unit_test(a_content_that_is_none_is_refused_whatever_its_number),
                cmocka_unit_test(a_record_is_the_last_that_a_log_may_have),
                cmocka_unit_test(a_record_of_no_content_is_refused_whatever_its_number),
                cmocka_unit_test(a_line_that_is_too_long_is_refused_unread),
                cmocka_unit_test(lines_are_taken_off_one_by_one),
                cmocka_unit_test(what_is_no_line_is_left_where_it_is),
                cmocka_unit_test(a_line_ends_within_its_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
