/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "port/interrupt.h"

enum { CHUNK = 256 * 1024 };

/* By the kernel, which shares the blocks where it can, and copies them without us elsewhere. False
 * where it does neither; what was moved by then can be moved again. */
static bool move_chunk(int fd, uint64_t from, uint64_t to, size_t n) {
        while (n > 0) {
                loff_t in = (loff_t) from, out = (loff_t) to;
                ssize_t moved = copy_file_range(fd, &in, fd, &out, n, 0);

                if (moved <= 0)
                        return false;
                from += (uint64_t) moved;
                to += (uint64_t) moved;
                n -= (size_t) moved;
        }
        return true;
}

static int copy_chunk(int fd, const char *name, uint64_t from, uint64_t to, size_t n, Err *e) {
        uint8_t chunk[CHUNK];
        int rc;

        rc = file_read_at(fd, name, from, chunk, n, e);
        return rc < 0 ? rc : file_write_at(fd, name, to, (Span){ chunk, n }, e);
}

/* From the end down, so that nothing is overwritten before it was moved; never more at once than
 * what it moves by, so that a chunk does not overlap its own place. */
static int move_up(int fd, const char *name, uint64_t size, uint64_t by, Err *e) {
        uint64_t step = by < CHUNK ? by : CHUNK;

        for (uint64_t left = size; left > 0;) {
                size_t n = (size_t) (left < step ? left : step);
                int rc = 0;

                left -= n;
                if (!move_chunk(fd, left, left + by, n))
                        rc = copy_chunk(fd, name, left, left + by, n, e);
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
        if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t) by) == 0)
                return 0;
        return write_zeros(fd, name, by, e);
}
