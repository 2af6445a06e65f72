/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/registers.h"

#include <errno.h>

#include "measure/nvregister.h"

/* Every PCR of the chain, in its banks. */
static PcrSelection pcrs_of(const Chain *c) {
        const Strand *first = &c->strands[0];
        PcrSelection s = { .n_banks = first->n_banks };
        uint32_t mask = 0;

        for (size_t i = 0; i < c->n_strands; i++)
                if (c->strands[i].reg.kind == REGISTER_PCR)
                        mask |= UINT32_C(1) << c->strands[i].reg.index;
        for (size_t i = 0; i < first->n_banks; i++)
                s.banks[i] = (PcrBank){ (uint16_t) first->start[i].alg, mask };
        return s;
}

static int take_values(const Strand *s, const PcrValues *values, Digest *ret, Err *e) {
        for (size_t i = 0; i < s->n_banks; i++) {
                const Digest *d = pcr_value(values, (uint16_t) s->start[i].alg, s->reg.index);

                if (!d)
                        return err_set(e, -EIO, "the TPM did not answer for bank %s",
                                        hash_name(s->start[i].alg));
                ret[i] = *d;
        }
        return 0;
}

static int read_nv(Tpm *tpm, const Chain *c, size_t at, Found *f, Err *e) {
        Err why = {};
        int rc;

        f->values[at][0] = digest_zero(HASH_SHA256);
        rc = nvregister_read(tpm, c->strands[at].reg.index, &f->values[at][0], &why);
        f->gone[at] = rc == -ENOENT;
        f->blank[at] = rc == 0;
        return rc < 0 && !f->gone[at] ? err_set(e, rc, "%s", why.text) : 0;
}

int registers_read(Tpm *tpm, const Chain *c, Found *ret, Err *e) {
        PcrSelection which = pcrs_of(c);
        PcrValues values;
        int rc;

        if (!chain_has_register(c)) {
                *ret = (Found){};
                return 0;
        }
        rc = tpm_read(tpm, &which, &values, e);
        for (size_t i = 0; rc == 0 && i < c->n_strands; i++) {
                const Strand *s = &c->strands[i];

                ret->gone[i] = ret->blank[i] = false;
                rc = s->reg.kind == REGISTER_NV ? read_nv(tpm, c, i, ret, e)
                                                : take_values(s, &values, ret->values[i], e);
        }
        return rc;
}

int register_extend(Tpm *tpm, const Strand *s, const Digest *digests, Err *e) {
        if (s->reg.kind == REGISTER_NONE)
                return 0;
        if (s->reg.kind == REGISTER_NV)
                return tpm_nv_extend(tpm, s->reg.index, digest_span(&digests[0]), e);
        return tpm_extend(tpm, s->reg.index, digests, s->n_banks, e);
}

static bool has_register(const Chain *c, Register reg) {
        return chain_strand(c, reg) != NULL;
}

bool registers_fit(const Chain *c, const Plan *plan) {
        size_t n = 0;

        for (Lane lane = 0; lane < _LANE_MAX; lane++) {
                bool has = has_register(c, plan->lanes[lane]), seen = false;

                if (!has && plan->lanes[lane].kind != REGISTER_NV)
                        return false;
                for (Lane before = 0; before < lane; before++)
                        seen = seen || register_equal(plan->lanes[before], plan->lanes[lane]);
                n += has && !seen;
        }
        return n == c->n_strands && register_equal(c->strands[0].reg, plan->lanes[LANE_PHASE]);
}

Register registers_lane(const Chain *c, const Plan *plan, Lane lane) {
        return has_register(c, plan->lanes[lane]) ? plan->lanes[lane] : c->strands[0].reg;
}

static void add_bank(Strand *s, uint16_t alg) {
        size_t i = s->n_banks++;

        for (; i > 0 && s->start[i - 1].alg > alg; i--)
                s->start[i] = s->start[i - 1];
        s->start[i] = digest_zero((HashAlg) alg);
}

/* "Each bank once" is what a register's value is computed by; a TPM that says otherwise is not
 * believed. */
static int check_banks(const PcrSelection *active, Err *e) {
        for (size_t i = 0; i < active->n_banks; i++)
                for (size_t j = 0; j < i; j++)
                        if (active->banks[i].alg == active->banks[j].alg)
                                return err_set(e, -EBADMSG, "the TPM names PCR bank 0x%04x twice",
                                                active->banks[i].alg);
        return 0;
}

