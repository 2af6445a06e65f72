/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "tools/print.h"
#include "tools/show.h"
#include "tools/tool.h"
#include "verify/report-systemd.h"

/* A log whose first record is systemd's. */
static bool matches(Span head) {
        JsonToken tokens[SYSTEMD_RECORD_TOKENS_MAX];
        SystemdRecord r;
        Span line;

        return systemd_log_next(&head, &line, NULL) > 0 &&
               systemd_record_parse(line, tokens, &r, NULL) == 0 &&
               r.source == SYSTEMD_SOURCE_SYSTEMD;
}

/* What the registers of one bank hold where nobody else extends them. */
static int follow(const char *path, Span log, Replay *ret, size_t *ret_n, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk_log(log);
        const PcrSelection sha256 = { .banks = { { .alg = HASH_SHA256 } }, .n_banks = 1 };
        int rc;

        *ret = replay_begin(&sha256);
        rc = systemd_replay(&w, ret, ret_n, e);
        if (rc < 0)
                err_at(e, path);
        return rc;
}

static void print_value(const Digest *value) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);

        text_hex(&hex, digest_span(value));
        text_print(stdout, buf_span(&hex));
        printf("\n");
}

static void print_people(const char *path, Span log, const Replay *r, size_t n) {
        text_print(stdout, span_of(path));
        printf(": a log of what systemd measured\n");
        report_systemd_log(log, stdout);
        printf("%zu records. From reset, and where nobody else extends them, the registers (sha256) hold\n",
                        n);
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                if (r->told >> pcr & 1) {
                        printf("  pcr:%-10u ", pcr);
                        print_value(&r->pcrs.digests[0][pcr]);
                }
        for (size_t i = 0; i < r->n_nv; i++) {
                printf("  nv:0x%08x  ", r->nv[i].index);
                print_value(&r->nv[i].value);
        }
}

static int print_as_json(const char *form, Span log, size_t n, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4 * SYSTEMD_LOG_MAX);
        JsonWriter w = json_writer(&text, JSON_STRICT);

        json_put_object(&w, NULL);
        json_put_integer(&w, "avouch", 1);
        json_put_string(&w, "kind", "systemd-log");
        json_put_integer(&w, "count", (int64_t) n);
        report_systemd_log_json(log, &w);
        json_put_end(&w);
        return print_json_buf(form, &text, e);
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(SYSTEMD_LOG_MAX);
        size_t n = 0;
        Replay r;
        int rc;

        rc = file_read(path, &log, e);
        if (rc < 0)
                return rc == -E2BIG ? -EBADMSG : rc;
        rc = follow(path, buf_span(&log), &r, &n, e);
        if (rc < 0)
                return rc;
        if (a->json)
                return print_as_json(a->json, buf_span(&log), n, e);
        print_people(path, buf_span(&log), &r, n);
        return EXIT_YES;
}

const ShowKind show_systemd = {
        .name = "systemd-log",
        .matches = matches,
        .show = show,
};
