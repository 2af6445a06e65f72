/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bits: nobody is to be kept from anything here, accidents are to be found. */
static uint64_t add(uint64_t mark, const void *bytes, size_t size) {
        const uint8_t *at = bytes;

        for (size_t i = 0; i < size; i++)
                mark = (mark ^ at[i]) * UINT64_C(0x100000001b3);
        return mark;
}

static uint64_t mark_of(const TreeEntry *entry) {
        const struct stat *st = entry->st;
        const uint64_t numbers[] = { st->st_ino, (uint64_t) st->st_size, st->st_mode, st->st_uid,
                st->st_gid, st->st_rdev, (uint64_t) st->st_mtim.tv_sec,
                (uint64_t) st->st_mtim.tv_nsec };

        return add(add(UINT64_C(0xcbf29ce484222325), entry->path, strlen(entry->path)), numbers,
                        sizeof(numbers));
}

int seen_keep(Seen *s, const char *name, const TreeEntry *entry, Err *e) {
        if (s->n == s->room) {
                size_t room = s->room > 0 ? 2 * s->room : 1024;
                uint64_t *more = reallocarray(s->marks, room, sizeof(*more));

                if (!more)
                        return err_set(e, -ENOMEM, "%s: no memory", name);
                s->marks = more;
                s->room = room;
        }
        s->marks[s->n++] = mark_of(entry);
        return 0;
}

int seen_compare(Seen *s, const char *name, const TreeEntry *entry, Err *e) {
        if (s->at == s->n || s->marks[s->at] != mark_of(entry))
                return err_set(e, -ESTALE,
                                "%s/%s: was changed while the image was made; build it again when "
                                "nobody writes there",
                                name, entry->path);
        s->at++;
        return 0;
}

int seen_end(const Seen *s, const char *name, Err *e) {
        return s->at == s->n ? 0
                             : err_set(e, -ESTALE,
                                               "%s: something in it was removed while the image was "
                                               "made; build it again when nobody writes there",
                                               name);
}

void seen_done(Seen *s) {
        free(s->marks);
        *s = SEEN_NONE;
}
