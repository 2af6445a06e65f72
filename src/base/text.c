/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include "base/cursor.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void text_hex(Buf *to, Span bytes) {
        uint8_t *at;

        if (bytes.size == 0)
                return;
        at = buf_room(to, bytes.size > SIZE_MAX / 2 ? SIZE_MAX : 2 * bytes.size);
        for (size_t i = 0; at && i < bytes.size; i++) {
                at[2 * i] = (uint8_t) hex_digits[bytes.data[i] >> 4];
                at[2 * i + 1] = (uint8_t) hex_digits[bytes.data[i] & 15];
        }
}

static int hex_value(uint8_t c, bool any_case) {
        unsigned digit = (unsigned) c - '0', letter = (unsigned) (any_case ? c | 0x20 : c) - 'a';

        return digit < 10 ? (int) digit : letter < 6 ? (int) letter + 10 : -1;
}

static bool unhex(Span hex, bool any_case, uint8_t *into, size_t size) {
        int strange = 0;

        if (hex.size % 2 != 0 || hex.size / 2 != size)
                return false;
        for (size_t i = 0; i < size; i++) {
                int high = hex_value(hex.data[2 * i], any_case);
                int low = hex_value(hex.data[2 * i + 1], any_case);

                strange |= high | low;
                into[i] = (uint8_t) ((unsigned) high << 4 | (unsigned) low);
        }
        return strange >= 0;
}

bool text_unhex(Span hex, uint8_t *into, size_t size) {
        return unhex(hex, false, into, size);
}

bool text_unhex_buf(Span hex, bool any_case, Buf *to) {
        uint8_t *at;

        if (hex.size % 2 != 0)
                return false;
        at = buf_room(to, hex.size / 2);
        if (!at)
                return false;
        if (unhex(hex, any_case, at, hex.size / 2))
                return true;
        to->size -= hex.size / 2;
        return false;
}

void text_uuid(const uint8_t id[16], char into[UUID_TEXT_SIZE]) {
        for (size_t i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *into++ = '-';
                *into++ = hex_digits[id[i] >> 4];
                *into++ = hex_digits[id[i] & 15];
        }
        *into = '\0';
}

static void encode_base64(Buf *to, Span bytes, bool url) {
        const char *last = url ? "-_" : "+/";

        for (size_t i = 0; i < bytes.size; i += 3) {
                size_t n = bytes.size - i < 3 ? bytes.size - i : 3;
                uint8_t *at = buf_room(to, url ? n + 1 : 4);
                uint32_t v = 0;

                if (!at)
                        return;
                for (size_t j = 0; j < 3; j++)
                        v = v << 8 | (j < n ? bytes.data[i + j] : 0);
                for (size_t j = 0; j <= n; j++) {
                        uint32_t six = v >> (18 - 6 * j) & 63;

                        at[j] = (uint8_t) (six < 62 ? base64_digits[six] : last[six - 62]);
                }
                for (size_t j = n + 1; !url && j < 4; j++)
                        at[j] = '=';
        }
}

static int base64_value(uint8_t c, bool url) {
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        if (c == (url ? '-' : '+'))
                return 62;
        if (c == (url ? '_' : '/'))
                return 63;
        return -1;
}

/* The text is without padding here. Bits that no byte takes up must be zero: one spelling. Looked
 * up in a table, as what comes next in a text cannot be guessed by a processor. */
static bool unbase64(Span text, bool url, uint8_t *at) {
        int values[256], strange = 0;
        unsigned bits = 0;
        uint32_t v = 0;
        size_t i = 0;

        for (unsigned c = 0; c < ELEMENTS(values); c++)
                values[c] = base64_value((uint8_t) c, url);
        for (; text.size - i >= 4; i += 4) {
                const uint8_t *s = text.data + i;
                int a = values[s[0]], b = values[s[1]], c = values[s[2]], d = values[s[3]];

                strange |= a | b | c | d;
                *at++ = (uint8_t) ((unsigned) a << 2 | (unsigned) b >> 4);
                *at++ = (uint8_t) ((unsigned) b << 4 | (unsigned) c >> 2);
                *at++ = (uint8_t) ((unsigned) c << 6 | (unsigned) d);
        }
        for (; i < text.size; i++) {
                strange |= values[text.data[i]];
                v = v << 6 | ((uint32_t) values[text.data[i]] & 63);
                bits += 6;
                if (bits < 8)
                        continue;
                bits -= 8;
                *at++ = (uint8_t) (v >> bits);
                v &= (1u << bits) - 1;
        }
        return strange >= 0 && v == 0;
}

