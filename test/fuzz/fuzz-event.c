/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An event is drawn from the input by the table of events, and written. What is written reads back
 * as what was meant; and where each member keeps its rule, it is written. */

enum { DRAWN_MAX = 64, TEXT_DRAWN_MAX = 200 };

typedef struct Draw {
        Cursor c;
        bool honest; /* every member keeps its rule */
        Member members[DRAWN_MAX];
        size_t n_members;
        uint8_t bytes[16 * 1024]; /* what members point to */
        size_t n_bytes;
} Draw;

/* From the input as long as there is some, then zeros. */
static Span take(Draw *d, size_t n) {
        uint8_t *into = d->bytes + d->n_bytes;
        Span s = cursor_bytes(&d->c, n < cursor_left(&d->c) ? n : cursor_left(&d->c));

        if (n > sizeof(d->bytes) - d->n_bytes)
                abort();
        memset(into, 0, n);
        if (s.size > 0)
                memcpy(into, s.data, s.size);
        d->n_bytes += n;
        return (Span){ into, n };
}

static uint64_t number(Draw *d, unsigned n_bytes) {
        Span s = take(d, n_bytes);
        uint64_t v = 0;

        for (size_t i = 0; i < s.size; i++)
                v = v << 8 | s.data[i];
        return v;
}

static Member *room(Draw *d, size_t n) {
        Member *m = &d->members[d->n_members];

        d->n_members += n;
        if (d->n_members > DRAWN_MAX)
                abort();
        memset(m, 0, n * sizeof(*m));
        return m;
}

static void draw_members(Draw *d, const MemberRule *rules, Member *ret, size_t *ret_n);

static void draw_text(Draw *d, const char *text, Member *m) {
        m->type = MEMBER_TEXT;
        m->bytes = text ? span_of(text) : take(d, number(d, 1) % (TEXT_DRAWN_MAX + 1));
}

static void draw_hex(Draw *d, size_t size, Member *m) {
        m->type = MEMBER_HEX;
        m->bytes = take(d, d->honest || number(d, 1) % 8 ? size : number(d, 1));
}

static void draw_word(Draw *d, const char *const *words, Member *m) {
        size_t n = 0, i = number(d, 1);

        while (words[n])
                n++;
        draw_text(d, d->honest || i < 240 ? words[i % n] : NULL, m);
}

static void draw_integer(Draw *d, bool sign, uint64_t most, Member *m) {
        int64_t v = (int64_t) number(d, 8);

        if (d->honest) {
                v = (int64_t) ((uint64_t) v % (most + 1));
                v = sign && number(d, 1) % 2 ? -v : v;
        }
        m->type = MEMBER_INTEGER;
        m->number = v;
}

static void draw_banks(Draw *d, Member *m) {
        static const char *const names[] = { "sha1", "sha256", "sha384", "sha512" };
        uint64_t mask = number(d, 1);
        Member *banks = room(d, ELEMENTS(names));

        m->type = MEMBER_OBJECT;
        m->members = banks;
        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (mask >> i & 1 || i == 1) {
                        banks->name = names[i];
                        draw_hex(d, hash_size(hash_of_name(span_of(names[i]))), banks++);
                        m->n_members++;
                }
}

static void draw_list(Draw *d, const char *word, Member *m) {
        Member *elements = room(d, 2);

        m->type = MEMBER_ARRAY;
        m->members = elements;
        m->n_members = d->honest ? 1 + number(d, 1) % 2 : number(d, 1) % 3;
        for (size_t i = 0; i < m->n_members; i++)
                draw_text(d, d->honest || number(d, 1) % 8 ? word : NULL, &elements[i]);
}

static void draw_nv(Draw *d, Member *m) {
        Member *value = room(d, 1);

        m->type = MEMBER_OBJECT;
        m->members = value;
        m->n_members = d->honest ? 1 : number(d, 1) % 2;
        value->name = d->honest || number(d, 1) % 8 ? "01800400" : "no index";
        draw_hex(d, 32, value);
}

