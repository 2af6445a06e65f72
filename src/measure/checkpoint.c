/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/checkpoint.h"

#include "base/cursor.h"
#include "port/crypto.h"

/* For one version of this program on one machine, so its form is nobody else's business: numbers
 * big-endian, each text behind its length, and the SHA-256 of all that at the end. */

static const Span head = SPAN_LITERAL("avouch checkpoint " AVOUCH_VERSION "\n");

enum { NOTE_MAX = 64 * 1024, SHA256_SIZE = 32 };

static void put_prefixed(Buf *b, Span s) {
        buf_be(b, s.size, 2);
        buf_bytes(b, s);
}

static void put_digests(Buf *b, const Digest *d, size_t n) {
        for (size_t i = 0; i < n; i++)
                buf_bytes(b, digest_span(&d[i]));
}

static void put_stamp(Buf *b, const StoreStamp *s) {
        buf_be(b, s->device, 8);
        buf_be(b, s->inode, 8);
        buf_be(b, s->size, 8);
        buf_be(b, s->seconds, 8);
        buf_be(b, s->nanoseconds, 8);
}

static void put_strand(Buf *b, const Strand *s) {
        buf_byte(b, (uint8_t) s->reg.kind);
        buf_be(b, s->reg.index, 4);
        buf_byte(b, (uint8_t) s->n_banks);
        for (size_t i = 0; i < s->n_banks; i++)
                buf_be(b, s->start[i].alg, 2);
        put_digests(b, s->start, s->n_banks);
        put_digests(b, s->now, s->n_banks);
}

static void put_chain(Buf *b, const Chain *c) {
        const Strand *last = &c->strands[c->last_at];

        buf_be(b, c->next_seq, 8);
        buf_bytes(b, (Span){ c->prev, sizeof(c->prev) });
        buf_bytes(b, (Span){ c->boot, sizeof(c->boot) });
        buf_byte(b, c->broken);
        buf_byte(b, (uint8_t) c->n_strands);
        for (size_t i = 0; i < c->n_strands; i++)
                put_strand(b, &c->strands[i]);
        buf_byte(b, (uint8_t) c->last_at);
        put_digests(b, c->before, last->n_banks);
        put_digests(b, c->last, last->n_banks);
}

static void put_glass(Buf *b, const GlassCount *g) {
        buf_be(b, g->opened, 4);
        buf_be(b, g->closed, 4);
        buf_be(b, g->uncounted, 4);
        buf_be(b, g->value, 8);
        put_prefixed(b, span_of(g->kind));
        put_prefixed(b, (Span){ g->content, g->size });
}

void checkpoint_keep(Account *a) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(NOTE_MAX);
        StoreStamp stamp;
        Span body;
        Digest d;

        if (a->kept || a->pending || a->chain.next_seq <= 1)
                return; /* a log that has but begun is replayed as fast */
        if (store_stamp(a->store, &stamp, NULL) < 0 || stamp.size != a->size)
                return;
        buf_bytes(&b, head);
        put_stamp(&b, &stamp);
        buf_be(&b, a->last_from, 8);
        put_chain(&b, &a->chain);
        put_glass(&b, &a->glass);
        buf_be(&b, (uint64_t) a->resets, 8);
        buf_be(&b, (uint64_t) a->restarts, 8);
        if (buf_end(&b, &body) < 0 || hash_bytes(HASH_SHA256, body, &d, NULL) < 0)
                return;
        buf_bytes(&b, digest_span(&d));
        if (buf_end(&b, &body) == 0)
                a->kept = store_keep_note(a->store, body, NULL) == 0;
}

static bool take_bool(Cursor *c) {
        uint8_t v = cursor_u8(c);

        if (v > 1)
                cursor_reject(c, "neither 0 nor 1");
        return v == 1;
}

static void take_bytes(Cursor *c, uint8_t *into, size_t size) {
        Span s = cursor_bytes(c, size);

        if (s.size == size && size > 0)
                memcpy(into, s.data, size);
}

/* The digests have their algorithms already. */
static void take_digests(Cursor *c, Digest *into, size_t n) {
        for (size_t i = 0; i < n; i++)
                take_bytes(c, into[i].bytes, into[i].size);
}

static StoreStamp take_stamp(Cursor *c) {
        StoreStamp s;

        s.device = cursor_u64be(c);
        s.inode = cursor_u64be(c);
        s.size = cursor_u64be(c);
        s.seconds = cursor_u64be(c);
        s.nanoseconds = cursor_u64be(c);
        return s;
}

static size_t take_count(Cursor *c, size_t least, size_t most) {
        size_t n = cursor_u8(c);

        if (n >= least && n <= most)
                return n;
        cursor_reject(c, "too few or too many");
        return 0;
}

