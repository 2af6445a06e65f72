/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "log/flush.h"
#include "measure/checkpoint.h"
#include "port/host.h"
#include "port/tpm-tss2.h"
#include "quote/before.h"
#include "tools/place.h"
#include "tools/print.h"

/* The last line of the history, wherever it is kept. */
static int last_line(const Past *p, uint8_t ret[32]) {
        const char *const folders[] = { place_log_folder(), place_state_folder() };

        (void) p;
        for (size_t i = 0; i < ELEMENTS(folders); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(HISTORY_MAX);
                _cleanup_(fd_done) int fd = -1;

                if (folders[i] &&
                                store_read_shared(folders[i], HISTORY_FILE, PLACE_LOCK_SECONDS, &b,
                                                &fd, NULL) > 0 &&
                                history_last(buf_span(&b), ret, NULL) > 0)
                        return 1;
        }
        return 0;
}

/* What was copied to a disk, see avouch-log(1). */
static bool was_flushed(const Past *p, const char *boot) {
        char path[PATH_MAX];

        (void) p;
        (void) snprintf(path, sizeof(path), FLUSH_FOLDER "/%s.log", boot);
        return access(path, F_OK) == 0;
}

static bool was_kexeced(const Past *p) {
        (void) p;
        return host_was_kexeced("");
}

static bool led_here(const Past *p, const Chain *c) {
        const char *const folders[] = { place_log_folder(), FLUSH_FOLDER, NULL };

        (void) p;
        return before_leads(folders, c, NULL) > 0;
}

static const Past past = {
        .history = last_line,
        .recorded = was_flushed,
        .kexeced = was_kexeced,
        .led_here = led_here,
};

/* What did not go as it was configured, once, where the log begins. */
static void say_beginning(const Account *a) {
        if (a->robbed)
                fprintf(stderr, "avouch: the log of this boot was taken away: another begins, which proves nothing without it\n");
        if (a->began && !a->tpm) {
                fprintf(stderr, "avouch: this machine has no TPM: what is recorded is in the log alone (register: none), and proves nothing\n");
                return;
        }
        for (Lane lane = 0; a->began && lane < _LANE_MAX; lane++)
                if (!chain_strand(&a->chain, a->plan.lanes[lane]))
                        fprintf(stderr, "avouch: the TPM has no %s: %s records go into %s (see avouch setup)\n",
                                        register_name(a->plan.lanes[lane]).text, lane_names[lane],
                                        register_name(a->chain.strands[0].reg).text);
}

bool machine_lacks_tpm(const char *tpm_option) {
        const char *tcti = place_tcti(tpm_option);

        return tcti ? strcmp(tcti, "none") == 0 : !host_has_tpm("");
}

int machine_open(const char *tpm_option, Machine *ret, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        const char *folders[PLACE_FOLDERS_MAX];
        int rc;

        place_config_folders(folders);
        rc = config_load(folders, &m.config, e);
        if (rc < 0)
                return rc;

        rc = store_open_file(place_log_folder(), PLACE_LOCK_SECONDS, &m.store, e);
        if (rc < 0)
                return rc;
        if (!machine_lacks_tpm(tpm_option))
                rc = tpm_open(place_tcti(tpm_option), &m.tpm, e);
        if (rc < 0)
                return rc;
        if (m.tpm) {
                m.tpm->is_program = host_tpm_is_program("", place_tcti(tpm_option));
                m.tpm->keep = place_log_folder();
        }
        rc = account_open_as(&m.config.plan, &past, m.store, m.tpm, &m.account, e);
        if (rc < 0)
                return rc;
        say_beginning(&m.account);
        *ret = m;
        m = (Machine){};
        return 0;
}

bool machine_is_refused(int rc) {
        return rc == -EADDRINUSE || rc == -EOPNOTSUPP;
}

static int open_silently(const Err *why, Machine *ret, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        const char *folders[PLACE_FOLDERS_MAX];
        int rc;

        place_config_folders(folders);
        rc = config_load(folders, &m.config, e);
        if (rc == 0)
                rc = store_open_file(place_log_folder(), PLACE_LOCK_SECONDS, &m.store, e);
        if (rc == 0)
                rc = account_open_silent(&m.config.plan, &past, m.store, NULL, why, &m.account, e);
        if (rc < 0)
                return rc;
        *ret = m;
        m = (Machine){};
        return 0;
}

static int go_on_silently(Machine *m, int rc, const Err *why, Err *e) {
        machine_done(m);
        *m = (Machine){};
        if (machine_is_refused(rc) || open_silently(why, m, NULL) < 0)
                return err_set(e, rc, "%s", why->text);
        return 0;
}

int machine_open_for_attempt(const char *tpm_option, Machine *ret, Err *e) {
        Err why = {};
        int rc;

        rc = machine_open(tpm_option, ret, &why);
        return rc < 0 ? go_on_silently(ret, rc, &why, e) : 0;
}

