/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "port/crypto.h"

RegisterName register_name(Register reg) {
        RegisterName n = { "none" };

        if (reg.kind != REGISTER_NONE)
                (void) snprintf(n.text, sizeof(n.text),
                                reg.kind == REGISTER_NV ? "nv:0x%08x" : "pcr:%u", reg.index);
        return n;
}

bool strand_starts_at_reset(const Strand *s) {
        if (s->reg.kind == REGISTER_NONE)
                return false;
        for (size_t i = 0; s->reg.kind == REGISTER_PCR && i < s->n_banks; i++)
                if (!pcr_at_reset(s->reg.index, &s->start[i]))
                        return false;
        return true;
}

bool strand_values_equal(const Strand *s, const Digest *a, const Digest *b) {
        for (size_t i = 0; i < s->n_banks; i++)
                if (!digest_equal(&a[i], &b[i]))
                        return false;
        return true;
}

int strand_digests(const Strand *s, Span content, Digest *ret, Err *e) {
        for (size_t i = 0; i < s->n_banks; i++) {
                int rc = hash_bytes(s->start[i].alg, content, &ret[i], e);

                if (rc < 0)
                        return rc;
        }
        return 0;
}

static bool find_strand(const Chain *c, Register reg, size_t *ret) {
        for (size_t i = 0; i < c->n_strands; i++)
                if (register_equal(c->strands[i].reg, reg)) {
                        *ret = i;
                        return true;
                }
        return false;
}

const Strand *chain_strand(const Chain *c, Register reg) {
        size_t i;

        return find_strand(c, reg, &i) ? &c->strands[i] : NULL;
}

/* Reads {"sha256":hex,...} for exactly the strand's banks. */
static int read_values(const Strand *s, Json object, Digest *ret, Err *e) {
        if (json_count(object) != s->n_banks)
                return err_set(e, -EBADMSG, "register values for other banks than were extended");
        for (size_t i = 0; i < s->n_banks; i++) {
                Digest d = digest_zero(s->start[i].alg);

                if (!json_hex(json_member(object, hash_name(d.alg)), d.bytes, d.size))
                        return err_set(e, -EBADMSG, "no register value for bank %s",
                                        hash_name(d.alg));
                ret[i] = d;
        }
        return 0;
}

/* One more register that the genesis names. */
static int add_strand(Chain *c, const Strand *s, Err *e) {
        size_t unused;

        if (find_strand(c, s->reg, &unused))
                return err_set(e, -EBADMSG, "genesis names a register twice");
        if (c->n_strands == REGISTERS_MAX)
                return err_set(e, -EBADMSG, "genesis names more than %d registers", REGISTERS_MAX);
        c->strands[c->n_strands] = *s;
        memcpy(c->strands[c->n_strands].now, s->start, sizeof(s->start));
        c->n_strands++;
        return 0;
}

