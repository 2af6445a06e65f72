/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "base/text.h"
#include "log/chain.h"
#include "support/draftlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A log is followed by the chain, and once more by what stands here, which knows no JSON: it looks
 * for names and hashes what stands behind them. Both must come to the same register. */

static void hash(HashAlg alg, Span one, Span two, uint8_t *into) {
        static EVP_MD *fetched[16];
        static EVP_MD_CTX *ctx;

        if (!ctx)
                ctx = EVP_MD_CTX_new();
        if (!fetched[alg & 15])
                fetched[alg & 15] = EVP_MD_fetch(NULL, hash_name(alg), NULL);
        if (EVP_DigestInit_ex(ctx, fetched[alg & 15], NULL) != 1 ||
                        EVP_DigestUpdate(ctx, one.data, one.size) != 1 ||
                        EVP_DigestUpdate(ctx, two.data, two.size) != 1 ||
                        EVP_DigestFinal_ex(ctx, into, NULL) != 1)
                abort();
}

/* What stands behind a mark; empty where the mark does not stand there. */
static Span behind(Span text, const char *mark) {
        size_t n = strlen(mark);
        const uint8_t *at = memmem(text.data, text.size, mark, n);

        return at ? (Span){ at + n, text.size - (size_t) (at + n - text.data) } : (Span){};
}

/* "sha256":"hex" within an object's value. */
static void read_bank(Span object, HashAlg alg, uint8_t *into) {
        char mark[32];
        Span hex;

        (void) snprintf(mark, sizeof(mark), "\"%s\":\"", hash_name(alg));
        hex = behind(object, mark);
        if (hex.size < 2u * hash_size(alg) ||
                        !text_unhex((Span){ hex.data, 2u * hash_size(alg) }, into, hash_size(alg)))
                abort();
}

static Span content_of(Span line) {
        Span rest = behind(line, "\"content\":");

        if (rest.size < 2)
                abort();
        return (Span){ rest.data, rest.size - 2 };
}

typedef struct Replay {
        uint8_t now[REGISTERS_MAX][BANKS_MAX][DIGEST_MAX];
        uint8_t prev[32];
} Replay;

static void replay_line(Replay *r, const Chain *c, Span line, uint64_t n) {
        Span content = content_of(line), event = behind(content, "\"event\":\"");
        const Strand *s = &c->strands[c->last_at];
        uint8_t(*now)[DIGEST_MAX] = r->now[c->last_at];
        uint8_t digest[DIGEST_MAX], prev[32];
        const char *from = NULL;
        char digest_mark[64];

        if (span_starts(event, SPAN_LITERAL("phase.genesis\"")))
                from = "\"start\":";
        if (span_starts(event, SPAN_LITERAL("phase.broken\"")))
                from = "\"found\":";
        if ((n == 0) != (from && from[1] == 's'))
                abort();
        if (!text_unhex((Span){ behind(content, "\"prev\":\"").data, 64 }, prev, 32) ||
                        memcmp(prev, r->prev, 32) != 0)
                abort();
        for (size_t at = 1; n == 0 && at < c->n_strands;
                        at++) /* their starts are the chain's word */
                for (size_t i = 0; i < c->strands[at].n_banks; i++)
                        memcpy(r->now[at][i], c->strands[at].start[i].bytes, DIGEST_MAX);
        for (size_t i = 0; i < s->n_banks; i++) {
                HashAlg alg = s->start[i].alg;
                uint8_t stated[DIGEST_MAX];
                Span hex;

                hash(alg, content, (Span){}, digest);
                (void) snprintf(digest_mark, sizeof(digest_mark),
                                "\"hashAlg\":\"%s\",\"digest\":\"", hash_name(alg));
                hex = behind(line, digest_mark);
                if (!text_unhex((Span){ hex.data, 2u * hash_size(alg) }, stated, hash_size(alg)) ||
                                memcmp(stated, digest, hash_size(alg)) != 0)
                        abort();
                if (from)
                        read_bank(behind(content, from), alg, now[i]);
                hash(alg, (Span){ now[i], hash_size(alg) }, (Span){ digest, hash_size(alg) },
                                now[i]);
        }
        hash(HASH_SHA256, content, (Span){}, r->prev);
}

/* Follows a log; true where it was taken to its end. */
static bool follow(Span log, Chain *ret) {
        Segment s = segment_over(log);
        Replay replay = {};
        uint64_t n = 0;
        Record record;
        int rc;

        for (;;) {
                const uint8_t *at = s.rest.data;

                rc = segment_next(&s, &record, NULL);
                if (rc <= 0)
                        break;
                replay_line(&replay, &s.chain, (Span){ at, (size_t) (s.rest.data - at) }, n++);
                if (s.chain.next_seq != n)
                        abort();
                for (size_t i = 0; i < s.chain.strands[s.chain.last_at].n_banks; i++) {
                        const Digest *d = &s.chain.strands[s.chain.last_at].now[i];

                        if (memcmp(d->bytes, replay.now[s.chain.last_at][i], d->size) != 0)
                                abort();
                }
        }
        *ret = s.chain;
        return rc == 0;
}

enum { FORGED_MAX = 64 * 1024, STEPS_MAX = 32 };

/* A log that somebody changes who knows the format. */
typedef struct Forged {
        Span lines[32];
        size_t n;
        Buf bytes; /* lines that were made anew */
} Forged;

static void forged_done(Forged *f) {
        buf_done(&f->bytes);
}