static bool decode_base64(Span text, Buf *to, bool url) {
        size_t size = text.size / 4 * 3 + (text.size % 4 ? text.size % 4 - 1 : 0);
        uint8_t *at;

        if (text.size % 4 == 1)
                return false;
        at = buf_room(to, size);
        if (!at)
                return false;
        if (unbase64(text, url, at))
                return true;
        to->size -= size;
        return false;
}

void text_base64url(Buf *to, Span bytes) {
        encode_base64(to, bytes, true);
}

void text_base64(Buf *to, Span bytes) {
        encode_base64(to, bytes, false);
}

bool text_unbase64url(Span text, Buf *to) {
        return decode_base64(text, to, true);
}

bool text_unbase64(Span text, Buf *to) {
        if (text.size % 4 != 0)
                return false;
        for (int i = 0; i < 2 && text.size > 0 && text.data[text.size - 1] == '='; i++)
                text.size--;
        return decode_base64(text, to, false);
}

bool text_number(Span digits, uint64_t max, uint64_t *ret) {
        uint64_t v = 0;

        if (digits.size == 0 || digits.size > 20 || (digits.size > 1 && digits.data[0] == '0'))
                return false;
        for (size_t i = 0; i < digits.size; i++) {
                uint8_t d = (uint8_t) (digits.data[i] - '0');

                if (d > 9 || v > max / 10 || d > max - v * 10)
                        return false;
                v = v * 10 + d;
        }
        *ret = v;
        return true;
}

/* What the first byte of a character says of its length; 0 for a byte that begins none. */
static size_t utf8_length(uint8_t first) {
        return first < 0x80       ? 1
               : first >> 5 == 6  ? 2
               : first >> 4 == 14 ? 3
               : first >> 3 == 30 ? 4
                                  : 0;
}

size_t text_utf8(Span s, uint32_t *ret) {
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        uint32_t v;
        size_t n = s.size > 0 ? utf8_length(s.data[0]) : 0;

        if (n == 0 || n > s.size)
                return 0;
        v = s.data[0];
        if (n > 1)
                v &= 0x7fu >> n;
        for (size_t i = 1; i < n; i++) {
                if (s.data[i] >> 6 != 2)
                        return 0;
                v = v << 6 | (s.data[i] & 0x3f);
        }
        if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
                return 0;
        if (ret)
                *ret = v;
        return n;
}

