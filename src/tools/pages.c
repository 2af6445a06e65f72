/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/pages.h"

#include <errno.h>

#include "base/file.h"
#include "measure/ledger.h"
#include "tools/place.h"

void pages_done(Pages *p) {
        buf_done(&p->home);
        buf_done(&p->spool);
        buf_done(&p->decoded);
}

int pages_read_place(const char *folder, Buf *to, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        int rc;

        if (!folder)
                return 0;
        rc = store_read_shared(folder, HISTORY_FILE, PLACE_LOCK_SECONDS, to, &fd, e);
        return rc < 0 ? rc : 0;
}

int pages_read(Pages *p, Err *e) {
        int rc;

        *p = (Pages){
                .home = BUF_UP_TO(HISTORY_MAX),
                .spool = BUF_UP_TO(HISTORY_MAX),
                .decoded = BUF_UP_TO(HISTORY_LINE_MAX),
        };
        /* the spool first: what is brought home meanwhile stands in both then, and not in none */
        rc = pages_read_place(place_log_folder(), &p->spool, e);
        if (rc == 0)
                rc = pages_read_place(place_state_folder(), &p->home, e);
        if (rc < 0)
                return rc;
        p->reader = history_over(buf_span(&p->home), &p->decoded);
        return 0;
}

int pages_next(Pages *p, HistoryLine *ret, Err *e) {
        Err why = {};
        int rc;

        rc = history_next(&p->reader, ret, &why);
        if (rc == -ENODATA) {
                p->open = true;
                rc = 0;
        }
        if (rc < 0)
                return err_set(e, rc, "%s/%s: %s",
                                p->in_spool ? place_log_folder() : place_state_folder(),
                                HISTORY_FILE, why.text);
        if (rc > 0 || p->in_spool)
                return rc;
        p->in_spool = true;
        p->reader.history.part = p->reader.history.n_lines == 0;
        p->reader.rest = history_not_at_home(buf_span(&p->spool), p->reader.history.closed);
        return pages_next(p, ret, e);
}

int pages_follow(Pages *p, Err *e) {
        HistoryLine l;
        int rc;

        while ((rc = pages_next(p, &l, e)) > 0)
                continue;
        return rc;
}
