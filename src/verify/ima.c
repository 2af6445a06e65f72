/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/ima.h"

#include "port/crypto.h"
#include "verify/evidence.h"

/* How the kernel extends a bank: by that bank's own hash of the data; before Linux 5.8, and where
 * the kernel lacks the hash, by their SHA-1 with zeros behind it (ima_calc_field_array_hash()). */
typedef enum Way { WAY_HASHED, WAY_PADDED, _WAY_MAX } Way;

/* One bank, followed both ways until it meets the quoted value. */
typedef struct Track {
        const Digest *quoted; /* NULL: not of interest */
        Digest value[_WAY_MAX];
        bool met;
        Way way;
        size_t n; /* entries until there */
} Track;

static void look(Track *t, size_t n) {
        for (Way way = 0; !t->met && way < _WAY_MAX; way++)
                if (digest_equal(&t->value[way], t->quoted)) {
                        t->met = true;
                        t->way = way;
                        t->n = n;
                }
}

static int extend_one(Digest *value, Way way, const ImaEntry *entry, Err *e) {
        HashAlg bank = value->alg;
        Digest with = digest_zero(bank), d;
        int rc;

        if (entry->violation) /* ima_add_violation() */
                memset(with.bytes, 0xff, with.size);
        else {
                rc = hash_parts(way == WAY_PADDED ? HASH_SHA1 : bank, entry->measured,
                                IMA_MEASURED_PARTS, &d, e);
                if (rc < 0)
                        return rc;
                memcpy(with.bytes, d.bytes, d.size);
        }
        return hash_extend(value, &with, e);
}

static int extend(Track *t, const ImaEntry *entry, Err *e) {
        for (Way way = 0; way < _WAY_MAX; way++) {
                int rc = extend_one(&t->value[way], way, entry, e);

                if (rc < 0)
                        return rc;
        }
        look(t, entry->number + 1);
        return 0;
}

/* Each bank from where the logs before it leave the register. */
static size_t begin(const PcrValues *quoted, const Replay *replay, Track tracks[PCR_BANKS_MAX]) {
        size_t n = quoted->held.n_banks;

        for (size_t b = 0; b < n; b++) {
                uint16_t alg = quoted->held.banks[b].alg;
                const Digest *from = pcr_value(&replay->pcrs, alg, PCR_IMA);
                Track t = { .quoted = from ? pcr_value(quoted, alg, PCR_IMA) : NULL };

                if (t.quoted) {
                        t.value[WAY_HASHED] = t.value[WAY_PADDED] = *from;
                        look(&t, 0);
                }
                tracks[b] = t;
        }
        return n;
}

static int follow(Span log, Track tracks[PCR_BANKS_MAX], size_t n_tracks, ImaStory *s, Err *e) {
        ImaLog list = ima_over(log);
        ImaEntry entry;
        int rc;

        while ((rc = ima_next(&list, &entry, e)) > 0) {
                if (entry.pcr != PCR_IMA)
                        s->n_elsewhere++;
                for (size_t b = 0; entry.pcr == PCR_IMA && b < n_tracks; b++) {
                        if (!tracks[b].quoted || tracks[b].met)
                                continue;
                        rc = extend(&tracks[b], &entry, e);
                        if (rc < 0)
                                return rc;
                }
        }
        s->n_entries = list.n_entries;
        return rc;
}

/* Banks of one TPM are extended together: where one of them shows fewer entries, no more are
 * proven. */
static void conclude(
                const Track tracks[PCR_BANKS_MAX], size_t n_tracks, Replay *replay, ImaStory *s) {
        for (size_t b = 0; b < n_tracks; b++) {
                const Track *t = &tracks[b];

                if (!t->met)
                        continue;
                for (size_t i = 0; i < replay->pcrs.held.n_banks; i++)
                        if (replay->pcrs.held.banks[i].alg == t->quoted->alg)
                                replay->pcrs.digests[i][PCR_IMA] = *t->quoted;
                if (!hash_proves(t->quoted->alg))
                        continue;
                s->n_proven = s->covered && s->n_proven < t->n ? s->n_proven : t->n;
                s->weak = s->weak || t->way == WAY_PADDED;
                s->covered = true;
        }
        replay->told |= UINT32_C(1) << PCR_IMA;
}

/* Among entries that were read before. */
static void count_measured(ImaStory *s) {
        ImaLog list = ima_over(s->log);
        ImaEntry entry;

        while (list.n_entries < s->n_proven && ima_next(&list, &entry, NULL) > 0) {
                s->n_measured += entry.pcr == PCR_IMA;
                s->n_violations += entry.violation && entry.pcr == PCR_IMA;
        }
}

static int take(const PcrValues *quoted, Replay *replay, ImaStory *s, Err *e) {
        Track tracks[PCR_BANKS_MAX];
        size_t n = begin(quoted, replay, tracks);
        int rc;

        rc = follow(s->log, tracks, n, s, e);
        if (rc < 0)
                return rc;
        conclude(tracks, n, replay, s);
        count_measured(s);
        return 0;
}

int ima_take(Span log, const PcrValues *quoted, Verdict *v, Replay *replay, ImaStory *ret, Err *e) {
        ImaStory s = { .log = log };
        Err why = {};
        int rc;

        *ret = s;
        if (log.size == 0)
                return 0;
        rc = take(quoted, replay, &s, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0) {
                verdict_refute(v, CLAIM_REGISTERS, "%s", why.text);
                s = (ImaStory){};
        }
        *ret = s;
        return 0;
}

int ima_replay(Span log, Digest *value, ImaStory *ret, Err *e) {
        ImaLog list = ima_over(log);
        ImaStory s = { .log = log };
        ImaEntry entry;
        int rc;

        while ((rc = ima_next(&list, &entry, e)) > 0) {
                if (entry.pcr != PCR_IMA) {
                        s.n_elsewhere++;
                        continue;
                }
                s.n_violations += entry.violation;
                rc = extend_one(value, WAY_HASHED, &entry, e);
                if (rc < 0)
                        return rc;
        }
        s.n_entries = list.n_entries;
        *ret = s;
        return rc;
}

const char *ima_standing(const ImaStory *s, const ImaEntry *entry) {
        if (!s->covered || entry->pcr != PCR_IMA)
                return "not covered";
        if (entry->number >= s->n_proven)
                return "after";
        if (entry->violation)
                return "nameless";
        return s->weak ? "sha1" : "proven";
}