/* "others": {"pcr:9":{"sha256":hex,...},...} */
static int begin_others(Chain *c, Json others, Err *e) {
        int rc;

        for (Json name = json_first(others); json_type(name) != JSON_NONE;
                        name = json_next(others, name)) {
                Strand s = c->strands[0];

                if (!register_parse(json_raw(name), &s.reg) || s.reg.kind != REGISTER_PCR)
                        return err_set(e, -EBADMSG, "genesis names what is no PCR");
                rc = read_values(&s, json_value(name), s.start, e);
                if (rc == 0)
                        rc = add_strand(c, &s, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* "blinded": {"01800400":hex,...} */
static int begin_blinded(Chain *c, Json blinded, Err *e) {
        for (Json name = json_first(blinded); json_type(name) != JSON_NONE;
                        name = json_next(blinded, name)) {
                Strand s = { .n_banks = 1, .start = { digest_zero(HASH_SHA256) } };
                int rc;

                if (!register_of_index(json_raw(name), &s.reg) ||
                                !json_hex(json_value(name), s.start[0].bytes, s.start[0].size))
                        return err_set(e, -EBADMSG, "genesis names what is no NV index");
                rc = add_strand(c, &s, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

static int begin(Chain *c, const Record *r, Err *e) {
        Strand s = { .reg = r->reg, .n_banks = r->n_digests };
        Register named = {};
        int rc;

        if (r->content.event != EVENT_PHASE_GENESIS)
                return err_set(e, -EBADMSG, "%s stands where a genesis belongs",
                                event_name(r->content.event));
        if (!register_parse(content_text(&r->content, "register"), &named) ||
                        !register_equal(named, r->reg))
                return err_set(e, -EBADMSG,
                                "genesis names another register than the one it was extended into");
        if (named.kind == REGISTER_NV)
                return err_set(e, -EBADMSG, "a genesis stands in a PCR, an NV index has none");
        memcpy(c->boot, r->content.boot, sizeof(c->boot));
        c->n_strands = 0; /* what it begins with is the genesis's word alone */
        for (size_t i = 0; i < r->n_digests; i++)
                s.start[i] = digest_zero(r->digests[i].alg);
        rc = read_values(&s, content_member(&r->content, "start"), s.start, e);
        if (rc == 0)
                rc = add_strand(c, &s, e);
        if (rc == 0)
                rc = begin_others(c, content_member(&r->content, "others"), e);
        return rc < 0 ? rc : begin_blinded(c, content_member(&r->content, "blinded"), e);
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
        return 0;
}

static int check_digests(const Strand *s, const Record *r, const Digest *wanted, Err *e) {
        if (r->n_digests != s->n_banks)
                return err_set(e, -EBADMSG, "%zu digests, but the genesis has %zu banks",
                                r->n_digests, s->n_banks);
        for (size_t i = 0; i < s->n_banks; i++)
                if (!digest_equal(&r->digests[i], &wanted[i]))
                        return err_set(e, -EBADMSG, "its %s digest is not that of its content",
                                        hash_name(r->digests[i].alg));
        return 0;
}

static int set_broken(Chain *c, const Strand *s, const Record *r, Err *e) {
        Digest expected[BANKS_MAX] = {};
        int rc;

        rc = read_values(s, content_member(&r->content, "expected"), expected, e);
        if (rc < 0)
                return rc;
        if (!strand_values_equal(s, expected, s->now))
                return err_set(e, -EBADMSG, "it expected what the records before do not lead to");
        c->broken = true;
        return read_values(s, content_member(&r->content, "found"), c->before, e);
}

/* What the record's register held before it was extended. */
static int set_before(Chain *c, const Strand *s, const Record *r, Err *e) {
        if (r->content.event == EVENT_PHASE_BROKEN)
                return set_broken(c, s, r, e);
        memcpy(c->before, s->now, sizeof(c->before));
        return 0;
}

/* The record's digests into its register. known: what they are, or NULL. */
static int extend(Chain *c, const Record *r, const Digest *known, Err *e) {
        Strand *s;
        int rc = 0;

        if (!find_strand(c, r->reg, &c->last_at))
                return err_set(e, -EBADMSG, "it is of a register that the genesis does not name");
        s = &c->strands[c->last_at];
        if (known)
                memcpy(c->last, known, s->n_banks * sizeof(*known));
        else
                rc = strand_digests(s, r->content.bytes, c->last, e);
        if (rc == 0)
                rc = check_digests(s, r, c->last, e);
        if (rc == 0)
                rc = set_before(c, s, r, e);
        if (rc < 0)
                return rc;
        memcpy(s->now, c->before, sizeof(s->now));
        for (size_t i = 0; i < s->n_banks; i++) {
                rc = hash_extend(&s->now[i], &c->last[i], e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* What the next record has as its prev: where the register has such a bank, it is known. */
static int set_prev(Chain *c, const Record *r, Err *e) {
        const Strand *s = &c->strands[c->last_at];
        Digest link = {};
        int rc = 0;

        for (size_t i = 0; i < s->n_banks; i++)
                if (c->last[i].alg == HASH_SHA256)
                        link = c->last[i];
        if (link.size == 0)
                rc = hash_bytes(HASH_SHA256, r->content.bytes, &link, e);
        if (rc == 0)
                memcpy(c->prev, link.bytes, sizeof(c->prev));
        return rc;
}

static int add(Chain *c, const Record *r, const Digest *known, Err *e) {
        Chain next = *c;
        int rc;

        rc = c->next_seq == 0 ? begin(&next, r, e) : check_continues(c, r, e);
        if (rc == 0)
                rc = extend(&next, r, known, e);
        if (rc == 0)
                rc = set_prev(&next, r, e);
        if (rc < 0)
                return rc;
        next.next_seq = r->content.seq + 1;

        *c = next;
        return 0;
}

int chain_add(Chain *c, const Record *r, Err *e) {
        return add(c, r, NULL, e);
}

int chain_add_known(Chain *c, const Record *r, const Digest *digests, Err *e) {
        return add(c, r, digests, e);
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
