/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/systemd.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "log/store.h"
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
