/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "tools/print.h"
#include "tools/show.h"
#include "tools/tool.h"
#include "verify/report-ima.h"

enum { ANSWER_MAX = 8 * IMA_LOG_MAX };

static bool matches(Span head) {
        return ima_matches(head);
}

static void print_people(const char *path, const ImaStory *s, const Digest *value) {
        text_print(stdout, span_of(path));
        printf(": a list of what IMA measured\n");
        report_ima_list(s->log, stdout);
        printf("%zu entries, of which %zu are violations", s->n_entries, s->n_violations);
        if (s->n_elsewhere > 0)
                printf(", and %zu are of other registers", s->n_elsewhere);
        printf(". From reset, and with a kernel from 5.8 on, they lead to\n");
        print_hex("sha256:10", digest_span(value));
}

static int print_as_json(const char *form, const ImaStory *s, const Digest *value, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(ANSWER_MAX);
        JsonWriter w = json_writer(&text, JSON_STRICT);

        json_put_object(&w, NULL);
        json_put_integer(&w, "avouch", 1);
        json_put_string(&w, "kind", "ima-log");
        json_put_hex(&w, "sha256", digest_span(value));
        report_ima_json(s, false, &w);
        json_put_end(&w);
        return print_json_buf(form, &text, e);
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(IMA_LOG_MAX);
        Digest value = digest_zero(HASH_SHA256);
        ImaStory s;
        int rc;

        rc = file_read(path, &log, e);
        if (rc < 0)
                return rc == -E2BIG ? -EBADMSG : rc;
        rc = ima_replay(buf_span(&log), &value, &s, e);
        if (rc < 0) {
                err_at(e, path);
                return rc;
        }
        if (a->json)
                return print_as_json(a->json, &s, &value, e);
        print_people(path, &s, &value);
        return EXIT_YES;
}

const ShowKind show_ima = {
        .name = "ima-log",
        .matches = matches,
        .show = show,
};
