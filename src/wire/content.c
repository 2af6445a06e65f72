/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/content.h"

#include <assert.h>
#include <errno.h>

#include "base/cursor.h"
#include "base/digest.h"
#include "base/text.h"
#include "wire/register.h"

/* NULL where v keeps the rule, or what it should be. */
static const char *check_value(const MemberRule *rule, Json v);

static const MemberRule *find_rule(const MemberRule *rules, Json name) {
        for (; rules && rules->name; rules++)
                if (json_is(name, rules->name))
                        return rules;
        return NULL;
}

/* The rule for a name, in one of two tables; seen: which rules of each there were names for. */
static const MemberRule *take_rule(const MemberRule *const both[2], Json name, uint64_t seen[2]) {
        for (size_t i = 0; i < 2; i++) {
                const MemberRule *rule = find_rule(both[i], name);

                if (!rule)
                        continue;
                seen[i] |= UINT64_C(1) << (rule - both[i]);
                return rule;
        }
        return NULL;
}

static int check_members(Json object, const MemberRule *common, const MemberRule *own, Err *e) {
        const MemberRule *const both[2] = { common, own };
        uint64_t seen[2] = {};

        for (Json name = json_first(object); json_type(name) != JSON_NONE;
                        name = json_next(object, name)) {
                const MemberRule *rule = take_rule(both, name, seen);
                Span word = json_raw(name);
                const char *wanted;

                if (!rule)
                        return err_set(e, -EBADMSG, "member \"%.*s\" does not belong there",
                                        (int) (word.size < 40 ? word.size : 40),
                                        (const char *) word.data);
                wanted = check_value(rule, json_value(name));
                if (wanted)
                        return err_set(e, -EBADMSG, "member \"%s\" is not %s", rule->name, wanted);
        }
        for (size_t i = 0; i < 2; i++)
                for (const MemberRule *rule = both[i]; rule && rule->name; rule++)
                        if (!rule->optional && !(seen[i] >> (rule - both[i]) & 1))
                                return err_set(e, -EBADMSG, "member \"%s\" is missing", rule->name);
        return 0;
}

static bool is_hex(Json v, size_t bytes) {
        uint8_t scratch[TPM_NAME_MAX];

        assert(bytes <= sizeof(scratch));
        return json_hex(v, scratch, bytes);
}

static bool is_tpm_name(Json v) {
        return is_hex(v, 2 + 32) && span_starts(json_raw(v), SPAN_LITERAL("000b"));
}

static bool is_banks(Json v) {
        if (json_type(v) != JSON_OBJECT)
                return false;
        for (Json name = json_first(v); json_type(name) != JSON_NONE; name = json_next(v, name)) {
                HashAlg alg = hash_of_name(json_raw(name));

                if (alg == HASH_NONE || !is_hex(json_value(name), hash_size(alg)))
                        return false;
        }
        return true;
}

static bool is_starts(Json v) {
        Register reg;

        if (json_type(v) != JSON_OBJECT || json_count(v) == 0)
                return false;
        for (Json name = json_first(v); json_type(name) != JSON_NONE; name = json_next(v, name))
                if (!register_parse(json_raw(name), &reg) || reg.kind != REGISTER_PCR ||
                                !is_banks(json_value(name)) || json_count(json_value(name)) == 0)
                        return false;
        return true;
}

static bool is_nv_values(Json v) {
        uint8_t index[4];

        if (json_type(v) != JSON_OBJECT || json_count(v) == 0)
                return false;
        for (Json name = json_first(v); json_type(name) != JSON_NONE; name = json_next(v, name))
                if (!text_unhex(json_raw(name), index, sizeof(index)) ||
                                !is_hex(json_value(name), 32))
                        return false;
        return true;
}

static bool is_nv_list(Json v) {
        if (json_type(v) != JSON_ARRAY || json_count(v) == 0)
                return false;
        for (Json word = json_first(v); json_type(word) != JSON_NONE; word = json_next(v, word))
                if (!is_hex(word, 4))
                        return false;
        return true;
}

