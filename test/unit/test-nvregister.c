/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdlib.h>

#include "measure/nvregister.h"
#include "support/case.h"
#include "verify/nvregister.h"
#include "wire/nvpublic.h"

/* A log with a lane in an NV index, and who judges it. */

enum { INDEX = 0x01806177 };

typedef struct NvCase {
        Case c;
        Plan plan;
} NvCase;

static WorldNv *nv_of(World *w) {
        for (size_t i = 0; i < WORLD_NV_MAX; i++)
                if (w->nv[i].index == INDEX)
                        return &w->nv[i];
        return NULL;
}

/* The index as the TPM certifies it now; borrowed until the next one. */
static ForgeNv *certify(NvCase *n) {
        Forge *f = &n->c.forge;
        const WorldNv *nv = nv_of(&n->c.world);
        NvPublic p = nv_register(INDEX);

        forge_drop_nvpcrs(f);
        if (!nv)
                return NULL;
        p.attributes = nv->attributes;
        forge_nvpcr(f, p, digest_span(&nv->digest));
        return &f->nvpcrs[0];
}

/* An honest machine whose notes go into the index, and a policy that names it. */
static void nv_begin(NvCase *n) {
        Case *c = &n->c;

        memset(n, 0, sizeof(*n));
        case_begin(c);
        buf_done(&c->world.log);
        for (size_t i = 0; i < c->world.pcrs.held.n_banks; i++)
                memset(c->world.pcrs.digests[i][WORLD_PCR].bytes, 0, DIGEST_MAX);
        n->plan = plan_of(pcr8);
        n->plan.lanes[LANE_NOTE] = (Register){ REGISTER_NV, INDEX };
        assert_int_equal(nvregister_define(&c->world.tpm, INDEX, NULL), 1);
        assert_int_equal(account_open_plan(&c->world.store, &c->world.tpm, &n->plan, &c->account,
                                         NULL),
                        0);
        assert_int_equal(measure_phase(&c->account, "ready", NULL), 0);
        assert_int_equal(measure_note(&c->account, "one", NULL), 0);
        case_add_layer(c, "tools", "1.2", 0xab, 0xcd);
        assert_int_equal(measure_note(&c->account, "two", NULL), 0);
        c->policy.registers[c->policy.n_registers++] = n->plan.lanes[LANE_NOTE];
}

static void nv_end(NvCase *n) {
        forge_drop_nvpcrs(&n->c.forge);
        case_end(&n->c);
}

static void judge(NvCase *n) {
        (void) certify(n);
        case_judge_machine(&n->c);
}

