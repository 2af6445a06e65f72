/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/commandline.h"

#include <errno.h>

#include "base/text.h"
#include "verify/boot.h"
#include "wire/limits.h"

enum { QUOTED_MAX = 120 };

/* Where the words of a text are; the first of them, as whoever wrote it may want us to look for
 * ever. */
typedef struct Words {
        Span list[COMMAND_LINE_WORDS_MAX + 1]; /* behind the last one stands an empty one */
        size_t n;
} Words;

static Words words_of(Span text) {
        Words w = {};
        size_t at = 0;

        while (w.n < COMMAND_LINE_WORDS_MAX) {
                size_t from;

                while (at < text.size && text.data[at] == ' ')
                        at++;
                from = at;
                while (at < text.size && text.data[at] != ' ')
                        at++;
                if (at == from)
                        break;
                w.list[w.n++] = (Span){ text.data + from, at - from };
        }
        return w;
}

/* How many words at the end of both are the same, of those from the i-th on. */
static size_t same_at_end(const Words *a, const Words *b, size_t i) {
        size_t n = 0;

        while (n < a->n - i && n < b->n - i &&
                        span_equal(a->list[a->n - 1 - n], b->list[b->n - 1 - n]))
                n++;
        return n;
}

/* What stands where; either may be empty. */
static void say_difference(Span was, Span is, Buf *to) {
        if (is.size > 0)
                text_quote(to, is, QUOTED_MAX);
        if (is.size > 0 && was.size > 0)
                buf_string(to, " stands where ");
        if (was.size > 0)
                text_quote(to, was, QUOTED_MAX);
        buf_string(to, was.size == 0 ? " was added" : is.size == 0 ? " is missing" : " belongs");
}

void command_line_difference(Span expected, Span actual, Buf *to) {
        Words a = words_of(expected), b = words_of(actual);
        size_t i = 0, end;

        while (i < a.n && i < b.n && span_equal(a.list[i], b.list[i]))
                i++;
        if (i == a.n && i == b.n)
                return;
        end = same_at_end(&a, &b, i);
        say_difference(i < a.n - end ? a.list[i] : (Span){}, i < b.n - end ? b.list[i] : (Span){},
                        to);
}

/* The same, and the last word is all that there is no room for. */
static Words all_words_of(Span text) {
        Words w = words_of(text);

        if (w.n == COMMAND_LINE_WORDS_MAX)
                w.list[w.n - 1].size = (size_t) (text.data + text.size - w.list[w.n - 1].data);
        return w;
}

/* How many words two lines have in common, in their order, from the i-th and the j-th on. */
typedef struct Common {
        uint8_t n[COMMAND_LINE_WORDS_MAX + 1][COMMAND_LINE_WORDS_MAX + 1];
} Common;

static void count_common(const Words *a, const Words *b, Common *c) {
        memset(c, 0, sizeof(*c));
        for (size_t i = a->n; i-- > 0;)
                for (size_t j = b->n; j-- > 0;) {
                        if (span_equal(a->list[i], b->list[j]))
                                c->n[i][j] = (uint8_t) (c->n[i + 1][j + 1] + 1);
                        else
                                c->n[i][j] = c->n[i + 1][j] > c->n[i][j + 1] ? c->n[i + 1][j]
                                                                             : c->n[i][j + 1];
                }
}

static Span words_between(const Words *w, size_t from, size_t until) {
        const Span *first = &w->list[from], *last;

        if (from == until)
                return (Span){};
        last = &w->list[until - 1];
        return (Span){ first->data, (size_t) (last->data + last->size - first->data) };
}

static bool same_word(const Words *a, const Words *b, size_t i, size_t j) {
        return i < a->n && span_equal(a->list[i], b->list[j]);
}

/* Goes on to where both have the same word again, or to the end of both. */
static void pass_difference(const Words *a, const Words *b, const Common *c, size_t *i, size_t *j) {
        while ((*i < a->n || *j < b->n) && !same_word(a, b, *i, *j))
                if (*j == b->n || (*i < a->n && c->n[*i + 1][*j] >= c->n[*i][*j + 1]))
                        ++*i;
                else
                        ++*j;
}

size_t command_line_changes(Span was, Span is, LineChange *ret, size_t max) {
        Words a = all_words_of(was), b = all_words_of(is);
        size_t i = 0, j = 0, n = 0;
        Common c;

        count_common(&a, &b, &c);
        while (n < max) {
                size_t from_i, from_j;

                for (; same_word(&a, &b, i, j); j++)
                        i++;
                from_i = i;
                from_j = j;
                pass_difference(&a, &b, &c, &i, &j);
                if (i == from_i && j == from_j)
                        break;
                if (n + 1 == max) {
                        i = a.n;
                        j = b.n;
                }
                ret[n++] = (LineChange){ words_between(&a, from_i, i),
                        words_between(&b, from_j, j) };
        }
        return n;
}

/* The text without the words from first to last. */
static void leave_out(Span text, Span first, Span last, Buf *to) {
        const uint8_t *from = first.data, *until = last.data + last.size;
        const uint8_t *end = text.data + text.size;

        /* one of the blanks around them goes too */
        if (from > text.data)
                from--;
        else if (until < end)
                until++;
        buf_bytes(to, (Span){ text.data, (size_t) (from - text.data) });
        buf_bytes(to, (Span){ until, (size_t) (end - until) });
}

int command_line_added(
                Span actual, const Digest *expected, bool *ret_found, Span *ret_added, Err *e) {
        Words w = words_of(actual);

        *ret_found = false;
        for (size_t n = 1; n <= w.n && n <= COMMAND_LINE_ADDED_MAX; n++)
                for (size_t i = w.n - n + 1; i-- > 0;) {
                        _cleanup_(buf_done) Buf rest = BUF_UP_TO(COMMAND_LINE_MAX);
                        Span first = w.list[i], last = w.list[i + n - 1], bytes;
                        int rc;

                        leave_out(actual, first, last, &rest);
                        rc = buf_end(&rest, &bytes);
                        if (rc == 0)
                                rc = boot_text_is(expected, bytes, ret_found, e);
                        if (rc < 0)
                                return err_set(e, rc, "the command line does not fit");
                        if (*ret_found) {
                                *ret_added = (Span){ first.data,
                                        (size_t) (last.data + last.size - first.data) };
                                return 0;
                        }
                }
        return 0;
}
