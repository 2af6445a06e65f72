/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/counted.h"

#include <stdio.h>

#include "port/crypto.h"

static void note_past(Counted *m, size_t line_at) {
        Span line = { m->c.forge.history.data + line_at, m->c.forge.history.size - line_at };
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, line, &d, NULL), 0);
        memcpy(m->past, d.bytes, 32);
}

/* "0123..." of 32 bytes, in quotation marks. */
typedef struct Hex {
        char text[80];
} Hex;

static Hex quoted_hex(Span bytes) {
        Hex h = { "\"" };
        size_t n = 1;

        for (size_t i = 0; i < bytes.size; i++)
                n += (size_t) snprintf(h.text + n, sizeof(h.text) - n, "%02x", bytes.data[i]);
        (void) snprintf(h.text + n, sizeof(h.text) - n, "\"");
        return h;
}

void counted_add(Counted *m, Span content, TpmClock clock) {
        size_t at = m->c.forge.history.size;

        forge_history_add(&m->c.forge, content, m->count + 1, &clock);
        m->count += 2;
        note_past(m, at);
}

void counted_open_earlier(Counted *m, Event event, TpmClock clock) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        Hex past = quoted_hex((Span){ m->past, 32 });
        char count[24];

        (void) snprintf(count, sizeof(count), "%llu", (unsigned long long) m->count + 1);
        if (event == EVENT_GLASS_BEGIN)
                draft_content(event,
                                (const DraftChange[]){ { "count", count },
                                                { "index", "\"01806176\"" }, { "name", m->name },
                                                { "boot", BOOT_EARLIER }, {} },
                                &content);
        else
                draft_content(event,
                                (const DraftChange[]){ { "count", count }, { "past", past.text },
                                                { "boot", BOOT_EARLIER }, {} },
                                &content);
        counted_add(m, buf_span(&content), clock);
}

static Span content_of(Span line) {
        static const char mark[] = "\"content\":";
        const uint8_t *at = memmem(line.data, line.size, mark, sizeof(mark) - 1);

        at += sizeof(mark) - 1;
        return (Span){ at, line.size - (size_t) (at - line.data) - 2 };
}

void counted_open_now(Counted *m, Event event) {
        Hex past = quoted_hex((Span){ m->past, 32 });
        char count[24];

        (void) snprintf(count, sizeof(count), "%llu", (unsigned long long) m->count + 1);
        draft_log_add(&m->log, event,
                        (const DraftChange[]){ { "count", count }, { "past", past.text },
                                        { "kind", "\"sudo\"" }, { "user", "\"ada\"" },
                                        { "reason", "\"disk\"" }, {} });
        counted_add(m, content_of(draft_log_record(&m->log, m->log.n - 1)), NOW);
}

void counted_begin_log_with(Counted *m, const char *count, const char *past) {
        char start[DRAFT_START_MAX];

        draft_register_values(&m->sha1, &m->sha256, start);
        draft_log_add(&m->log, EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ { "start", start }, { "why", m->why },
                                        { "count", count }, { "history", past }, { "others", NULL },
                                        { "blinded", NULL }, {} });
}

void counted_begin_log(Counted *m) {
        Hex past = quoted_hex((Span){ m->past, 32 });
        char count[24];

        (void) snprintf(count, sizeof(count), "%llu", (unsigned long long) m->count);
        counted_begin_log_with(m, count, past.text);
}

void counted_begin_log_alone(Counted *m) {
        counted_begin_log_with(m, NULL, NULL);
}

void counted_empty(Counted *m) {
        uint8_t name[34];
        NvPublic p = nv_counter();
        _cleanup_(buf_done) Buf public = BUF_UP_TO(NV_PUBLIC_MAX);
        Digest d;

        case_begin(&m->c);
        m->c.policy.required = 1u << CLAIM_REGISTERS | 1u << CLAIM_UNTOUCHED | 1u << CLAIM_BOUND;
        m->c.forge.audited = m->c.forge.counted = true;
        m->log = draft_log();
        m->count = COUNTED_FIRST - 1;
        m->why = "\"boot\"";
        m->sha1 = digest_zero(HASH_SHA1);
        m->sha256 = digest_zero(HASH_SHA256);
        memset(m->past, 0, sizeof(m->past));
        p.attributes |= NV_WRITTEN;
        nv_public_write(&p, &public);
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&public), &d, NULL), 0);
        tpm_name(&d, name);
        (void) snprintf(m->name, sizeof(m->name), "%s", quoted_hex((Span){ name, 34 }).text);
}

void counted_begin(Counted *m) {
        counted_empty(m);
        counted_open_earlier(m, EVENT_GLASS_BEGIN, EARLIER);
        counted_open_earlier(m, EVENT_GLASS_OPEN, EARLIER);
        counted_open_earlier(m, EVENT_GLASS_CLOSE, EARLIER);
        counted_begin_log(m);
}

void counted_end(Counted *m) {
        draft_log_done(&m->log);
        case_end(&m->c);
}

void counted_judge(Counted *m) {
        Forge *f = &m->c.forge;

        buf_done(&f->log);
        buf_bytes(&f->log, draft_log_bytes(&m->log));
        f->values.digests[0][8] = draft_log_replay(&m->log, 1, m->sha256);
        f->signed_values = f->values;
        if (f->clock.reset_count != 7)
                f->clock = LATER;
        f->audit_clock = f->clock;
        f->count = m->count;
        case_judge(&m->c);
}

size_t counted_line_at(const Counted *m, unsigned n) {
        const Buf *h = &m->c.forge.history;
        size_t at = 0;

        while (n-- > 0) {
                const uint8_t *end = memchr(h->data + at, '\n', h->size - at);

                assert_non_null(end);
                at = (size_t) (end - h->data) + 1;
        }
        return at;
}

void counted_keep_lines(Counted *m, unsigned n) {
        m->c.forge.history.size = counted_line_at(m, n);
        if (n > 0)
                note_past(m, counted_line_at(m, n - 1));
}