static bool is_bank_list(Json v) {
        uint8_t alg[2];

        if (json_type(v) != JSON_ARRAY || json_count(v) == 0)
                return false;
        for (Json word = json_first(v); json_type(word) != JSON_NONE; word = json_next(v, word)) {
                Cursor c = cursor_over(json_raw(word));

                if (!cursor_skip(&c, SPAN_LITERAL("0x")) ||
                                !text_unhex(cursor_bytes(&c, cursor_left(&c)), alg, sizeof(alg)))
                        return false;
        }
        return true;
}

static bool is_word(Json v, const char *const *words) {
        for (; *words; words++)
                if (json_is(v, *words))
                        return true;
        return false;
}

static bool is_register(Json v) {
        Register unused;

        return register_parse(json_raw(v), &unused); /* nothing but a string is spelled so */
}

static bool is_text(Json v) {
        return json_type(v) == JSON_STRING && json_raw(v).size <= STRING_MAX;
}

static bool is_integer(Json v, int64_t least, int64_t most) {
        int64_t unused;

        return json_integer(v, least, most, &unused);
}

static bool obeys(const MemberRule *rule, Json v) {
        const int64_t most = JSON_INTEGER_MAX;

        switch (rule->rule) {
        case RULE_TEXT:
                return is_text(v);
        case RULE_COUNT:
                return is_integer(v, 0, most);
        case RULE_TIME:
                return is_integer(v, -most, most);
        case RULE_FLAG:
                return is_integer(v, 0, 1);
        case RULE_ID:
                return is_hex(v, 16);
        case RULE_SHA256:
                return is_hex(v, 32);
        case RULE_TPM_NAME:
                return is_tpm_name(v);
        case RULE_INDEX:
                return is_hex(v, 4);
        case RULE_BANKS:
                return is_banks(v);
        case RULE_BANK_LIST:
                return is_bank_list(v);
        case RULE_NV_VALUES:
                return is_nv_values(v);
        case RULE_NV_LIST:
                return is_nv_list(v);
        case RULE_STARTS:
                return is_starts(v);
        case RULE_REGISTER:
                return is_register(v);
        case RULE_WORD:
                return is_word(v, rule->words);
        case RULE_OBJECT:
                return json_type(v) == JSON_OBJECT &&
                       check_members(v, rule->members, NULL, NULL) == 0;
        }
        return false;
}

/* NULL where the value is what its rule wants, otherwise what that is. */
static const char *check_value(const MemberRule *rule, Json v) {
        static const char *const wanted[] = {
                [RULE_TEXT] = "a string of at most 1 KiB",
                [RULE_COUNT] = "a number from 0 up",
                [RULE_TIME] = "a number",
                [RULE_FLAG] = "0 or 1",
                [RULE_ID] = "32 hex digits",
                [RULE_SHA256] = "64 hex digits",
                [RULE_TPM_NAME] = "000b and 64 hex digits",
                [RULE_INDEX] = "8 hex digits",
                [RULE_BANKS] = "a digest for each bank",
                [RULE_BANK_LIST] = "a list of banks, as [\"0x0012\"]",
                [RULE_NV_VALUES] = "a value for each NV index",
                [RULE_NV_LIST] = "a list of NV indices, as [\"01800400\"]",
                [RULE_STARTS] = "a value in each bank for each PCR",
                [RULE_REGISTER] = "a register (pcr:8, nv:0x01800400, none)",
                [RULE_WORD] = "one of the words that it may be",
                [RULE_OBJECT] = "the object that it should be",
        };

        return obeys(rule, v) ? NULL : wanted[rule->rule];
}

static bool has(const Content *c, const char *name) {
        return json_type(content_member(c, name)) != JSON_NONE;
}

static int check_genesis(const Content *c, Err *e) {
        static const char *const of_a_tpm[] = { "blinded", "count", "missing", "others", "skipped",
                "software", "unmeasured" };
        bool none = json_is(content_member(c, "register"), "none");

        if (none != (json_count(content_member(c, "start")) == 0))
                return err_set(e, -EBADMSG, "a register has a start in each of its banks");
        for (size_t i = 0; none && i < ELEMENTS(of_a_tpm); i++)
                if (has(c, of_a_tpm[i]))
                        return err_set(e, -EBADMSG, "without a TPM there is no '%s'", of_a_tpm[i]);
        return 0;
}

