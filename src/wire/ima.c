/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/ima.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/digest.h"
#include "base/pcr.h"

enum {
        SHA1_SIZE = 20,
        OLD_NAME_MAX = 255, /* IMA_EVENT_NAME_LEN_MAX */
};

/* The kernel's own templates (builtin_templates in ima_template.c) and how many fields they have.
 * All begin with a digest (d-ng, d-ngv2) and a name (n-ng). */
static const struct {
        const char *name;
        unsigned fields;
} templates[] = {
        { "ima-ng", 2 },
        { "ima-sig", 3 },
        { "ima-ngv2", 2 },
        { "ima-sigv2", 3 },
        { "ima-buf", 3 },
        { "ima-modsig", 5 },
        { "evm-sig", 9 },
};

static const char old_template[] = "ima";

static unsigned fields_of(Span template) {
        for (size_t i = 0; i < ELEMENTS(templates); i++)
                if (span_is(template, templates[i].name))
                        return templates[i].fields;
        return 0;
}

ImaLog ima_over(Span bytes) {
        return (ImaLog){ .bytes = bytes };
}

/* A little-endian length, and that many bytes. */
static Span read_field(Cursor *c, uint32_t max, const char *why) {
        size_t at = c->at;
        uint32_t size = cursor_u32le(c);

        if (size > max)
                cursor_reject_at(c, at, why);
        return cursor_bytes(c, size);
}

/* The name of the hash: "sha256", or what is behind the colon of "verity:sha256". */
static Span hash_named(Span text) {
        const uint8_t *colon = memchr(text.data, ':', text.size);
        size_t before = colon ? (size_t) (colon - text.data) + 1 : 0;

        return span_from(text, before);
}

/* "sha256:" NUL digest, in d-ngv2 with "ima:" or "verity:" before it. A violation has room for a
 * digest of whatever size. */
static void read_digest(Cursor *c, ImaEntry *entry) {
        size_t at = c->at + 4;
        Span field = read_field(c, IMA_DATA_MAX, "a digest larger than is taken");
        const uint8_t *nul = field.size > 0 ? memchr(field.data, '\0', field.size) : NULL;
        size_t n = nul ? (size_t) (nul - field.data) : 0, size;

        if (n < 2 || field.data[n - 1] != ':') {
                cursor_reject_at(c, at, "a digest without the name of its hash");
                return;
        }
        entry->alg = hash_named((Span){ field.data, n - 1 });
        entry->digest = (Span){ nul + 1, field.size - n - 1 };
        size = hash_size(hash_of_name(entry->alg));
        if (entry->digest.size > DIGEST_MAX ||
                        (size != 0 && entry->digest.size != size && !entry->violation))
                cursor_reject_at(c, at, "a digest of another size than its hash has");
}

/* Ends with its NUL, and has no other. */
static void read_name(Cursor *c, ImaEntry *entry) {
        size_t at = c->at + 4, n = 0;
        Span field = read_field(c, IMA_DATA_MAX, "a name longer than is taken");

        while (n < field.size && field.data[n] != '\0')
                n++;
        if (n + 1 != field.size)
                cursor_reject_at(c, at, "a name that does not end with its only NUL");
        entry->name = (Span){ field.data, n };
}

/* The data end where the fields do. */
static void read_fields(Cursor *c, size_t end, unsigned n, ImaEntry *entry) {
        read_digest(c, entry);
        read_name(c, entry);
        for (unsigned i = 2; i < n; i++)
                (void) read_field(c, IMA_DATA_MAX, "a field larger than is taken");
        if (!cursor_failed(c) && c->at != end)
                cursor_reject(c, "data that do not end with their last field");
        entry->known = true;
}

static void read_data(Cursor *c, ImaEntry *entry) {
        Span data = read_field(c, IMA_DATA_MAX, "more data than are taken");
        unsigned n = fields_of(entry->template);
        Cursor inner = { .bytes = { c->bytes.data, c->at } };

        entry->measured[0] = data;
        if (cursor_failed(c) || n == 0)
                return;
        inner.at = c->at - data.size;
        read_fields(&inner, c->at, n, entry);
        c->failed = inner.failed;
        c->failed_at = inner.failed_at;
        c->why = inner.why;
}

/* The template of old: a digest, and a name without its NUL; hashed with room for the longest. */
static void read_old_data(Cursor *c, ImaEntry *entry) {
        static const uint8_t room[OLD_NAME_MAX + 1];

        entry->alg = SPAN_LITERAL("sha1");
        entry->digest = cursor_bytes(c, SHA1_SIZE);
        entry->name = read_field(c, OLD_NAME_MAX, "a name longer than its template has room for");
        entry->measured[0] = entry->digest;
        entry->measured[1] = entry->name;
        entry->measured[2] = (Span){ room, sizeof(room) - entry->name.size };
        entry->known = true;
        if (entry->name.size > 0 && memchr(entry->name.data, '\0', entry->name.size))
                cursor_reject(c, "a name with a NUL in it");
}

static void read_entry(Cursor *c, ImaEntry *entry) {
        entry->pcr = cursor_u32le(c);
        if (entry->pcr >= PCR_COUNT)
                cursor_reject_at(c, entry->at, "a register that there is not");
        entry->sha1 = cursor_bytes(c, SHA1_SIZE);
        entry->violation = span_is_zero(entry->sha1);
        entry->template = read_field(c, IMA_TEMPLATE_MAX, "a template's name longer than is taken");
        if (entry->template.size == 0)
                cursor_reject(c, "a template without a name");
        if (span_is(entry->template, old_template))
                read_old_data(c, entry);
        else
                read_data(c, entry);
}

int ima_next(ImaLog *log, ImaEntry *ret, Err *e) {
        ImaEntry entry = { .number = log->n_entries, .at = log->at };
        Cursor c = cursor_over(log->bytes);

        if (log->bytes.size > IMA_LOG_MAX)
                return err_set(e, -EBADMSG, "IMA's list: %zu bytes, where %d are the most",
                                log->bytes.size, IMA_LOG_MAX);
        if (log->at == log->bytes.size)
                return 0;
        c.at = log->at;
        read_entry(&c, &entry);
        if (entry.number >= IMA_ENTRIES_MAX)
                cursor_reject_at(&c, entry.at, "more entries than are taken");
        if (cursor_failed(&c))
                return cursor_end(&c, "IMA's list", e);

        log->at = c.at;
        log->n_entries++;
        *ret = entry;
        return 1;
}

bool ima_matches(Span head) {
        Cursor c = cursor_over(head);
        uint32_t pcr = cursor_u32le(&c);
        Span template;

        (void) cursor_bytes(&c, SHA1_SIZE);
        template = read_field(&c, IMA_TEMPLATE_MAX, "");
        return pcr < PCR_COUNT && (span_is(template, old_template) || fields_of(template) != 0);
}
