/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/counting.h"

#include <errno.h>

#include "port/tpm-tss2.h"
#include "tools/machine.h"
#include "tools/pages.h"
#include "tools/place.h"

static bool has_counter(Tpm *tpm, uint64_t *ret) {
        Counter c;

        if (counter_state(tpm, &c, NULL) <= 0 || !c.written)
                return false;
        *ret = c.value;
        return true;
}

int counting_look(Tpm *tpm, CountingState *ret, Err *e) {
        _cleanup_(pages_done) Pages p = {};
        const History *h = &p.reader.history;
        uint64_t value;
        int rc;

        rc = pages_read(&p, e);
        if (rc == 0)
                rc = pages_follow(&p, e);
        if (rc < 0)
                return rc;
        if (h->n_lines == 0 && !p.open)
                *ret = COUNTING_NOT;
        else if (p.open || !has_counter(tpm, &value) || value != h->closed)
                *ret = COUNTING_UNSETTLED;
        else
                *ret = COUNTING_AGREED;
        return 0;
}

/* A history that cannot be read is for the odometer to put aside; one that is not ours to read, for
 * root to begin. */
static int look(const char *tpm_option, CountingState *ret, bool *ret_counter, Err *e) {
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        uint64_t unused;
        int rc;

        rc = tpm_open(place_tcti(tpm_option), &tpm, e);
        if (rc < 0)
                return rc;
        rc = counting_look(tpm, ret, NULL);
        if (rc < 0)
                *ret = rc == -EACCES ? COUNTING_AGREED : COUNTING_UNSETTLED;
        *ret_counter = has_counter(tpm, &unused);
        return 0;
}

static int begin(const char *tpm_option, Machine *m, Err *e) {
        int rc;

        rc = machine_open(tpm_option, m, e);
        return rc < 0 ? rc : machine_open_odometer(m, e);
}

int counting_begin(const char *tpm_option, Counting *ret, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        const char *folders[PLACE_FOLDERS_MAX];
        bool had_counter = false;
        CountingState state;
        Config unused;
        Err why = {};
        int rc;

        *ret = (Counting){};
        place_config_folders(folders);
        if (machine_lacks_tpm(tpm_option) || config_load(folders, &unused, NULL) < 0)
                return 0;
        rc = look(tpm_option, &state, &had_counter, e);
        if (rc < 0 || state == COUNTING_AGREED)
                return rc;
        rc = begin(tpm_option, &m, &why);
        if (rc < 0)
                return machine_is_refused(rc) ? 0 : err_set(e, rc, "%s", why.text);
        ret->defined = !had_counter && m.odometer.counting;
        ret->began = state == COUNTING_NOT && m.odometer.ledger.history.n_lines > 0;
        return 0;
}
