/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/telling.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/text.h"

enum { NAMES_MAX = 32, SHOWN_MAX = 40 };

static int shown(Span s) {
        return s.size < SHOWN_MAX ? (int) s.size : SHOWN_MAX;
}

static bool is_the_accounts(Event event) {
        return event == EVENT_PHASE_GENESIS || event == EVENT_PHASE_BROKEN ||
               event == EVENT_GLASS_BEGIN || event == EVENT_GLASS_LOST;
}

static int unknown_event(Span word, Err *e) {
        const char *names[NAMES_MAX + 1] = {}, *nearest;
        size_t n = 0;

        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX && n < NAMES_MAX; event++)
                if (!is_the_accounts(event))
                        names[n++] = event_name(event);
        nearest = text_nearest(word, names);
        return err_set(e, -EINVAL, "there is no event '%.*s'%s%s%s", shown(word),
                        (const char *) word.data, nearest ? ", did you mean '" : "", nearest ?: "",
                        nearest ? "'?" : "");
}

int telling_begin(Span event, Telling *ret, Err *e) {
        Telling t = { .event = event_of_name(event) };

        if (t.event == EVENT_INVALID)
                return unknown_event(event, e);
        if (is_the_accounts(t.event))
                return err_set(e, -EINVAL,
                                "%s is recorded by avouch itself, when it finds that it is so",
                                event_name(t.event));
        *ret = t;
        return 0;
}

static const MemberRule *find_rule(const MemberRule *rules, Span name) {
        for (; rules && rules->name; rules++)
                if (span_is(name, rules->name))
                        return rules;
        return NULL;
}

static int unknown_member(const Telling *t, const MemberRule *rules, Span name, Err *e) {
        const char *names[NAMES_MAX + 1] = {}, *nearest;

        for (size_t n = 0; rules && rules->name && n < NAMES_MAX; rules++)
                names[n++] = rules->name;
        nearest = text_nearest(name, names);
        return err_set(e, -EINVAL, "%s has no member '%.*s'%s%s%s", event_name(t->event),
                        shown(name), (const char *) name.data, nearest ? ", did you mean '" : "",
                        nearest ?: "", nearest ? "'?" : "");
}

static int unknown_word(const MemberRule *rule, Span text, Err *e) {
        const char *nearest = text_nearest(text, rule->words);
        _cleanup_(buf_done) Buf list = BUF_UP_TO(128);

        for (const char *const *word = rule->words; *word; word++)
                buf_printf(&list, "%s%s", list.size > 0 ? ", " : "", *word);
        buf_byte(&list, '\0');
        if (nearest)
                return err_set(e, -EINVAL, "%s=%.*s: did you mean '%s'?", rule->name, shown(text),
                                (const char *) text.data, nearest);
        return err_set(e, -EINVAL, "%s=%.*s: there are %s", rule->name, shown(text),
                        (const char *) text.data,
                        list.failed < 0 ? "others" : (const char *) list.data);
}

/* A number as a person writes it; the sign is for the one type of ours that has one. */
static bool read_number(Span text, int64_t *ret) {
        bool negative = text.size > 1 && text.data[0] == '-';
        uint64_t n;

        if (negative)
                text = span_from(text, 1);
        if (!text_number(text, (uint64_t) JSON_INTEGER_MAX, &n) || (negative && n == 0))
                return false;
        *ret = negative ? -(int64_t) n : (int64_t) n;
        return true;
}

static int read_value(const MemberRule *rule, Span text, Member *ret, Err *e) {
        Member m = { .name = rule->name, .type = MEMBER_TEXT, .bytes = text };

        switch (rule->rule) {
        case RULE_COUNT:
        case RULE_TIME:
        case RULE_FLAG:
                m.type = MEMBER_INTEGER;
                if (!read_number(text, &m.number))
                        return err_set(e, -EINVAL, "%s=%.*s: not a number", rule->name, shown(text),
                                        (const char *) text.data);
                break;
        case RULE_WORD:
                for (const char *const *word = rule->words; !span_is(text, *word); word++)
                        if (!word[1])
                                return unknown_word(rule, text, e);
                break;
        case RULE_BANKS:
        case RULE_BANK_LIST:
        case RULE_NV_VALUES:
        case RULE_NV_LIST:
        case RULE_OBJECT:
                return err_set(e, -EINVAL, "%s has members of its own: write %s.NAME=", rule->name,
                                rule->name);
        default:
                break; /* texts, and hex, which content_write() looks at */
        }
        *ret = m;
        return 0;
}

static bool has_member(const Member *members, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(members[i].name, name) == 0)
                        return true;
        return false;
}

static int put_member(Member *members, size_t *n, size_t room, const Member *m, Err *e) {
        if (has_member(members, *n, m->name))
                return err_set(e, -EINVAL, "'%s' is given twice", m->name);
        assert(*n < room); /* no table has more rules than there is room */
        members[(*n)++] = *m;
        return 0;
}

/* Where the object of that rule stands, made where it is not there yet. */
static size_t find_object(Telling *t, const MemberRule *rule) {
        size_t i = 0;

        while (i < t->n_members && strcmp(t->members[i].name, rule->name) != 0)
                i++;
        if (i < t->n_members)
                return i;
        assert(t->n_objects < TELLING_OBJECTS_MAX && i < TELLING_MEMBERS_MAX);
        t->object[i] = t->n_objects++;
        t->members[i] = (Member){
                .name = rule->name, .type = MEMBER_OBJECT, .members = t->inner[t->object[i]]
        };
        t->n_members++;
        return i;
}