/* The banks that have all PCRs of the plan; the others are no use for one order of records. */
static int find_banks(
                const PcrSelection *active, const Plan *plan, Strand *s, Beginning *b, Err *e) {
        bool proves = false;

        for (size_t i = 0; i < active->n_banks; i++) {
                uint16_t alg = active->banks[i].alg;
                bool all = true;

                for (Lane lane = 0; lane < _LANE_MAX; lane++)
                        all = all &&
                              (plan->lanes[lane].kind != REGISTER_PCR ||
                                              pcr_selected(active, alg, plan->lanes[lane].index));
                if (!all)
                        continue;
                if (hash_size(alg) > 0)
                        add_bank(s, alg);
                else
                        b->skipped[b->n_skipped++] = alg;
                proves = proves || hash_proves(alg);
        }
        if (!proves)
                return err_set(e, -EOPNOTSUPP,
                                "the TPM has no active SHA-256, SHA-384 or SHA-512 bank with PCR %u; activate one in the firmware's setup",
                                s->reg.index);
        return 0;
}

static void add_lanes(Chain *c, const Plan *plan) {
        for (Lane lane = 0; lane < _LANE_MAX; lane++) {
                Strand s = c->strands[0];

                s.reg = plan->lanes[lane];
                if (has_register(c, s.reg))
                        continue;
                if (s.reg.kind == REGISTER_NV) {
                        s.n_banks = 1;
                        s.start[0] = digest_zero(HASH_SHA256);
                }
                c->strands[c->n_strands++] = s;
        }
}

/* Whoever used a register before us will do so again, and break every record after it. */
static int check_unused(const Strand *s, Err *e) {
        if (strand_starts_at_reset(s))
                return 0;
        return err_set(e, -EADDRINUSE,
                        "%s holds what no log of this boot names: something else uses it, or the log was taken away, or is of a kernel that started this one (kexec) and not here yet; choose another register, or allow it by Occupied=yes (avouch.conf(5))",
                        register_name(s->reg).text);
}

/* The records of its lanes go into the genesis's register. */
static void leave_out(Beginning *b, size_t at) {
        Chain *c = &b->chain;

        b->missing[b->n_missing++] = c->strands[at].reg.index;
        c->n_strands--;
        memmove(&c->strands[at], &c->strands[at + 1], (c->n_strands - at) * sizeof(c->strands[0]));
}

static void begin_with(Strand *s, const Digest *values) {
        memcpy(s->start, values, sizeof(s->start));
        memcpy(s->now, values, sizeof(s->now));
}

void registers_blind(Tpm *tpm, Beginning *b) {
        Chain *c = &b->chain;
        bool first = strand_starts_at_reset(&c->strands[0]);

        for (size_t i = c->n_strands; i-- > 1;) {
                Digest values[BANKS_MAX] = {};

                if (c->strands[i].reg.kind != REGISTER_NV)
                        continue;
                if (!first && !span_is_zero(digest_span(&c->strands[i].start[0])))
                        continue;
                if (nvregister_blind(tpm, c->strands[i].reg.index, &values[0], NULL) < 0)
                        leave_out(b, i);
                else
                        begin_with(&c->strands[i], values);
        }
}

int registers_begin(Tpm *tpm, const Plan *plan, bool may_be_used, Beginning *ret, Err *e) {
        Strand first = { .reg = plan->lanes[LANE_PHASE] };
        Beginning b = {};
        PcrSelection active;
        Found found;
        int rc;

        if (!tpm) {
                *ret = (Beginning){ .chain.n_strands = 1 };
                return 0;
        }
        rc = tpm_banks(tpm, &active, e);
        if (rc == 0)
                rc = check_banks(&active, e);
        if (rc == 0)
                rc = find_banks(&active, plan, &first, &b, e);
        if (rc < 0)
                return rc;
        b.chain.strands[0] = first;
        b.chain.n_strands = 1;
        add_lanes(&b.chain, plan);
        rc = registers_read(tpm, &b.chain, &found, e);
        for (size_t i = 0; rc == 0 && i < b.chain.n_strands; i++) {
                begin_with(&b.chain.strands[i], found.values[i]);
                if (!may_be_used)
                        rc = check_unused(&b.chain.strands[i], e);
        }
        for (size_t i = b.chain.n_strands; rc == 0 && i-- > 1;)
                if (found.gone[i])
                        leave_out(&b, i);
        if (rc < 0)
                return rc;
        *ret = b;
        return 0;
}
