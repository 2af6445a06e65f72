/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "port/interrupt.h"

enum { CHUNK = 64 * 1024 };

/* From the end down, so that nothing is overwritten before it was moved. */
static int move_up(int fd, const char *name, uint64_t size, uint64_t by, Err *e) {
        uint8_t chunk[CHUNK];

        for (uint64_t left = size; left > 0;) {
                size_t n = left < CHUNK ? (size_t) left : CHUNK;
                int rc;

                left -= n;
                rc = file_read_at(fd, name, left, chunk, n, e);
                if (rc == 0)
                        rc = file_write_at(fd, name, left + by, (Span){ chunk, n }, e);
                if (rc == 0)
                        rc = interrupt_check(e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

static int write_zeros(int fd, const char *name, uint64_t size, Err *e) {
        static const uint8_t zeros[CHUNK];

        for (uint64_t at = 0; at < size; at += CHUNK) {
                size_t n = size - at < CHUNK ? (size_t) (size - at) : CHUNK;
                int rc = file_write_at(fd, name, at, (Span){ zeros, n }, e);

                if (rc < 0)
                        return rc;
        }
        return 0;
}

int room_make(int fd, const char *name, uint64_t by, bool copy, Err *e) {
        struct stat st;
        int rc;

        if (!copy && fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, (off_t) by) == 0)
                return 0;
        if (fstat(fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", name, strerror(errno));
        rc = move_up(fd, name, (uint64_t) st.st_size, by, e);
        if (rc < 0)
                return rc;
        return write_zeros(fd, name, by, e);
}
