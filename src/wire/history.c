/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/history.h"

#include <assert.h>
#include <errno.h>

#include "base/cursor.h"
#include "base/text.h"

#define LINE_START SPAN_LITERAL("\x1e{\"content\":")
#define BEFORE_ATTEST SPAN_LITERAL(",\"receipt\":{\"attest\":\"")
#define BEFORE_SIGNATURE SPAN_LITERAL(",\"signature\":\"")
#define LINE_END SPAN_LITERAL("}}\n")

/* As long as the base64url of n bytes without padding. */
#define BASE64_SIZE(n) (((n) *4 + 2) / 3)

_Static_assert(CONTENT_MAX + BASE64_SIZE(ATTEST_MAX) + BASE64_SIZE(TPM_SIGNATURE_MAX) + 64 <
                                HISTORY_LINE_MAX,
                "a line has room for the largest content and receipt");

bool history_value(const Content *c, uint64_t *ret) {
        const char *name = c->event == EVENT_GLASS_LOST ? "to" : "count";
        int64_t v;

        switch (c->event) {
        case EVENT_GLASS_BEGIN:
        case EVENT_GLASS_OPEN:
        case EVENT_GLASS_CLOSE:
        case EVENT_GLASS_LOST:
        case EVENT_UNLOCK_OPEN:
                break;
        default:
                return false;
        }
        if (!json_integer(content_member(c, name), 0, INT64_MAX, &v))
                return false;
        *ret = (uint64_t) v;
        return true;
}

/* The length of the JSON object at the head of s; 0 where it has no end. Whether it is one is for
 * content_parse() to say. */
static size_t object_size(Span s) {
        bool quoted = false;
        size_t depth = 0;

        for (size_t i = 0; i < s.size; i++) {
                uint8_t byte = s.data[i];

                if (quoted && byte == '\\')
                        i++;
                else if (byte == '"')
                        quoted = !quoted;
                else if (!quoted && byte == '{')
                        depth++;
                else if (!quoted && byte == '}' && --depth == 0)
                        return i + 1;
                if (depth == 0)
                        return 0;
        }
        return 0;
}

static Span read_content(Cursor *c) {
        size_t n;

        cursor_expect(c, LINE_START, "a line begins with 0x1e and {\"content\":");
        n = object_size(cursor_rest(c));
        if (n == 0)
                cursor_reject(c, "a content that has no end");
        return cursor_bytes(c, n);
}

/* What stands in base64url up to the next quotation mark, some bytes and at most max. ret gets the
 * size alone: the bytes lie in into, which still moves. */
static void read_bytes(Cursor *c, size_t max, Buf *into, Span *ret) {
        size_t before = into->size;
        Span text = cursor_until(c, '"', BASE64_SIZE(max));

        if (!text_unbase64url(text, into) || into->size == before)
                cursor_reject(c, "not base64url without padding of some bytes");
        *ret = (Span){ .size = into->size - before };
}

int history_line_parse(Span line, Buf *into, HistoryLine *ret, Err *e) {
        Cursor c = cursor_over(line);
        size_t start = into->size;
        HistoryLine l = {};
        Span content;
        int rc;

        if (line.size > HISTORY_LINE_MAX)
                return err_set(e, -E2BIG, "history line: %zu bytes, at most %d are taken",
                                line.size, HISTORY_LINE_MAX);
        content = read_content(&c);
        cursor_expect(&c, BEFORE_ATTEST, "a receipt comes after the content");
        read_bytes(&c, ATTEST_MAX, into, &l.attest);
        cursor_expect(&c, BEFORE_SIGNATURE, "a signature comes after the attestation");
        read_bytes(&c, TPM_SIGNATURE_MAX, into, &l.signature);
        cursor_expect(&c, LINE_END, "a line ends with }} and a newline");
        /* first: what found no room looks like what is malformed */
        if (into->failed < 0)
                return err_set(e, into->failed, "history line: no room for its receipt");
        rc = cursor_end(&c, "history line", e);
        if (rc == 0)
                rc = content_parse(content, &l.content, e);
        if (rc == 0 && !history_value(&l.content, &l.value))
                rc = err_set(e, -EBADMSG, "history line: %s was not counted",
                                event_name(l.content.event));
        if (rc < 0)
                return rc;
        l.attest.data = into->data + start;
        l.signature.data = l.attest.data + l.attest.size;
        *ret = l;
        return 0;
}

void history_open_write(Span content, Buf *to) {
        buf_bytes(to, LINE_START);
        buf_bytes(to, content);
}

void history_close_write(Span attest, Span signature, Buf *to) {
        assert(attest.size > 0 && signature.size > 0);
        buf_bytes(to, BEFORE_ATTEST);
        text_base64url(to, attest);
        buf_string(to, "\"");
        buf_bytes(to, BEFORE_SIGNATURE);
        text_base64url(to, signature);
        buf_string(to, "\"");
        buf_bytes(to, LINE_END);
}

int history_next_line(Span *history, Span *ret, Err *e) {
        const uint8_t *end;
        size_t n;

        if (history->size == 0)
                return 0;
        if (history->data[0] != 0x1e)
                return err_set(e, -EBADMSG,
                                "history: a line begins with byte 0x1e, not with 0x%02x",
                                history->data[0]);
        n = history->size < HISTORY_LINE_MAX ? history->size : HISTORY_LINE_MAX;
        end = memchr(history->data, '\n', n);
        if (!end && history->size > n)
                return err_set(e, -EBADMSG, "history: a line of more than %d bytes",
                                HISTORY_LINE_MAX);
        if (!end)
                return err_set(e, -ENODATA, "history: the last line has no receipt yet");
        n = (size_t) (end - history->data) + 1;
        *ret = (Span){ history->data, n };
        *history = span_from(*history, n);
        return 1;
}

bool history_open_read(Span rest, Content *ret, size_t *ret_size) {
        Cursor c = cursor_over(rest);
        Span content = read_content(&c);
        uint64_t unused;
        Content read;

        if (content_parse(content, &read, NULL) < 0 || !history_value(&read, &unused))
                return false;
        *ret = read;
        *ret_size = c.at;
        return true;
}
