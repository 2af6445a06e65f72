/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/print.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

typedef struct Printer {
        bool pretty;
        int depth;
        uint8_t last; /* character */
} Printer;

static void print_newline(const Printer *p) {
        printf("\n%*s", 2 * p->depth, "");
}

/* A character that is not inside a string. */
static void print_outside(Printer *p, uint8_t c) {
        bool opened = p->last == '{' || p->last == '[', closes = c == '}' || c == ']';

        if (closes)
                p->depth--;
        if (p->pretty && opened != closes) /* what is empty stays on its line */
                print_newline(p);
        putchar(c);
        if (c == '{' || c == '[')
                p->depth++;
        if (p->pretty && c == ',')
                print_newline(p);
        if (p->pretty && c == ':')
                putchar(' ');
}

static void print_label(const char *label) {
        printf("  %-14s ", label);
}

void print_line(const char *label, Span value) {
        print_label(label);
        text_print(stdout, value);
        putchar('\n');
}

void print_hex(const char *label, Span bytes) {
        print_label(label);
        for (size_t i = 0; i < bytes.size; i++)
                printf("%02x", bytes.data[i]);
        putchar('\n');
}

/* A character of a string, and how many bytes it took: what would change what a reader sees around
 * it comes out as JSON's own escape, which is the same value. */
static size_t print_inside(Span rest) {
        uint32_t c = 0;
        size_t n = text_utf8(rest, &c);

        if (n > 1 && text_misleads(c)) {
                if (c > 0xffff)
                        printf("\\u%04x", (unsigned) (0xd800 + ((c - 0x10000) >> 10)));
                printf("\\u%04x", (unsigned) (c > 0xffff ? 0xdc00 + (c & 0x3ff) : c));
                return n;
        }
        if (n == 0 || (rest.data[0] == '\\' && rest.size > 1))
                n = n == 0 ? 1 : 2;
        (void) fwrite(rest.data, 1, n, stdout);
        return n;
}

void print_json(const char *form, Span json) {
        Printer p = { .pretty = strcmp(form, "pretty") == 0 };
        bool quoted = false;

        for (size_t i = 0; i < json.size; i++) {
                uint8_t c = json.data[i];

                if (quoted) {
                        i += print_inside(span_from(json, i)) - 1;
                        quoted = c != '"';
                } else {
                        print_outside(&p, c);
                        quoted = c == '"';
                }
                p.last = c;
        }
        putchar('\n');
}

int print_json_buf(const char *form, const Buf *json, Err *e) {
        Span text;
        int rc = buf_end(json, &text);

        if (rc < 0)
                return err_set(e, rc,
                                "the answer takes more than %zu bytes, or there is no memory for it",
                                json->max);
        print_json(form, text);
        return 0;
}