static void draw_starts(Draw *d, Member *m) {
        Member *start = room(d, 1);

        m->type = MEMBER_OBJECT;
        m->members = start;
        m->n_members = d->honest ? 1 : number(d, 1) % 2;
        start->name = d->honest || number(d, 1) % 8 ? "pcr:9" : "no register";
        draw_banks(d, start);
}

static void draw_name(Draw *d, Member *m) {
        draw_hex(d, 34, m);
        if (d->honest) {
                d->bytes[d->n_bytes - 34] = 0;
                d->bytes[d->n_bytes - 33] = 0x0b;
        }
}

static void draw_object(Draw *d, const MemberRule *rules, Member *m) {
        Member *members = room(d, 8);

        m->type = MEMBER_OBJECT;
        m->members = members;
        draw_members(d, rules, members, &m->n_members);
}

static void draw(Draw *d, const MemberRule *rule, Member *m) {
        m->name = rule->name;
        switch (rule->rule) {
        case RULE_TEXT:
                draw_text(d, NULL, m);
                break;
        case RULE_COUNT:
                draw_integer(d, false, (uint64_t) JSON_INTEGER_MAX, m);
                break;
        case RULE_TIME:
                draw_integer(d, true, (uint64_t) JSON_INTEGER_MAX, m);
                break;
        case RULE_FLAG:
                draw_integer(d, false, 1, m);
                break;
        case RULE_ID:
                draw_hex(d, 16, m);
                break;
        case RULE_SHA256:
                draw_hex(d, 32, m);
                break;
        case RULE_TPM_NAME:
                draw_name(d, m);
                break;
        case RULE_INDEX:
                draw_hex(d, 4, m);
                break;
        case RULE_BANKS:
                draw_banks(d, m);
                break;
        case RULE_BANK_LIST:
                draw_list(d, "0x0012", m);
                break;
        case RULE_NV_VALUES:
                draw_nv(d, m);
                break;
        case RULE_NV_LIST:
                draw_list(d, "01800400", m);
                break;
        case RULE_STARTS:
                draw_starts(d, m);
                break;
        case RULE_REGISTER:
                draw_text(d, d->honest || number(d, 1) % 8 ? "pcr:8" : NULL, m);
                break;
        case RULE_WORD:
                draw_word(d, rule->words, m);
                break;
        case RULE_OBJECT:
                draw_object(d, rule->members, m);
                break;
        }
}

static void draw_members(Draw *d, const MemberRule *rules, Member *ret, size_t *ret_n) {
        size_t n = 0;

        for (; rules->name; rules++) {
                uint64_t how = number(d, 1);

                if (rules->optional ? how % 2 : !d->honest && how == 255)
                        continue;
                draw(d, rules, &ret[n++]);
        }
        *ret_n = n;
}

static const Member *find(const Member *members, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(members[i].name, name) == 0)
                        return &members[i];
        return NULL;
}

static bool same_values(const Member *a, const Member *b) {
        if (a->n_members != b->n_members)
                return false;
        for (size_t i = 0; i < a->n_members; i++)
                if (strcmp(a->members[i].name, b->members[i].name) != 0 ||
                                !span_equal(a->members[i].bytes, b->members[i].bytes))
                        return false;
        return true;
}

static bool layer_makes_sense(Event event, bool is_uki, const Member *m, size_t n) {
        const Member *root = find(m, n, "rootHash"), *identity = find(m, n, "identity");

        if (!is_uki && find(m, n, "commandLine"))
                return false;
        if (event == EVENT_LAYER_REFUSE && !root && !identity)
                return true;
        return is_uki ? identity && !root : root && !identity;
}

