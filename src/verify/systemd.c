/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/systemd.h"

#include <errno.h>

#include "base/text.h"
#include "verify/evidence.h"
#include "verify/nvpcr.h"

SystemdWalk systemd_walk(const SystemdStory *s) {
        return json_type(s->records) == JSON_ARRAY ? systemd_walk_array(s->records)
                                                   : systemd_walk_log(s->log);
}

/* Where systemd measures what: PCRs, a bit each; or NvPCRs. */
static bool is_at_home(SystemdKind kind, const Register *reg) {
        static const struct {
                uint32_t pcrs;
                bool nv;
        } homes[_SYSTEMD_KIND_MAX] = {
                [SYSTEMD_PHASE] = { UINT32_C(1) << 11, false },
                [SYSTEMD_MACHINE_ID] = { UINT32_C(1) << 15, false },
                [SYSTEMD_FILE_SYSTEM] = { UINT32_C(1) << 15, false },
                [SYSTEMD_IMDS] = { UINT32_C(1) << 12, false },
                [SYSTEMD_OS_SEPARATOR] = { 0x72ff, false }, /* 0-7, 9, 12-14 */
                [SYSTEMD_NVPCR_INIT] = { UINT32_C(1) << 9, false },
                [SYSTEMD_NVPCR_SEPARATOR] = { UINT32_C(1) << 9, false },
                [SYSTEMD_PRODUCT_ID] = { 0, true },
                [SYSTEMD_KEYSLOT] = { 0, true },
                [SYSTEMD_VERITY] = { 0, true },
                [SYSTEMD_LOGIN] = { 0, true },
        };

        if (reg->kind == REGISTER_NV)
                return homes[kind].nv;
        return homes[kind].pcrs >> reg->index & 1;
}

/* Words that no digest covers; where they differ within one log, it is of more than one boot, as
 * after a kexec (facts of such machines: the registers stay). */
static void note_boot(SystemdStory *s, const SystemdRecord *r) {
        if (!r->has_boot)
                return;
        if (s->has_boot && memcmp(s->boot, r->boot, sizeof(s->boot)) != 0)
                s->several_boots = true;
        s->has_boot = true;
        memcpy(s->boot, r->boot, sizeof(s->boot));
}

/* By its words, or by its event. */
static void note_kind(SystemdStory *s, const SystemdEntry *entry) {
        static const SystemdKind told[] = { SYSTEMD_KEYSLOT, SYSTEMD_VERITY, SYSTEMD_LOGIN };

        s->kinds |= UINT32_C(1) << entry->words.kind;
        for (size_t i = 0; i < ELEMENTS(told); i++)
                if (json_is(entry->record.event_type, systemd_kind_name(told[i])))
                        s->kinds |= UINT32_C(1) << told[i];
}

static uint32_t algs_of(const SystemdRecord *r) {
        uint32_t algs = 0;

        for (size_t i = 0; i < r->n_digests; i++)
                algs |= UINT32_C(1) << r->digests[i].alg;
        return algs;
}

static void note_phase(SystemdStory *s, const SystemdEntry *entry) {
        unsigned phase = 0;

        if (s->n_phases == STORY_PHASES_MAX) {
                s->more_phases = true;
                return;
        }
        while (!span_is(entry->words.value, systemd_phases[phase]))
                phase++;
        s->phases[s->n_phases++] = (SystemdPhase){ phase, algs_of(&entry->record) };
}

/* The first id is the one that systemd measured; whoever comes later can add any. */
static void note_machine(SystemdMachine *m, const SystemdEntry *entry) {
        uint8_t id[16];

        if (!text_unhex(entry->words.value, id, sizeof(id)))
                return;
        if (m->told) {
                if (m->another == 0 && memcmp(id, m->id, sizeof(id)) != 0)
                        m->another = entry->n + 1;
                return;
        }
        m->told = true;
        m->n = entry->n;
        m->algs = algs_of(&entry->record);
        memcpy(m->id, id, sizeof(id));
}

/* What is not known to be systemd's could be anything, and so could what it stands for. */
static void note_strange(SystemdStory *s, const SystemdEntry *entry) {
        uint32_t pcr = entry->record.reg.index;

        /* the events of firmware stand in the same array, before any phase */
        if (json_type(s->records) == JSON_ARRAY && s->n_phases == 0 &&
                        entry->record.source == SYSTEMD_SOURCE_FIRMWARE)
                return;
        if (s->strange[pcr] == 0)
                s->strange[pcr] = entry->n + 1;
        if (pcr != PCR_MACHINE || s->machine.told)
                return;
        if (entry->proof == SYSTEMD_KEYED)
                s->machine.n_keyed++;
        else
                s->machine.hidden = entry->n + 1;
}

