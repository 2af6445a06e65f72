/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report-against.h"
#include "verify/report-sysreport.h"
#include "verify/report-systemd.h"
#include "verify/report.h"

#include <inttypes.h>
#include <time.h>

#include "base/text.h"
#include "verify/report-firmware.h"
#include "verify/report-ima.h"
#include "verify/segments.h"

static void print_buf(FILE *to, const Buf *b) {
        text_print(to, buf_span(b));
}

/* JSON's 2^53 microseconds end in the year 2255: there is a date for each. */
static void print_wall(FILE *to, int64_t microseconds) {
        time_t seconds = (time_t) (microseconds / 1000000);
        char text[64] = "";
        struct tm tm = {};

        (void) gmtime_r(&seconds, &tm);
        (void) strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
        fprintf(to, "%s", text);
}

static void print_counter(const Openings *o, FILE *to) {
        if (o->has_counter)
                fprintf(to, "\n  counter          %" PRIu64, o->count);
        if (!o->has_history)
                return;
        fprintf(to,
                        "\n  history          %" PRIu64 " lines from count %" PRIu64 ": %" PRIu64
                        " opening%s",
                        o->lines, o->first, o->opened, o->opened == 1 ? "" : "s");
        if (o->unlocked > 0)
                fprintf(to, ", %" PRIu64 " unlocked by hand", o->unlocked);
        if (o->left_out > 0)
                fprintf(to, ", %" PRIu64 " left out", o->left_out);
        if (o->fault[0] != '\0')
                fprintf(to, " (NOT PROVEN)");
}

static void print_bundle_head(const Judgement *j, FILE *to) {
        _cleanup_(buf_done) Buf ak = BUF_UP_TO(128), machine = BUF_UP_TO(64);

        text_hex(&ak, (Span){ j->evidence.ak_name, sizeof(j->evidence.ak_name) });
        fprintf(to, "Evidence made ");
        print_wall(to, j->evidence.manifest.created);
        fprintf(to, " (the machine's own clock)\n  attestation key  ");
        print_buf(to, &ak);
        if (j->story.n_records > 0) {
                text_hex(&machine, (Span){ j->story.machine, sizeof(j->story.machine) });
                fprintf(to, "\n  machine          ");
                print_buf(to, &machine);
        }
        print_counter(&j->openings, to);
        fprintf(to, "\n");
}

static void print_head(const Judgement *j, FILE *to) {
        if (!j->readable && !j->report.readable)
                fprintf(to, "Evidence that cannot be read\n");
        if (j->readable)
                print_bundle_head(j, to);
        if (j->report.readable)
                report_sysreport_head(&j->report, to);
        fprintf(to, "\n");
}

static void print_claims(const Judgement *j, FILE *to) {
        static const char *const words[] = {
                [CLAIM_ABSENT] = "absent",
                [CLAIM_NOT_PROVEN] = "NOT PROVEN",
                [CLAIM_PROVEN] = "proven",
                [CLAIM_EXCUSED] = "excused",
        };

        for (Claim claim = 0; claim < _CLAIM_MAX; claim++) {
                ClaimState state = verdict_state(&j->verdict, claim);
                bool required = j->verdict.required >> claim & 1;

                fprintf(to, "%c %-10s %-11s", required ? '*' : ' ', claim_name(claim),
                                words[state]);
                text_print(to, span_of(j->verdict.reasons[claim]));
                if (state == CLAIM_EXCUSED) {
                        fprintf(to, " (excused by ");
                        text_print(to, span_of(j->verdict.by[claim]));
                        fprintf(to, ")");
                }
                fprintf(to, "\n");
        }
        fprintf(to, "  (* policy requires it)\n");
}

void report_line(const Content *c, const Question *q, bool doubtful, FILE *to) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(CONTENT_MAX);

        report_record(c, q, &words);
        fprintf(to, "%4" PRIu64 " %9" PRId64 ".%03d s  %-16s ", c->seq, c->time / 1000000,
                        (int) (c->time / 1000 % 1000), event_name(c->event));
        print_buf(to, &words);
        fprintf(to, "%s\n", doubtful ? " [after an opening: the word of whoever opened it]" : "");
}

size_t report_records(Span log, const Question *q, FILE *to) {
        Segment s = segment_over(log);
        bool opened = false;
        Record r;

        while (segment_next(&s, &r, NULL) > 0) {
                report_line(&r.content, q, opened, to);
                opened = opened || r.content.event == EVENT_GLASS_OPEN;
        }
        return s.rest.size;
}

