/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/draft.h"

#include <assert.h>
#include <stdio.h>

enum { ENTRIES_MAX = 40 };

#define TEXT_64 "0123456789 bcdef0123456789 bcdef0123456789 bcdef0123456789 bcdef"
#define TEXT_1024                                                                                  \
        TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64    \
                        TEXT_64 TEXT_64 TEXT_64 TEXT_64 TEXT_64
#define HEX_128 HEX_64 HEX_64
#define BIG "9007199254740991" /* 2^53 - 1 */

static const DraftValues values[] = {
        [RULE_TEXT] = { { "\"text\"", "\"\"", "\"a\\\"b\\\\x5cc\"", "\"h\xc3\xa9\"",
                                        "\"" TEXT_1024 "\"" },
                        { "\"" TEXT_1024 "x\"", "0", "{}", "[]" } },
        [RULE_COUNT] = { { "7", "0", BIG }, { "-1", "\"7\"", "{}", "[7]" } },
        [RULE_TIME] = { { "1700000000000000", "0", "-" BIG, BIG }, { "\"7\"", "{}", "[]" } },
        [RULE_FLAG] = { { "1", "0" }, { "2", "-1", "\"1\"", "[]" } },
        [RULE_ID] = { { "\"" HEX_32 "\"" }, { "\"" HEX_32 "0\"", "\"" HEX_32 "00\"",
                                                            "\"0123456789abcdef0123456789abcde\"",
                                                            "\"0123456789ABCDEF0123456789abcdef\"",
                                                            "\"\"", "7", "{}" } },
        [RULE_SHA256] = { { "\"" HEX_64 "\"" },
                        { "\"" HEX_64 "00\"", "\"" HEX_32 "\"", "\"" HEX_32 HEX_32 "0\"",
                                        "\"g" HEX_32 HEX_32 "\"", "\"\"", "7", "[]" } },
        [RULE_TPM_NAME] = { { "\"000b" HEX_64 "\"" },
                        { "\"000c" HEX_64 "\"", "\"" HEX_64 "\"", "\"000b" HEX_64 "00\"",
                                        "\"000B" HEX_64 "\"", "\"\"", "11" } },
        [RULE_INDEX] = { { "\"01806176\"" },
                        { "\"1806176\"", "\"0180617600\"", "\"0180617G\"", "\"\"", "25190774" } },
        [RULE_BANKS] = { { "{\"sha1\":\"" HEX_32 "01234567\",\"sha256\":\"" HEX_64 "\"}",
                                         "{\"sha256\":\"" HEX_64 "\"}",
                                         "{\"sha1\":\"" HEX_32 "01234567\",\"sha256\":\"" HEX_64
                                         "\",\"sha384\":\"" HEX_32 HEX_64 "\",\"sha512\":\"" HEX_128
                                         "\"}" },
                        { "{\"md5\":\"" HEX_32 "\"}", "{\"md5\":\"\"}",
                                        "{\"sha256\":\"" HEX_32 "\"}", "{\"sha256\":7}",
                                        "{\"sha1\":\"" HEX_64 "\"}", "{\"SHA256\":\"" HEX_64 "\"}",
                                        "[]", "\"\"" } },
        [RULE_BANK_LIST] = { { "[\"0x0012\"]", "[\"0x0012\",\"0x0027\"]" },
                        { "[]", "{\"0x0012\":7}", "[\"sm3_256\"]", "[\"0012\"]", "[\"0x12\"]",
                                        "[\"0x001G\"]", "[18]", "\"0x0012\"" } },
        [RULE_NV_VALUES] = { { "{\"01800400\":\"" HEX_64 "\"}", "{\"01800400\":\"" HEX_64
                                                                "\",\"01800401\":\"" HEX_64 "\"}" },
                        { "{}", "{\"1800400\":\"" HEX_64 "\"}", "{\"0180040G\":\"" HEX_64 "\"}",
                                        "{\"01800400\":\"" HEX_32 "\"}", "{\"01800400\":7}", "[]",
                                        "\"\"" } },
        [RULE_NV_LIST] = { { "[\"01800400\"]", "[\"01800400\",\"01800401\"]" },
                        { "[]", "{\"01800400\":7}", "[\"1800400\"]", "[\"0x01800400\"]",
                                        "[\"0180040G\"]", "[25166848]", "\"01800400\"" } },
        [RULE_STARTS] = { { "{\"pcr:9\":{\"sha1\":\"" HEX_32 "01234567\",\"sha256\":\"" HEX_64
                            "\"}}",
                                          "{\"pcr:14\":{\"sha256\":\"" HEX_64
                                          "\"},\"pcr:9\":{\"sha256\":\"" HEX_64 "\"}}" },
                        { "{}", "{\"pcr:9\":{}}",
                                        "{\"pcr:9\":{\"sha256\":\"" HEX_64
                                        "\"},\"pcr:99\":{\"sha256\":\"" HEX_64 "\"}}",
                                        "{\"pcr:24\":{\"sha256\":\"" HEX_64 "\"}}",
                                        "{\"nv:0x01800400\":{\"sha256\":\"" HEX_64 "\"}}",
                                        "{\"none\":{}}", "{\"pcr:9\":{\"md5\":\"" HEX_32 "\"}}",
                                        "{\"pcr:9\":7}", "[]", "\"\"" } },
        [RULE_REGISTER] = { { "\"pcr:8\"", "\"pcr:0\"", "\"pcr:23\"", "\"nv:0x01800400\"" },
                        { "\"pcr:24\"", "\"pcr:08\"", "\"8\"", "\"\"", "8", "{}" } },
        [RULE_WORD] = { {}, { "\"\"", "\"no such word\"", "7", "{}", "[]" } },
        [RULE_OBJECT] = { {}, { "{}", "{\"no such member\":7}", "[]", "\"\"", "7" } },
};

