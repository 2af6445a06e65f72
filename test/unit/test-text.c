/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* RFC 4648, section 10; the letters of base64url are the same for these. */
static const struct {
        const char *bytes, *base64, *base64url;
} rfc4648[] = {
        { "", "", "" },
        { "f", "Zg==", "Zg" },
        { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg==", "Zm9vYg" },
        { "fooba", "Zm9vYmE=", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
        { "\xfb\xff\xfe", "+//+", "-__-" },
        { "\xff\xfe", "//4=", "__4" },
};

static void base64_is_that_of_the_rfc(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(rfc4648); i++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(16), url = BUF_UP_TO(16);
                _cleanup_(buf_done) Buf bytes = BUF_UP_TO(8), url_bytes = BUF_UP_TO(8);

                text_base64(&text, span_of(rfc4648[i].bytes));
                assert_true(span_is(buf_span(&text), rfc4648[i].base64));
                assert_true(text_unbase64(span_of(rfc4648[i].base64), &bytes));
                assert_true(span_is(buf_span(&bytes), rfc4648[i].bytes));

                text_base64url(&url, span_of(rfc4648[i].bytes));
                assert_true(span_is(buf_span(&url), rfc4648[i].base64url));
                assert_true(text_unbase64url(span_of(rfc4648[i].base64url), &url_bytes));
                assert_true(span_is(buf_span(&url_bytes), rfc4648[i].bytes));
        }
}

static void every_byte_goes_through_base64(void **state) {
        uint8_t all[259];

        (void) state;
        for (size_t i = 0; i < sizeof(all); i++)
                all[i] = (uint8_t) i;
        for (size_t n = 0; n <= sizeof(all); n++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(512), bytes = BUF_UP_TO(sizeof(all));

                text_base64url(&text, (Span){ all, n });
                assert_true(text_unbase64url(buf_span(&text), &bytes));
                assert_true(span_equal(buf_span(&bytes), (Span){ all, n }));
        }
}

/* "url" and "padded": whether that form refuses it; each is refused by one at least. */
static const struct {
        const char *text;
        bool url, padded;
} not_base64[] = {
        { "Zg", false, true }, /* no padding */
        { "Zg=", true, true },
        { "Zg==", true, false },
        { "Zg===", true, true },
        { "Zm8==", true, true },
        { "Zm9v====", true, true },
        { "====", true, true },
        { "=", true, true },
        { "Z", true, true },
        { "Zm9vY", true, true },
        { "Z===", true, true },
        { "Zg==Zg==", true, true },
        { "Z=g=", true, true },
        { "Zh==", true, true }, /* bits that no byte takes up */
        { "Zh", true, true },
        { "Zm9=", true, true },
        { "Zm9", true, true },
        { "+//+", true, false }, /* the other alphabet */
        { "-__-", false, true },
        { "Zm9v\n", true, true },
        { "Zm 9", true, true },
        { "Zm9\xc3", true, true },
        { "Zm9.", true, true },
};

static void base64_has_one_spelling(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(not_base64); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
                bool url, padded;

                buf_string(&b, "kept");
                url = text_unbase64url(span_of(not_base64[i].text), &b);
                assert_int_equal(url, !not_base64[i].url);
                if (!url)
                        assert_true(span_is(buf_span(&b), "kept"));
                padded = text_unbase64(span_of(not_base64[i].text), &b);
                assert_int_equal(padded, !not_base64[i].padded);
                if (!url && !padded)
                        assert_true(span_is(buf_span(&b), "kept"));
        }
}

static void what_does_not_fit_is_refused(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2);

        (void) state;
        assert_true(text_unbase64url(SPAN_LITERAL("Zm8"), &b));
        assert_false(text_unbase64url(SPAN_LITERAL("Zg"), &b));
        assert_false(text_unbase64url((Span){}, &b)); /* the Buf has failed */
        buf_done(&b);
        assert_true(text_unhex_buf(SPAN_LITERAL("0102"), false, &b));
        assert_false(text_unhex_buf(SPAN_LITERAL("03"), false, &b));
        assert_false(text_unhex_buf((Span){}, false, &b));
}