static int check_broken(const Content *c, Err *e) {
        if (span_equal(content_text(c, "expected"), content_text(c, "found")))
                return err_set(e, -EBADMSG, "what was found is what was expected");
        return 0;
}

static int check_layer(const Content *c, Err *e) {
        bool is_uki = json_is(content_member(c, "class"), "uki");

        if (has(c, "commandLine") && !is_uki)
                return err_set(e, -EBADMSG, "a commandLine belongs to a uki");
        /* what was refused may not even have been read */
        if (c->event == EVENT_LAYER_REFUSE && !has(c, "rootHash") && !has(c, "identity"))
                return 0;
        if (has(c, "rootHash") == is_uki || has(c, "identity") != is_uki)
                return err_set(e, -EBADMSG, "a layer has a rootHash, a uki has an identity");
        return 0;
}

static int check_unlock(const Content *c, Err *e) {
        if (!content_flag(c, "human") && (has(c, "count") || has(c, "past")))
                return err_set(e, -EBADMSG, "count and past belong to what a human unlocked");
        return 0;
}

/* What no single member shows. */
static int check_sense(const Content *c, Err *e) {
        bool genesis = c->event == EVENT_PHASE_GENESIS;
        bool zero_prev = span_is_zero((Span){ c->prev, sizeof(c->prev) });

        if (genesis != (c->seq == 0) || genesis != zero_prev)
                return err_set(e, -EBADMSG,
                                "a genesis has seq 0 and a zero prev, and nothing else has");
        switch (c->event) {
        case EVENT_PHASE_GENESIS:
                return check_genesis(c, e);
        case EVENT_PHASE_BROKEN:
                return check_broken(c, e);
        case EVENT_UNLOCK_OPEN:
        case EVENT_UNLOCK_FAIL:
                return check_unlock(c, e);
        default:
                return event_is_layer(c->event) ? check_layer(c, e) : 0;
        }
}

/* Members whose types were checked already. */
static void take_common(Content *c) {
        int64_t seq = 0;
        bool taken = json_hex(content_member(c, "boot"), c->boot, sizeof(c->boot)) &&
                     json_hex(content_member(c, "prev"), c->prev, sizeof(c->prev)) &&
                     json_integer(content_member(c, "seq"), INT64_MIN, INT64_MAX, &seq) &&
                     json_integer(content_member(c, "time"), INT64_MIN, INT64_MAX, &c->time) &&
                     json_integer(content_member(c, "wall"), INT64_MIN, INT64_MAX, &c->wall);

        assert(taken);
        c->seq = (uint64_t) seq;
}

int content_parse(Span bytes, Content *ret, Err *e) {
        Content c = { .bytes = bytes };
        int64_t version;
        Json top;
        int rc;

        if (bytes.size > CONTENT_MAX)
                return err_set(e, -E2BIG, "record content: %zu bytes, at most %d are taken",
                                bytes.size, CONTENT_MAX);
        rc = json_parse(bytes, JSON_CANONICAL, c.tokens, ELEMENTS(c.tokens), "record content", &top,
                        e);
        if (rc < 0)
                return rc;
        c.n_tokens = top.end;

        if (!json_integer(json_member(top, "avouch"), 1, 1, &version))
                return err_set(e, -EBADMSG, "record content: not of version 1 (\"avouch\":1)");
        c.event = event_of_name(json_raw(json_member(top, "event")));
        if (c.event == EVENT_INVALID)
                return err_set(e, -EBADMSG, "record content: no event that is known");
        rc = check_members(top, event_common_members, event_members(c.event), e);
        if (rc == 0) {
                take_common(&c);
                rc = check_sense(&c, e);
        }
        if (rc < 0) {
                err_at(e, event_name(c.event));
                return rc;
        }

        *ret = c;
        return 0;
}

Json content_member(const Content *c, const char *name) {
        Json top = { .text = c->bytes, .tokens = c->tokens, .end = (uint32_t) c->n_tokens };

        return json_member(top, name);
}

