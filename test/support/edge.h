/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/span.h"

/* A copy of some bytes with nothing behind them: who reads beyond the last one dies, whether a
 * sanitizer looks on or not. */
typedef struct Edge {
        Span bytes;
        void *pages;
        size_t size;
} Edge;

static inline Edge edge_of(Span s) {
        size_t page = (size_t) sysconf(_SC_PAGESIZE), room = (s.size / page + 1) * page;
        uint8_t *pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uint8_t *at;

        assert(pages != MAP_FAILED);
        assert(mprotect(pages + room, page, PROT_NONE) == 0);
        at = pages + room - s.size;
        if (s.size > 0)
                memcpy(at, s.data, s.size);
        return (Edge){ { at, s.size }, pages, room + page };
}

static inline void edge_done(Edge *e) {
        (void) munmap(e->pages, e->size);
}