static int add_inner(Telling *t, const MemberRule *outer, Span name, Span text, Err *e) {
        const MemberRule *rule = find_rule(outer->members, name);
        Member m = {};
        size_t at;
        int rc;

        if (!rule)
                return unknown_member(t, outer->members, name, e);
        rc = read_value(rule, text, &m, e);
        if (rc < 0)
                return rc;
        at = find_object(t, outer);
        return put_member(t->inner[t->object[at]], &t->members[at].n_members, TELLING_INNER_MAX, &m,
                        e);
}

/* What of the glass and of unlocking the odometer says. */
static bool is_the_odometers(Span name) {
        return span_is(name, "count") || span_is(name, "past");
}

int telling_add(Telling *t, Span name, Span text, Err *e) {
        const MemberRule *rules = event_members(t->event), *rule;
        const uint8_t *dot = name.size > 0 ? memchr(name.data, '.', name.size) : NULL;
        Span outer = { name.data, dot ? (size_t) (dot - name.data) : name.size };
        Member m = {};
        int rc;

        rule = find_rule(rules, outer);
        if (!rule)
                return unknown_member(t, rules, outer, e);
        if (is_the_odometers(outer))
                return err_set(e, -EINVAL, "'%s' is not told, avouch counts itself", rule->name);
        if (dot && rule->rule == RULE_OBJECT)
                return add_inner(t, rule, (Span){ dot + 1, name.size - outer.size - 1 }, text, e);
        if (dot)
                return err_set(e, -EINVAL, "'%s' has no members of its own", rule->name);
        rc = read_value(rule, text, &m, e);
        return rc < 0 ? rc : put_member(t->members, &t->n_members, TELLING_MEMBERS_MAX, &m, e);
}

int telling_add_word(Telling *t, const char *word, Err *e) {
        const char *equals = strchr(word, '=');

        if (!equals || equals == word)
                return err_set(e, -EINVAL, "'%s' is not NAME=VALUE", word);
        return telling_add(t, (Span){ (const uint8_t *) word, (size_t) (equals - word) },
                        span_of(equals + 1), e);
}

static bool is_number(Rule rule) {
        return rule == RULE_COUNT || rule == RULE_TIME || rule == RULE_FLAG;
}

/* One value, under its whole name; a string stays where it was written. */
static int add_json_value(
                Telling *t, Span name, const MemberRule *rule, Json v, Buf *texts, Err *e) {
        const size_t at = texts->size;
        const uint8_t *data = texts->data;

        if (!rule)
                return telling_add(t, name, (Span){}, e); /* says that there is none */
        if (json_type(v) != (is_number(rule->rule) ? JSON_INTEGER : JSON_STRING))
                return err_set(e, -EINVAL, "'%.*s' is not of its type", shown(name),
                                (const char *) name.data);
        if (json_type(v) == JSON_INTEGER)
                return telling_add(t, name, json_raw(v), e);
        if (!json_text(v, texts))
                return err_set(e, -EINVAL, "'%.*s' is too long", shown(name),
                                (const char *) name.data);
        assert(texts->data == data); /* there was room */
        return telling_add(t, name, span_from(buf_span(texts), at), e);
}

static int add_json_object(Telling *t, const MemberRule *outer, Json object, Buf *texts, Err *e) {
        int rc = 0;

        for (Json name = json_first(object); rc == 0 && json_type(name) != JSON_NONE;
                        name = json_next(object, name)) {
                char whole[2 * SHOWN_MAX + 2];
                Span inner = json_raw(name);

                (void) snprintf(whole, sizeof(whole), "%s.%.*s", outer->name, shown(inner),
                                (const char *) inner.data);
                rc = inner.size > SHOWN_MAX ? unknown_member(t, outer->members, inner, e)
                                            : add_json_value(t, span_of(whole),
                                                              find_rule(outer->members, inner),
                                                              json_value(name), texts, e);
        }
        return rc;
}

int telling_add_json(Telling *t, Json members, Buf *texts, Err *e) {
        int rc = 0;

        if (json_type(members) != JSON_OBJECT)
                return err_set(e, -EINVAL, "members are an object");
        for (Json name = json_first(members); rc == 0 && json_type(name) != JSON_NONE;
                        name = json_next(members, name)) {
                const MemberRule *rule = find_rule(event_members(t->event), json_raw(name));
                Json v = json_value(name);

                if (rule && rule->rule == RULE_OBJECT && json_type(v) == JSON_OBJECT)
                        rc = add_json_object(t, rule, v, texts, e);
                else if (memchr(json_raw(name).data, '.', json_raw(name).size))
                        rc = unknown_member(t, event_members(t->event), json_raw(name), e);
                else
                        rc = add_json_value(t, json_raw(name), rule, v, texts, e);
        }
        return rc;
}

bool telling_is_counted(const Telling *t) {
        if (t->event == EVENT_GLASS_OPEN || t->event == EVENT_GLASS_CLOSE)
                return true;
        for (size_t i = 0; t->event == EVENT_UNLOCK_OPEN && i < t->n_members; i++)
                if (strcmp(t->members[i].name, "human") == 0)
                        return t->members[i].number == 1;
        return false;
}

int telling_check(const Telling *t, Err *e) {
        _cleanup_(buf_done) Buf unused = BUF_UP_TO(CONTENT_MAX);
        /* a place in a log that any event but a genesis may have */
        const Content head = { .event = t->event, .seq = 1, .prev = { 1 } };
        Err why = {};
        int rc;

        rc = content_write(&head, t->members, t->n_members, &unused, &why);
        if (rc == -ENOMEM)
                return err_set(e, rc, "%s", why.text);
        return rc < 0 ? err_set(e, -EINVAL, "%s", why.text) : 0;
}
