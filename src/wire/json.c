/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/text.h"

enum {
        /* so that no double overflows that reads a fraction: every library takes what we take */
        NUMBER_MAX = 32,  /* characters */
        EXPONENT_MAX = 2, /* digits */
};

typedef struct Reader {
        Cursor c;
        JsonForm form;
        JsonToken *tokens;
        size_t n, room;
        bool full;
        unsigned depth;
        uint32_t open[JSON_FOREIGN_DEPTH_MAX]; /* the objects and arrays around us, outermost first
                                                */
        uint32_t name[JSON_FOREIGN_DEPTH_MAX]; /* the latest name in each; 0 while there is none */
} Reader;

static int peek(const Cursor *c) {
        return cursor_left(c) > 0 ? c->bytes.data[c->at] : -1;
}

static bool skip(Cursor *c, char character) {
        if (peek(c) != character)
                return false;
        c->at++;
        return true;
}

/* For what something else should stand in the place of: nothing does where the text ends. */
static void reject_next(Cursor *c, const char *why) {
        cursor_reject(c, cursor_left(c) > 0 ? why : NULL);
}

static bool is_blank(int c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(Reader *r) {
        while (r->form != JSON_CANONICAL && is_blank(peek(&r->c)))
                r->c.at++;
        if (is_blank(peek(&r->c)))
                cursor_reject(&r->c, "a blank, in canonical JSON");
}

static void add_token(Reader *r, JsonToken t) {
        if (r->n == r->room) {
                r->full = !cursor_failed(&r->c);
                cursor_reject_at(&r->c, t.at, "too many values");
                return;
        }
        t.next = (uint32_t) r->n + 1;
        r->tokens[r->n++] = t;
}

static uint32_t read_utf16_unit(Cursor *c) {
        uint32_t v = 0;

        for (int i = 0; i < 4; i++) {
                uint8_t d = cursor_u8(c);

                if (d >= '0' && d <= '9')
                        v = v << 4 | (uint32_t) (d - '0');
                else if ((d | 0x20) >= 'a' && (d | 0x20) <= 'f')
                        v = v << 4 | (uint32_t) ((d | 0x20) - 'a' + 10);
                else
                        cursor_reject(c, "not four hex digits after \\u");
        }
        return v;
}

/* What stands after "\u": one UTF-16 unit, or two with another "\u" between (RFC 8259, section 7).
 */
static uint32_t read_utf16(Cursor *c) {
        uint32_t high = read_utf16_unit(c), low;

        if (high == 0)
                cursor_reject(c, "\\u0000 in a string");
        if (high < 0xd800 || high > 0xdfff)
                return high;
        if (high > 0xdbff || !cursor_skip(c, SPAN_LITERAL("\\u")))
                cursor_reject(c, "half of a surrogate pair");
        low = read_utf16_unit(c);
        if (low < 0xdc00 || low > 0xdfff)
                cursor_reject(c, "half of a surrogate pair");
        return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
}

/* The character that an escape stands for; 0 where c fails. */
static uint32_t read_escape(Cursor *c) {
        static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        uint8_t letter;

        (void) cursor_u8(c); /* the backslash */
        letter = cursor_u8(c);
        if (letter == 'u')
                return read_utf16(c);
        for (size_t i = 0; i < sizeof(letters) - 1; i++)
                if (letter == (uint8_t) letters[i])
                        return (uint8_t) meant[i];
        cursor_reject(c, "an escape that JSON does not have");
        return 0;
}

static void check_escape(Reader *r) {
        Cursor *c = &r->c;
        size_t at = c->at;
        uint32_t character = read_escape(c);
        bool canonical = c->at - at == 2 && (character == '"' || character == '\\');

        if (r->form == JSON_CANONICAL && !canonical)
                cursor_reject_at(c, at, "an escape other than \\\" and \\\\, in canonical JSON");
}

static void check_character(Reader *r) {
        uint32_t character = 0;
        size_t n = text_utf8(cursor_rest(&r->c), &character);

        if (n == 0)
                reject_next(&r->c, "no UTF-8");
        else if (character < ' ' || (character == 0x7f && r->form == JSON_CANONICAL))
                cursor_reject(&r->c, "a control character in a string");
        else
                r->c.at += n;
}

#define EACH_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

/* Of eight characters at once; a zero among bytes shows in its highest bit (v - 1 borrows). */
static bool has_zero(uint64_t v) {
        return ((v - EACH_BYTE(0x01)) & ~v & EACH_BYTE(0x80)) != 0;
}

static bool are_plain(const uint8_t *s) {
        uint64_t v;

        memcpy(&v, s, sizeof(v));
        return (v & EACH_BYTE(0x80)) == 0 && ((v - EACH_BYTE(' ')) & EACH_BYTE(0x80)) == 0 &&
               !has_zero(v ^ EACH_BYTE('"')) && !has_zero(v ^ EACH_BYTE('\\')) &&
               !has_zero(v ^ EACH_BYTE(0x7f));
}

static void skip_plain(Cursor *c) {
        Span s = cursor_rest(c);
        size_t n = 0;

        while (s.size - n >= sizeof(uint64_t) && are_plain(s.data + n))
                n += sizeof(uint64_t);
        while (n < s.size && s.data[n] >= ' ' && s.data[n] < 0x7f && s.data[n] != '"' &&
                        s.data[n] != '\\')
                n++;
        c->at += n;
}

static JsonToken read_string(Reader *r) {
        Cursor *c = &r->c;
        JsonToken t = { .type = JSON_STRING };

        if (!skip(c, '"'))
                reject_next(c, "no name in quotes"); /* a value would not have come here */
        t.at = (uint32_t) c->at;
        while (!cursor_failed(c)) {
                skip_plain(c);
                if (peek(c) == '"')
                        break;
                if (peek(c) == '\\') {
                        t.escaped = true;
                        check_escape(r);
                } else {
                        check_character(r);
                }
        }
        t.size = (uint32_t) c->at - t.at;
        (void) cursor_u8(c);
        return t;
}

static Span read_digits(Cursor *c) {
        Span s = cursor_rest(c);
        size_t n = 0;

        while (n < s.size && s.data[n] >= '0' && s.data[n] <= '9')
                n++;
        if (n == 0)
                reject_next(c, "a number without its digits");
        return cursor_bytes(c, n);
}

/* True, and steps over it, where a fraction or an exponent stands next. */
static bool read_fraction(Cursor *c) {
        bool found = false;

        if (skip(c, '.')) {
                (void) read_digits(c);
                found = true;
        }
        if (skip(c, 'e') || skip(c, 'E')) {
                if (!skip(c, '+'))
                        (void) skip(c, '-');
                if (read_digits(c).size > EXPONENT_MAX)
                        cursor_reject(c, "an exponent of more than two digits");
                found = true;
        }
        return found;
}

/* True for one that is carried, and not evaluated. */
static bool check_integer(Reader *r, size_t at, Span digits, bool negative) {
        bool wide = r->form == JSON_FOREIGN && !negative;
        uint64_t v = 0, max = wide ? UINT64_MAX : (uint64_t) JSON_INTEGER_MAX;

        if (!text_number(digits, max, &v))
                cursor_reject_at(&r->c, at,
                                wide ? "an integer beyond 2^64 - 1" : "an integer beyond 2^53 - 1");
        if (negative && v == 0)
                cursor_reject_at(&r->c, at, "a zero with a sign");
        return v > (uint64_t) JSON_INTEGER_MAX;
}

static JsonToken read_number(Reader *r) {
        Cursor *c = &r->c;
        size_t at = c->at;
        bool negative = skip(c, '-'), carried;
        Span digits = read_digits(c);
        bool fraction = read_fraction(c);

        if (digits.size > 1 && digits.data[0] == '0')
                cursor_reject_at(c, at, "a number with a leading zero");
        carried = fraction || check_integer(r, at, digits, negative);
        if (fraction && c->at - at > NUMBER_MAX)
                cursor_reject_at(c, at, "a number of too many digits");
        if (fraction && r->form == JSON_CANONICAL)
                cursor_reject_at(c, at, "a fraction or an exponent, in canonical JSON");
        return (JsonToken){
                .at = (uint32_t) at,
                .size = (uint32_t) (c->at - at),
                .type = carried ? JSON_NUMBER : JSON_INTEGER,
        };
}

static JsonToken read_word(Reader *r) {
        static const struct {
                const char *word;
                JsonType type;
        } words[] = { { "true", JSON_TRUE }, { "false", JSON_FALSE }, { "null", JSON_NULL } };
        size_t at = r->c.at;

        for (size_t i = 0; i < ELEMENTS(words); i++) {
                Span word = span_of(words[i].word);

                if (!cursor_skip(&r->c, word))
                        continue;
                if (r->form == JSON_CANONICAL)
                        cursor_reject_at(&r->c, at, "true, false or null, in canonical JSON");
                return (JsonToken){
                        .at = (uint32_t) at,
                        .size = (uint32_t) word.size,
                        .type = words[i].type,
                };
        }
        reject_next(&r->c, "no JSON value");
        return (JsonToken){};
}

static void open_container(Reader *r, JsonType type) {
        JsonToken t = { .at = (uint32_t) r->c.at, .type = type };
        unsigned most = r->form == JSON_FOREIGN ? JSON_FOREIGN_DEPTH_MAX : JSON_DEPTH_MAX;

        if (r->depth == most) {
                cursor_reject(&r->c, "objects and arrays nested too deeply");
                return;
        }
        (void) cursor_u8(&r->c);
        r->open[r->depth] = (uint32_t) r->n;
        r->name[r->depth] = 0;
        r->depth++;
        add_token(r, t);
}

static void read_value(Reader *r) {
        skip_blanks(r);
        switch (peek(&r->c)) {
        case '{':
                open_container(r, JSON_OBJECT);
                break;
        case '[':
                open_container(r, JSON_ARRAY);
                break;
        case '"':
                add_token(r, read_string(r));
                break;
        case '-':
        case '0' ... '9':
                add_token(r, read_number(r));
                break;
        default:
                add_token(r, read_word(r));
        }
}

/* The names of one object differ; where they are sorted, the one before tells. Quadratic in the
 * names of one object, whose number the caller's tokens bound. */
static void check_name(Reader *r, uint32_t object, uint32_t last, JsonToken name) {
        Span text = r->c.bytes, this = { text.data + name.at, name.size };
        uint32_t i = r->form == JSON_CANONICAL && last > 0 ? last : object + 1;

        while (i < r->n) {
                const JsonToken *t = &r->tokens[i];
                Span before = { text.data + t->at, t->size };
                int order = r->form == JSON_CANONICAL ? span_compare(before, this)
                                                      : !span_equal(before, this);

                if (order == 0)
                        cursor_reject_at(&r->c, name.at, "a name that the object has already");
                else if (order > 0 && r->form == JSON_CANONICAL)
                        cursor_reject_at(&r->c, name.at, "names out of order, in canonical JSON");
                i = t->next;
        }
}

static void read_name(Reader *r, uint32_t object, uint32_t *last) {
        JsonToken name;

        skip_blanks(r);
        name = read_string(r);
        if (name.escaped)
                cursor_reject_at(&r->c, name.at, "a name with an escape in it");
        if (!cursor_failed(&r->c))
                check_name(r, object, *last, name);
        *last = (uint32_t) r->n;
        add_token(r, name);
        skip_blanks(r);
        if (!skip(&r->c, ':'))
                reject_next(&r->c, "no colon after a name");
}

/* After a value: ends what ends here, and steps to where the next value stands. False where there
 * is none. */
static bool read_between(Reader *r) {
        while (r->depth > 0 && !cursor_failed(&r->c)) {
                uint32_t container = r->open[r->depth - 1], *name = &r->name[r->depth - 1];
                JsonToken *t = &r->tokens[container];
                bool object = t->type == JSON_OBJECT;

                skip_blanks(r);
                if (*name > 0) /* it spans its value: walking an object goes from name to name */
                        r->tokens[*name].next = (uint32_t) r->n;
                if (skip(&r->c, object ? '}' : ']')) {
                        t->next = (uint32_t) r->n;
                        t->size = (uint32_t) r->c.at - t->at;
                        r->depth--;
                        continue;
                }
                if (r->n > container + 1 && !skip(&r->c, ','))
                        reject_next(&r->c, "no comma, and no end");
                if (object)
                        read_name(r, container, name);
                return !cursor_failed(&r->c);
        }
        skip_blanks(r);
        return false;
}

int json_parse(Span text, JsonForm form, JsonToken *tokens, size_t n_tokens, const char *what,
                Json *ret, Err *e) {
        Reader r = { .c = cursor_over(text), .form = form, .tokens = tokens, .room = n_tokens };
        int rc;

        if (text.size > UINT32_MAX)
                return err_set(e, -E2BIG, "%s: %zu bytes are more than JSON may have", what,
                                text.size);
        do
                read_value(&r);
        while (read_between(&r));

        if (r.full)
                return err_set(e, -E2BIG, "%s: more than %zu JSON values, at byte %zu", what,
                                n_tokens, r.c.failed_at);
        rc = cursor_end(&r.c, what, e);
        if (rc < 0)
                return rc;

        *ret = (Json){ .text = text, .tokens = tokens, .end = (uint32_t) r.n };
        return 0;
}

/* What stands before the next escape, or that escape's character. */
static Span next_piece(Cursor *c, uint8_t room[static 4]) {
        Span s = cursor_rest(c);
        size_t n = 0;

        if (peek(c) == '\\')
                return (Span){ room, text_utf8_write(read_escape(c), room) };
        while (n < s.size && s.data[n] != '\\')
                n++;
        return cursor_bytes(c, n);
}

bool json_is(Json v, const char *s) {
        Cursor c = cursor_over(json_raw(v));
        Span left = span_of(s);
        uint8_t room[4];

        if (json_type(v) != JSON_STRING)
                return false;
        while (cursor_left(&c) > 0) {
                Span piece = next_piece(&c, room);

                if (!span_starts(left, piece))
                        return false;
                left = span_from(left, piece.size);
        }
        return left.size == 0;
}

bool json_text(Json v, Buf *to) {
        Cursor c = cursor_over(json_raw(v));
        uint8_t room[4];

        if (json_type(v) != JSON_STRING)
                return false;
        while (cursor_left(&c) > 0)
                buf_bytes(to, next_piece(&c, room));
        return to->failed == 0;
}
