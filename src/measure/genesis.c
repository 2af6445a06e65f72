/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/genesis.h"

#include <stdio.h>

#include "measure/counter.h"
#include "port/host.h"

int64_t genesis_number(int64_t v) {
        if (v > JSON_INTEGER_MAX)
                return JSON_INTEGER_MAX;
        return v < -JSON_INTEGER_MAX ? -JSON_INTEGER_MAX : v;
}

Member genesis_values(const char *name, const Strand *s, const Digest *values, Member *into) {
        for (size_t i = 0; i < s->n_banks; i++)
                into[i] = (Member){ .name = hash_name(values[i].alg),
                        .type = MEMBER_HEX,
                        .bytes = digest_span(&values[i]) };
        return (Member){
                .name = name, .type = MEMBER_OBJECT, .members = into, .n_members = s->n_banks
        };
}

static void add(Genesis *g, Member m) {
        g->members[g->n_members++] = m;
}

static void add_text(Genesis *g, const char *name, const char *text) {
        add(g, (Member){ .name = name, .type = MEMBER_TEXT, .bytes = span_of(text) });
}

static void add_list(Genesis *g, const char *name, MemberType type, const Member *list, size_t n) {
        if (n > 0)
                add(g, (Member){ .name = name, .type = type, .members = list, .n_members = n });
}

static void add_clock(Genesis *g, const TpmClock *c) {
        int64_t shown = c->clock > INT64_MAX ? INT64_MAX : (int64_t) c->clock;

        g->clock[0] = (Member){
                .name = "clock", .type = MEMBER_INTEGER, .number = genesis_number(shown)
        };
        g->clock[1] = (Member){ .name = "reset", .type = MEMBER_INTEGER, .number = c->reset_count };
        g->clock[2] = (Member){
                .name = "restart", .type = MEMBER_INTEGER, .number = c->restart_count
        };
        add_list(g, "tpm", MEMBER_OBJECT, g->clock, ELEMENTS(g->clock));
}

int64_t genesis_tpm(const Content *genesis, const char *name) {
        Json tpm = content_member(genesis, "tpm");
        int64_t v;

        return json_integer(json_member(tpm, name), 0, INT64_MAX, &v) ? v : -1;
}

/* {"pcr:9":{"sha256":hex,...},...} of the PCRs beside the genesis's own. */
static void add_others(Genesis *g, const Chain *c) {
        size_t n = 0;

        for (size_t i = 1; i < c->n_strands; i++) {
                const Strand *s = &c->strands[i];

                if (s->reg.kind != REGISTER_PCR)
                        continue;
                (void) snprintf(g->other_names[n], sizeof(g->other_names[n]), "pcr:%u",
                                s->reg.index);
                g->others[n] = genesis_values(g->other_names[n], s, s->start, g->other_values[n]);
                n++;
        }
        add_list(g, "others", MEMBER_OBJECT, g->others, n);
}

/* {"01806177":hex,...} of the NV indices; and those that are not there: ["01806178",...] */
static void add_indices(Genesis *g, const Beginning *b) {
        size_t n = 0;

        for (size_t i = 1; i < b->chain.n_strands; i++) {
                const Strand *s = &b->chain.strands[i];

                if (s->reg.kind != REGISTER_NV)
                        continue;
                (void) snprintf(g->blinded_names[n], sizeof(g->blinded_names[n]), "%08x",
                                s->reg.index);
                g->blinded[n] = (Member){ .name = g->blinded_names[n],
                        .type = MEMBER_HEX,
                        .bytes = digest_span(&s->start[0]) };
                n++;
        }
        add_list(g, "blinded", MEMBER_OBJECT, g->blinded, n);
        for (size_t i = 0; i < b->n_missing; i++) {
                (void) snprintf(g->missing_names[i], sizeof(g->missing_names[i]), "%08x",
                                b->missing[i]);
                g->missing[i] = (Member){ .type = MEMBER_TEXT,
                        .bytes = span_of(g->missing_names[i]) };
        }
        add_list(g, "missing", MEMBER_ARRAY, g->missing, b->n_missing);
}

static void add_skipped(Genesis *g, const Beginning *b) {
        for (size_t i = 0; i < b->n_skipped; i++) {
                (void) snprintf(g->banks[i], sizeof(g->banks[i]), "0x%04x", b->skipped[i]);
                g->skipped[i] = (Member){ .type = MEMBER_TEXT, .bytes = span_of(g->banks[i]) };
        }
        add_list(g, "skipped", MEMBER_ARRAY, g->skipped, b->n_skipped);
}

/* The odometer's value and the history's last line, where they are to be had. */
static void add_past(Genesis *g, Tpm *tpm, const Past *past) {
        Counter counter;

        if (tpm && counter_state(tpm, &counter, NULL) > 0 && counter.written)
                add(g, (Member){ .name = "count",
                                       .type = MEMBER_INTEGER,
                                       .number = (int64_t) counter.value });
        if (past->history(past, g->history) > 0)
                add(g, (Member){ .name = "history",
                                       .type = MEMBER_HEX,
                                       .bytes = { g->history, sizeof(g->history) } });
}

int genesis_fill(Tpm *tpm, const Plan *plan, const Past *past, const Beginning *b, Genesis *g,
                Err *e) {
        const Strand *s = &b->chain.strands[0];
        TpmClock clock = {};
        int rc = 0;

        g->n_members = 0;
        if (tpm)
                rc = tpm_clock(tpm, &clock, e);
        if (rc == 0)
                rc = host_machine_id(g->machine, e);
        if (rc < 0)
                return rc;
        add(g, (Member){ .name = "machine",
                               .type = MEMBER_HEX,
                               .bytes = { g->machine, sizeof(g->machine) } });
        (void) snprintf(g->name, sizeof(g->name), "%s", register_name(s->reg).text);
        add_text(g, "register", g->name);
        add(g, genesis_values("start", s, s->start, g->start));
        add_clock(g, &clock);
        add_text(g, "version", AVOUCH_VERSION);
        add_text(g, "why", b->why);
        add_others(g, &b->chain);
        add_indices(g, b);
        if (b->unmeasured)
                add(g, (Member){ .name = "unmeasured", .type = MEMBER_INTEGER, .number = 1 });
        if (tpm && tpm->is_program)
                add(g, (Member){ .name = "software", .type = MEMBER_INTEGER, .number = 1 });
        if (plan->configured)
                add(g, (Member){ .name = "config",
                                       .type = MEMBER_HEX,
                                       .bytes = { plan->config, sizeof(plan->config) } });
        if (past)
                add_past(g, tpm, past);
        add_skipped(g, b);
        return 0;
}
