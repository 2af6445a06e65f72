/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/registers.h"

#include <assert.h>
#include <errno.h>

#include "base/text.h"

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

int registers_read(Tpm *tpm, const Chain *c, Found *ret, Err *e) {
        PcrSelection which = pcrs_of(c);
        PcrValues values;
        int rc;

        rc = tpm_read(tpm, &which, &values, e);
        for (size_t i = 0; rc == 0 && i < c->n_strands; i++)
                if (c->strands[i].reg.kind == REGISTER_PCR)
                        rc = take_values(&c->strands[i], &values, ret->values[i], e);
        return rc;
}

int register_extend(Tpm *tpm, const Strand *s, const Digest *digests, Err *e) {
        assert(s->reg.kind == REGISTER_PCR);
        return tpm_extend(tpm, s->reg.index, digests, s->n_banks, e);
}

static bool has_register(const Chain *c, Register reg) {
        return chain_strand(c, reg) != NULL;
}

bool registers_fit(const Chain *c, const Plan *plan) {
        size_t n = 0;

        for (Lane lane = 0; lane < _LANE_MAX; lane++) {
                bool seen = false;

                if (!has_register(c, plan->lanes[lane]))
                        return false;
                for (Lane before = 0; before < lane; before++)
                        seen = seen || register_equal(plan->lanes[before], plan->lanes[lane]);
                n += !seen;
        }
        return n == c->n_strands && register_equal(c->strands[0].reg, plan->lanes[LANE_PHASE]);
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
        for (Lane lane = 0; lane < _LANE_MAX; lane++)
                if (!has_register(c, plan->lanes[lane])) {
                        c->strands[c->n_strands] = c->strands[0];
                        c->strands[c->n_strands++].reg = plan->lanes[lane];
                }
}

/* Whoever used a register before us will do so again, and break every record after it. */
static int check_unused(const Strand *s, Err *e) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(32);

        for (size_t i = 0; i < s->n_banks; i++)
                if (!pcr_at_reset(s->reg.index, &s->start[i])) {
                        register_text(s->reg, &name);
                        return err_set(e, -EBUSY,
                                        "%.*s holds what no log of this boot names: something else uses it, or the log was taken away; choose another register, or allow it by Occupied=yes (avouch.conf(5))",
                                        (int) name.size, (const char *) buf_span(&name).data);
                }
        return 0;
}

int registers_begin(Tpm *tpm, const Plan *plan, bool may_be_used, Beginning *ret, Err *e) {
        Strand first = { .reg = plan->lanes[LANE_PHASE] };
        Beginning b = {};
        PcrSelection active;
        Found found;
        int rc;

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
                memcpy(b.chain.strands[i].start, found.values[i], sizeof(found.values[i]));
                memcpy(b.chain.strands[i].now, found.values[i], sizeof(found.values[i]));
                if (!may_be_used)
                        rc = check_unused(&b.chain.strands[i], e);
        }
        if (rc < 0)
                return rc;
        *ret = b;
        return 0;
}