/* What no single member shows (avouch-log-format(5), EVENTS), said once more. */
static bool makes_sense(const Content *head, const Member *m, size_t n) {
        bool genesis = head->event == EVENT_PHASE_GENESIS;
        const Member *class = find(m, n, "class"), *human = find(m, n, "human");

        if (genesis != (head->seq == 0) ||
                        genesis != span_is_zero((Span){ head->prev, sizeof(head->prev) }))
                return false;
        if (head->event == EVENT_PHASE_BROKEN)
                return !same_values(find(m, n, "expected"), find(m, n, "found"));
        if (class)
                return layer_makes_sense(head->event, span_is(class->bytes, "uki"), m, n);
        if (human && human->number == 0)
                return !find(m, n, "count") && !find(m, n, "past");
        return true;
}

/* Turns text_escape() back. */
static bool unescaped_is(Json v, Span wanted) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONTENT_MAX), back = BUF_UP_TO(CONTENT_MAX);
        Span s;

        if (!json_text(v, &text))
                return false;
        for (s = buf_span(&text); s.size > 0;) {
                size_t n = s.data[0] == '\\' ? 4 : 1;

                if (n > s.size)
                        return false;
                if (n == 1)
                        buf_byte(&back, s.data[0]);
                else if (!text_unhex_buf((Span){ s.data + 2, 2 }, false, &back))
                        return false;
                s = span_from(s, n);
        }
        return span_equal(buf_span(&back), wanted);
}

static bool means(Json v, const Member *m) {
        uint8_t bytes[256];
        int64_t n;
        Json x;

        switch (m->type) {
        case MEMBER_TEXT:
                return unescaped_is(v, m->bytes);
        case MEMBER_HEX:
                return json_hex(v, bytes, m->bytes.size) &&
                       memcmp(bytes, m->bytes.data, m->bytes.size) == 0;
        case MEMBER_INTEGER:
                return json_integer(v, m->number, m->number, &n);
        case MEMBER_OBJECT:
                for (size_t i = 0; i < m->n_members; i++)
                        if (!means(json_member(v, m->members[i].name), &m->members[i]))
                                return false;
                return json_count(v) == m->n_members;
        case MEMBER_ARRAY:
                x = json_first(v);
                for (size_t i = 0; i < m->n_members; i++, x = json_next(v, x))
                        if (!means(x, &m->members[i]))
                                return false;
                return json_count(v) == m->n_members;
        }
        return false;
}

static void check(const Content *head, const Member *members, size_t n, Span bytes) {
        Content c;

        if (content_parse(bytes, &c, NULL) < 0 || c.event != head->event || c.seq != head->seq ||
                        c.time != head->time || c.wall != head->wall ||
                        memcmp(c.boot, head->boot, sizeof(c.boot)) != 0 ||
                        memcmp(c.prev, head->prev, sizeof(c.prev)) != 0)
                abort();
        for (size_t i = 0; i < n; i++)
                if (!means(content_member(&c, members[i].name), &members[i]))
                        abort();
        if (!makes_sense(head, members, n))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CONTENT_MAX);
        Draw d = { .c = cursor_over((Span){ data, size }) };
        Content head = {};
        Member *members;
        Member top = {};
        size_t n;
        int rc;

        d.honest = number(&d, 1) % 2;
        head.event = (Event) (1 + number(&d, 1) % (_EVENT_MAX - 1));
        draw_integer(&d, false, (uint64_t) JSON_INTEGER_MAX, &top);
        head.seq = (uint64_t) top.number;
        draw_integer(&d, false, (uint64_t) JSON_INTEGER_MAX, &top);
        head.time = top.number;
        draw_integer(&d, true, (uint64_t) JSON_INTEGER_MAX, &top);
        head.wall = top.number;
        memcpy(head.boot, take(&d, sizeof(head.boot)).data, sizeof(head.boot));
        memcpy(head.prev, take(&d, sizeof(head.prev)).data, sizeof(head.prev));
        members = room(&d, 16);
        draw_members(&d, event_members(head.event), members, &n);

        rc = content_write(&head, members, n, &b, NULL);
        if (rc == 0)
                check(&head, members, n, buf_span(&b));
        else if (d.honest && b.failed == 0 && makes_sense(&head, members, n))
                abort();
        return 0;
}
