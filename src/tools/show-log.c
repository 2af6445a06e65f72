/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "tools/print.h"
#include "tools/show.h"
#include "tools/tool.h"
#include "verify/report.h"

static bool matches(Span head) {
        return span_starts(head, SPAN_LITERAL("\x1e{"));
}

/* The whole chain: -EBADMSG with the record in e, where it does not hold. */
static int follow(const char *path, Span log, Chain *ret, Err *e) {
        Segment s = segment_over(log);
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, e)) > 0)
                continue;
        *ret = s.chain;
        if (rc < 0)
                err_at(e, path);
        return rc == -ENOMEM || rc == 0 ? rc : -EBADMSG;
}

static void print_register(const Strand *s) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(32);

        register_text(s->reg, &name);
        text_print(stdout, buf_span(&name));
}

static void print_values(const Strand *s) {
        for (size_t i = 0; i < s->n_banks; i++) {
                _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);

                text_hex(&hex, digest_span(&s->now[i]));
                printf("  %-6s ", hash_name(s->now[i].alg));
                text_print(stdout, buf_span(&hex));
                printf("\n");
        }
}

static void print_people(const char *path, Span log, const Chain *c) {
        text_print(stdout, span_of(path));
        printf(": an event log of avouch\n");
        (void) report_records(log, NULL, stdout);
        printf("%" PRIu64 " records, each continues the one before%s. They replay to", c->next_seq,
                        c->broken ? "; somebody else extended the register in between" : "");
        for (size_t i = 0; i < c->n_strands; i++) {
                printf("%s", i > 0 ? "and to " : " ");
                print_register(&c->strands[i]);
                printf(" =\n");
                print_values(&c->strands[i]);
        }
}

static void put_record(JsonWriter *w, const Content *c) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(CONTENT_MAX);

        report_record(c, NULL, &words);
        json_put_object(w, NULL);
        json_put_string(w, "event", event_name(c->event));
        json_put_span(w, "says", buf_span(&words)); /* escaped when it was recorded */
        json_put_integer(w, "seq", (int64_t) c->seq);
        json_put_integer(w, "time", c->time);
        json_put_integer(w, "wall", c->wall);
        json_put_end(w);
}

/* "pcr:8":{"sha256":hex,...} */
static void put_strand(JsonWriter *w, const Strand *s) {
        char name[16];

        (void) snprintf(name, sizeof(name), s->reg.kind == REGISTER_NV ? "nv:0x%08x" : "pcr:%u",
                        s->reg.index);
        json_put_object(w, name);
        for (size_t i = 0; i < s->n_banks; i++)
                json_put_hex(w, hash_name(s->now[i].alg), digest_span(&s->now[i]));
        json_put_end(w);
}

static int print_as_json(const char *form, Span log, const Chain *c, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(2 * LOG_MAX);
        JsonWriter w = json_writer(&text, JSON_STRICT);
        Segment s = segment_over(log);
        Record r;

        json_put_object(&w, NULL);
        json_put_integer(&w, "avouch", 1);
        json_put_string(&w, "kind", "log");
        json_put_integer(&w, "broken", c->broken);
        json_put_object(&w, "replaysTo");
        for (size_t i = 0; i < c->n_strands; i++)
                put_strand(&w, &c->strands[i]);
        json_put_end(&w);
        json_put_array(&w, "records");
        while (segment_next(&s, &r, NULL) > 0)
                put_record(&w, &r.content);
        json_put_end(&w);
        json_put_end(&w);
        return print_json_buf(form, &text, e);
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        Chain c;
        int rc;

        rc = file_read(path, &log, e);
        if (rc < 0)
                return rc == -E2BIG ? -EBADMSG : rc;
        rc = follow(path, buf_span(&log), &c, e);
        if (rc < 0)
                return rc;
        if (a->json)
                return print_as_json(a->json, buf_span(&log), &c, e);
        print_people(path, buf_span(&log), &c);
        return EXIT_YES;
}

const ShowKind show_log = {
        .name = "log",
        .matches = matches,
        .show = show,
};
