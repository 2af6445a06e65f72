/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine.h"

#include <stdio.h>

#include "base/file.h"
#include "port/tpm-tss2.h"
#include "tools/place.h"
#include "tools/print.h"

static const Register default_register = { REGISTER_PCR, 8 };

/* The last line of the history, wherever it is kept. */
static int last_line(const Past *p, uint8_t ret[32]) {
        const char *const folders[] = { place_log_folder(), place_state_folder() };

        (void) p;
        for (size_t i = 0; i < ELEMENTS(folders); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(HISTORY_MAX);
                _cleanup_(fd_done) int fd = -1;

                if (!folders[i] || store_open_shared_named(folders[i], HISTORY_FILE,
                                                   PLACE_LOCK_SECONDS, &fd, NULL) <= 0)
                        continue;
                if (file_read_fd(fd, HISTORY_FILE, &b, NULL) == 0 &&
                                history_last(buf_span(&b), ret, NULL) > 0)
                        return 1;
        }
        return 0;
}

static const Past past = { .history = last_line };

int machine_open(const char *tpm_option, Machine *ret, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        int rc;

        rc = store_open_file(place_log_folder(), PLACE_LOCK_SECONDS, &m.store, e);
        if (rc < 0)
                return rc;
        rc = tpm_open(place_tcti(tpm_option), &m.tpm, e);
        if (rc < 0)
                return rc;
        rc = account_open_after(&past, m.store, m.tpm, default_register, &m.account, e);
        if (rc < 0)
                return rc;
        *ret = m;
        m = (Machine){};
        return 0;
}

int machine_open_odometer(Machine *m, Err *e) {
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
        return odometer_open(&m->account, m->home, m->spool, folder != NULL, &m->odometer, e);
}

void machine_done(Machine *m) {
        tpm_close(&m->tpm);
        store_close(&m->spool);
        store_close(&m->home);
        store_close(&m->store);
}

int machine_print_last(const Machine *m, Event event, const char *json, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096);
        const Chain *c = &m->account.chain;
        JsonWriter w;

        if (!json) {
                printf("record %llu: %s, extended pcr:%u in", (unsigned long long) c->next_seq - 1,
                                event_name(event), c->reg.index);
                for (size_t i = 0; i < c->n_banks; i++)
                        printf("%s %s", i > 0 ? "," : "", hash_name(c->last[i].alg));
                printf("\n");
                return 0;
        }
        w = json_writer(&text, JSON_STRICT);
        json_put_object(&w, NULL);
        json_put_integer(&w, "seq", (int64_t) c->next_seq - 1);
        json_put_string(&w, "event", event_name(event));
        json_put_integer(&w, "pcr", c->reg.index);
        json_put_object(&w, "digests");
        for (size_t i = 0; i < c->n_banks; i++)
                json_put_hex(&w, hash_name(c->last[i].alg), digest_span(&c->last[i]));
        json_put_end(&w);
        json_put_end(&w);
        return print_json_buf(json, &text, e);
}
