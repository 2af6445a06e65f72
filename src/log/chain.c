/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "port/crypto.h"

bool chain_values_equal(const Chain *c, const Digest *a, const Digest *b) {
        for (size_t i = 0; i < c->n_banks; i++)
                if (!digest_equal(&a[i], &b[i]))
                        return false;
        return true;
}

int chain_digests(const Chain *c, Span content, Digest *ret, Err *e) {
        for (size_t i = 0; i < c->n_banks; i++) {
                int rc = hash_bytes(c->start[i].alg, content, &ret[i], e);

                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* Reads {"sha256":hex,...} for exactly the chain's banks. */
static int read_values(const Chain *c, Json object, Digest *ret, Err *e) {
        if (json_count(object) != c->n_banks)
                return err_set(e, -EBADMSG, "register values for other banks than were extended");
        for (size_t i = 0; i < c->n_banks; i++) {
                Digest d = digest_zero(c->start[i].alg);

                if (!json_hex(json_member(object, hash_name(d.alg)), d.bytes, d.size))
                        return err_set(e, -EBADMSG, "no register value for bank %s",
                                        hash_name(d.alg));
                ret[i] = d;
        }
        return 0;
}

static int begin(Chain *c, const Record *r, Err *e) {
        Register named = {};

        if (r->content.event != EVENT_PHASE_GENESIS)
                return err_set(e, -EBADMSG, "%s stands where a genesis belongs",
                                event_name(r->content.event));
        if (!register_parse(content_text(&r->content, "register"), &named) ||
                        named.kind != r->reg.kind || named.index != r->reg.index)
                return err_set(e, -EBADMSG,
                                "genesis names another register than the one it was extended into");
        c->reg = r->reg;
        memcpy(c->boot, r->content.boot, sizeof(c->boot));
        c->n_banks = r->n_digests;
        for (size_t i = 0; i < r->n_digests; i++)
                c->start[i] = digest_zero(r->digests[i].alg);
        return read_values(c, content_member(&r->content, "start"), c->start, e);
}

static int check_continues(const Chain *c, const Record *r, Err *e) {
        if (r->content.seq != c->next_seq)
                return err_set(e, -EBADMSG, "record %" PRIu64 " stands where %" PRIu64 " belongs",
                                r->content.seq, c->next_seq);
        if (memcmp(r->content.prev, c->prev, sizeof(c->prev)) != 0)
                return err_set(e, -EBADMSG,
                                "its prev is not the hash of the record before: one was changed or taken out");
        if (memcmp(r->content.boot, c->boot, sizeof(c->boot)) != 0)
                return err_set(e, -EBADMSG, "it is of another boot");
        if (r->reg.kind != c->reg.kind || r->reg.index != c->reg.index)
                return err_set(e, -EBADMSG, "it is of another register than the genesis");
        return 0;
}

static int check_digests(const Chain *c, const Record *r, const Digest *wanted, Err *e) {
        if (r->n_digests != c->n_banks)
                return err_set(e, -EBADMSG, "%zu digests, but the genesis has %zu banks",
                                r->n_digests, c->n_banks);
        for (size_t i = 0; i < c->n_banks; i++)
                if (!digest_equal(&r->digests[i], &wanted[i]))
                        return err_set(e, -EBADMSG, "its %s digest is not that of its content",
                                        hash_name(r->digests[i].alg));
        return 0;
}

static int set_broken(Chain *c, const Record *r, Err *e) {
        Digest expected[BANKS_MAX] = {};
        int rc;

        rc = read_values(c, content_member(&r->content, "expected"), expected, e);
        if (rc < 0)
                return rc;
        if (!chain_values_equal(c, expected, c->now))
                return err_set(e, -EBADMSG, "it expected what the records before do not lead to");
        c->broken = true;
        return read_values(c, content_member(&r->content, "found"), c->before, e);
}

/* What the register held before this record was extended. */
static int set_before(Chain *c, const Record *r, Err *e) {
        if (r->content.event == EVENT_PHASE_BROKEN)
                return set_broken(c, r, e);
        memcpy(c->before, r->content.event == EVENT_PHASE_GENESIS ? c->start : c->now,
                        sizeof(c->before));
        return 0;
}

int chain_add(Chain *c, const Record *r, Err *e) {
        Chain next = *c;
        Digest link;
        int rc;

        rc = c->next_seq == 0 ? begin(&next, r, e) : check_continues(c, r, e);
        if (rc < 0)
                return rc;
        rc = chain_digests(&next, r->content.bytes, next.last, e);
        if (rc < 0)
                return rc;
        rc = check_digests(&next, r, next.last, e);
        if (rc < 0)
                return rc;
        rc = set_before(&next, r, e);
        if (rc < 0)
                return rc;
        memcpy(next.now, next.before, sizeof(next.now));
        for (size_t i = 0; i < next.n_banks; i++) {
                rc = hash_extend(&next.now[i], &next.last[i], e);
                if (rc < 0)
                        return rc;
        }
        rc = hash_bytes(HASH_SHA256, r->content.bytes, &link, e);
        if (rc < 0)
                return rc;
        memcpy(next.prev, link.bytes, sizeof(next.prev));
        next.next_seq = r->content.seq + 1;

        *c = next;
        return 0;
}

int segment_next(Segment *s, Record *ret, Err *e) {
        char where[48];
        Span rest = s->rest, line;
        Record r;
        int rc;

        rc = record_next_line(&rest, &line, e);
        if (rc > 0) {
                rc = record_parse(line, &r, e);
                if (rc == 0)
                        rc = chain_add(&s->chain, &r, e);
                rc = rc < 0 ? rc : 1;
        }
        if (rc < 0) {
                (void) snprintf(where, sizeof(where), "log record %" PRIu64, s->chain.next_seq);
                err_at(e, where);
                return rc;
        }
        if (rc > 0) {
                s->rest = rest;
                *ret = r;
        }
        return rc;
}
