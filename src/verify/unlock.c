/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/unlock.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "log/chain.h"
#include "port/crypto.h"
#include "verify/evidence.h"
#include "verify/nvrecords.h"
#include "verify/segments.h"
#include "wire/event.h"

/* In words, for a reason. */
typedef struct Words {
        char text[160];
} Words;

/* What the logs tell of unlocks so far. A volume is named by the hash of its name and UUID. */
typedef struct Unlocks {
        Digest volumes[UNLOCKS_MAX]; /* whose key slot is known */
        bool used[UNLOCKS_MAX];      /* by a volume key that was measured */
        size_t n_volumes;
        unsigned n;
        Words first;
} Unlocks;

static uint32_t method_bit(Span name) {
        for (unsigned i = 0; event_methods[i]; i++)
                if (span_is(name, event_methods[i]))
                        return UINT32_C(1) << i;
        return 0;
}

/* The methods that systemd's word may stand for; 0 for a word that it does not have. */
static uint32_t methods_of(Span mechanism) {
        static const char *const words[] = { "tpm2", "fido2", "pkcs11" };

        if (mechanism.size == 0)
                return method_bit(SPAN_LITERAL("passphrase")) |
                       method_bit(SPAN_LITERAL("recovery")) | method_bit(SPAN_LITERAL("keyfile"));
        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (span_is(mechanism, words[i]))
                        return method_bit(mechanism);
        return 0;
}

static Words in_words(Span volume, Span method, Span slot) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(sizeof(Words));
        Words w = {};

        text_quote(&b, volume, 40);
        buf_string(&b, " by ");
        if (method.size > 0)
                buf_bytes(&b, (Span){ method.data, method.size < 40 ? method.size : 40 });
        else
                buf_string(&b, "passphrase, recovery key or key file");
        if (slot.size > 0)
                buf_printf(&b, " (slot %.*s)", (int) slot.size, (const char *) slot.data);
        (void) snprintf(w.text, sizeof(w.text), "%s", verdict_words(&b));
        return w;
}

static void take_one(Unlocks *u, const Words *words, uint32_t methods, const Question *q,
                const char *log, uint64_t n, Verdict *v) {
        if (methods == 0 || (methods & ~q->policy->allowed_methods))
                verdict_refute(v, CLAIM_UNLOCK,
                                "volume %s, which policy does not allow (record %" PRIu64 " of %s)",
                                words->text, n, log);
        if (u->n++ == 0)
                u->first = *words;
}

static int volume_of(const SystemdWords *w, Digest *ret, Err *e) {
        return hash_parts(HASH_SHA256, (Span[]){ w->name, SPAN_LITERAL(":"), w->value }, 3, ret, e);
}

static int take_keyslot(
                const SystemdEntry *entry, const Question *q, Verdict *v, Unlocks *u, Err *e) {
        const SystemdWords *w = &entry->words;
        Words words = in_words(w->name, w->method, w->slot);

        take_one(u, &words, methods_of(w->method), q, "systemd's log", entry->n, v);
        if (u->n_volumes == UNLOCKS_MAX) {
                verdict_refute(v, CLAIM_UNLOCK, "more than %d volumes were unlocked", UNLOCKS_MAX);
                return 0;
        }
        return volume_of(w, &u->volumes[u->n_volumes++], e);
}

static int take_systemd(const SystemdStory *s, const Question *q, Verdict *v, Unlocks *u, Err *e) {
        static const NvRecords keyslots = { SYSTEMD_KEYSLOT, "cryptsetup", CLAIM_UNLOCK,
                "an unlock" };
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(s);
        SystemdEntry entry;
        int rc;

        while ((rc = nvrecords_next(&keyslots, s, &w, v, &entry, e)) > 0) {
                rc = take_keyslot(&entry, q, v, u, e);
                if (rc < 0)
                        return rc;
        }
        return rc;
}

/* Each key that was measured uses up one key slot: the words beside an HMAC are the log's, so that
 * one volume's could be called another's. */
static bool use_slot(Unlocks *u, const Digest *volume) {
        for (size_t i = 0; i < u->n_volumes; i++)
                if (!u->used[i] && digest_equal(&u->volumes[i], volume)) {
                        u->used[i] = true;
                        return true;
                }
        return false;
}

static int judge_volume(const SystemdEntry *entry, Verdict *v, Unlocks *u, Err *e) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(128);
        Digest volume;
        int rc;

        rc = volume_of(&entry->words, &volume, e);
        if (rc < 0)
                return rc;
        if (use_slot(u, &volume))
                return 0;
        text_quote(&name, entry->words.name, 40);
        verdict_refute(v, CLAIM_UNLOCK,
                        "volume %s was unlocked, and no proven record says how (record %zu of systemd's log; crypttab: tpm2-measure-keyslot-nvpcr=)",
                        verdict_words(&name), entry->n);
        return 0;
}

