/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/show-contents.h"

#include <string.h>

#include "tools/print.h"

static bool is_extension(const Contents *c) {
        return c->type == LEAF_SYSEXT || c->type == LEAF_CONFEXT;
}

void show_contents_json(JsonWriter *w, const char *member, const Contents *c) {
        if (c->release.size > 0 &&
                        strcmp(member, is_extension(c) ? "extensionRelease" : "osRelease") == 0)
                json_put_foreign(w, member, buf_span(&c->release));
}

void show_unread_json(JsonWriter *w, const Contents *c) {
        if (c->release.size == 0 && c->unread)
                json_put_string(w, "unread", c->unread);
}

/* Line for line; comments and empty ones are left out. */
void show_contents(const Contents *c) {
        const char *label = is_extension(c) ? "extension" : "system";
        Span text = buf_span(&c->release);

        if (text.size == 0 && c->unread) {
                print_line("inside", SPAN_LITERAL("not looked at:"));
                print_line("", span_of(c->unread));
        }
        while (text.size > 0) {
                const uint8_t *end = memchr(text.data, '\n', text.size);
                Span line = { text.data, end ? (size_t) (end - text.data) : text.size };
                size_t step = line.size + (end ? 1 : 0);

                if (line.size > 0 && line.data[0] != '#') {
                        print_line(label, line);
                        label = "";
                }
                text = span_from(text, step);
        }
}
