/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "measure/words.h"
#include "tools/glass-history.h"
#include "tools/machine.h"
#include "tools/motd.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/tool.h"

typedef struct Args {
        const char *tpm, *kind, *reason, *user, *json;
} Args;

static const Option options[] = {
        { "kind", 0, OPTION_VALUE, "KIND",
                        "What opens: login, sudo, emergency, rescue, debug-shell, console, nspawn, hibernate or other (default)",
                        offsetof(Args, kind) },
        { "reason", 0, OPTION_VALUE, "TEXT", "Why it is opened, in your own words",
                        offsetof(Args, reason) },
        { "user", 0, OPTION_VALUE, "NAME", "Who opens it (default: who runs this)",
                        offsetof(Args, user) },
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print the answer as JSON", offsetof(Args, json) },
        {},
};

static int change(const Args *a, Event event, int (*how)(Account *, const Glass *, Err *), Err *e) {
        _cleanup_(machine_done) Machine m = {};
        Glass g = { .kind = a->kind, .reason = a->reason };
        int rc;

        rc = host_caller(&g.caller, e);
        if (rc < 0)
                return rc;
        if (a->user && snprintf(g.caller.user, sizeof(g.caller.user), "%s", a->user) >=
                                        (int) sizeof(g.caller.user))
                return err_set(e, -EINVAL, "'--user=%s' is longer than %zu bytes", a->user,
                                sizeof(g.caller.user) - 1);
        rc = machine_open_for_opening(a->tpm, &m, e);
        if (rc < 0)
                return rc;
        g.odometer = &m.odometer;
        rc = how(&m.account, &g, e);
        if (rc == 0 || account_is_silent(&m.account))
                motd_show(&m.account);
        if (rc < 0)
                return rc;
        if (odometer_lacks(&m.odometer)[0])
                fprintf(stderr, "avouch glass: recorded, but %s\n", odometer_lacks(&m.odometer));
        return machine_print_last(&m, event, a->json, e);
}

static int run_open(void *values, char *const *operands, Err *e) {
        (void) operands;
        return change(values, EVENT_GLASS_OPEN, glass_open, e);
}

static int run_close(void *values, char *const *operands, Err *e) {
        (void) operands;
        return change(values, EVENT_GLASS_CLOSE, glass_close, e);
}

/* What the log has of openings. No TPM is asked: whether the log is the true one is for a verifier.
 */
typedef struct Told {
        GlassCount count;
        bool exists;   /* there is a log of this boot */
        bool measured; /* it is in a register */
        bool whole;    /* that was empty when it began, so that nothing came before it */
} Told;

static bool is_whole(const Chain *c) {
        for (size_t at = 0; at < c->n_strands; at++)
                if (!strand_starts_at_reset(&c->strands[at]))
                        return false;
        return true;
}

static int read_told(Told *ret, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        _cleanup_(fd_done) int fd = -1;
        bool unmeasured = false;
        uint8_t boot[16];
        Told t = {};
        Err why = {};
        Segment s;
        Record r;
        int rc;

        *ret = (Told){ .whole = true };
        rc = store_read_shared(place_log_folder(), LOG_FILE, PLACE_LOCK_SECONDS, &log, &fd, e);
        if (rc <= 0)
                return rc;
        s = segment_over(buf_span(&log));
        while ((rc = segment_next(&s, &r, &why)) > 0) {
                glass_count(&t.count, &r.content);
                unmeasured = unmeasured || content_flag(&r.content, "unmeasured");
        }
        if (rc < 0 && rc != -ENODATA)
                return err_set(e, rc, "%s/%s: %s", place_log_folder(), LOG_FILE, why.text);
        rc = host_boot_id(boot, e);
        if (rc < 0)
                return rc;
        t.exists = s.chain.next_seq > 0 && memcmp(s.chain.boot, boot, sizeof(boot)) == 0;
        t.measured = chain_has_register(&s.chain);
        t.whole = is_whole(&s.chain) && !unmeasured;
        *ret = t;
        return 0;
}

static int print_told(const Told *t, const History *h, const char *json, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096);
        JsonWriter w = json_writer(&text, JSON_STRICT);

        json_put_object(&w, NULL);
        json_put_integer(&w, "recording", t->exists);
        json_put_integer(&w, "whole", t->whole);
        json_put_integer(&w, "opened", t->count.opened);
        json_put_integer(&w, "closed", t->count.closed);
        json_put_integer(&w, "uncounted", t->count.uncounted);
        if (h->n_lines > 0) {
                json_put_object(&w, "history");
                json_put_integer(&w, "openings", (int64_t) h->openings);
                json_put_integer(&w, "lost", (int64_t) h->lost);
                json_put_integer(&w, "count", (int64_t) h->closed);
                json_put_end(&w);
        }
        json_put_end(&w);
        return print_json_buf(json, &text, e);
}

static void say_told(const Told *t) {
        const GlassCount *g = &t->count;

        if (!t->exists)
                printf("nothing is recorded in this boot yet\n");
        else if (g->opened > 0)
                printf("opened %u times in this boot, closed %u times, last by %s\n", g->opened,
                                g->closed, g->kind);
        else if (!t->measured)
                printf("no opening in this boot, by a log that is in no register: nothing shows that it is true\n");
        else if (!t->whole)
                printf("no opening since recording began anew; what was before is not known\n");
        else
                printf("untouched in this boot, by this machine's log\n");
        if (t->exists && g->uncounted > 0)
                printf("%u openings are not counted yet: the TPM did not answer, or has no counter\n",
                                g->uncounted);
}

static int run_status(void *values, char *const *operands, Err *e) {
        const Args *a = values;
        History h = {};
        Told t;
        int rc;

        (void) operands;
        rc = read_told(&t, e);
        if (rc >= 0)
                rc = glass_history_read(&h, e);
        if (rc < 0)
                return rc;
        if (a->json)
                rc = print_told(&t, &h, a->json, e);
        else
                say_told(&t);
        if (!a->json && h.n_lines > 0)
                printf("the history has %llu openings; the counter was closed at %llu\n",
                                (unsigned long long) h.openings, (unsigned long long) h.closed);
        if (rc < 0)
                return rc;
        return t.exists && t.whole && t.count.opened == 0 ? EXIT_YES : EXIT_NO;
}

static int run_history(void *values, char *const *operands, Err *e) {
        const Args *a = values;

        (void) operands;
        return glass_history_show(a->tpm, a->json, e);
}

static int run_flush(void *values, char *const *operands, Err *e) {
        uint64_t lines;
        int rc;

        (void) values;
        (void) operands;
        rc = glass_history_flush(&lines, e);
        if (rc == 0)
                printf("%llu lines of the history came to the disk\n", (unsigned long long) lines);
        return rc;
}

static const Verb verbs[] = {
        { "open", NULL, "Record that the machine is about to be opened by hand", 0, 0, run_open },
        { "close", NULL, "Record that this has ended (what was opened stays on record)", 0, 0,
                        run_close },
        { "status", NULL, "Say whether it was opened in this boot; exits with 1 where it was", 0, 0,
                        run_status },
        { "history", NULL,
                        "List all openings, and whether the TPM's receipts for them hold; exits with 1 where one does not",
                        0, 0, run_history },
        { "flush", NULL, "Bring to the disk what of the history waits in memory", 0, 0, run_flush },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch glass",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
