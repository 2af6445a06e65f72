/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Where the log's bytes lie. The file is the real one; tests keep them in memory and make steps
 * fail. */

#define LOG_FOLDER "/run/log/avouch" /* unless $AVOUCH_LOG_DIR says otherwise */
#define LOG_FILE "measure.log"
#define LOG_NOTE ".checkpoint" /* behind the name of the log that it is about */

typedef struct Store Store;

/* Which file the log is, and when it was written last: as long as this is the same, nobody has
 * written to it, or put another in its place. */
typedef struct StoreStamp {
        uint64_t device, inode, size, seconds, nanoseconds;
} StoreStamp;

static inline bool store_stamp_equal(const StoreStamp *a, const StoreStamp *b) {
        return a->device == b->device && a->inode == b->inode && a->size == b->size &&
               a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

typedef struct StoreOps {
        int (*load)(Store *s, uint64_t from, Buf *to, Err *e);
        int (*append)(Store *s, Span line, Err *e);
        int (*cut)(Store *s, uint64_t size, Err *e);
        int (*retire)(Store *s, const char *as, Err *e);
        int (*mark)(Store *s, const char *as, Err *e);
        int (*knows)(Store *s, const char *as, Err *e);
        int (*pause)(Store *s, Err *e);
        int (*resume)(Store *s, unsigned seconds, Err *e);
        void (*leave)(Store *s);
        int (*stamp)(Store *s, StoreStamp *ret, Err *e);
        int (*keep_note)(Store *s, Span note, Err *e);
        int (*load_note)(Store *s, Buf *to, Err *e);
        void (*close)(Store *s);
} StoreOps;

struct Store {
        const StoreOps *ops;
};

/* All that is in the log. */
static inline int store_load(Store *s, Buf *to, Err *e) {
        return s->ops->load(s, 0, to, e);
}

/* The same, from this byte on. */
static inline int store_load_from(Store *s, uint64_t from, Buf *to, Err *e) {
        return s->ops->load(s, from, to, e);
}

/* Durable when it returns 0: written, and synced to what the store stands on. Where it fails, the
 * log is as it was, unless the process dies in the middle: then an unfinished last line may stand.
 */
static inline int store_append(Store *s, Span line, Err *e) {
        return s->ops->append(s, line, e);
}

/* Cuts the log to this many bytes, durably. */
static inline int store_cut(Store *s, uint64_t size, Err *e) {
        return s->ops->cut(s, size, e);
}

/* Puts the log aside whole under another name beside it (a number is added where that name is
 * taken), and begins an empty one. */
static inline int store_retire(Store *s, const char *as, Err *e) {
        return s->ops->retire(s, as, e);
}

/* Leaves a mark beside the log that one with this name was begun: it outlasts the log. */
static inline int store_mark(Store *s, const char *as, Err *e) {
        return s->ops->mark(s, as, e);
}

/* 1 where a log was marked or put aside under a name that begins like this, else 0. */
static inline int store_knows(Store *s, const char *as, Err *e) {
        return s->ops->knows(s, as, e);
}

/* Lets others write, and takes the log again: 1 where nobody has written since, 0 where somebody
 * has. In between nothing else may be called but store_close(). */
static inline int store_pause(Store *s, Err *e) {
        return s->ops->pause(s, e);
}

static inline int store_resume(Store *s, unsigned seconds, Err *e) {
        return s->ops->resume(s, seconds, e);
}

/* Lets others write, and remembers nothing: whoever takes it again is told that somebody has
 * written. Where it was not had, nothing happens. */
static inline void store_leave(Store *s) {
        s->ops->leave(s);
}

static inline int store_stamp(Store *s, StoreStamp *ret, Err *e) {
        return s->ops->stamp(s, ret, e);
}

/* A note beside the log, for who opens it next; another one takes its place. It is not synced, nor
 * replaced in one step: what is read back may be old, or torn, or missing, or somebody else's, and
 * the reader has to find that out. */
static inline int store_keep_note(Store *s, Span note, Err *e) {
        return s->ops->keep_note(s, note, e);
}

static inline int store_load_note(Store *s, Buf *to, Err *e) {
        return s->ops->load_note(s, to, e);
}

static inline void store_close(Store **s) {
        if (*s)
                (*s)->ops->close(*s);
        *s = NULL;
}

/* Opens LOG_FILE in a folder for writing, makes both where they are missing (0700, 0600), and waits
 * up to seconds for whoever holds it: -EBUSY after that. Held until it is closed. */
int store_open_file(const char *folder, unsigned seconds, Store **ret, Err *e) _must_check_;

/* The same for a file of another name. Where the file is there and its file system cannot be
 * written, it is opened for reading: every append fails. */
int store_open_named(const char *folder, const char *name, unsigned seconds, Store **ret,
                Err *e) _must_check_;

/* Opens LOG_FILE for reading and waits as above for writers to finish; none can write while the
 * descriptor is open. 1 and a descriptor that the caller closes; 0 where there is no log. */
int store_open_shared(const char *folder, unsigned seconds, int *ret_fd, Err *e) _must_check_;
int store_open_shared_named(const char *folder, const char *name, unsigned seconds, int *ret_fd,
                Err *e) _must_check_;

/* The same, and reads all that is in it to its end; e names the whole path. */
int store_read_shared(const char *folder, const char *name, unsigned seconds, Buf *to, int *ret_fd,
                Err *e) _must_check_;
