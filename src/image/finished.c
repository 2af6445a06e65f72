/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/finished.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "port/interrupt.h"
#include "port/probe.h"

enum { CHUNK = 64 * 1024, BLOCK = 4096 };

static int file_size(int fd, const char *name, uint64_t *ret, Err *e) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", name, strerror(errno));
        *ret = S_ISREG(st.st_mode) ? (uint64_t) st.st_size : 0;
        return 0;
}

int finished_recognise(int fd, const char *name, bool *ret_is, Err *e) {
        static const char *const known[] = { "erofs", "squashfs", "ext4" };
        char type[32];
        uint64_t size = 0;
        int rc;

        *ret_is = false;
        rc = file_size(fd, name, &size, e);
        if (rc < 0 || size == 0)
                return rc;
        rc = probe_filesystem(fd, name, 0, size, type, e);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(known); i++)
                if (strcmp(type, known[i]) == 0)
                        *ret_is = true;
        return rc;
}

int finished_copy(int from, const char *from_name, int to, const char *to_name, uint64_t *ret_size,
                Err *e) {
        uint8_t chunk[CHUNK];
        uint64_t size = 0, padded;
        int rc;

        rc = file_size(from, from_name, &size, e);
        for (uint64_t at = 0; rc == 0 && at < size; at += CHUNK) {
                size_t n = size - at < CHUNK ? (size_t) (size - at) : CHUNK;

                rc = file_read_at(from, from_name, at, chunk, n, e);
                if (rc == 0)
                        rc = file_write_at(to, to_name, at, (Span){ chunk, n }, e);
                if (rc == 0)
                        rc = interrupt_check(e);
        }
        if (rc < 0)
                return rc;
        padded = (size + BLOCK - 1) / BLOCK * BLOCK;
        if (ftruncate(to, (off_t) padded) < 0)
                return err_set(e, -errno, "%s: %s", to_name, strerror(errno));
        *ret_size = padded;
        return 0;
}
