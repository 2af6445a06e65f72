/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/ak.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "wire/tpmcontext.h"

enum { FILE_MAX = 8 + 4 + 4 + 2 + TPM_CONTEXT_MAX };

static bool find_path(const Tpm *tpm, TpmAkType type, char ret[static PATH_MAX]) {
        int n;

        if (!tpm->keep)
                return false;
        n = snprintf(ret, PATH_MAX, "%s/%s", tpm->keep,
                        type == TPM_AK_RSA ? AK_FILE_RSA : AK_FILE_ECC);
        return n > 0 && n < PATH_MAX;
}

/* Neither a link nor a FIFO that somebody put there holds us up. */
static bool read_file(const char *path, Buf *to) {
        _cleanup_(fd_done) int fd =
                        open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

        return fd >= 0 && file_read_fd(fd, path, to, NULL) == 0;
}

/* 1 where the key is there, 0 where it has to be made. */
static int take_back(Tpm *tpm, TpmAkType type, const char *path, Buf *public, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(FILE_MAX);
        TpmContext c;
        Err why = {};
        int rc;

        if (!read_file(path, &bytes) || tpm_context_parse(buf_span(&bytes), &c, NULL) < 0)
                return 0;
        rc = tpm_key_load(tpm, type, c.sequence, c.blob, public, &why);
        if (rc == -EBUSY || rc == -ETIMEDOUT) /* it was waited for already */
                return err_set(e, rc, "%s", why.text);
        return rc == 0;
}

/* What cannot be kept is made again. */
static void keep(Tpm *tpm, const char *path) {
        _cleanup_(buf_done) Buf context = BUF_UP_TO(FILE_MAX);
        _cleanup_(new_file_done) NewFile f = NEW_FILE_NONE;
        TpmContext unused;

        if (new_file_open(path, 0600, &f, NULL) < 0)
                return; /* before the TPM is asked: who may not write here asks each time */
        if (tpm_key_save(tpm, &context, NULL) < 0 ||
                        tpm_context_parse(buf_span(&context), &unused, NULL) < 0)
                return;
        if (file_write_at(f.fd, path, 0, buf_span(&context), NULL) == 0)
                (void) !new_file_commit(&f, NULL);
}

int ak_begin(Tpm *tpm, TpmAkType type, Buf *public, Err *e) {
        char path[PATH_MAX];
        bool kept = find_path(tpm, type, path);
        int rc = 0;

        if (kept)
                rc = take_back(tpm, type, path, public, e);
        if (rc != 0)
                return rc < 0 ? rc : 0;
        rc = tpm_key(tpm, type, public, e);
        if (rc == 0 && kept)
                keep(tpm, path);
        return rc;
}