/* What stands where systemd measures the keys of volumes, and is nothing else of systemd's. */
static bool can_be_key(const SystemdEntry *entry) {
        bool is_known = entry->words.kind == SYSTEMD_MACHINE_ID ||
                        entry->words.kind == SYSTEMD_FILE_SYSTEM;

        return register_equal(entry->record.reg, (Register){ REGISTER_PCR, PCR_MACHINE }) &&
               systemd_entry_extends(entry) && (entry->proof != SYSTEMD_PROVEN || !is_known);
}

/* A volume whose key was measured was unlocked, whether or not it is told how. The record is an
 * HMAC: its words are the log's, but it cannot be left out. */
static int take_volume_keys(const SystemdStory *s, Verdict *v, Unlocks *u, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(s);
        SystemdEntry entry;
        int rc;

        if (!(s->kinds >> SYSTEMD_VOLUME_KEY & 1) && s->strange[PCR_MACHINE] == 0)
                return 0;
        while ((rc = systemd_walk_next(&w, &entry, e)) > 0) {
                if (entry.proof == SYSTEMD_KEYED)
                        rc = judge_volume(&entry, v, u, e);
                else if (can_be_key(&entry))
                        verdict_refute(v, CLAIM_UNLOCK,
                                        "record %zu of systemd's log put something into pcr:15 that systemd does not measure there: it can be the key of a volume that was unlocked",
                                        entry.n);
                if (rc < 0)
                        return rc;
        }
        return rc;
}

/* Records that were left out, of a lane that has unlocks or that nobody knows. */
static bool is_lost_unlock(const Content *c) {
        Span lane = content_text(c, "lane");

        return c->event == EVENT_NOTE_LOST && !span_is(lane, "note") && !span_is(lane, "phase") &&
               !span_is(lane, "glass") && !span_is(lane, "layer");
}

static int take_segment(
                Span log, const char *name, const Question *q, Verdict *v, Unlocks *u, Err *e) {
        Segment s = segment_over(log);
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, e)) > 0) {
                Span method = content_text(&r.content, "method");
                Words words;

                if (is_lost_unlock(&r.content))
                        verdict_refute(v, CLAIM_UNLOCK,
                                        "the log says that records of unlocks were left out (record %" PRIu64
                                        " of %s)",
                                        r.content.seq, name);
                if (r.content.event != EVENT_UNLOCK_OPEN)
                        continue;
                words = in_words(content_text(&r.content, "volume"), method, (Span){});
                take_one(u, &words, method_bit(method), q, name, r.content.seq, v);
        }
        return evidence_not_judged(rc) ? rc : 0; /* what is wrong with it refutes registers */
}

/* Whoever begins a segment does not make undone what the one before tells. */
static int take_avouch(const UnlockLogs *logs, const Question *q, Verdict *v, Unlocks *u, Err *e) {
        Span before = logs->before, segment;
        int rc = 0;

        while (rc == 0 && segment_cut(&before, &segment, NULL) > 0)
                rc = take_segment(segment, "an earlier segment of avouch's log", q, v, u, e);
        return rc < 0 ? rc : take_segment(logs->last, "avouch's log", q, v, u, e);
}

static void prove(const SystemdStory *systemd, const Unlocks *u, Verdict *v) {
        verdict_prove(v, CLAIM_UNLOCK, "%u unlocked, each as policy allows: %s%s", u->n,
                        u->first.text, u->n > 1 ? ", ..." : "");
        if (verdict_proven(v, CLAIM_UNLOCK) &&
                        !systemd_covers_pcr(systemd, PCR_MACHINE, UINT32_MAX))
                verdict_remark(v, CLAIM_UNLOCK,
                                "whether systemd unlocked other volumes is not known, as pcr:15 is not quoted in a bank that proves (quote it, too)");
}

int judge_unlock(const SystemdStory *systemd, const UnlockLogs *avouch, const Question *q,
                Verdict *v, Err *e) {
        Unlocks u = {};
        Err why = {}; /* of a log that is none, it is told elsewhere */
        int rc;

        rc = take_avouch(avouch, q, v, &u, &why);
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        rc = take_systemd(systemd, q, v, &u, e);
        if (rc == 0)
                rc = take_volume_keys(systemd, v, &u, e);
        if (rc < 0)
                return rc;
        if (u.n > 0 && !verdict_proven(v, CLAIM_REGISTERS))
                verdict_refute(v, CLAIM_UNLOCK, "the logs are not proven (registers)");
        if (u.n > 0)
                prove(systemd, &u, v);
        else
                verdict_leave(v, CLAIM_UNLOCK,
                                "no log tells of an unlock (systemd records one only where crypttab says so)");
        return 0;
}
