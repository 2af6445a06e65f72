/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/glass-history.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "log/ak.h"
#include "log/receipt.h"
#include "measure/counter.h"
#include "measure/ledger.h"
#include "port/tpm-tss2.h"
#include "tools/pages.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/tool.h"

int glass_history_read(History *ret, Err *e) {
        _cleanup_(pages_done) Pages p = {};
        int rc;

        rc = pages_read(&p, e);
        if (rc == 0)
                rc = pages_follow(&p, e);
        if (rc == 0)
                *ret = p.reader.history;
        return rc;
}

/* 1 where lines wait in the spool, else 0; nothing is made for those that do not. */
static int is_waiting(Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(HISTORY_MAX);
        int rc;

        rc = pages_read_place(place_log_folder(), &b, e);
        return rc < 0 ? rc : b.size > 0;
}

static int bring_home(const char *folder, Store *home, Store *spool, uint64_t *ret_lines, Err *e) {
        Ledger l;
        uint64_t had;
        int rc;

        rc = ledger_load(home, spool, &l, e);
        if (rc < 0)
                return rc;
        had = l.at_home.n_lines;
        ledger_bring_home(&l);
        *ret_lines = l.at_home.n_lines - had;
        if (l.spool_size > 0 && !l.is_open)
                return err_set(e, -EIO,
                                "%s/" HISTORY_FILE ": what waits in %s could not be written here",
                                folder, place_log_folder());
        return 0;
}

int glass_history_flush(uint64_t *ret_lines, Err *e) {
        const char *folder = place_state_folder();
        _cleanup_(store_close) Store *home = NULL, *spool = NULL;
        _cleanup_(fd_done) int lock = -1;
        int rc;

        *ret_lines = 0;
        if (!folder)
                return err_set(e, -ENOENT, "in an initrd there is no place for the history yet");
        /* the locks in the order in which an opening takes them: the log's first */
        rc = store_open_shared(place_log_folder(), PLACE_LOCK_SECONDS, &lock, e);
        if (rc > 0)
                rc = is_waiting(e);
        if (rc > 0)
                rc = store_open_named(folder, HISTORY_FILE, PLACE_LOCK_SECONDS, &home, e);
        if (rc == 0 && home)
                rc = store_open_named(
                                place_log_folder(), HISTORY_FILE, PLACE_LOCK_SECONDS, &spool, e);
        return rc == 0 && spool ? bring_home(folder, home, spool, ret_lines, e) : rc;
}

/* The key by which receipts are signed, where there are any, and where the counter stands. */
typedef struct Witness {
        Buf public;
        TpmPublic ak; /* borrows from public */
        Counter counter;
        bool counting;
} Witness;

static int ask_key(Tpm *t, TpmAkType type, Witness *w, Err *e) {
        int rc;

        buf_done(&w->public);
        rc = ak_begin(t, type, &w->public, e);
        return rc < 0 ? rc : tpm_public_parse(buf_span(&w->public), &w->ak, e);
}

static int find_witness(const char *tpm_option, bool receipts, Witness *w, Err *e) {
        Tpm *t = NULL;
        Err why = {};
        int rc;

        rc = tpm_open(place_tcti(tpm_option), &t, e);
        if (rc < 0)
                return rc;
        t->keep = place_log_folder();
        if (receipts)
                rc = ask_key(t, TPM_AK_ECC, w, &why);
        if (rc < 0 && rc != -EBUSY) /* then it was waited for already */
                rc = ask_key(t, TPM_AK_RSA, w, NULL);
        if (rc == 0) {
                rc = counter_state(t, &w->counter, &why);
                w->counting = rc > 0 && w->counter.written;
                rc = rc == -EBADMSG ? 0 : rc;
        }
        tpm_close(&t);
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 0;
}

static void print_wall(int64_t wall) {
        time_t seconds = (time_t) (wall / 1000000);
        char text[64];
        struct tm tm;

        if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
                printf("%s", text);
        else
                printf("%lld", (long long) wall);
}

static void print_text(const Content *c, const char *name) {
        Span text = content_text(c, name);

        if (text.size == 0)
                return;
        printf(" %s \"", name);
        text_print(stdout, text);
        printf("\"");
}

static void print_line_of(const HistoryLine *l, bool holds, const Err *why) {
        static const char *const names[] = { "kind", "user", "volume", "reason", "why" };

        printf("%llu  ", (unsigned long long) l->value);
        print_wall(l->content.wall);
        printf("  %s", event_name(l->content.event));
        for (size_t i = 0; i < ELEMENTS(names); i++)
                print_text(&l->content, names[i]);
        if (holds)
                printf("  receipt holds\n");
        else
                printf("  NO RECEIPT: %s\n", why->text);
}