int machine_open_for_opening(const char *tpm_option, Machine *ret, Err *e) {
        Err why = {};
        int rc;

        rc = machine_open(tpm_option, ret, &why);
        if (rc == 0)
                rc = machine_open_odometer(ret, &why);
        if (rc == 0)
                return 0;
        rc = go_on_silently(ret, rc, &why, e);
        return rc < 0 ? rc : odometer_open(&ret->account, NULL, NULL, false, &ret->odometer, e);
}

static void open_history(Machine *m) {
        const char *folder = place_state_folder();
        Err why = {};

        if (folder && store_open_named(folder, HISTORY_FILE, PLACE_LOCK_SECONDS, &m->home, &why) <
                                        0)
                m->home = NULL;
        if (store_open_named(place_log_folder(), HISTORY_FILE, PLACE_LOCK_SECONDS, &m->spool,
                            NULL) < 0)
                m->spool = NULL;
        if (why.code != 0 && m->spool)
                fprintf(stderr, "avouch: %s; the history is kept in %s until it can\n", why.text,
                                place_log_folder());
}

int machine_open_odometer(Machine *m, Err *e) {
        open_history(m);
        /* where there is no home, it is early in a boot, and no counter is defined there */
        return odometer_open(&m->account, m->home, m->spool, m->home != NULL, &m->odometer, e);
}

int machine_take_odometer(Machine *m, const Err *why, Err *e) {
        Err failed = *why;
        Account silent;
        int rc;

        if (failed.code == 0 && machine_open_odometer(m, &failed) == 0)
                return 0;
        machine_close_odometer(m);
        rc = why->code != 0 ? store_resume(m->store, PLACE_LOCK_SECONDS, NULL) : 0;
        if (rc >= 0)
                rc = account_open_silent(
                                &m->config.plan, &past, m->store, m->tpm, &failed, &silent, NULL);
        if (rc < 0) {
                store_leave(m->store);
                return err_set(e, failed.code, "%s", failed.text);
        }
        m->account = silent;
        return odometer_open(&m->account, NULL, NULL, false, &m->odometer, e);
}

void machine_close_odometer(Machine *m) {
        store_close(&m->spool);
        store_close(&m->home);
        m->odometer = (Odometer){};
}

/* By the counter: receipts are given at values that are not closed yet, and where a process came no
 * further than its receipt, the counter stands one before the history's end. */
static bool is_not_closed(uint64_t count, const History *h) {
        if (h->n_lines == 0)
                return false;
        return count < h->closed ? h->closed - count == 1 : (count - h->closed) % 2 == 1;
}

/* By the history's last line, by the log, where the process came no further or could not count, or
 * by the counter. */
static bool was_interrupted(const Machine *m) {
        Counter counter;
        Ledger l;

        if (!m->tpm)
                return false;
        if (counter_state(m->tpm, &counter, NULL) <= 0 || !counter.written ||
                        ledger_load(m->home, m->spool, &l, NULL) < 0)
                return false;
        return l.is_open || m->account.glass.value == counter.value ||
               is_not_closed(counter.value, &l.history) ||
               (l.history.n_lines > 0 && m->account.glass.uncounted > 0);
}

int machine_finish_opening(Machine *m, Err *e) {
        int rc;

        open_history(m);
        if (!was_interrupted(m))
                return 0;
        rc = odometer_open(&m->account, m->home, m->spool, false, &m->odometer, e);
        return rc < 0 ? rc : 1;
}

void machine_done(Machine *m) {
        if (m->store && m->account.store)
                checkpoint_keep(&m->account);
        tpm_close(&m->tpm);
        store_close(&m->spool);
        store_close(&m->home);
        store_close(&m->store);
}

static void print_in_words(const Chain *c, Event event) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(32);
        const Strand *s = &c->strands[c->last_at];

        register_text(s->reg, &name);
        printf("record %llu: %s, ", (unsigned long long) c->next_seq - 1, event_name(event));
        if (s->reg.kind == REGISTER_NONE) {
                printf("in no register\n");
                return;
        }
        printf("extended ");
        text_print(stdout, buf_span(&name));
        printf(" in");
        for (size_t i = 0; i < s->n_banks; i++)
                printf("%s %s", i > 0 ? "," : "", hash_name(c->last[i].alg));
        printf("\n");
}

int machine_print_last(const Machine *m, Event event, const char *json, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096);
        const Chain *c = &m->account.chain;
        const Strand *s = &c->strands[c->last_at];
        JsonWriter w;

        if (!json) {
                print_in_words(c, event);
                return 0;
        }
        w = json_writer(&text, JSON_STRICT);
        json_put_object(&w, NULL);
        json_put_integer(&w, "seq", (int64_t) c->next_seq - 1);
        json_put_string(&w, "event", event_name(event));
        if (s->reg.kind != REGISTER_NONE)
                json_put_integer(&w, s->reg.kind == REGISTER_NV ? "nv_index" : "pcr", s->reg.index);
        json_put_object(&w, "digests");
        for (size_t i = 0; i < s->n_banks; i++)
                json_put_hex(&w, hash_name(c->last[i].alg), digest_span(&c->last[i]));
        json_put_end(&w);
        json_put_end(&w);
        return print_json_buf(json, &text, e);
}