static void an_index_that_shows_its_records_is_proven(void **state) {
        NvCase n;

        (void) state;
        nv_begin(&n);
        judge(&n);
        assert_int_equal(case_state(&n.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_non_null(strstr(n.c.judgement.verdict.reasons[CLAIM_REGISTERS],
                        "replay to the quoted pcr:8, nv:0x01806177"));
        assert_non_null(strstr(
                        n.c.judgement.verdict.reasons[CLAIM_REGISTERS], "not of one session"));
        assert_int_equal(case_state(&n.c, CLAIM_UNTOUCHED), CLAIM_PROVEN); /* it is no counter */
        n.c.forge.audited = true;
        judge(&n);
        assert_int_equal(case_state(&n.c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_int_equal(case_state(&n.c, CLAIM_BOUND), CLAIM_PROVEN);
        assert_null(strstr(n.c.judgement.verdict.reasons[CLAIM_REGISTERS], "not of one session"));
        nv_end(&n);
}

/* What can be done to the index, and how it is found. */
static void each_attack_on_the_index_is_found_in_its_own_words(void **state) {
        static const uint8_t known[32] = { 7 };
        NvCase n;
        ForgeNv *nv;

        (void) state;
        nv_begin(&n);
        case_judge_machine(&n.c);
        assert_refused(&n.c, CLAIM_REGISTERS, "nv:0x01806177 is not certified in the evidence");

        nv = certify(&n);
        forge_nvpcr(&n.c.forge, nv->public, nv->value);
        case_judge_machine(&n.c);
        assert_refused(&n.c, CLAIM_REGISTERS, "nv:0x01806177 is certified twice");

        /* removed, defined again under the same Name, and filled */
        assert_int_equal(tpm_nv_undefine(&n.c.world.tpm, INDEX, NULL), 0);
        assert_int_equal(nvregister_define(&n.c.world.tpm, INDEX, NULL), 1);
        assert_int_equal(tpm_nv_extend(&n.c.world.tpm, INDEX, (Span){ known, 32 }, NULL), 0);
        judge(&n);
        assert_refused(&n.c, CLAIM_REGISTERS,
                        "does not replay to the certified nv:0x01806177: records are missing, added or changed, or the index was removed and filled anew");
        nv_end(&n);
}

static void an_index_of_another_kind_is_no_register(void **state) {
        static const uint8_t policy[32];
        NvCase n;
        ForgeNv *nv;

        (void) state;
        nv_begin(&n);
        for (unsigned bit = 0; bit < 32; bit++) {
                const uint32_t other = UINT32_C(1) << bit;

                /* what has another meaning, or none, is refused where it is read */
                if (other & (NV_TYPE | NV_WRITTEN | 0x01f00300))
                        continue;
                nv = certify(&n);
                nv->public.attributes ^= other;
                case_judge_machine(&n.c);
                assert_refused(&n.c, CLAIM_REGISTERS, "which are not a register's");
        }
        nv = certify(&n);
        nv->public.policy = (Span){ policy, sizeof(policy) };
        case_judge_machine(&n.c);
        assert_refused(&n.c, CLAIM_REGISTERS, "another hash, policy or size than a register");
        nv = certify(&n);
        nv->public.index++; /* another index, with all that the log says */
        case_judge_machine(&n.c);
        assert_refused(&n.c, CLAIM_REGISTERS, "is not certified in the evidence");
        nv_end(&n);
}

/* Records of the index alone, taken from the end of the log. */
static void records_that_are_missing_are_missed(void **state) {
        NvCase n;
        Span log;

        (void) state;
        nv_begin(&n);
        (void) certify(&n);
        forge_take(&n.c.forge, &n.c.world);
        log = buf_span(&n.c.forge.log);
        n.c.forge.log.size =
                        (size_t) ((const uint8_t *) memrchr(log.data, 0x1e, log.size) - log.data);
        case_judge(&n.c);
        assert_refused(&n.c, CLAIM_REGISTERS, "does not replay to the certified");

        /* in the log, and not in the index */
        world_fail_after(&n.c.world, 1, FAULT_FOR_EVER);
        assert_true(measure_note(&n.c.account, "three", NULL) < 0);
        world_heal(&n.c.world);
        judge(&n);
        assert_refused(&n.c, CLAIM_REGISTERS, "last record is not in the certified nv:0x01806177");
        nv_end(&n);
}

/* The genesis says what the index held; nobody else can. */
static void an_index_is_worth_what_its_anchor_is(void **state) {
        NvCase n;

        (void) state;
        nv_begin(&n);
        n.c.policy.n_registers--;
        judge(&n);
        assert_refused(&n.c, CLAIM_REGISTERS,
                        "records in nv:0x01806177, which policy does not name");
        nv_end(&n);

        /* without a value */
        nv_begin(&n);
        assert_int_equal(tpm_nv_undefine(&n.c.world.tpm, INDEX, NULL), 0);
        assert_int_equal(account_open_plan(&n.c.world.store, &n.c.world.tpm, &n.plan, &n.c.account,
                                         NULL),
                        0);
        judge(&n);
        assert_refused(&n.c, CLAIM_REGISTERS, "begins when pcr:8 was not zero any more");
        nv_end(&n);
}

static void an_index_that_was_missing_is_told(void **state) {
        NvCase n;
        Case *c = &n.c;

        (void) state;
        nv_begin(&n);
        buf_done(&c->world.log);
        for (size_t i = 0; i < c->world.pcrs.held.n_banks; i++)
                memset(c->world.pcrs.digests[i][WORLD_PCR].bytes, 0, DIGEST_MAX);
        assert_int_equal(tpm_nv_undefine(&c->world.tpm, INDEX, NULL), 0);
        assert_int_equal(account_open_plan(&c->world.store, &c->world.tpm, &n.plan, &c->account,
                                         NULL),
                        0);
        judge(&n);
        assert_refused(c, CLAIM_REGISTERS,
                        "the log says that the TPM had no nv:0x01806177 when it began");
        c->policy.n_registers--;
        judge(&n);
        assert_int_equal(case_state(c, CLAIM_REGISTERS), CLAIM_PROVEN);
        nv_end(&n);
}

/* Segments of one boot: the later one goes on where the earlier one ended in the index, too. */
static void segments_join_in_the_index(void **state) {
        for (int how = 0; how < 3; how++) {
                NvCase n;
                Case *c = &n.c;
                Plan all = plan_of(pcr8);

                (void) state;
                nv_begin(&n);
                if (how == 2) /* the earlier one has nothing in it */
                        assert_int_equal(account_open_plan(&c->world.store, &c->world.tpm, &all,
                                                         &c->account, NULL),
                                        0);
                buf_bytes(&c->forge.before, buf_span(&c->world.log));
                if (how == 2) {
                        c->forge.before.size = 0;
                        buf_bytes(&c->forge.before, buf_span(&c->world.log));
                        c->policy.any_start = true;
                }
                if (how == 1) { /* a note is dropped from what is put aside */
                        Span before = buf_span(&c->forge.before);

                        c->forge.before.size = (size_t) ((const uint8_t *) memrchr(before.data,
                                                                         0x1e, before.size) -
                                                         before.data);
                }
                if (how == 2)
                        nv_of(&c->world)->attributes &= ~(uint32_t) NV_WRITTEN,
                                        nv_of(&c->world)->digest = digest_zero(HASH_SHA256);
                c->world.log.data[how == 2 ? 0 : 3] ^= 1; /* damaged: it is put aside */
                assert_int_equal(account_open_plan(&c->world.store, &c->world.tpm, &n.plan,
                                                 &c->account, NULL),
                                0);
                assert_int_equal(measure_note(&c->account, "three", NULL), 0);
                judge(&n);
                if (how == 0)
                        assert_int_equal(case_state(c, CLAIM_REGISTERS), CLAIM_PROVEN);
                else if (how == 1)
                        assert_refused(c, CLAIM_REGISTERS,
                                        "does not begin at the value of nv:0x01806177 that the one before it leads to");
                else
                        assert_refused(c, CLAIM_REGISTERS,
                                        "nv:0x01806177 came into the log after it had begun");
                nv_end(&n);
        }
}

/* What no honest machine writes: a genesis that begins with nothing, part of a value. */
static void what_was_not_blinded_is_worth_nothing(void **state) {
        static const struct {
                uint8_t start;
                uint16_t offset;
                const char *says;
        } cases[] = {
                { 7, 0, NULL },
                { 0, 0, "nv:0x01806177 was not blinded when the log began" },
                { 7, 1, "does not replay to the certified nv:0x01806177" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Evidence *ev = calloc(1, sizeof(*ev));
                Chain c = { .n_strands = 2, .last_at = 0 };
                Strand *s = &c.strands[1];
                Verdict v = {};

                assert_non_null(ev);
                *s = (Strand){ .reg = { REGISTER_NV, INDEX }, .n_banks = 1 };
                s->start[0] = s->now[0] = digest_zero(HASH_SHA256);
                s->start[0].bytes[0] = cases[i].start;
                s->now[0].bytes[0] = 8;
                ev->tpm.n_nv = 1;
                ev->nv[0].public = nv_register(INDEX);
                ev->nv[0].certified.contents = digest_span(&s->now[0]);
                ev->nv[0].certified.offset = cases[i].offset;
                judge_nvregister(ev, &c, 1, &v);
                if (cases[i].says)
                        assert_non_null(strstr(v.reasons[CLAIM_REGISTERS], cases[i].says));
                else
                        assert_string_equal(v.reasons[CLAIM_REGISTERS], "");
                free(ev);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_index_that_shows_its_records_is_proven),
                cmocka_unit_test(each_attack_on_the_index_is_found_in_its_own_words),
                cmocka_unit_test(an_index_of_another_kind_is_no_register),
                cmocka_unit_test(records_that_are_missing_are_missed),
                cmocka_unit_test(an_index_is_worth_what_its_anchor_is),
                cmocka_unit_test(an_index_that_was_missing_is_told),
                cmocka_unit_test(segments_join_in_the_index),
                cmocka_unit_test(what_was_not_blinded_is_worth_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