static void print_timeline(const Judgement *j, const Question *q, FILE *to) {
        Span before = j->evidence.bundle.parts[PART_AVOUCH_LOG_BEFORE], segment;
        bool proven = verdict_proven(&j->verdict, CLAIM_REGISTERS);
        size_t stray;

        if (!j->story.has_log)
                return;
        fprintf(to, "\nWhat the machine recorded, in order (%s)\n",
                        proven ? "each record proven by the quoted register; times and texts are the machine's word"
                               : "NOT PROVEN: anybody may have written this");
        while (segment_cut(&before, &segment, NULL) > 0)
                (void) report_records(segment, q, to);
        stray = report_records(j->evidence.bundle.parts[PART_AVOUCH_LOG], q, to);
        if (stray > 0)
                fprintf(to, "     ... and %zu bytes that do not continue it\n", stray);
}

static void print_events(const Judgement *j, FILE *to) {
        Err e = {};

        if (!j->evidence.bundle.has[PART_FIRMWARE_LOG])
                return;
        fprintf(to, "\nWhat firmware, boot loader and kernel measured, by the firmware's log (%s)\n",
                        verdict_proven(&j->verdict, CLAIM_REGISTERS)
                                        ? "the quoted registers are those that it leads to; names, and the order between registers, are its word"
                                        : "NOT PROVEN: anybody may have written this");
        if (report_events(j->evidence.bundle.parts[PART_FIRMWARE_LOG], HASH_NONE, to, &e) < 0) {
                fprintf(to, "     ... and then ");
                text_print(to, span_of(e.text));
                fprintf(to, "\n");
        }
}

bool report_judges(BundleLabel label) {
        return label == PART_MANIFEST || label == PART_TPM || label == PART_AVOUCH_LOG ||
               label == PART_AVOUCH_LOG_BEFORE || label == PART_HISTORY ||
               label == PART_FIRMWARE_LOG || label == PART_COMMAND_LINE || label == PART_IMA_LOG ||
               label == PART_SYSTEMD_LOG || label == PART_SYSTEMD_REPORT;
}

static void print_coverage(const Judgement *j, FILE *to) {
        _cleanup_(buf_done) Buf quoted = BUF_UP_TO(512);

        pcr_selection_text(&j->evidence.tpm.pcrs.held, &quoted);
        fprintf(to, "\nQuoted: ");
        print_buf(to, &quoted);
        fprintf(to, "\nNot covered: whether the key is in a genuine TPM, %s%s%sand %s.\n",
                        verdict_proven(&j->verdict, CLAIM_FIRMWARE) ? ""
                                                                    : "firmware, boot loader, ",
                        verdict_proven(&j->verdict, CLAIM_KERNEL) ? "" : "kernel, ",
                        verdict_proven(&j->verdict, CLAIM_ROOT) ? "" : "root file system, ",
                        j->openings.covered ? "what was not recorded in earlier boots"
                                            : "every boot before this one");
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++)
                if (j->evidence.bundle.has[label] && !report_judges(label))
                        fprintf(to, "In the evidence, but not judged by this version: %s\n",
                                        bundle_label_name(label));
}

static void print_verdict(const Verdict *v, FILE *to) {
        const char *between = "";

        if (verdict_trusted(v)) {
                fprintf(to, "\nTRUSTED: every claim that policy requires is proven or excused.\n");
                return;
        }
        fprintf(to, "\nNOT TRUSTED: ");
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++) {
                ClaimState state = verdict_state(v, claim);

                if (!(v->required >> claim & 1) || state == CLAIM_PROVEN || state == CLAIM_EXCUSED)
                        continue;
                fprintf(to, "%s%s", between, claim_name(claim));
                between = ", ";
        }
        fprintf(to, " not proven.\n");
}

void report_people(const Judgement *j, const Question *q, FILE *to) {
        print_head(j, to);
        print_claims(j, to);
        if (j->readable) {
                print_timeline(j, q, to);
                print_events(j, to);
                report_systemd_people(&j->systemd, q, to);
                report_ima_people(&j->ima, to);
                print_coverage(j, to);
        }
        if (!j->readable && j->report.readable) {
                report_systemd_people(&j->systemd, q, to);
                report_sysreport_coverage(&j->report, to);
        }
        if (j->against)
                report_against(j->against, to);
        print_verdict(&j->verdict, to);
}
