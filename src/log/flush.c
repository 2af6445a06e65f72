/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/flush.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "log/store.h"
#include "wire/record.h"

enum { NAME_TRIES = 4096, NAME_SIZE = 256 };

/* One log of this boot. */
typedef struct Source {
        char name[NAME_SIZE];
        int64_t time;  /* of its genesis: when it began */
        char stem[48]; /* "BOOT" or "BOOT.damaged" */
} Source;

typedef struct Flush {
        int from, to;
        const char *from_path, *to_path;
        Source *sources;
        size_t n;
        Flushed done;
        Err first; /* what kept a log from being copied */
} Flush;

static void flush_done(Flush *f) {
        fd_done(&f->from);
        fd_done(&f->to);
        free(f->sources);
}

static int failed(const char *folder, const char *name, const char *what, Err *e) {
        int rc = errno > 0 ? -errno : -EIO;

        return err_set(e, rc, "%s/%s: %s: %s", folder, name, what, strerror(-rc));
}

static void dir_done(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

/* Up to the last newline: what follows is not finished. */
static Span whole_lines(Span s) {
        while (s.size > 0 && s.data[s.size - 1] != '\n')
                s.size--;
        return s;
}

static int read_file(int folder, const char *path, const char *name, Buf *to, Err *e) {
        _cleanup_(fd_done) int fd = openat(
                        folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

        int rc;

        if (fd < 0)
                return failed(path, name, "cannot be opened", e);
        rc = file_read_fd(fd, name, to, e);
        if (rc < 0)
                err_at(e, path);
        return rc;
}

static void hex_id(const uint8_t id[16], char into[33]) {
        for (size_t i = 0; i < 16; i++)
                (void) snprintf(into + 2 * i, 3, "%02x", id[i]);
}

/* When the segment began, and the stem of its name. */
static void describe(Source *s, Span log, const uint8_t boot[16]) {
        char id[33];
        Span line;
        Record r;

        if (record_next_line(&log, &line, NULL) > 0 && record_parse(line, &r, NULL) == 0 &&
                        r.content.event == EVENT_PHASE_GENESIS) {
                hex_id(r.content.boot, id);
                s->time = r.content.time;
                (void) snprintf(s->stem, sizeof(s->stem), "%s", id);
                return;
        }
        hex_id(boot, id);
        s->time = -1; /* where something is left out, this comes first */
        (void) snprintf(s->stem, sizeof(s->stem), "%s.damaged", id);
}

/* The history lies there too while it waits to be brought home, and is no log. */
static bool is_log(const char *name) {
        static const Span history = SPAN_LITERAL("history"), end = SPAN_LITERAL(".log");
        Span s = span_of(name);

        return s.size > end.size && s.size < NAME_SIZE && name[0] != '.' &&
               !span_starts(s, history) && span_ends(s, end);
}

static int add_source(Flush *f, const char *name, const uint8_t boot[16], Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        Source s = {};
        Source *more;
        int rc;

        rc = read_file(f->from, f->from_path, name, &log, e);
        if (rc < 0)
                return rc;
        (void) snprintf(s.name, sizeof(s.name), "%s", name);
        describe(&s, buf_span(&log), boot);
        more = reallocarray(f->sources, f->n + 1, sizeof(*more));
        if (!more)
                return err_set(e, -ENOMEM, "no memory for a list of logs");
        f->sources = more;
        f->sources[f->n++] = s;
        return 0;
}

static int in_order(const void *a, const void *b) {
        const Source *x = a, *y = b;

        if (x->time != y->time)
                return x->time < y->time ? -1 : 1;
        return strcmp(x->name, y->name);
}

/* The others are copied all the same. */
static void note_failure(Flush *f, int rc, const Err *why) {
        if (rc < 0)
                (void) err_set(&f->first, rc, "%s", why->text);
}

/* How many of the oldest are left out. That they are missing is told here, and seen by whoever
 * verifies what needs them. */
static size_t leave_out(Flush *f) {
        size_t n = f->n > LOGS_MAX ? f->n - LOGS_MAX : 0;

        if (n > 0)
                (void) err_set(&f->first, -E2BIG,
                                "%s: %zu logs, of which the oldest %zu were left out; move them away",
                                f->from_path, f->n, n);
        return n;
}

static int list_sources(Flush *f, const uint8_t boot[16], Err *e) {
        _cleanup_(dir_done) DIR *d = NULL;
        _cleanup_(fd_done) int fd = openat(f->from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct dirent *entry;
        int rc = 0;

        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d)
                return failed(f->from_path, "", "cannot be read", e);
        fd = -1; /* the stream's */
        while ((errno = 0, entry = readdir(d))) {
                Err why = {};

                if (is_log(entry->d_name))
                        note_failure(f, add_source(f, entry->d_name, boot, &why), &why);
        }
        if (errno != 0)
                rc = failed(f->from_path, "", "cannot be read", e);
        if (rc == 0 && f->n > 0)
                qsort(f->sources, f->n, sizeof(*f->sources), in_order);
        return rc;
}

/* Writes what the copy does not have yet behind what it has. */
static int add_to_copy(Flush *f, int fd, const char *name, size_t has, Span log, Err *e) {
        int rc;

        /* a line that the last one to do this did not finish */
        if (ftruncate(fd, (off_t) has) < 0)
                return failed(f->to_path, name, "cannot be written", e);
        rc = file_write_at(fd, name, has, span_from(log, has), e);
        if (rc == 0 && fdatasync(fd) < 0)
                rc = failed(f->to_path, name, "cannot be synced", e);
        if (rc < 0)
                (void) ftruncate(fd, (off_t) has);
        else
                f->done.bytes += log.size - has;
        return rc;
}

/* 1 where this is the segment's copy, and it is complete now; 0 where it is another's. */
static int try_copy(Flush *f, const char *name, Span log, Err *e) {
        _cleanup_(buf_done) Buf copy = BUF_UP_TO(LOG_MAX);
        _cleanup_(fd_done) int fd = openat(f->to, name,
                        O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
        Span has;
        int rc;

        if (fd < 0)
                return failed(f->to_path, name, "cannot be opened", e);
        rc = file_read_fd(fd, name, &copy, e);
        if (rc < 0)
                return rc;
        has = whole_lines(buf_span(&copy));
        if (span_starts(has, log)) /* nothing is taken from a copy */
                return has.size == log.size && copy.size > has.size
                                       ? add_to_copy(f, fd, name, has.size, log, e) ?: 1
                                       : 1;
        if (!span_starts(log, has))
                return 0;
        rc = add_to_copy(f, fd, name, has.size, log, e);
        return rc < 0 ? rc : 1;
}

static int flush_one(Flush *f, const Source *s, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LOG_MAX);
        char name[NAME_SIZE];
        Span log;
        int rc;

        rc = read_file(f->from, f->from_path, s->name, &b, e);
        if (rc < 0)
                return rc;
        log = whole_lines(buf_span(&b));
        if (log.size == 0)
                return 0;
        for (unsigned i = 0; i < NAME_TRIES; i++) {
                if (i == 0)
                        (void) snprintf(name, sizeof(name), "%s.log", s->stem);
                else
                        (void) snprintf(name, sizeof(name), "%s.%u.log", s->stem, i);
                rc = try_copy(f, name, log, e);
                f->done.segments += rc > 0;
                if (rc != 0)
                        return rc < 0 ? rc : 0;
        }
        return err_set(e, -EEXIST, "%s: too many logs are named %s; move some away", f->to_path,
                        s->stem);
}

static int open_folders(Flush *f, Err *e) {
        int rc;

        rc = dir_make(f->to_path, 0700, e);
        if (rc < 0)
                return rc;
        f->to = open(f->to_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->to < 0)
                return failed(f->to_path, "", "cannot be opened", e);
        f->from = open(f->from_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->from < 0)
                return failed(f->from_path, "", "cannot be opened", e);
        /* one at a time */
        if (flock(f->to, LOCK_EX) < 0)
                return failed(f->to_path, "", "cannot be locked", e);
        return 0;
}

int log_flush(const char *from, const char *to, const uint8_t boot[16], unsigned seconds,
                Flushed *ret, Err *e) {
        _cleanup_(flush_done) Flush f = { .from = -1, .to = -1, .from_path = from, .to_path = to };
        _cleanup_(fd_done) int lock = -1;
        int rc;

        /* nobody writes, and nobody puts a log aside, while this is open */
        rc = store_open_shared(from, seconds, &lock, e);
        if (rc > 0)
                rc = open_folders(&f, e);
        if (rc == 0 && lock >= 0)
                rc = list_sources(&f, boot, e);
        for (size_t i = leave_out(&f); rc == 0 && i < f.n; i++) {
                Err why = {};

                note_failure(&f, flush_one(&f, &f.sources[i], &why), &why);
        }
        if (rc == 0 && f.n > 0 && fsync(f.to) < 0)
                rc = failed(to, "", "cannot be synced", e);
        if (rc == 0 && f.first.code < 0)
                rc = err_set(e, f.first.code, "%s", f.first.text);
        if (rc < 0)
                return rc;
        *ret = f.done;
        return 0;
}