static void put_line(JsonWriter *w, const HistoryLine *l, bool holds, const Err *why) {
        static const char *const names[] = { "kind", "user", "volume", "reason", "why" };

        json_put_object(w, NULL);
        json_put_integer(w, "count", (int64_t) l->value);
        json_put_string(w, "event", event_name(l->content.event));
        json_put_integer(w, "wall", l->content.wall);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(STRING_MAX);

                if (json_text(content_member(&l->content, names[i]), &text))
                        json_put_span(w, names[i], buf_span(&text));
        }
        json_put_integer(w, "holds", holds);
        if (!holds)
                json_put_foreign(w, "problem", span_of(why->text));
        json_put_end(w);
}

static int show_lines(Pages *p, const Witness *w, JsonWriter *json, uint64_t *ret_bad, Err *e) {
        HistoryLine l;
        int rc;

        while ((rc = pages_next(p, &l, e)) > 0) {
                Err why = {};

                rc = receipt_judge(&l, &w->ak, &why, e);
                if (rc < 0)
                        break;
                *ret_bad += rc == 0;
                if (json)
                        put_line(json, &l, rc > 0, &why);
                else
                        print_line_of(&l, rc > 0, &why);
        }
        return rc;
}

/* Whether the counter stands where the last line left it; what is wrong otherwise. */
static bool agrees(const Pages *p, const Witness *w, char *ret, size_t size) {
        const History *h = &p->reader.history;

        ret[0] = '\0';
        if (h->n_lines == 0 && !w->counting)
                return true;
        if (!w->counting)
                (void) snprintf(ret, size, "the TPM has no counter (any more)");
        else if (p->open)
                (void) snprintf(ret, size,
                                "the receipt of the last opening is still to be asked for");
        else if (h->n_lines == 0)
                (void) snprintf(ret, size, "there is a counter, at %llu, and no history of it",
                                (unsigned long long) w->counter.value);
        else if (w->counter.value != h->closed)
                (void) snprintf(ret, size,
                                "the counter is at %llu, but the last line closed it at %llu",
                                (unsigned long long) w->counter.value,
                                (unsigned long long) h->closed);
        return ret[0] == '\0';
}

static int print_end(const Pages *p, uint64_t bad, const char *problem) {
        const History *h = &p->reader.history;

        if (h->n_lines == 0)
                printf("the history is empty\n");
        else
                printf("%llu openings, %llu gaps, %llu receipts that do not hold\n",
                                (unsigned long long) h->openings, (unsigned long long) h->lost,
                                (unsigned long long) bad);
        if (problem[0])
                printf("%s\n", problem);
        return bad == 0 && !problem[0] && h->lost == 0 ? EXIT_YES : EXIT_NO;
}

static int show_json(Pages *p, const Witness *w, const char *form, uint64_t *ret_bad, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4 * HISTORY_MAX);
        JsonWriter json = json_writer(&text, JSON_STRICT);
        char problem[128];
        int rc;

        json_put_object(&json, NULL);
        json_put_array(&json, "lines");
        rc = show_lines(p, w, &json, ret_bad, e);
        if (rc < 0)
                return rc;
        json_put_end(&json);
        json_put_integer(&json, "openings", (int64_t) p->reader.history.openings);
        json_put_integer(&json, "lost", (int64_t) p->reader.history.lost);
        json_put_integer(&json, "count", (int64_t) p->reader.history.closed);
        json_put_integer(&json, "agrees", agrees(p, w, problem, sizeof(problem)));
        if (problem[0])
                json_put_string(&json, "problem", problem);
        json_put_end(&json);
        rc = print_json_buf(form, &text, e);
        if (rc < 0)
                return rc;
        return *ret_bad == 0 && !problem[0] && p->reader.history.lost == 0 ? EXIT_YES : EXIT_NO;
}

int glass_history_show(const char *tpm_option, const char *json, Err *e) {
        _cleanup_(pages_done) Pages p = {};
        Witness w = { .public = BUF_UP_TO(TPM_PUBLIC_MAX) };
        char problem[128];
        uint64_t bad = 0;
        int rc;

        rc = pages_read(&p, e);
        if (rc == 0)
                rc = find_witness(tpm_option, p.home.size + p.spool.size > 0, &w, e);
        if (rc == 0 && json) {
                rc = show_json(&p, &w, json, &bad, e);
        } else if (rc == 0) {
                rc = show_lines(&p, &w, NULL, &bad, e);
                if (rc == 0) {
                        (void) agrees(&p, &w, problem, sizeof(problem));
                        rc = print_end(&p, bad, problem);
                }
        }
        buf_done(&w.public);
        return rc;
}
