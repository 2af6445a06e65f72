/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/pcrlock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "verify/report-firmware.h"
#include "verify/report-systemd.h"

enum { PCR_BOOT = 4, PCR_UKI = 11, WORDS_MAX = 128 * 1024, QUOTED_MAX = 120 };

/* The last component that has to be there whatever systemd did since: 750-enter-initrd is before,
 * and systemd-pcrlock's own policies begin here too (its option --location=). */
static const char optional[] = "760-";

#define FIRMWARE_PCRS UINT32_C(0xef)
#define KERNEL_PCRS (UINT32_C(1) << 4 | UINT32_C(7) << PCR_UKI)

/* An extend that a log tells: number of its event in the firmware's, or of its record in
 * systemd's. */
typedef struct Extend {
        Digest digest;
        size_t number;
        bool systemd;
} Extend;

/* All extends of the PCRs that are looked at. */
typedef struct Extends {
        Extend *list[PCR_COUNT]; /* owned */
        size_t n[PCR_COUNT], room[PCR_COUNT];
        uint32_t mask;
        HashAlg bank;
} Extends;

/* How many of them were met, by PCR. */
typedef struct Position {
        size_t at[PCR_COUNT];
} Position;

/* How far any try came: the event that no variant of that component expects. */
typedef struct Stuck {
        size_t total, component, at;
        unsigned pcr;
        bool set;
} Stuck;

static void extends_done(Extends *x) {
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                free(x->list[pcr]);
}

static int add(Extends *x, unsigned pcr, const Extend *extend, Err *e) {
        if (!(x->mask >> pcr & 1))
                return 0;
        if (x->n[pcr] == x->room[pcr]) {
                size_t room = x->room[pcr] == 0 ? 32 : 2 * x->room[pcr];
                Extend *list = reallocarray(x->list[pcr], room, sizeof(*list));

                if (!list)
                        return err_set(e, -ENOMEM, "no memory for %zu extends", room);
                x->list[pcr] = list;
                x->room[pcr] = room;
        }
        x->list[pcr][x->n[pcr]++] = *extend;
        return 0;
}

static int add_firmware(Extends *x, Span log, Err *e) {
        FirmwareReading r;
        Measured m;
        int rc;

        rc = firmware_read(log, x->bank, &r, e);
        while (rc >= 0 && (rc = firmware_read_next(&r, &m, e)) > 0) {
                if (m.proof == PROOF_NONE)
                        continue;
                rc = add(x, m.event.pcr, &(Extend){ m.digest, m.event.number, false }, e);
        }
        return rc;
}

static int add_systemd(Extends *x, const SystemdStory *s, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(s);
        SystemdEntry entry;
        int rc = 0;

        while (s->n_records > 0 && rc >= 0 && (rc = systemd_walk_next(&w, &entry, e)) > 0) {
                const Digest *d = systemd_record_digest(&entry.record, x->bank);

                if (d && systemd_entry_extends(&entry) && entry.record.reg.kind == REGISTER_PCR)
                        rc = add(x, entry.record.reg.index, &(Extend){ *d, entry.n, true }, e);
        }
        return rc;
}

static bool all_met(const Extends *x, const Position *p) {
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                if (p->at[pcr] != x->n[pcr])
                        return false;
        return true;
}

static void note_stuck(const Position *p, size_t component, unsigned pcr, Stuck *stuck) {
        size_t total = 0;

        for (unsigned i = 0; i < PCR_COUNT; i++)
                total += p->at[i];
        if (stuck->set && total <= stuck->total)
                return;
        *stuck = (Stuck){ total, component, p->at[pcr], pcr, true };
}

/* Whether a variant's records are the next extends. */
static bool meets(const Extends *x, const PcrlockVariant *v, size_t component, Position *p,
                Stuck *stuck) {
        for (size_t i = 0; i < v->n; i++) {
                const Register *reg = &v->records[i].reg;
                const Digest *d = pcrlock_digest(&v->records[i], x->bank);
                size_t at;

                if (reg->kind != REGISTER_PCR || !(x->mask >> reg->index & 1))
                        continue;
                at = p->at[reg->index];
                if (!d || at == x->n[reg->index] ||
                                !digest_equal(d, &x->list[reg->index][at].digest)) {
                        note_stuck(p, component, reg->index, stuck);
                        return false;
                }
                p->at[reg->index]++;
        }
        return true;
}