static void hex_is_written_in_lower_case_and_read_back(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024), back = BUF_UP_TO(512);
        uint8_t all[256], into[256];

        (void) state;
        for (size_t i = 0; i < sizeof(all); i++)
                all[i] = (uint8_t) i;
        text_hex(&b, (Span){});
        assert_int_equal(buf_span(&b).size, 0);
        text_hex(&b, (Span){ all, sizeof(all) });
        assert_memory_equal(buf_span(&b).data, "000102030405060708090a0b0c0d0e0f10", 34);
        assert_true(text_unhex(buf_span(&b), into, sizeof(into)));
        assert_memory_equal(into, all, sizeof(all));
        assert_true(text_unhex_buf(buf_span(&b), false, &back));
        assert_true(span_equal(buf_span(&back), (Span){ all, sizeof(all) }));
}

static void hex_has_one_spelling_unless_a_person_wrote_it(void **state) {
        static const char *const wrong[] = { "0", "012", "0x", "g0", "0g", " 0", "0:", "`0", "/0",
                "0\xb0" };
        uint8_t two[2];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(8);

                buf_string(&b, "kept");
                assert_false(text_unhex(span_of(wrong[i]), two, strlen(wrong[i]) / 2));
                assert_false(text_unhex_buf(span_of(wrong[i]), true, &b));
                assert_true(span_is(buf_span(&b), "kept"));
        }
        for (int any_case = 0; any_case < 2; any_case++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(8);

                assert_int_equal(text_unhex_buf(SPAN_LITERAL("aF"), any_case, &b), any_case);
                assert_int_equal(buf_span(&b).size, any_case);
        }
        assert_false(text_unhex(SPAN_LITERAL("AF"), two, 1));
        assert_false(text_unhex(SPAN_LITERAL("afaf"), two, 1)); /* exactly as many */
        assert_false(text_unhex(SPAN_LITERAL("af"), two, 2));
        assert_true(text_unhex((Span){}, two, 0));
}

