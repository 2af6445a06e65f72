/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "tools/print.h"
#include "tools/show.h"
#include "tools/tool.h"
#include "verify/evidence.h"
#include "verify/report-firmware.h"

enum { ANSWER_MAX = 64 * 1024 * 1024 };

static const char *const registers_of_a_guest[] = { "MRTD", "RTMR0", "RTMR1", "RTMR2", "RTMR3" };

static bool matches(Span head) {
        return firmware_matches(head);
}

static const char *form(const FirmwareReplay *p) {
        if (p->confidential)
                return "a firmware log of a confidential guest (CCEL)";
        return p->agile ? "a firmware log"
                        : "a firmware log of old, with SHA-1 alone: it proves nothing";
}

/* What each register must hold. */
static void print_values(const FirmwareReplay *p) {
        const PcrSelection *held = &p->values.held;

        printf("It replays to\n");
        for (size_t b = 0; b < held->n_banks; b++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        const Digest *d = &p->values.digests[b][pcr];
                        char name[32];

                        if (!(p->touched >> pcr & 1))
                                continue;
                        if (p->confidential)
                                (void) snprintf(name, sizeof(name), "%s:%s", hash_name(d->alg),
                                                registers_of_a_guest[pcr]);
                        else
                                (void) snprintf(name, sizeof(name), "%s:%u", hash_name(d->alg),
                                                pcr);
                        print_hex(name, digest_span(d));
                }
}

static int print_people(const char *path, Span log, const FirmwareReplay *p, Err *e) {
        int rc;

        text_print(stdout, span_of(path));
        printf(": %s\n", form(p));
        printf("   #  %s  event                             proof        meaning\n",
                        p->confidential ? " R" : "PCR");
        rc = report_events(log, HASH_NONE, stdout, e);
        if (rc < 0)
                return rc;
        printf("%zu events were measured. What is proven is so once the registers are quoted; the order between registers, "
               "and the names of events, never are.\n",
                        p->n_events);
        print_values(p);
        return 0;
}

static void put_values(JsonWriter *w, const FirmwareReplay *p) {
        const PcrSelection *held = &p->values.held;

        json_put_object(w, "replaysTo");
        for (size_t b = 0; b < held->n_banks; b++) {
                json_put_object(w, hash_name(held->banks[b].alg));
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        char name[16];

                        (void) snprintf(name, sizeof(name), "%u", pcr);
                        if (p->touched >> pcr & 1)
                                json_put_hex(w, name, digest_span(&p->values.digests[b][pcr]));
                }
                json_put_end(w);
        }
        json_put_end(w);
}

static int print_as_json(const char *as, Span log, const FirmwareReplay *p, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(ANSWER_MAX);
        JsonWriter w = json_writer(&text, JSON_STRICT);
        int rc;

        json_put_object(&w, NULL);
        json_put_integer(&w, "avouch", 1);
        json_put_string(&w, "kind", "firmware-log");
        json_put_string(&w, "form", p->confidential ? "ccel" : p->agile ? "agile" : "sha1");
        json_put_integer(&w, "startupLocality", p->locality);
        put_values(&w, p);
        json_put_array(&w, "events");
        rc = report_events_json(log, HASH_NONE, &w, e);
        if (rc < 0)
                return rc;
        json_put_end(&w);
        json_put_end(&w);
        return print_json_buf(as, &text, e);
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(FIRMWARE_LOG_MAX);
        FirmwareReplay p;
        int rc;

        rc = file_read(path, &log, e);
        if (rc < 0)
                return rc == -E2BIG ? -EBADMSG : rc;
        rc = firmware_replay(buf_span(&log), &p, e);
        if (rc < 0) {
                err_at(e, path);
                return evidence_not_judged(rc) ? rc : -EBADMSG;
        }
        return a->json ? print_as_json(a->json, buf_span(&log), &p, e)
                       : print_people(path, buf_span(&log), &p, e);
}

const ShowKind show_firmware = {
        .name = "firmware log",
        .matches = matches,
        .show = show,
};
