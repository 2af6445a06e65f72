/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/facts.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "verify/report-systemd.h"
#include "verify/report.h"
#include "verify/segments.h"

enum { WORDS_MAX = 64 * 1024 };

/* As what a record of systemd is told: _FACT_MAX for what says nothing of a machine. */
static FactKind kind_of(SystemdKind kind) {
        static const FactKind kinds[_SYSTEMD_KIND_MAX] = {
                [SYSTEMD_UNKNOWN] = FACT_SYSTEMD,
                [SYSTEMD_PHASE] = FACT_PHASE,
                [SYSTEMD_MACHINE_ID] = FACT_MACHINE,
                [SYSTEMD_FILE_SYSTEM] = FACT_FILE_SYSTEM,
                [SYSTEMD_VOLUME_KEY] = FACT_VOLUME,
                [SYSTEMD_IMDS] = FACT_SYSTEMD,
                [SYSTEMD_OS_SEPARATOR] = _FACT_MAX,
                [SYSTEMD_NVPCR_INIT] = FACT_SYSTEMD,
                [SYSTEMD_NVPCR_SEPARATOR] = _FACT_MAX,
                [SYSTEMD_PRODUCT_ID] = FACT_SYSTEMD,
                [SYSTEMD_KEYSLOT] = FACT_UNLOCK,
                [SYSTEMD_VERITY] = FACT_VERITY,
                [SYSTEMD_LOGIN] = FACT_LOGIN,
        };

        return kinds[kind];
}

static bool is_systemd_proven(const SystemdStory *s, const SystemdEntry *entry) {
        if (entry->proof == SYSTEMD_KEYED)
                return systemd_covers(s, entry);
        return systemd_proven(s, entry) == entry->words.kind &&
               entry->words.kind != SYSTEMD_UNKNOWN;
}

/* By what a record is found again in another boot; devices are named anew in each. */
static void put_subject(const SystemdEntry *entry, Buf *to) {
        const SystemdWords *w = &entry->words;

        buf_string(to, systemd_kind_name(w->kind));
        buf_byte(to, ' ');
        if (w->kind == SYSTEMD_PHASE || w->kind == SYSTEMD_VERITY)
                text_escape(to, w->value);
        else
                text_escape(to, w->name);
}

/* Its words are anybody's bytes: newlines of a cloud's user data, or what was put there on purpose.
 */
static void put_words(const SystemdEntry *entry, Buf *to) {
        const SystemdWords *w = &entry->words;

        if (w->kind != SYSTEMD_VERITY) {
                _cleanup_(buf_done) Buf words = BUF_UP_TO(WORDS_MAX);

                report_systemd_entry(entry, NULL, &words);
                buf_fail(to, words.failed);
                text_escape(to, buf_span(&words));
                return;
        }
        buf_string(to, "root hash ");
        text_escape(to, w->value);
        if (w->signers.size > 0)
                buf_string(to, ", names a signer");
}

static int take_entry(const SystemdStory *s, const SystemdEntry *entry, Facts *f, Err *e) {
        _cleanup_(buf_done) Buf subject = BUF_UP_TO(WORDS_MAX), words = BUF_UP_TO(WORDS_MAX);
        FactKind kind = kind_of(entry->words.kind);
        const Digest *digest = NULL;

        if (kind == _FACT_MAX || entry->record.source == SYSTEMD_SOURCE_FIRMWARE)
                return 0;
        put_subject(entry, &subject);
        put_words(entry, &words);
        /* the words are not all that was measured */
        if (entry->words.kind == SYSTEMD_VOLUME_KEY || entry->words.kind == SYSTEMD_UNKNOWN)
                digest = systemd_record_digest(&entry->record, HASH_SHA256);
        buf_fail(&words, subject.failed);
        return facts_add_words(f, kind, is_systemd_proven(s, entry), buf_span(&subject), &words,
                        digest, e);
}

int facts_take_systemd(const Judgement *j, Facts *f, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(&j->systemd);
        SystemdEntry entry;
        int rc = 0;

        while (j->systemd.n_records > 0 && (rc = systemd_walk_next(&w, &entry, e)) > 0) {
                rc = take_entry(&j->systemd, &entry, f, e);
                if (rc < 0)
                        return rc;
        }
        return rc;
}

