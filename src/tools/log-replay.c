/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/log-replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "log/flush.h"
#include "log/store.h"
#include "measure/config.h"
#include "measure/ledger.h"
#include "measure/since.h"
#include "port/tpm-tss2.h"
#include "quote/before.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/tool.h"

int log_judge(int rc, const Err *why, Err *e) {
        if (rc != -EBADMSG && rc != -E2BIG)
                return rc < 0 ? err_set(e, rc, "%s", why->text) : rc;
        fprintf(stderr, "avouch log: ");
        text_print(stderr, span_of(why->text));
        fprintf(stderr, "; nothing after it is shown\n");
        return EXIT_NO;
}

int log_missing(Err *e) {
        return err_set(e, -ENOENT,
                        "%s: there is no log: nothing was recorded in this boot, or it was taken away",
                        place_log_folder());
}

static void say_strand(const Strand *s, const ReplayedStrand *r) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(32);

        if (s->reg.kind == REGISTER_NONE) {
                printf("%" PRIu64
                       " records are in no register: this machine had no TPM when the log began, and nothing shows that they are whole, or true\n",
                                r->n_records);
                return;
        }
        register_text(s->reg, &name);
        text_print(stdout, buf_span(&name));
        if (r->gone)
                printf(" is not there any more: it was removed, or is another NV index now; %" PRIu64
                       " records are in no register\n",
                                r->n_records);
        else if (r->shows_all)
                printf(" holds what %" PRIu64 " records lead to\n", r->n_records);
        else if (r->shows_some)
                printf(" does not show record %" PRIu64
                       ", nor what came after it: it was not extended yet, or is not the machine's word\n",
                                r->first_seq);
        else
                printf(" holds what no record leads to: somebody else extended it, or records were changed, from record %" PRIu64
                       " on\n",
                                r->first_seq);
}

/* All that is said. */
typedef struct Findings {
        Replayed replayed;
        Since since;
} Findings;

static bool all_agrees(const Findings *f) {
        return replay_matches(&f->replayed) && !f->replayed.chain.broken && f->since.n == 0;
}

static void put_strand(
                JsonWriter *w, const Strand *s, const ReplayedStrand *r, const Digest *held) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(32);

        register_text(s->reg, &name);
        json_put_object(w, NULL);
        json_put_span(w, "register", buf_span(&name));
        json_put_integer(w, "matches", r->shows_all);
        json_put_integer(w, "records", (int64_t) r->n_records);
        if (r->gone)
                json_put_integer(w, "gone", 1);
        if (!r->shows_all)
                json_put_integer(w, "first", (int64_t) r->first_seq);
        json_put_object(w, "holds");
        for (size_t b = 0; b < s->n_banks; b++)
                json_put_hex(w, hash_name(held[b].alg), digest_span(&held[b]));
        json_put_end(w);
        json_put_end(w);
}

static int say_as_json(const char *form, const Findings *f, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(16 * 1024);
        JsonWriter w = json_writer(&text, JSON_STRICT);
        const Replayed *r = &f->replayed;

        json_put_object(&w, NULL);
        json_put_integer(&w, "matches", replay_matches(r));
        json_put_integer(&w, "records", (int64_t) r->chain.next_seq);
        json_put_integer(&w, "broken", r->chain.broken);
        json_put_array(&w, "registers");
        for (size_t i = 0; i < r->chain.n_strands; i++)
                put_strand(&w, &r->chain.strands[i], &r->strands[i], r->found.values[i]);
        json_put_end(&w);
        json_put_array(&w, "since");
        for (size_t i = 0; i < f->since.n; i++)
                json_put_string(&w, NULL, f->since.found[i]);
        json_put_end(&w);
        json_put_end(&w);
        return print_json_buf(form, &text, e);
}

static int say_findings(const char *json, const Findings *f, Err *e) {
        const Replayed *r = &f->replayed;
        int rc = 0;

        if (json)
                rc = say_as_json(json, f, e);
        else
                for (size_t i = 0; i < r->chain.n_strands; i++)
                        say_strand(&r->chain.strands[i], &r->strands[i]);
        if (!json && r->chain.next_seq == 0)
                printf("the log is empty: whatever the registers hold, it tells nothing of it\n");
        if (!json && r->chain.broken)
                printf("the log itself says that somebody else extended a register (phase.broken)\n");
        for (size_t i = 0; !json && i < f->since.n; i++)
                printf("%s\n", f->since.found[i]);
        if (rc < 0)
                return rc;
        return all_agrees(f) ? EXIT_YES : EXIT_NO;
}

/* Its lines, wherever they lie: at home, or beside the log until they can be brought there. */
static int read_history(Buf *to, Err *e) {
        const char *const folders[] = { place_state_folder(), place_log_folder() };

        for (size_t i = 0; i < ELEMENTS(folders); i++) {
                _cleanup_(buf_done) Buf part = BUF_UP_TO(HISTORY_MAX);
                _cleanup_(fd_done) int fd = -1;
                int rc = 0;

                if (folders[i])
                        rc = store_read_shared(folders[i], HISTORY_FILE, PLACE_LOCK_SECONDS, &part,
                                        &fd, e);
                if (rc < 0)
                        return rc;
                buf_bytes(to, buf_span(&part));
        }
        return to->failed < 0 ? err_set(e, to->failed, "no memory for the history") : 0;
}

static int look_since(Tpm *tpm, Span log, Findings *f, Err *e) {
        _cleanup_(buf_done) Buf before = BUF_UP_TO(2 * LOG_MAX),
                                history = BUF_UP_TO(2 * HISTORY_MAX);
        const char *const folders[] = { place_log_folder(), FLUSH_FOLDER, NULL };
        SinceFrom from = { .log = log, .replayed = &f->replayed };
        const char *config_folders[PLACE_FOLDERS_MAX];
        Config config;
        int rc;

        place_config_folders(config_folders);
        if (config_load(config_folders, &config, NULL) == 0)
                from.plan = &config.plan;
        rc = before_find(folders, log, &before, e);
        if (rc == 0)
                rc = read_history(&history, e);
        if (rc < 0)
                return rc;
        from.before = buf_span(&before);
        from.history = buf_span(&history);
        return since_look(tpm, &from, &f->since, e);
}

/* The lock on the log is held until the registers were read, so both are of one moment. */
int log_replay(const char *tpm_option, const char *json, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        _cleanup_(fd_done) int fd = -1;
        Findings f = {};
        Err why = {};
        Segment s;
        Record r;
        int rc;

        rc = store_read_shared(place_log_folder(), LOG_FILE, PLACE_LOCK_SECONDS, &log, &fd, e);
        if (rc <= 0)
                return rc < 0 ? rc : log_missing(e);
        s = segment_over(buf_span(&log));
        while ((rc = segment_next(&s, &r, &why)) > 0)
                continue;
        if (rc < 0 && rc != -ENODATA)
                return log_judge(rc, &why, e);
        rc = chain_has_register(&s.chain) ? tpm_open(place_tcti(tpm_option), &tpm, e) : 0;
        if (rc == 0)
                rc = replay(tpm, buf_span(&log), &s.chain, &f.replayed, e);
        if (rc == 0)
                rc = look_since(tpm, buf_span(&log), &f, e);
        return rc < 0 ? rc : say_findings(json, &f, e);
}