static void note(SystemdStory *s, const SystemdEntry *entry) {
        note_boot(s, &entry->record);
        note_kind(s, entry);
        if (!systemd_entry_extends(entry) || entry->record.reg.kind != REGISTER_PCR)
                return;
        if (entry->proof != SYSTEMD_PROVEN || !is_at_home(entry->words.kind, &entry->record.reg))
                note_strange(s, entry);
        else if (entry->words.kind == SYSTEMD_PHASE)
                note_phase(s, entry);
        else if (entry->words.kind == SYSTEMD_MACHINE_ID)
                note_machine(&s->machine, entry);
}

static int take(SystemdWalk *w, Replay *replay, SystemdStory *s, Err *e) {
        SystemdEntry entry;
        int rc;

        while ((rc = systemd_walk_next(w, &entry, e)) > 0) {
                note(s, &entry);
                if (!systemd_entry_extends(&entry))
                        continue;
                rc = replay_extend(replay, entry.record.reg, entry.record.digests,
                                entry.record.n_digests, e);
                if (rc < 0)
                        return rc;
        }
        s->n_records = w->n;
        return rc;
}

int systemd_take(Span log, Json records, Verdict *v, Replay *replay, SystemdStory *ret, Err *e) {
        SystemdStory s = { .has_log = log.size > 0 || json_type(records) == JSON_ARRAY,
                .log = log,
                .records = records };
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(&s);
        Err why = {};
        int rc;

        rc = take(&w, replay, &s, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0) {
                verdict_refute(v, CLAIM_REGISTERS, "%s", why.text);
                s = (SystemdStory){ .has_log = true };
        }
        *ret = s;
        return 0;
}

static void note_covered(const Replay *replay, const PcrValues *held, SystemdStory *s) {
        for (size_t b = 0; b < held->held.n_banks; b++) {
                PcrBank bank = { .alg = held->held.banks[b].alg };

                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                        if (pcr_value(held, bank.alg, pcr) &&
                                        replay_compare(replay, held, pcr) == REPLAY_EQUAL)
                                bank.mask |= UINT32_C(1) << pcr;
                if (hash_proves(bank.alg))
                        s->covered.banks[s->covered.n_banks++] = bank;
        }
}

const NvPcr *systemd_nv(const SystemdStory *s, uint32_t index) {
        for (size_t i = 0; i < s->n_nv; i++)
                if (s->nv[i].index == index)
                        return &s->nv[i];
        return NULL;
}

bool systemd_is_of_nvpcr(const SystemdStory *s, const SystemdEntry *entry, const char *label) {
        const Register *reg = &entry->record.reg;
        const NvPcr *nv = reg->kind == REGISTER_NV ? systemd_nv(s, reg->index) : NULL;

        return nv && strcmp(nv->label, label) == 0;
}

int systemd_judge(const Replay *replay, const PcrValues *held, Span policy, Verdict *v,
                SystemdStory *s, Err *e) {
        note_covered(replay, held, s);
        return judge_nvpcrs(replay, policy, v, s, e);
}

bool systemd_covers_pcr(const SystemdStory *s, unsigned pcr, uint32_t algs) {
        for (size_t b = 0; b < s->covered.n_banks; b++)
                if ((s->covered.banks[b].mask >> pcr & 1) && (algs >> s->covered.banks[b].alg & 1))
                        return true;
        return false;
}

bool systemd_covers(const SystemdStory *s, const SystemdEntry *entry) {
        const Register *reg = &entry->record.reg;
        const NvPcr *nv;

        if (reg->kind == REGISTER_PCR)
                return systemd_covers_pcr(s, reg->index, algs_of(&entry->record));
        nv = systemd_nv(s, reg->index);
        return nv && !nv->fault && systemd_record_digest(&entry->record, HASH_SHA256);
}

SystemdKind systemd_proven(const SystemdStory *s, const SystemdEntry *entry) {
        if (entry->proof != SYSTEMD_PROVEN || !is_at_home(entry->words.kind, &entry->record.reg))
                return SYSTEMD_UNKNOWN;
        return systemd_covers(s, entry) ? entry->words.kind : SYSTEMD_UNKNOWN;
}