size_t text_utf8_write(uint32_t c, uint8_t to[static 4]) {
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t head[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

        for (size_t i = n - 1; i > 0; i--, c >>= 6)
                to[i] = (uint8_t) (0x80 | (c & 0x3f));
        to[0] = (uint8_t) (head[n] | c);
        return n;
}

/* How many bytes at the head of s may stand as they are; 0 where the first must be escaped. */
static size_t plain_length(Span s, uint32_t *ret) {
        size_t n = text_utf8(s, ret);

        return n == 1 && (*ret < ' ' || *ret == 0x7f) ? 0 : n;
}

/* How many bytes at the head of s need no escape. */
static size_t plain_run(Span s) {
        uint32_t character = 0;
        size_t n, run = 0;

        while ((n = plain_length(span_from(s, run), &character)) > 0 && character != '\\')
                run += n;
        return run;
}

void text_escape(Buf *to, Span s) {
        while (s.size > 0) {
                size_t n = plain_run(s);

                buf_bytes(to, (Span){ s.data, n });
                if (n < s.size) {
                        buf_string(to, "\\x");
                        text_hex(to, (Span){ s.data + n, 1 });
                        n++;
                }
                s = span_from(s, n);
        }
}

/* How many of the first max bytes are whole characters. */
static size_t whole_characters(Span s, size_t max) {
        size_t at = 0;

        if (s.size <= max)
                return s.size;
        while (at < max) {
                size_t n = text_utf8(span_from(s, at), NULL);

                n = n > 0 ? n : 1;
                if (n > max - at)
                        break;
                at += n;
        }
        return at;
}

void text_quote(Buf *to, Span s, size_t max) {
        Cursor c = cursor_over((Span){ s.data, whole_characters(s, max) });

        buf_byte(to, '"');
        while (cursor_left(&c) > 0) {
                Span rest = cursor_rest(&c);
                const uint8_t *mark = memchr(rest.data, '"', rest.size);

                buf_bytes(to, cursor_bytes(&c, mark ? (size_t) (mark - rest.data) : rest.size));
                if (cursor_skip(&c, SPAN_LITERAL("\"")))
                        buf_string(to, "\\x22");
        }
        buf_string(to, c.bytes.size < s.size ? "...\"" : "\"");
}

/* Characters that are valid and still change what a reader sees around them: C1 controls,
 * bidirectional marks, embeddings and isolates, line separators, zero-width and tag characters. */
bool text_misleads(uint32_t c) {
        static const struct {
                uint32_t first, last;
        } ranges[] = {
                { 0x80, 0x9f },
                { 0xad, 0xad },
                { 0x61c, 0x61c },
                { 0x200b, 0x200f },
                { 0x2028, 0x202e },
                { 0x2060, 0x206f },
                { 0xfeff, 0xfeff },
                { 0xe0000, 0xe007f },
        };

        for (size_t i = 0; i < ELEMENTS(ranges); i++)
                if (c >= ranges[i].first && c <= ranges[i].last)
                        return true;
        return false;
}

/* How many visible ASCII characters and blanks stand at the beginning. */
static size_t ascii_length(Span s) {
        size_t n = 0;

        while (n < s.size && s.data[n] >= ' ' && s.data[n] < 0x7f)
                n++;
        return n;
}

void text_print(FILE *to, Span s) {
        while (s.size > 0) {
                size_t ascii = ascii_length(s), n = ascii;
                uint32_t character = 0;

                if (ascii == 0)
                        n = plain_length(s, &character);
                if (n == 0) {
                        (void) fprintf(to, "\\x%02x", s.data[0]);
                        n = 1;
                } else if (text_misleads(character)) {
                        (void) fprintf(to, "\\u{%x}", (unsigned) character);
                } else {
                        (void) fwrite(s.data, 1, n, to);
                }
                s = span_from(s, n);
        }
}

static uint8_t lower(uint8_t c) {
        return c >= 'A' && c <= 'Z' ? (uint8_t) (c - 'A' + 'a') : c;
}

static bool begins_with(Span word, Span head) {
        if (head.size > word.size)
                return false;
        for (size_t i = 0; i < head.size; i++)
                if (lower(word.data[i]) != lower(head.data[i]))
                        return false;
        return true;
}

/* Letters changed, put in or left out (Levenshtein), upper and lower case the same; a large number
 * for long words. One row of the table is kept, and the corner left of it. */
static size_t edits(Span a, Span b) {
        size_t row[41];

        if (a.size >= ELEMENTS(row) || b.size >= ELEMENTS(row))
                return SIZE_MAX;
        for (size_t j = 0; j <= b.size; j++)
                row[j] = j;
        for (size_t i = 1; i <= a.size; i++) {
                size_t corner = row[0];

                row[0] = i;
                for (size_t j = 1; j <= b.size; j++) {
                        size_t replace = corner + (lower(a.data[i - 1]) != lower(b.data[j - 1]));
                        size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

                        corner = row[j];
                        row[j] = replace < other ? replace : other;
                }
        }
        return row[b.size];
}

const char *text_nearest(Span written, const char *const *names) {
        /* a third of the letters may be wrong, and one of a short word */
        size_t best = written.size / 3 + 2;
        const char *nearest = NULL;

        for (; written.size > 0 && *names; names++) {
                Span name = span_of(*names);
                /* "cert" for "certificate": many letters away, and clear all the same */
                size_t d = begins_with(name, written) ? 0 : edits(written, name);

                if (d < best && d < name.size && d < written.size) {
                        best = d;
                        nearest = *names;
                }
        }
        return nearest;
}