static void put_line(Forged *f, size_t i, Span line) {
        if (f->n == ELEMENTS(f->lines))
                return;
        memmove(&f->lines[i + 1], &f->lines[i], (f->n - i) * sizeof(*f->lines));
        f->lines[i] = line;
        f->n++;
}

static void drop_line(Forged *f, size_t i) {
        memmove(&f->lines[i], &f->lines[i + 1], (f->n - i - 1) * sizeof(*f->lines));
        f->n--;
}

/* A copy of a line that can be written to; the Buf has room for all of them, so it does not move.
 */
static uint8_t *copy_line(Forged *f, size_t i) {
        uint8_t *at = buf_room(&f->bytes, f->lines[i].size);

        if (!at)
                return NULL;
        memcpy(at, f->lines[i].data, f->lines[i].size);
        f->lines[i].data = at;
        return at;
}

static void set_hex(uint8_t *at, const uint8_t *bytes, size_t size) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);

        text_hex(&hex, (Span){ bytes, size });
        memcpy(at, hex.data, hex.size);
}

/* Makes a line's digests those of its content again. */
static void rehash(Forged *f, size_t i, const DraftLog *l) {
        uint8_t *line = copy_line(f, i), digest[DIGEST_MAX];
        Span content = behind(f->lines[i], "\"content\":");

        for (size_t bank = 0; line && content.size >= 2 && bank < l->n_banks; bank++) {
                size_t size = hash_size(l->banks[bank]);
                char mark[64];
                Span hex;

                (void) snprintf(mark, sizeof(mark), "\"%s\",\"digest\":\"",
                                hash_name(l->banks[bank]));
                hex = behind(f->lines[i], mark);
                if (hex.size < 2 * size)
                        continue;
                hash(l->banks[bank], (Span){ content.data, content.size - 2 }, (Span){}, digest);
                set_hex(line + (hex.data - line), digest, size);
        }
}

/* Makes a line's prev that of the line before. */
static void relink(Forged *f, size_t i) {
        uint8_t *line = copy_line(f, i), digest[DIGEST_MAX];
        Span prev = behind(f->lines[i], "\"prev\":\"");
        Span before = behind(f->lines[i > 0 ? i - 1 : i], "\"content\":");

        if (!line || prev.size < 64 || before.size < 2)
                return;
        hash(HASH_SHA256, (Span){ before.data, before.size - 2 }, (Span){}, digest);
        set_hex(line + (prev.data - line), digest, 32);
}

static void change_byte(Forged *f, size_t i, size_t at, uint8_t with) {
        uint8_t *line = copy_line(f, i);

        if (line)
                line[at % f->lines[i].size] ^= with;
}

static void forge(Forged *f, Cursor *c, const DraftLog *l) {
        uint8_t what = cursor_u8(c), i = cursor_u8(c), j = cursor_u8(c), with = cursor_u8(c);

        if (f->n == 0)
                return;
        i = (uint8_t) (i % f->n);
        switch (what % 6) {
        case 0:
                change_byte(f, i, (size_t) j << 3 | with >> 5, (uint8_t) (with & 31));
                break;
        case 1:
                drop_line(f, i);
                break;
        case 2:
                put_line(f, j % (f->n + 1), f->lines[i]);
                break;
        case 3:
                rehash(f, i, l);
                break;
        case 4:
                relink(f, i);
                break;
        default:
                change_byte(f, i, f->lines[i].size - j % f->lines[i].size, with);
        }
}

/* Whatever is changed, left out, doubled, moved, hashed and linked anew: who comes to the same
 * register in a bank that counts has the same log. */
static void no_other_log_leads_there(Cursor *c, const DraftLog *l) {
        _cleanup_(forged_done) Forged f = { .bytes = BUF_UP_TO(FORGED_MAX) };
        _cleanup_(buf_done) Buf log = BUF_UP_TO(FORGED_MAX);
        static Chain whole;
        Chain forged;

        (void) buf_room(&f.bytes, f.bytes.max);
        f.bytes.size = 0;
        for (size_t i = 0; i < l->n; i++)
                put_line(&f, i, draft_log_record(l, i));
        for (int steps = 0; steps < STEPS_MAX && cursor_left(c) > 0; steps++)
                forge(&f, c, l);
        for (size_t i = 0; i < f.n; i++)
                buf_bytes(&log, f.lines[i]);

        if (whole.n_strands == 0 && !follow(draft_log_bytes(l), &whole))
                abort();
        if (follow(buf_span(&log), &forged) &&
                        forged.strands[0].n_banks == whole.strands[0].n_banks &&
                        digest_equal(&forged.strands[0].now[1], &whole.strands[0].now[1]) &&
                        !span_equal(buf_span(&log), draft_log_bytes(l)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const Event events[] = { EVENT_PHASE_GENESIS, EVENT_LAYER_ACTIVATE, EVENT_NOTE_TEXT,
                EVENT_GLASS_OPEN, EVENT_NOTE_LOST };
        static DraftLog l; /* always the same */
        Cursor c = cursor_over((Span){ data, size });
        Chain unused;

        if (size > 0 && data[0] == 0x1e) {
                (void) follow((Span){ data, size }, &unused);
                return 0;
        }
        if (l.n == 0) {
                l = draft_log();
                for (size_t i = 0; i < ELEMENTS(events); i++)
                        draft_log_add(&l, events[i], NULL);
        }
        no_other_log_leads_there(&c, &l);
        return 0;
}
