/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-part.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "wire/limits.h"

void uki_part_done(UkiPart *p) {
        fd_done(&p->fd);
        buf_done(&p->bytes);
        buf_done(&p->head);
        buf_done(&p->tail);
}

static int too_large(const char *path, Err *e) {
        return err_set(e, -E2BIG, "%s: larger than the %d bytes that an image takes", path,
                        UKI_MAX);
}

int uki_part_open(const char *path, UkiPart *ret, Err *e) {
        _cleanup_(uki_part_done)
                        UkiPart p = { .name = path, .fd = -1, .bytes = BUF_UP_TO(UKI_MAX) };
        struct stat st;
        int rc;

        p.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (p.fd < 0 || fstat(p.fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        if (S_ISREG(st.st_mode)) {
                p.size = (uint64_t) st.st_size;
        } else {
                rc = file_read_fd(p.fd, path, &p.bytes, e);
                if (rc < 0)
                        return rc;
                p.size = p.bytes.size;
                fd_done(&p.fd);
        }
        if (p.size > UKI_MAX)
                return too_large(path, e);

        *ret = p;
        p = UKI_PART_NONE;
        return 0;
}

int uki_part_slice(const UkiPart *whole, uint64_t at, uint64_t size, UkiPart *ret, Err *e) {
        UkiPart p = { .name = whole->name, .fd = -1, .from = at, .size = size };

        if (whole->fd < 0)
                return err_set(e, -ENODATA, "%s: not a file", whole->name);
        p.fd = fcntl(whole->fd, F_DUPFD_CLOEXEC, 0);
        if (p.fd < 0)
                return err_set(e, -errno, "%s: %s", whole->name, strerror(errno));

        *ret = p;
        return 0;
}

int uki_part_load(
                const UkiPart *whole, uint64_t at, size_t size, size_t max, UkiPart *ret, Err *e) {
        _cleanup_(uki_part_done)
                        UkiPart p = { .name = whole->name, .fd = -1, .bytes = BUF_UP_TO(max) };
        uint8_t *into = size > 0 ? buf_room(&p.bytes, size) : NULL;
        size_t n = 0;
        int rc = 0;

        if (p.bytes.failed < 0)
                return err_set(e, p.bytes.failed, "%s: %zu bytes, where %zu are the most",
                                whole->name, size, max);
        if (into)
                rc = uki_part_read(whole, at, into, size, &n, e);
        if (rc == 0 && n < size)
                rc = err_set(e, -EIO, "%s: became shorter while it was read", whole->name);
        if (rc < 0)
                return rc;
        p.size = n;

        *ret = p;
        p = UKI_PART_NONE;
        return 0;
}

static bool is_blank(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static void put_squeezed(Buf *to, const char *text) {
        for (const char *c = text; *c; c++)
                if (!is_blank(*c)) {
                        if (to->size > 0 && c > text && is_blank(c[-1]))
                                buf_byte(to, ' ');
                        buf_byte(to, (uint8_t) *c);
                }
}

int uki_part_text(const char *value, bool squeeze, UkiPart *ret, Err *e) {
        _cleanup_(uki_part_done)
                        UkiPart p = { .name = value, .fd = -1, .bytes = BUF_UP_TO(UKI_TEXT_MAX) };
        Span bytes;
        int rc;

        if (value[0] == '@') {
                p.name = value + 1;
                rc = file_read(p.name, &p.bytes, e);
                if (rc < 0)
                        return rc;
        } else if (squeeze) {
                put_squeezed(&p.bytes, value);
        } else {
                buf_string(&p.bytes, value);
        }
        rc = buf_end(&p.bytes, &bytes);
        if (rc < 0)
                return err_set(e, rc, "a text of more than %d bytes, or no memory", UKI_TEXT_MAX);
        p.size = bytes.size;

        *ret = p;
        p = UKI_PART_NONE;
        return 0;
}

/* As many as lie together: in the head, in the tail, or between the two. */
static int read_once(const UkiPart *p, uint64_t at, uint8_t *into, size_t size, size_t *ret_size,
                Err *e) {
        uint64_t tail_at = p->size - p->tail.size, end = tail_at;
        const uint8_t *from = NULL;

        if (at < p->head.size) {
                from = p->head.data + at;
                end = p->head.size;
        } else if (at >= tail_at) {
                from = p->tail.data + (at - tail_at);
                end = p->size;
        } else if (p->fd < 0) {
                from = p->bytes.data + at;
        }
        if (size > end - at)
                size = (size_t) (end - at);
        if (!from)
                return file_read_some(p->fd, p->name, p->from + at, into, size, ret_size, e);
        memcpy(into, from, size);
        *ret_size = size;
        return 0;
}

int uki_part_read(const UkiPart *p, uint64_t at, uint8_t *into, size_t size, size_t *ret_size,
                Err *e) {
        size_t done = 0, n = 1;

        while (done < size && at + done < p->size && n > 0) {
                int rc = read_once(p, at + done, into + done, size - done, &n, e);

                if (rc < 0)
                        return rc;
                done += n;
        }
        *ret_size = done;
        return 0;
}
