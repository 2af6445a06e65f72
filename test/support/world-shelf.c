/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/world-nv.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "wire/limits.h"

static WorldShelf *shelf_of(Store *s) {
        return (WorldShelf *) (void *) s; /* store is the first member */
}

static int shelf_load(Store *store, uint64_t from, Buf *to, Err *e) {
        WorldShelf *s = shelf_of(store);
        int rc = world_step(s->world, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        assert(from == 0); /* a history is read whole */
        buf_bytes(to, buf_span(&s->bytes));
        return to->failed;
}

static int read_only(Err *e) {
        return err_set(e, -EROFS, "a disk that the test made read-only");
}

static int shelf_append(Store *store, Span line, Err *e) {
        WorldShelf *s = shelf_of(store);
        bool torn = s->world->fault == FAULT_TORN && s->world->steps_left == 0;
        int rc;

        if (s->read_only)
                return read_only(e);
        if (s->room == 0)
                return err_set(e, -ENOSPC, "a disk that the test filled");
        s->room -= s->room > 0;
        rc = world_step(s->world, e);
        if (torn)
                buf_bytes(&s->bytes, (Span){ line.data, line.size / 2 });
        if (rc == 0)
                buf_bytes(&s->bytes, line);
        return rc > 0 ? world_lost(e)
                      : rc; /* a store that reports a failure has undone its write */
}

static int shelf_cut(Store *store, uint64_t size, Err *e) {
        WorldShelf *s = shelf_of(store);
        int rc;

        if (s->read_only)
                return read_only(e);
        rc = world_step(s->world, e);
        if (rc < 0)
                return rc;
        assert(size <= s->bytes.size);
        s->bytes.size = size;
        return rc > 0 ? world_lost(e) : 0;
}

static int shelf_retire(Store *store, const char *as, Err *e) {
        WorldShelf *s = shelf_of(store);
        int rc;

        if (s->read_only)
                return read_only(e);
        rc = world_step(s->world, e);
        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        (void) snprintf(s->retired[s->n_retired++], sizeof(s->retired[0]), "%s", as);
        buf_done(&s->bytes);
        return 0;
}

static const StoreOps shelf_ops = {
        .load = shelf_load,
        .append = shelf_append,
        .cut = shelf_cut,
        .retire = shelf_retire,
};

void world_shelf_new(WorldShelf *s, World *w) {
        *s = (WorldShelf){
                .store.ops = &shelf_ops, .world = w, .room = -1, .bytes = BUF_UP_TO(HISTORY_MAX)
        };
}

void world_shelf_done(WorldShelf *s) {
        buf_done(&s->bytes);
}