bool content_flag(const Content *c, const char *name) {
        return span_is(json_raw(content_member(c, name)), "1");
}

Span content_text(const Content *c, const char *name) {
        return json_raw(content_member(c, name));
}

enum { MEMBERS_MAX = 32 };

static void put_members(JsonWriter *w, const Member *members, size_t n);

/* A number may come from a TPM or a clock: one that JSON cannot hold fails the Buf. */
static void put_integer(JsonWriter *w, const char *name, int64_t v) {
        if (v >= -JSON_INTEGER_MAX && v <= JSON_INTEGER_MAX)
                json_put_integer(w, name, v);
        else
                buf_fail(w->to, -ERANGE);
}

static void put_member(JsonWriter *w, const Member *m, const char *name) {
        switch (m->type) {
        case MEMBER_TEXT:
                json_put_foreign(w, name, m->bytes);
                break;
        case MEMBER_HEX:
                json_put_hex(w, name, m->bytes);
                break;
        case MEMBER_INTEGER:
                put_integer(w, name, m->number);
                break;
        case MEMBER_OBJECT:
                json_put_object(w, name);
                put_members(w, m->members, m->n_members);
                json_put_end(w);
                break;
        case MEMBER_ARRAY:
                json_put_array(w, name);
                for (size_t i = 0; i < m->n_members; i++)
                        put_member(w, &m->members[i], NULL);
                json_put_end(w);
                break;
        }
}

/* In the order of their names. */
static void put_members(JsonWriter *w, const Member *members, size_t n) {
        const Member *sorted[MEMBERS_MAX];

        assert(n <= MEMBERS_MAX);
        for (size_t i = 0; i < n; i++) {
                size_t j = i;

                for (; j > 0 && strcmp(sorted[j - 1]->name, members[i].name) > 0; j--)
                        sorted[j] = sorted[j - 1];
                sorted[j] = &members[i];
        }
        for (size_t i = 0; i < n; i++)
                put_member(w, sorted[i], sorted[i]->name);
}

int content_put(const Content *head, const Member *members, size_t n_members, Buf *to, Err *e) {
        const Member common[] = {
                { .name = "avouch", .type = MEMBER_INTEGER, .number = 1 },
                { .name = "boot", .type = MEMBER_HEX, .bytes = { head->boot, sizeof(head->boot) } },
                { .name = "event", .type = MEMBER_TEXT, .bytes = span_of(event_name(head->event)) },
                { .name = "prev", .type = MEMBER_HEX, .bytes = { head->prev, sizeof(head->prev) } },
                { .name = "seq", .type = MEMBER_INTEGER, .number = (int64_t) head->seq },
                { .name = "time", .type = MEMBER_INTEGER, .number = head->time },
                { .name = "wall", .type = MEMBER_INTEGER, .number = head->wall },
        };
        Member all[MEMBERS_MAX];
        JsonWriter w = json_writer(to, JSON_CANONICAL);
        Span bytes;
        int rc;

        assert(n_members + ELEMENTS(common) <= ELEMENTS(all));
        memcpy(all, common, sizeof(common));
        if (n_members > 0)
                memcpy(all + ELEMENTS(common), members, n_members * sizeof(*members));

        json_put_object(&w, NULL);
        put_members(&w, all, n_members + ELEMENTS(common));
        json_put_end(&w);
        rc = buf_end(to, &bytes);
        if (rc == -E2BIG)
                return err_set(e, rc, "%s: a record of more than %zu bytes",
                                event_name(head->event), to->max);
        if (rc == -ERANGE)
                return err_set(e, rc, "%s: a number beyond 2^53 - 1", event_name(head->event));
        if (rc < 0)
                return err_set(e, rc, "%s: no memory for the record", event_name(head->event));
        return 0;
}

int content_write(const Content *head, const Member *members, size_t n_members, Buf *to, Err *e) {
        Content unused;
        int rc;

        rc = content_put(head, members, n_members, to, e);
        return rc < 0 ? rc : content_parse(buf_span(to), &unused, e);
}
