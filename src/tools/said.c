/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/said.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "log/flush.h"
#include "log/store.h"
#include "measure/ledger.h"
#include "quote/before.h"
#include "quote/evidence.h"
#include "quote/systemd.h"
#include "tools/pages.h"
#include "tools/place.h"
#include "wire/sysreport.h"

/* Where the kernel shows what the firmware logged of the first TPM, and what it was started with */
#define FIRMWARE_LOG "/sys/kernel/security/tpm0/binary_bios_measurements"
#define COMMAND_LINE "/proc/cmdline"
#define IMA_LOG "/sys/kernel/security/ima/binary_runtime_measurements"

void said_done(Said *s) {
        buf_done(&s->firmware);
        buf_done(&s->line);
        buf_done(&s->systemd);
        buf_done(&s->ima);
        buf_done(&s->report);
        buf_done(&s->log);
        buf_done(&s->before);
        buf_done(&s->history);
        fd_done(&s->lock);
        fd_done(&s->systemd_lock);
}

/* Who records the history holds the log, and so do we. */
static int join_history(Said *s, Err *e) {
        _cleanup_(buf_done) Buf home = BUF_UP_TO(HISTORY_MAX), spool = BUF_UP_TO(HISTORY_MAX);
        int rc;

        rc = pages_read_place(place_log_folder(), &spool, e);
        if (rc == 0)
                rc = pages_read_place(place_state_folder(), &home, e);
        if (rc < 0)
                return rc;
        return history_join(buf_span(&home), buf_span(&spool), &s->history, &s->past, e);
}

/* A file of the kernel's, that an option may name: what is named must be there, what is not may be
 * missing. */
static int read_along(const char *option, const char *usual, Buf *to, Err *e) {
        Err why = {};
        int rc;

        if (option && strcmp(option, "no") == 0)
                return 0;
        rc = file_read(option ?: usual, to, &why);
        if (rc == -ENOENT && !option)
                return 0;
        return rc < 0 ? err_set(e, rc == -EINVAL ? -EIO : rc, "%s", why.text) : 0;
}

/* What the kernel shows of how the machine started. */
static int read_start(const SaidFrom *from, bool own, Said *s, Err *e) {
        int rc = 0;

        if (from->firmware_log || own)
                rc = read_along(from->firmware_log, FIRMWARE_LOG, &s->firmware, e);
        if (rc == 0 && (from->command_line || s->firmware.size > 0))
                rc = read_along(from->command_line, COMMAND_LINE, &s->line, e);
        return rc;
}

/* systemd's log, held like ours. */
static int read_systemd(const char *path, bool own, Said *s, Err *e) {
        const char *slash = path ? strrchr(path, '/') : NULL;
        const char *name = slash ? slash + 1 : path;
        int cut = slash ? (int) (name - path) : 1;
        char folder[4096] = SYSTEMD_LOG_FOLDER;
        bool torn = false;
        int rc;

        if (path ? strcmp(path, "no") == 0 : !own)
                return 0;
        if (path && (size_t) snprintf(folder, sizeof(folder), "%.*s", cut, slash ? path : ".") >=
                                        sizeof(folder))
                return err_set(e, -EINVAL, "--systemd-log=: the path is too long");
        rc = systemd_log_hold(folder, name ?: SYSTEMD_LOG_FILE, PLACE_LOCK_SECONDS, &s->systemd,
                        &torn, &s->systemd_lock, e);
        if (rc < 0)
                return rc;
        if (rc == 0 && path)
                return err_set(e, -ENOENT, "%s: %s", path, strerror(ENOENT));
        if (torn)
                fprintf(stderr, "avouch quote: systemd's log lacks a record: somebody died between measuring and "
                                "writing it (sticky bit)\n");
        return 0;
}

/* What signs it is read by whoever verifies; but it is to be a report. */
static int read_report(const char *path, Said *s, Err *e) {
        SysReport unused;
        int rc;

        if (!path)
                return 0;
        rc = read_along(path, NULL, &s->report, e);
        if (rc < 0)
                return rc;
        rc = sysreport_split(buf_span(&s->report), &unused, e);
        if (rc < 0)
                err_at(e, path);
        return rc;
}

static void add_part(Bundle *parts, BundleLabel label, Span bytes) {
        parts->parts[label] = bytes;
        parts->has[label] = bytes.size > 0;
}

static void add_parts(Said *s) {
        add_part(&s->parts, PART_FIRMWARE_LOG, buf_span(&s->firmware));
        add_part(&s->parts, PART_COMMAND_LINE, buf_span(&s->line));
        add_part(&s->parts, PART_SYSTEMD_LOG, evidence_whole_lines(buf_span(&s->systemd)));
        add_part(&s->parts, PART_SYSTEMD_REPORT, buf_span(&s->report));
        add_part(&s->parts, PART_AVOUCH_LOG, evidence_whole_lines(buf_span(&s->log)));
        add_part(&s->parts, PART_AVOUCH_LOG_BEFORE, evidence_whole_lines(buf_span(&s->before)));
        add_part(&s->parts, PART_HISTORY, evidence_whole_lines(buf_span(&s->history)));
}

int said_read(const SaidFrom *from, bool own, Said *ret, Err *e) {
        const char *const folders[] = { place_log_folder(), FLUSH_FOLDER, NULL };
        _cleanup_(said_done) Said s = { .firmware = BUF_UP_TO(FIRMWARE_LOG_MAX),
                .line = BUF_UP_TO(COMMAND_LINE_MAX),
                .systemd = BUF_UP_TO(SYSTEMD_LOG_MAX),
                .ima = BUF_UP_TO(IMA_LOG_MAX),
                .report = BUF_UP_TO(BUNDLE_MAX),
                .log = BUF_UP_TO(LOG_MAX),
                .before = BUF_UP_TO(LOG_MAX),
                .history = BUF_UP_TO(HISTORY_MAX),
                .lock = -1,
                .systemd_lock = -1 };
        int rc;

        rc = store_read_shared(
                        place_log_folder(), LOG_FILE, PLACE_LOCK_SECONDS, &s.log, &s.lock, e);
        if (rc >= 0)
                rc = before_find(folders, buf_span(&s.log), &s.before, e);
        if (rc == 0)
                rc = join_history(&s, e);
        if (rc == 0)
                rc = read_systemd(from->systemd_log, own, &s, e);
        if (rc == 0 && own && !from->systemd_log)
                rc = systemd_log_join(
                                FLUSH_FOLDER, buf_span(&s.before), buf_span(&s.log), &s.systemd, e);
        if (rc == 0)
                rc = read_start(from, own, &s, e);
        if (rc == 0)
                rc = read_report(from->systemd_report, &s, e);
        if (rc < 0)
                return rc;
        add_parts(&s);
        *ret = s;
        s = SAID_NOTHING;
        return 0;
}

int said_read_ima(const SaidFrom *from, bool own, Said *s, Err *e) {
        Err why = {};
        int rc = 0;

        buf_done(&s->ima);
        if (from->ima_log || own)
                rc = read_along(from->ima_log, IMA_LOG, &s->ima, &why);
        if (rc == -E2BIG) {
                fprintf(stderr, "avouch quote: IMA's list has more than %d bytes and is left out: nothing will explain PCR 10\n",
                                IMA_LOG_MAX);
                buf_done(&s->ima);
                rc = 0;
        }
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        add_part(&s->parts, PART_IMA_LOG, buf_span(&s->ima));
        return 0;
}