static Strand take_strand(Cursor *c) {
        Strand s = {};

        s.reg.kind = cursor_u8(c);
        s.reg.index = cursor_u32be(c);
        s.n_banks = take_count(c, s.reg.kind != REGISTER_NONE, BANKS_MAX);
        for (size_t i = 0; i < s.n_banks; i++) {
                s.start[i] = s.now[i] = digest_zero(cursor_u16be(c));
                if (s.start[i].size == 0)
                        cursor_reject(c, "no hash that we know");
        }
        take_digests(c, s.start, s.n_banks);
        take_digests(c, s.now, s.n_banks);
        return s;
}

static Chain take_chain(Cursor *c) {
        Chain chain = {};
        const Strand *last;

        chain.next_seq = cursor_u64be(c);
        take_bytes(c, chain.prev, sizeof(chain.prev));
        take_bytes(c, chain.boot, sizeof(chain.boot));
        chain.broken = take_bool(c);
        chain.n_strands = take_count(c, 1, REGISTERS_MAX);
        for (size_t i = 0; i < chain.n_strands; i++)
                chain.strands[i] = take_strand(c);
        chain.last_at = take_count(c, 0, chain.n_strands > 0 ? chain.n_strands - 1 : 0);
        last = &chain.strands[chain.last_at];
        for (size_t i = 0; i < last->n_banks; i++)
                chain.before[i] = chain.last[i] = digest_zero(last->start[i].alg);
        take_digests(c, chain.before, last->n_banks);
        take_digests(c, chain.last, last->n_banks);
        return chain;
}

static GlassCount take_glass(Cursor *c) {
        GlassCount g = {};
        Span kind, content;

        g.opened = cursor_u32be(c);
        g.closed = cursor_u32be(c);
        g.uncounted = cursor_u32be(c);
        g.value = cursor_u64be(c);
        kind = cursor_prefixed(c, 2, sizeof(g.kind) - 1);
        content = cursor_prefixed(c, 2, sizeof(g.content));
        if (kind.size > 0)
                memcpy(g.kind, kind.data, kind.size);
        if (content.size > 0)
                memcpy(g.content, content.data, content.size);
        g.size = content.size;
        return g;
}

/* What it says, where it is whole. */
static bool decode(Span note, StoreStamp *stamp, Account *a) {
        Span body = { note.data, note.size - SHA256_SIZE };
        Cursor c = cursor_over(body);
        Digest d;

        if (note.size < SHA256_SIZE || hash_bytes(HASH_SHA256, body, &d, NULL) < 0 ||
                        memcmp(d.bytes, note.data + body.size, SHA256_SIZE) != 0)
                return false;
        cursor_expect(&c, head, "not of this version");
        *stamp = take_stamp(&c);
        a->last_from = cursor_u64be(&c);
        a->chain = take_chain(&c);
        a->glass = take_glass(&c);
        a->resets = (int64_t) cursor_u64be(&c);
        a->restarts = (int64_t) cursor_u64be(&c);
        a->size = stamp->size;
        return cursor_end(&c, "checkpoint", NULL) == 0;
}

/* The last record alone, added to the chain as it was before it. (After a phase.broken, which says
 * itself what it expected, that is not known: then the log is replayed.) */
static bool leads_there(const Chain *c, Span last) {
        Chain before = *c;
        Strand *s = &before.strands[c->last_at];
        Record r;
        Span line;

        if (record_next_line(&last, &line, NULL) <= 0 || record_parse(line, &r, NULL) < 0)
                return false;
        before.next_seq = r.content.seq;
        memcpy(before.prev, r.content.prev, sizeof(before.prev));
        memcpy(s->now, c->before, sizeof(s->now));
        return chain_add(&before, &r, NULL) == 0 && before.next_seq == c->next_seq &&
               memcmp(before.prev, c->prev, sizeof(c->prev)) == 0 &&
               strand_values_equal(s, before.last, c->last) &&
               strand_values_equal(s, s->now, c->strands[c->last_at].now);
}

bool checkpoint_load(Account *a) {
        _cleanup_(buf_done) Buf note = BUF_UP_TO(NOTE_MAX), last = BUF_UP_TO(RECORD_MAX);
        Account noted = *a;
        StoreStamp then, now;

        if (store_load_note(a->store, &note, NULL) < 0 || !decode(buf_span(&note), &then, &noted))
                return false;
        if (store_stamp(a->store, &now, NULL) < 0 || !store_stamp_equal(&then, &now))
                return false;
        if (store_load_from(a->store, noted.last_from, &last, NULL) < 0 ||
                        !leads_there(&noted.chain, buf_span(&last)))
                return false;
        noted.kept = true;
        *a = noted;
        return true;
}
