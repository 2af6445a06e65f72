/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/systemd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "log/store.h"
#include "quote/evidence.h"
#include "wire/record.h"
#include "wire/systemdlog.h"

int systemd_log_hold(const char *folder, const char *name, unsigned seconds, Buf *log,
                bool *ret_torn, int *ret_fd, Err *e) {
        struct stat st;
        int rc;

        rc = store_read_shared(folder, name, seconds, log, ret_fd, e);
        if (rc <= 0)
                return rc;
        if (fstat(*ret_fd, &st) < 0)
                return err_set(e, -errno, "%s/%s: %s", folder, name, strerror(errno));
        *ret_torn = st.st_mode & S_ISVTX;
        return 1;
}

static int kept_path(
                const char *folder, const uint8_t boot[16], char into[static PATH_MAX], Err *e) {
        char id[33];

        for (size_t i = 0; i < 16; i++)
                (void) snprintf(id + 2 * i, 3, "%02x", boot[i]);
        if (snprintf(into, PATH_MAX, "%s/%s.systemd", folder, id) >= PATH_MAX)
                return err_set(e, -ENAMETOOLONG, "%s: the path is too long", folder);
        return 0;
}

int systemd_log_keep(const char *from, const char *name, const char *folder, const uint8_t boot[16],
                unsigned seconds, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(SYSTEMD_LOG_MAX);
        _cleanup_(fd_done) int fd = -1;
        char path[PATH_MAX];
        int rc;

        rc = kept_path(folder, boot, path, e);
        if (rc == 0)
                rc = store_read_shared(from, name, seconds, &log, &fd, e);
        return rc <= 0 ? rc : file_write(path, 0600, buf_span(&log), e);
}

static int add_kept(const char *folder, const uint8_t boot[16], Buf *to, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(SYSTEMD_LOG_MAX);
        char path[PATH_MAX];
        Err why = {};
        int rc;

        rc = kept_path(folder, boot, path, e);
        if (rc < 0)
                return rc;
        rc = file_read(path, &log, &why);
        if (rc == -ENOMEM)
                return err_set(e, rc, "%s", why.text);
        if (rc == 0)
                buf_bytes(to, evidence_whole_lines(buf_span(&log)));
        return 0;
}

/* The boot of the next segment; false where no other follows. */
static bool next_boot(Span *rest, uint8_t ret[16]) {
        Span line;
        Record r;

        while (record_next_line(rest, &line, NULL) > 0)
                if (record_parse(line, &r, NULL) == 0 && r.content.event == EVENT_PHASE_GENESIS) {
                        memcpy(ret, r.content.boot, 16);
                        return true;
                }
        return false;
}

int systemd_log_join(const char *folder, Span before, Span log, Buf *to, Err *e) {
        _cleanup_(buf_done) Buf joined = BUF_UP_TO(SYSTEMD_LOG_MAX);
        uint8_t boot[16], last[16] = {}, present[16];
        int rc = 0;

        if (!next_boot(&log, present))
                return 0;
        while (rc == 0 && next_boot(&before, boot)) {
                if (memcmp(boot, present, 16) != 0 && memcmp(boot, last, 16) != 0)
                        rc = add_kept(folder, boot, &joined, e);
                memcpy(last, boot, 16);
        }
        if (rc < 0 || (joined.failed == 0 && joined.size == 0))
                return rc;
        buf_bytes(&joined, buf_span(to));
        if (joined.failed < 0)
                return err_set(e, joined.failed, "systemd's logs of these boots do not fit");
        buf_done(to);
        *to = joined;
        joined = (Buf){};
        return 0;
}

static size_t add(uint32_t index, uint32_t indices[NVPCRS_MAX], size_t n) {
        for (size_t i = 0; i < n; i++)
                if (indices[i] == index)
                        return n;
        if (n == NVPCRS_MAX)
                return n;
        indices[n] = index;
        return n + 1;
}

size_t systemd_log_indices(Span log, uint32_t ret[NVPCRS_MAX]) {
        JsonToken tokens[SYSTEMD_RECORD_TOKENS_MAX];
        size_t n = 0;
        Span line;

        while (systemd_log_next(&log, &line, NULL) > 0) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(SYSTEMD_RECORD_MAX);
                SystemdRecord r;
                SystemdWords w;

                if (systemd_record_parse(line, tokens, &r, NULL) < 0)
                        continue;
                if (r.reg.kind == REGISTER_NV)
                        n = add(r.reg.index, ret, n);
                if (!json_text(r.string, &text))
                        continue;
                w = systemd_words(buf_span(&text));
                if (w.kind == SYSTEMD_NVPCR_INIT)
                        n = add(w.index, ret, n);
        }
        return n;
}