static void a_number_has_one_spelling_and_a_limit(void **state) {
        static const struct {
                const char *text;
                uint64_t max, value;
                bool taken;
        } cases[] = {
                { "0", 0, 0, true },
                { "7", 7, 7, true },
                { "8", 7, 0, false },
                { "10", 9, 0, false },
                { "23", 23, 23, true },
                { "24", 23, 0, false },
                { "18446744073709551615", UINT64_MAX, UINT64_MAX, true },
                { "18446744073709551616", UINT64_MAX, 0, false },
                { "18446744073709551620", UINT64_MAX, 0, false },
                { "28446744073709551615", UINT64_MAX, 0, false },
                { "184467440737095516150", UINT64_MAX, 0, false },
                { "", 9, 0, false },
                { "00", 9, 0, false },
                { "07", 9, 0, false },
                { "-1", 9, 0, false },
                { "+1", 9, 0, false },
                { " 1", 9, 0, false },
                { "1 ", 99, 0, false },
                { "1a", 99, 0, false },
                { "1/", 99, 0, false },
                { "1:", 99, 0, false },
                { "0x1", 99, 0, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint64_t v = 77;

                assert_int_equal(text_number(span_of(cases[i].text), cases[i].max, &v),
                                cases[i].taken);
                assert_true(v == (cases[i].taken ? cases[i].value : 77));
        }
}

/* Unicode 15, table 3-7: the edges of each row, and what lies just outside. */
static const struct {
        const char *bytes;
        size_t length;
        uint32_t character;
} utf8[] = {
        { "a", 1, 'a' },
        { "\x7f", 1, 0x7f },
        { "\xc2\x80", 2, 0x80 },
        { "\xdf\xbf", 2, 0x7ff },
        { "\xe0\xa0\x80", 3, 0x800 },
        { "\xed\x9f\xbf", 3, 0xd7ff },
        { "\xee\x80\x80", 3, 0xe000 },
        { "\xef\xbf\xbf", 3, 0xffff },
        { "\xf0\x90\x80\x80", 4, 0x10000 },
        { "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
        { "\xc3\xa9tail", 2, 0xe9 },

        { "\x80", 0, 0 }, /* a continuation alone */
        { "\xbf", 0, 0 },
        { "\xc0\x80", 0, 0 }, /* overlong */
        { "\xc1\xbf", 0, 0 },
        { "\xe0\x9f\xbf", 0, 0 },
        { "\xf0\x8f\xbf\xbf", 0, 0 },
        { "\xed\xa0\x80", 0, 0 }, /* surrogates */
        { "\xed\xbf\xbf", 0, 0 },
        { "\xf4\x90\x80\x80", 0, 0 }, /* above U+10FFFF */
        { "\xf7\xbf\xbf\xbf", 0, 0 },
        { "\xf8\x88\x80\x80\x80", 0, 0 }, /* five and six bytes */
        { "\xfc\x84\x80\x80\x80\x80", 0, 0 },
        { "\xfe", 0, 0 },
        { "\xff", 0, 0 },
        { "\xc3", 0, 0 }, /* cut short */
        { "\xe2\x82", 0, 0 },
        { "\xf0\x9f\x98", 0, 0 },
        { "\xc3(", 0, 0 }, /* no continuation */
        { "\xe2(\xa1", 0, 0 },
        { "\xe2\x82(", 0, 0 },
        { "\xf0\x9f\x98(", 0, 0 },
        { "\xc3\xc3", 0, 0 },
        { "", 0, 0 },
};

static void utf8_is_exactly_unicodes(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(utf8); i++) {
                uint32_t character = 0x77;

                assert_int_equal(text_utf8(span_of(utf8[i].bytes), &character), utf8[i].length);
                assert_int_equal(character, utf8[i].length ? utf8[i].character : 0x77);
                assert_int_equal(text_utf8(span_of(utf8[i].bytes), NULL), utf8[i].length);
        }
        assert_int_equal(text_utf8(SPAN_LITERAL("\0"), NULL), 1);
}

/* What a foreign text becomes in a record, and on a terminal. */
static const struct {
        const char *text, *escaped, *printed;
} foreign[] = {
        { "", "", "" },
        { "plain text 7~", "plain text 7~", "plain text 7~" },
        { "a\\b", "a\\x5cb", "a\\b" },
        { "a\nb\tc\x1b[31m\x7f", "a\\x0ab\\x09c\\x1b[31m\\x7f", "a\\x0ab\\x09c\\x1b[31m\\x7f" },
        { "\x01\x1f", "\\x01\\x1f", "\\x01\\x1f" },
        { "\"quoted\"", "\"quoted\"", "\"quoted\"" },
        { "h\xc3\xa9", "h\xc3\xa9", "h\xc3\xa9" },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
        { "h\xc3", "h\\xc3", "h\\xc3" },
        { "\xff\xfe", "\\xff\\xfe", "\\xff\\xfe" },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },
        { "\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf" },
        /* valid, and misleading: C1 controls, bidirectional marks, separators, what has no width */
        { "\xc2\x9b"
          "2J",
                        "\xc2\x9b"
                        "2J",
                        "\\u{9b}2J" },
        { "\xc2\xad", "\xc2\xad", "\\u{ad}" },
        { "\xd8\x9c", "\xd8\x9c", "\\u{61c}" },
        { "\xe2\x80\x8b", "\xe2\x80\x8b", "\\u{200b}" },
        { "\xe2\x80\x8f", "\xe2\x80\x8f", "\\u{200f}" },
        { "\xe2\x80\xa8", "\xe2\x80\xa8", "\\u{2028}" },
        { "\xe2\x80\xa9", "\xe2\x80\xa9", "\\u{2029}" },
        { "\xe2\x80\xae"
          "gpj.exe",
                        "\xe2\x80\xae"
                        "gpj.exe",
                        "\\u{202e}gpj.exe" },
        { "\xe2\x81\xa6", "\xe2\x81\xa6", "\\u{2066}" },
        { "\xe2\x81\xa9", "\xe2\x81\xa9", "\\u{2069}" },
        { "\xef\xbb\xbf", "\xef\xbb\xbf", "\\u{feff}" },
        { "\xf3\xa0\x80\x81", "\xf3\xa0\x80\x81", "\\u{e0001}" },
        /* their neighbours */
        { "\xc2\xa0\xc2\xac\xc2\xae", "\xc2\xa0\xc2\xac\xc2\xae", "\xc2\xa0\xc2\xac\xc2\xae" },
        { "\xe2\x80\x90\xe2\x80\xa7", "\xe2\x80\x90\xe2\x80\xa7", "\xe2\x80\x90\xe2\x80\xa7" },
        { "\xe2\x80\xaf\xe2\x81\xb0", "\xe2\x80\xaf\xe2\x81\xb0", "\xe2\x80\xaf\xe2\x81\xb0" },
};

