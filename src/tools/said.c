/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/said.h"

#include "base/file.h"
#include "log/store.h"
#include "measure/ledger.h"
#include "quote/before.h"
#include "quote/evidence.h"
#include "tools/place.h"

/* Where logs of earlier boots are kept. */
#define LOG_FOLDER_KEPT "/var/log/avouch"

void said_done(Said *s) {
        buf_done(&s->log);
        buf_done(&s->before);
        buf_done(&s->history);
        fd_done(&s->lock);
}

/* One that is not there is empty. Who records the history holds the log, and so do we. */
static int read_history(const char *folder, Buf *to, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        int rc;

        if (!folder)
                return 0;
        rc = store_open_shared_named(folder, HISTORY_FILE, PLACE_LOCK_SECONDS, &fd, e);
        return rc <= 0 ? rc : file_read_fd(fd, HISTORY_FILE, to, e);
}

static int join_history(Said *s, Err *e) {
        _cleanup_(buf_done) Buf home = BUF_UP_TO(HISTORY_MAX), spool = BUF_UP_TO(HISTORY_MAX);
        int rc;

        rc = read_history(place_log_folder(), &spool, e);
        if (rc == 0)
                rc = read_history(place_state_folder(), &home, e);
        if (rc < 0)
                return rc;
        return history_join(buf_span(&home), buf_span(&spool), &s->history, &s->past, e);
}

static void add_part(Bundle *parts, BundleLabel label, const Buf *bytes) {
        parts->parts[label] = evidence_whole_lines(buf_span(bytes));
        parts->has[label] = parts->parts[label].size > 0;
}

int said_read(Said *ret, Err *e) {
        const char *const folders[] = { place_log_folder(), LOG_FOLDER_KEPT, NULL };
        _cleanup_(said_done) Said s = { .log = BUF_UP_TO(LOG_MAX),
                .before = BUF_UP_TO(LOG_MAX),
                .history = BUF_UP_TO(HISTORY_MAX),
                .lock = -1 };
        int rc;

        rc = store_open_shared(place_log_folder(), PLACE_LOCK_SECONDS, &s.lock, e);
        if (rc > 0)
                rc = file_read_fd(s.lock, LOG_FILE, &s.log, e);
        if (rc == 0)
                rc = before_find(folders, buf_span(&s.log), &s.before, e);
        if (rc == 0)
                rc = join_history(&s, e);
        if (rc < 0)
                return rc;
        add_part(&s.parts, PART_AVOUCH_LOG, &s.log);
        add_part(&s.parts, PART_AVOUCH_LOG_BEFORE, &s.before);
        add_part(&s.parts, PART_HISTORY, &s.history);
        *ret = s;
        s = (Said){ .lock = -1 };
        return 0;
}