const DraftValues *draft_values(Rule rule) {
        return &values[rule];
}

typedef struct Entry {
        const char *name, *json;
        const MemberRule *rule;
        char path[64];
} Entry;

typedef struct Entries {
        Entry entries[ENTRIES_MAX];
        size_t n;
        bool all;
        Event event;
        const DraftChange *changes;
} Entries;

/* In the order of their names. */
static void add(Entries *x, Entry entry) {
        size_t i = x->n++;

        assert(x->n <= ENTRIES_MAX);
        for (; i > 0 && strcmp(x->entries[i - 1].name, entry.name) > 0; i--)
                x->entries[i] = x->entries[i - 1];
        x->entries[i] = entry;
}

static const DraftChange *change_of(const DraftChange *changes, const char *path) {
        for (; changes && changes->path; changes++)
                if (strcmp(changes->path, path) == 0)
                        return changes;
        return NULL;
}

/* What the events demand beyond their rules; "" for nothing, NULL for a member that is left out. */
static const char *fixed_json(Event event, const char *path) {
        static const DraftChange fixed[] = {
                { "avouch", "1" },
                { "commandLine", NULL }, /* of a uki... */
                { "identity", NULL },    /* ...which has no rootHash */
                { "software", "0" },
                { "unmeasured", "0" },
                { "found", "{\"sha1\":\"" HEX_32 "00000000\",\"sha256\":\"" ZEROS_64 "\"}" },
                {},
        };
        const DraftChange *c = change_of(fixed, path);
        static char name[64];

        if (event == EVENT_PHASE_GENESIS && strcmp(path, "seq") == 0)
                return "0";
        if (event == EVENT_PHASE_GENESIS && strcmp(path, "prev") == 0)
                return "\"" ZEROS_64 "\"";
        if (strcmp(path, "event") != 0)
                return c ? c->json : "";
        (void) snprintf(name, sizeof(name), "\"%s\"", event_name(event));
        return name;
}

static void write_object(const Entries *outer, const MemberRule *common, const MemberRule *own,
                const char *prefix, Buf *to);

static void write_value(const Entries *x, const Entry *entry, Buf *to) {
        if (entry->json)
                buf_string(to, entry->json);
        else if (entry->rule->rule == RULE_WORD)
                buf_printf(to, "\"%s\"", entry->rule->words[0]);
        else if (entry->rule->rule == RULE_OBJECT)
                write_object(x, NULL, entry->rule->members, entry->path, to);
        else
                buf_string(to, values[entry->rule->rule].good[0]);
}

static bool stands(const Entries *x, const MemberRule *rule, const DraftChange *change,
                const char *fixed) {
        if (change)
                return change->json;
        return fixed && (x->all || !rule->optional || strcmp(rule->name, "rootHash") == 0);
}

static void gather(Entries *x, const MemberRule *rules, const char *prefix) {
        for (; rules && rules->name; rules++) {
                Entry entry = { .name = rules->name, .rule = rules };
                const DraftChange *change;
                const char *fixed;

                (void) snprintf(entry.path, sizeof(entry.path), "%s%s%s", prefix,
                                *prefix ? "." : "", rules->name);
                change = change_of(x->changes, entry.path);
                fixed = *prefix ? "" : fixed_json(x->event, entry.path);
                if (!stands(x, rules, change, fixed))
                        continue;
                entry.json = change ? change->json : *fixed ? fixed : NULL;
                add(x, entry);
        }
}

/* Names that the rules do not have. */
static void gather_strange(Entries *x, const char *prefix) {
        size_t n = strlen(prefix);

        for (const DraftChange *c = x->changes; c && c->path; c++) {
                const char *name = n > 0 ? c->path + n + 1 : c->path;
                bool known = !c->json || strncmp(c->path, prefix, n) != 0 ||
                             (n > 0 && c->path[n] != '.') || strchr(name, '.');

                for (size_t i = 0; !known && i < x->n; i++)
                        known = strcmp(x->entries[i].name, name) == 0;
                if (!known)
                        add(x, (Entry){ .name = name, .json = c->json });
        }
}

static void write_object(const Entries *outer, const MemberRule *common, const MemberRule *own,
                const char *prefix, Buf *to) {
        Entries x = { .all = outer->all, .event = outer->event, .changes = outer->changes };

        gather(&x, common, prefix);
        gather(&x, own, prefix);
        gather_strange(&x, prefix);
        buf_byte(to, '{');
        for (size_t i = 0; i < x.n; i++) {
                buf_printf(to, "%s\"%s\":", i > 0 ? "," : "", x.entries[i].name);
                write_value(&x, &x.entries[i], to);
        }
        buf_byte(to, '}');
}

static void draft(Event event, const DraftChange *changes, bool all, Buf *to) {
        const Entries x = { .all = all, .event = event, .changes = changes };

        write_object(&x, event_common_members, event_members(event), "", to);
}

void draft_content(Event event, const DraftChange *changes, Buf *to) {
        draft(event, changes, true, to);
}

void draft_content_short(Event event, const DraftChange *changes, Buf *to) {
        draft(event, changes, false, to);
}