static void foreign_text_is_made_safe_to_store(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(foreign); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(64);

                text_escape(&b, span_of(foreign[i].text));
                assert_true(span_is(buf_span(&b), foreign[i].escaped));
        }
}

/* What text_print() prints; the caller frees it. */
static char *printed(Span s) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        text_print(f, s);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void foreign_text_cannot_drive_a_terminal(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(foreign); i++) {
                char *first = printed(span_of(foreign[i].text)), *again;

                assert_string_equal(first, foreign[i].printed);
                /* and what is printed prints as it stands */
                again = printed(span_of(first));
                assert_string_equal(again, first);
                free(again);
                free(first);
        }
}

static void a_quotation_ends_where_it_ends(void **state) {
        static const struct {
                const char *text;
                size_t max;
                const char *quoted;
        } texts[] = {
                { "", 4, "\"\"" }, { "four", 4, "\"four\"" }, { "fives", 4, "\"five...\"" },
                { "\" by \"root", SIZE_MAX, "\"\\x22 by \\x22root\"" },
                { "ab\xc3\xa4z", 3, "\"ab...\"" }, /* no half of a character */
                { "ab\xc3\xa4z", 4, "\"ab\xc3\xa4...\"" },
                { "\xff\xff\xff", 2, "\"\xff\xff...\"" }, /* as it came: printing is another's */
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(64);

                text_quote(&b, span_of(texts[i].text), texts[i].max);
                assert_true(span_is(buf_span(&b), texts[i].quoted));
        }
}

/* A reader can turn an escaped text back, so no two texts may come out the same. */
static void escaping_loses_nothing(void **state) {
        (void) state;
        for (unsigned a = 0; a < 256; a++)
                for (unsigned b = 0; b < 256; b++) {
                        const uint8_t two[] = { (uint8_t) a, (uint8_t) b };
                        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(8), back = BUF_UP_TO(2);
                        Span s;

                        text_escape(&escaped, (Span){ two, 2 });
                        for (s = buf_span(&escaped); s.size > 0;) {
                                size_t n = s.data[0] == '\\' ? 4 : 1;

                                if (n == 4)
                                        assert_true(text_unhex_buf(
                                                        (Span){ s.data + 2, 2 }, false, &back));
                                else
                                        buf_byte(&back, s.data[0]);
                                s = span_from(s, n);
                        }
                        assert_true(span_equal(buf_span(&back), (Span){ two, 2 }));
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(base64_is_that_of_the_rfc),
                cmocka_unit_test(every_byte_goes_through_base64),
                cmocka_unit_test(base64_has_one_spelling),
                cmocka_unit_test(what_does_not_fit_is_refused),
                cmocka_unit_test(hex_is_written_in_lower_case_and_read_back),
                cmocka_unit_test(hex_has_one_spelling_unless_a_person_wrote_it),
                cmocka_unit_test(a_number_has_one_spelling_and_a_limit),
                cmocka_unit_test(utf8_is_exactly_unicodes),
                cmocka_unit_test(foreign_text_is_made_safe_to_store),
                cmocka_unit_test(foreign_text_cannot_drive_a_terminal),
                cmocka_unit_test(a_quotation_ends_where_it_ends),
                cmocka_unit_test(escaping_loses_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