/* A variant that leads where one before it led need not be followed again. */
static bool led_there(const Extends *x, const PcrlockComponent *c, size_t component, size_t variant,
                const Position *from, const Position *to) {
        for (size_t v = 0; v < variant; v++) {
                Position p = *from;
                Stuck unused = { .set = true, .total = SIZE_MAX };

                if (meets(x, &c->variants[v], component, &p, &unused) &&
                                memcmp(&p, to, sizeof(p)) == 0)
                        return true;
        }
        return false;
}

/* One combination of variants after the other, the first that fits; never more than so many. */
typedef struct Search {
        const Pcrlock *p;
        const Extends *x;
        Position *at;   /* before each component */
        size_t *choice; /* of each: the variant that is tried next */
        Stuck stuck;
        size_t tries;
} Search;

static bool is_done(const Search *s, size_t component) {
        if (component < s->p->n && strcmp(s->p->list[component].name, optional) < 0)
                return false;
        return all_met(s->x, &s->at[component]);
}

static void note_rest(Search *s) {
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                if (s->at[s->p->n].at[pcr] < s->x->n[pcr]) {
                        note_stuck(&s->at[s->p->n], s->p->n, pcr, &s->stuck);
                        return;
                }
}

static bool search(Search *s) {
        size_t c = 0;

        while (!is_done(s, c)) {
                const PcrlockComponent *component = &s->p->list[c];
                size_t v;

                if (c == s->p->n || s->choice[c] == component->n) {
                        if (c == s->p->n)
                                note_rest(s);
                        if (c-- == 0)
                                return false;
                        continue;
                }
                if (s->tries++ == PCRLOCK_TRIES_MAX)
                        return false;
                v = s->choice[c]++;
                s->at[c + 1] = s->at[c];
                if (!meets(s->x, &component->variants[v], c, &s->at[c + 1], &s->stuck) ||
                                led_there(s->x, component, c, v, &s->at[c], &s->at[c + 1]))
                        continue;
                if (++c < s->p->n)
                        s->choice[c] = 0;
        }
        return true;
}

/* What an extend was, in words. */
static int put_extend(
                const Judgement *j, const Extends *x, unsigned pcr, size_t at, Buf *to, Err *e) {
        const Extend *extend = &x->list[pcr][at];
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(&j->systemd);
        SystemdEntry entry;
        FirmwareReading r;
        Measured m;
        int rc;

        if (extend->systemd) {
                while ((rc = systemd_walk_next(&w, &entry, e)) > 0)
                        if (entry.n == extend->number) {
                                report_systemd_entry(&entry, NULL, to);
                                return 0;
                        }
                return rc;
        }
        rc = firmware_read(j->evidence.bundle.parts[PART_FIRMWARE_LOG], x->bank, &r, e);
        while (rc >= 0 && (rc = firmware_read_next(&r, &m, e)) > 0)
                if (m.event.number == extend->number) {
                        report_event(&m, to);
                        return 0;
                }
        return rc;
}

static int tell(const Search *s, const Judgement *j, Vouched *ret, Err *e) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(WORDS_MAX);
        const Stuck *stuck = &s->stuck;
        const char *name = stuck->component < s->p->n ? s->p->list[stuck->component].name : NULL;
        bool ended = stuck->at == s->x->n[stuck->pcr];
        Span said;
        int rc = 0;

        if (s->tries > PCRLOCK_TRIES_MAX) {
                (void) snprintf(ret->words, sizeof(ret->words),
                                "pcrlock components have more combinations of variants than are looked at");
                return 0;
        }
        if (!ended)
                rc = put_extend(j, s->x, stuck->pcr, stuck->at, &words, e);
        if (rc == 0)
                rc = buf_end(&words, &said);
        if (rc < 0)
                return err_set(e, rc, "a difference cannot be put into words");
        if (ended)
                (void) snprintf(ret->words, sizeof(ret->words),
                                "pcrlock component '%.80s' expects more in pcr:%u than was measured",
                                name ? name : "", stuck->pcr);
        else
                (void) snprintf(ret->words, sizeof(ret->words),
                                "pcrlock component%s%.80s%s not what was measured in pcr:%u: %.*s",
                                name ? " '" : "s expect", name ? name : "", name ? "' expects" : "",
                                stuck->pcr, (int) (said.size < QUOTED_MAX ? said.size : QUOTED_MAX),
                                (const char *) said.data);
        return 0;
}

