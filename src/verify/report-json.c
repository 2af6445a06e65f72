/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report-against.h"
#include "verify/report-sysreport.h"
#include "verify/report-systemd.h"
#include "verify/report.h"

#include <errno.h>

#include "base/text.h"
#include "verify/report-firmware.h"
#include "verify/report-ima.h"
#include "verify/segments.h"

/* A text that was put together; where it failed, the whole fails. */
static void put_text(JsonWriter *w, const char *name, const Buf *text) {
        buf_fail(w->to, text->failed);
        json_put_span(w, name, buf_span(text));
}

void report_reason_json(JsonWriter *w, const char *name, const char *reason) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4 * REASON_MAX);

        for (Span rest = span_of(reason); rest.size > 0;) {
                const uint8_t *slash = memchr(rest.data, '\\', rest.size);
                size_t n = slash ? (size_t) (slash - rest.data) : rest.size;

                text_escape(&text, (Span){ rest.data, n });
                if (slash)
                        buf_byte(&text, rest.data[n++]);
                rest = span_from(rest, n);
        }
        put_text(w, name, &text);
}

static void put_claims(const Verdict *v, JsonWriter *w) {
        json_put_object(w, "claims");
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++) {
                ClaimState state = verdict_state(v, claim);

                json_put_object(w, claim_name(claim));
                json_put_string(w, "state", claim_state_name(state));
                json_put_integer(w, "required", v->required >> claim & 1);
                report_reason_json(w, "reason", v->reasons[claim]);
                if (state == CLAIM_EXCUSED)
                        report_reason_json(w, "by", v->by[claim]);
                json_put_end(w);
        }
        json_put_end(w);
}

/* A counter may show what JSON has no number for. */
static void put_number(JsonWriter *w, const char *name, uint64_t v) {
        json_put_integer(w, name, v > (uint64_t) JSON_INTEGER_MAX ? JSON_INTEGER_MAX : (int64_t) v);
}

static void put_counter(const Openings *o, JsonWriter *w) {
        if (o->has_counter)
                put_number(w, "counter", o->count);
        if (!o->has_history)
                return;
        json_put_object(w, "history");
        json_put_integer(w, "proven", o->has_counter && o->fault[0] == '\0');
        put_number(w, "first", o->first);
        put_number(w, "lines", o->lines);
        put_number(w, "opened", o->opened);
        put_number(w, "unlocked", o->unlocked);
        put_number(w, "leftOut", o->left_out);
        json_put_end(w);
}

static void put_machine(const Judgement *j, JsonWriter *w) {
        _cleanup_(buf_done) Buf quoted = BUF_UP_TO(512);

        json_put_object(w, "machine");
        if (j->readable) {
                pcr_selection_text(&j->evidence.tpm.pcrs.held, &quoted);
                json_put_hex(w, "attestationKey",
                                (Span){ j->evidence.ak_name, sizeof(j->evidence.ak_name) });
                json_put_integer(w, "created", j->evidence.manifest.created);
                put_text(w, "quoted", &quoted);
        }
        if (j->readable && j->report.readable) {
                json_put_object(w, "report");
                report_sysreport_json(&j->report, w);
                json_put_end(w);
        } else if (j->report.readable) {
                report_sysreport_json(&j->report, w);
        }
        if (j->story.n_records > 0) {
                json_put_hex(w, "id", (Span){ j->story.machine, sizeof(j->story.machine) });
                json_put_hex(w, "boot", (Span){ j->story.segment.chain.boot, 16 });
        }
        put_counter(&j->openings, w);
        json_put_end(w);
}

static void put_not_judged(const Judgement *j, JsonWriter *w) {
        json_put_array(w, "notJudged");
        for (BundleLabel label = PART_INVALID + 1; j->readable && label < _PART_MAX; label++)
                if (j->evidence.bundle.has[label] && !report_judges(label))
                        json_put_string(w, NULL, bundle_label_name(label));
        json_put_end(w);
}

/* One segment's records; opened: somebody was in already. */
static void put_segment(Span log, bool proven, bool *opened, const Question *q, JsonWriter *w) {
        Segment s = segment_over(log);
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, NULL)) > 0) {
                _cleanup_(buf_done) Buf words = BUF_UP_TO(CONTENT_MAX);
                const Content *c = &r.content;

                report_record(c, q, &words);
                json_put_object(w, NULL);
                json_put_integer(w, "seq", (int64_t) c->seq);
                json_put_integer(w, "time", c->time);
                json_put_integer(w, "wall", c->wall);
                json_put_string(w, "event", event_name(c->event));
                put_text(w, "says", &words); /* escaped when it was recorded */
                json_put_integer(w, "proven", proven);
                json_put_integer(w, "afterOpening", *opened);
                json_put_end(w);
                *opened = *opened || c->event == EVENT_GLASS_OPEN;
        }
        if (evidence_not_judged(rc))
                buf_fail(w->to, rc);
}

static void put_timeline(const Judgement *j, const Question *q, JsonWriter *w) {
        Span log = j->readable ? j->evidence.bundle.parts[PART_AVOUCH_LOG] : (Span){};
        Span before = j->readable ? j->evidence.bundle.parts[PART_AVOUCH_LOG_BEFORE] : (Span){};
        bool proven = verdict_proven(&j->verdict, CLAIM_REGISTERS), opened = false;
        Span segment;

        json_put_array(w, "timeline");
        while (segment_cut(&before, &segment, NULL) > 0)
                put_segment(segment, proven, &opened, q, w);
        put_segment(log, proven, &opened, q, w);
        json_put_end(w);
}

/* What comes before a malformed event is told; the verdict says what is wrong with the rest. */
static void put_firmware(const Judgement *j, JsonWriter *w) {
        int rc;

        if (!j->evidence.bundle.has[PART_FIRMWARE_LOG])
                return;
        json_put_array(w, "firmware");
        rc = report_events_json(j->evidence.bundle.parts[PART_FIRMWARE_LOG], HASH_NONE, w, NULL);
        if (evidence_not_judged(rc))
                buf_fail(w->to, rc);
        json_put_end(w);
}

int report_json(const Judgement *j, const Question *q, Buf *to, Err *e) {
        JsonWriter w = json_writer(to, JSON_STRICT);
        Span unused;
        int rc;

        json_put_object(&w, NULL);
        json_put_integer(&w, "avouch", 1);
        json_put_integer(&w, "trusted", verdict_trusted(&j->verdict));
        put_claims(&j->verdict, &w);
        put_machine(j, &w);
        put_not_judged(j, &w);
        put_timeline(j, q, &w);
        put_firmware(j, &w);
        if (j->systemd.has_log) {
                json_put_object(&w, "systemd");
                report_systemd_json(&j->systemd, q, &w);
                json_put_end(&w);
        }
        if (j->ima.log.size > 0) {
                json_put_object(&w, "ima");
                report_ima_json(&j->ima, true, &w);
                json_put_end(&w);
        }
        if (j->against)
                report_against_json(j->against, &w);
        json_put_end(&w);
        rc = buf_end(to, &unused);
        if (rc == -E2BIG)
                return err_set(e, rc, "the verdict takes more than %zu bytes", to->max);
        return rc < 0 ? err_set(e, rc, "no memory for the verdict") : 0;
}