static FactKind kind_of_event(Event event) {
        switch (event) {
        case EVENT_PHASE_GENESIS:
        case EVENT_PHASE_BROKEN:
                return FACT_RECORD;
        case EVENT_PHASE_ENTER:
                return FACT_PHASE;
        case EVENT_LAYER_ACTIVATE:
        case EVENT_LAYER_DEACTIVATE:
        case EVENT_LAYER_REFUSE:
                return FACT_LAYER;
        case EVENT_UNLOCK_OPEN:
        case EVENT_UNLOCK_FAIL:
                return FACT_UNLOCK;
        case EVENT_GLASS_OPEN:
        case EVENT_GLASS_CLOSE:
        case EVENT_GLASS_LOST:
                return FACT_GLASS;
        default:
                return _FACT_MAX;
        }
}

static Span member_text(const Content *c, const char *name) {
        return json_raw(content_member(c, name));
}

/* A layer by its class and name, an unlock by the volume; the rest by what it says. */
static void put_event_subject(const Content *c, const Buf *words, Buf *to) {
        buf_string(to, event_name(c->event));
        buf_byte(to, ' ');
        if (kind_of_event(c->event) == FACT_LAYER) {
                buf_bytes(to, member_text(c, "class"));
                buf_byte(to, ' ');
                buf_bytes(to, member_text(c, "name"));
        } else if (kind_of_event(c->event) == FACT_UNLOCK) {
                buf_bytes(to, member_text(c, "volume"));
        } else if (c->event != EVENT_PHASE_GENESIS) {
                buf_bytes(to, buf_span(words));
        }
}

static int take_digest(const Content *c, const char *name, Digest *ret) {
        uint8_t hash[32];

        if (!json_hex(content_member(c, name), hash, sizeof(hash)))
                return 0;
        return digest_from(HASH_SHA256, (Span){ hash, sizeof(hash) }, ret);
}

static int take_genesis(const Content *c, bool proven, Facts *f, Err *e) {
        Digest config = {};
        int rc;

        rc = facts_add(f, FACT_MACHINE, proven, SPAN_LITERAL("avouch"), member_text(c, "machine"),
                        NULL, e);
        if (rc == 0)
                rc = facts_add(f, FACT_RECORD, proven, SPAN_LITERAL("version"),
                                member_text(c, "version"), NULL, e);
        if (rc == 0 && take_digest(c, "config", &config))
                rc = facts_add(f, FACT_RECORD, proven, SPAN_LITERAL("config"),
                                SPAN_LITERAL("configuration"), &config, e);
        return rc;
}

static int take_record(const Content *c, bool proven, Facts *f, Err *e) {
        _cleanup_(buf_done) Buf subject = BUF_UP_TO(WORDS_MAX), words = BUF_UP_TO(WORDS_MAX);
        FactKind kind = kind_of_event(c->event);
        Digest digest = {};

        if (kind == _FACT_MAX)
                return 0;
        if (c->event == EVENT_PHASE_GENESIS)
                return take_genesis(c, proven, f, e);
        if (kind == FACT_GLASS)
                buf_string(&words, c->event == EVENT_GLASS_OPEN    ? "opened: "
                                   : c->event == EVENT_GLASS_CLOSE ? "closed: "
                                                                   : "");
        if (c->event == EVENT_LAYER_DEACTIVATE)
                buf_string(&words, "taken away: ");
        if (c->event == EVENT_LAYER_REFUSE)
                buf_string(&words, "refused: ");
        if (c->event == EVENT_UNLOCK_FAIL)
                buf_string(&words, "failed: ");
        report_record(c, NULL, &words);
        put_event_subject(c, &words, &subject);
        if (kind == FACT_LAYER && !take_digest(c, "rootHash", &digest))
                (void) take_digest(c, "identity", &digest);
        buf_fail(&words, subject.failed);
        return facts_add_words(f, kind, proven, buf_span(&subject), &words, &digest, e);
}

/* What is wrong with a log is told by the claim registers: what stands before it is taken. */
static int take_segment(Span log, bool proven, Facts *f, Err *e) {
        Segment s = segment_over(log);
        Err why = {};
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, &why)) > 0) {
                rc = take_record(&r.content, proven, f, e);
                if (rc < 0)
                        return rc;
        }
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0)
                facts_fault(f, why.text);
        return 0;
}

int facts_take_records(const Judgement *j, Facts *f, Err *e) {
        Span before = j->evidence.bundle.parts[PART_AVOUCH_LOG_BEFORE], segment;
        bool proven = verdict_proven(&j->verdict, CLAIM_REGISTERS);
        int rc = 0;

        while (rc == 0 && segment_cut(&before, &segment, NULL) > 0)
                rc = take_segment(segment, proven, f, e);
        if (rc == 0)
                rc = take_segment(j->evidence.bundle.parts[PART_AVOUCH_LOG], proven, f, e);
        return rc;
}
