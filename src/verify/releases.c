/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/releases.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

static Release *next_room(Releases *r, Err *e) {
        size_t room = r->room == 0 ? 8 : 2 * r->room;
        Release *list;

        if (r->n < r->room)
                return &r->list[r->n];
        if (r->n == LEAVES_MAX) {
                (void) err_set(e, -E2BIG, "more than %d leaves", LEAVES_MAX);
                return NULL;
        }
        list = reallocarray(r->list, room, sizeof(*list));
        if (!list) {
                (void) err_set(e, -ENOMEM, "no memory for %zu leaves", room);
                return NULL;
        }
        r->list = list;
        r->room = room;
        return &r->list[r->n];
}

static int copy_text(char *into, size_t size, Span text, Err *e) {
        if (text.size >= size)
                return err_set(e, -EBADMSG, "leaf: a name or version of %zu bytes", text.size);
        if (text.size > 0)
                memcpy(into, text.data, text.size);
        into[text.size] = '\0';
        return 0;
}

static bool same_release(const Release *a, const Release *b) {
        return a->type == b->type && strcmp(a->name, b->name) == 0 &&
               strcmp(a->version, b->version) == 0 && a->has_signer == b->has_signer &&
               memcmp(a->signer, b->signer, sizeof(a->signer)) == 0;
}

/* What stands in next counts from now on. A leaf that is there already is passed over; one hash
 * under two names would let the order of files decide. */
static int keep(Releases *r, const Release *next, Err *e) {
        const Release *known = NULL;

        if (next->has_root_hash)
                known = releases_by_root_hash(r, next->root_hash);
        else if (next->has_authenticode)
                known = releases_by_authenticode(r, next->authenticode);
        if (known && !same_release(known, next))
                return err_set(e, -EBADMSG,
                                "leaf: '%.80s' has the %s of '%.80s', which another leaf names",
                                next->name,
                                next->has_root_hash ? "root hash" : "Authenticode digest",
                                known->name);
        r->n += known ? 0 : 1;
        return 0;
}

int releases_add(Releases *r, Span leaf, Err *e) {
        Release *at = next_room(r, e);
        size_t before = r->n;
        Leaf l;
        int rc;

        if (!at)
                return r->n == LEAVES_MAX ? -E2BIG : -ENOMEM;
        rc = leaf_parse(leaf, &l, e);
        if (rc < 0)
                return rc;
        *at = (Release){ .type = l.type,
                .has_root_hash = l.has_root_hash,
                .has_authenticode = l.has_authenticode,
                .has_signer = l.has_signer };
        memcpy(at->root_hash, l.root_hash, sizeof(at->root_hash));
        memcpy(at->authenticode, l.authenticode, sizeof(at->authenticode));
        memcpy(at->signer, l.signer, sizeof(at->signer));
        rc = copy_text(at->name, sizeof(at->name), l.name, e);
        if (rc < 0)
                return rc;
        rc = copy_text(at->version, sizeof(at->version), l.version, e);
        if (rc < 0)
                return rc;
        rc = known_uki_take(&l, &at->uki, e);
        if (rc < 0)
                return rc;
        rc = keep(r, at, e);
        if (r->n == before) /* it is wrong, or there already */
                known_uki_done(&at->uki);
        return rc;
}

static int load_file(Releases *r, const char *path, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
        int rc;

        rc = file_read(path, &b, e);
        if (rc < 0)
                return rc;
        rc = releases_add(r, buf_span(&b), e);
        if (rc < 0)
                err_at(e, path);
        return rc;
}

static bool is_leaf_name(const char *name) {
        size_t n = strlen(name);

        return n > 5 && strcmp(name + n - 5, ".leaf") == 0;
}

static void dir_done(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

int releases_load(Releases *r, const char *path, Err *e) {
        _cleanup_(dir_done) DIR *folder = opendir(path);
        const struct dirent *entry;

        if (!folder)
                return load_file(r, path, e);
        while ((errno = 0, entry = readdir(folder))) {
                char file[4096];
                int n, rc;

                if (!is_leaf_name(entry->d_name))
                        continue;
                n = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
                if ((size_t) n >= sizeof(file))
                        return err_set(e, -ENAMETOOLONG, "%s: a path is too long", path);
                rc = load_file(r, file, e);
                if (rc < 0)
                        return rc;
        }
        if (errno != 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        return 0;
}

const Release *releases_by_root_hash(const Releases *r, const uint8_t root_hash[32]) {
        for (size_t i = 0; i < r->n; i++)
                if (r->list[i].has_root_hash && memcmp(r->list[i].root_hash, root_hash, 32) == 0)
                        return &r->list[i];
        return NULL;
}

const Release *releases_by_authenticode(const Releases *r, const uint8_t authenticode[32]) {
        for (size_t i = 0; i < r->n; i++)
                if (r->list[i].has_authenticode &&
                                memcmp(r->list[i].authenticode, authenticode, 32) == 0)
                        return &r->list[i];
        return NULL;
}

void releases_done(Releases *r) {
        for (size_t i = 0; i < r->n; i++)
                known_uki_done(&r->list[i].uki);
        free(r->list);
        *r = (Releases){};
}