/* All of these PCRs are explained in one bank that proves. */
static HashAlg bank_of(const Judgement *j, uint32_t mask) {
        const PcrSelection *which = &j->explained.which;

        for (size_t b = 0; b < which->n_banks; b++)
                if (hash_proves(which->banks[b].alg) && (which->banks[b].mask & mask) == mask)
                        return (HashAlg) which->banks[b].alg;
        return HASH_NONE;
}

static int run(const Pcrlock *p, const Judgement *j, const Extends *x, Vouched *ret, Err *e) {
        Search s = { .p = p, .x = x };
        int rc = 0;

        s.at = calloc(p->n + 1, sizeof(*s.at));
        s.choice = calloc(p->n + 1, sizeof(*s.choice));
        if (!s.at || !s.choice)
                rc = err_set(e, -ENOMEM, "no memory for %zu components", p->n);
        else
                ret->same = search(&s);
        if (rc == 0 && ret->same)
                (void) snprintf(ret->words, sizeof(ret->words), "as %zu pcrlock components expect",
                                p->n);
        else if (rc == 0)
                rc = tell(&s, j, ret, e);
        free(s.at);
        free(s.choice);
        return rc;
}

static int judge(const Pcrlock *p, const Judgement *j, uint32_t mask, Vouched *ret, Err *e) {
        _cleanup_(extends_done) Extends x = { .mask = mask, .bank = bank_of(j, mask) };
        Vouched v = { .asked = true };
        int rc;

        if (x.bank == HASH_NONE) {
                (void) snprintf(v.words, sizeof(v.words),
                                "pcrlock components speak of registers that the logs do not replay to, or that are not quoted");
                *ret = v;
                return 0;
        }
        rc = add_firmware(&x, j->evidence.bundle.parts[PART_FIRMWARE_LOG], e);
        if (rc == 0)
                rc = add_systemd(&x, &j->systemd, e); /* both logs were read before */
        if (rc == 0)
                rc = run(p, j, &x, &v, e);
        if (rc < 0)
                return rc;
        *ret = v;
        return 0;
}

static uint32_t spoken_of(const Pcrlock *p) {
        uint32_t mask = 0;

        for (size_t i = 0; i < p->n; i++)
                for (size_t v = 0; v < p->list[i].n; v++)
                        for (size_t r = 0; r < p->list[i].variants[v].n; r++) {
                                const Register *reg = &p->list[i].variants[v].records[r].reg;

                                if (reg->kind == REGISTER_PCR)
                                        mask |= UINT32_C(1) << reg->index;
                        }
        return mask;
}

/* Each of both is as some variants expect: they have to be the same variants. */
static int judge_together(
                const Pcrlock *p, const Judgement *j, uint32_t mask, Vouched *kernel, Err *e) {
        Vouched both = {};
        int rc;

        rc = judge(p, j, mask, &both, e);
        if (rc < 0 || both.same)
                return rc;
        kernel->same = false;
        (void) snprintf(kernel->words, sizeof(kernel->words),
                        "firmware and kernel are as other variants of pcrlock components expect: %.300s",
                        both.words);
        return 0;
}

int pcrlock_judge(const Pcrlock *p, const Judgement *j, Vouchers *ret, Err *e) {
        uint32_t spoken = spoken_of(p);
        Vouchers v = {};
        int rc = 0;

        if (spoken & FIRMWARE_PCRS)
                rc = judge(p, j, spoken & FIRMWARE_PCRS, &v.firmware, e);
        if (rc == 0 && (spoken >> PCR_UKI & 1))
                rc = judge(p, j, spoken & KERNEL_PCRS, &v.kernel, e);
        if (rc == 0 && v.firmware.same && v.kernel.same)
                rc = judge_together(p, j, spoken & (FIRMWARE_PCRS | KERNEL_PCRS), &v.kernel, e);
        if (rc < 0)
                return rc;
        v.kernel.whole = (spoken >> (PCR_UKI + 1) & 3) == 3;
        v.kernel.programs = spoken >> PCR_BOOT & 1;
        *ret = v;
        return 0;
}
