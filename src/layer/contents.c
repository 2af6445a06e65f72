/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/contents.h"

#include <errno.h>
#include <string.h>

#include "layer/volume.h"
#include "wire/osrel.h"

#define RELEASE_PREFIX "extension-release."

/* The volume that is looked into, and how. */
typedef struct Looking {
        const VolumeKind *kind;
        Volume v;
} Looking;

typedef struct Wanted {
        Span name;
        uint64_t file;
} Wanted;

static int is_wanted(void *user, uint64_t file, Span name, Err *e) {
        Wanted *w = user;

        (void) e;
        if (!span_equal(name, w->name))
                return 0;
        w->file = file;
        return 1;
}

/* 1 where there is such a path, of folders and no links. */
static int find(Looking *in, const char *path, uint64_t *ret, Err *e) {
        uint64_t file = in->v.root;
        Span left = span_of(path);

        while (left.size > 0) {
                const uint8_t *slash = memchr(left.data, '/', left.size);
                Wanted w = { .name = { left.data,
                                             slash ? (size_t) (slash - left.data) : left.size } };
                int rc = in->kind->visit(&in->v, file, is_wanted, &w, e);

                if (rc <= 0)
                        return rc;
                file = w.file;
                left = span_from(left, w.name.size);
                if (left.size > 0)
                        left = span_from(left, 1);
        }
        *ret = file;
        return 1;
}

/* 1 where it is a file that can be read. */
static int read_text(Looking *in, uint64_t file, Buf *to, Err *e) {
        int rc = in->kind->read(&in->v, file, to, e);

        if (rc >= 0 && to->failed < 0)
                return err_set(e, to->failed, "%s: no memory", in->v.l->path);
        return rc;
}

typedef struct Release {
        char name[NAME_TEXT_MAX + 1];
        uint64_t file;
        unsigned n;
} Release;

static int is_release(void *user, uint64_t file, Span name, Err *e) {
        Span prefix = SPAN_LITERAL(RELEASE_PREFIX);
        Release *r = user;

        if (!span_starts(name, prefix) || name.size == prefix.size ||
                        name.size - prefix.size > NAME_TEXT_MAX)
                return 0;
        if (r->n++ > 0)
                return err_set(e, -EBADMSG,
                                "two extension-release files; which of them a host takes cannot be "
                                "known");
        memcpy(r->name, name.data + prefix.size, name.size - prefix.size);
        r->file = file;
        return 0;
}

/* 1 where it is an extension of this type. */
static int look_for_extension(Looking *in, const char *folder, LeafType type, Contents *c, Err *e) {
        Release r = {};
        uint64_t file = 0;
        int rc;

        rc = find(in, folder, &file, e);
        if (rc == 1)
                rc = in->kind->visit(&in->v, file, is_release, &r, e);
        if (rc < 0 || r.n == 0)
                return rc < 0 ? rc : 0;
        rc = read_text(in, r.file, &c->release, e);
        if (rc < 0)
                return rc;
        c->type = type;
        memcpy(c->name, r.name, sizeof(c->name));
        return 1;
}

static int look_for_system(Looking *in, Contents *c, Err *e) {
        bool usr = in->v.l->usr;
        uint64_t file = 0;
        int rc;

        rc = find(in, usr ? "lib/os-release" : "usr/lib/os-release", &file, e);
        if (rc <= 0)
                return rc;
        rc = read_text(in, file, &c->release, e);
        if (rc <= 0)
                return rc;
        if (usr)
                c->type = LEAF_USR;
        else
                c->type = osrel_value(buf_span(&c->release), "PORTABLE_PREFIXES").size > 0
                                          ? LEAF_PORTABLE
                                          : LEAF_ROOT;
        return 0;
}

static int look(Looking *in, Contents *c, Err *e) {
        bool usr = in->v.l->usr;
        int rc;

        rc = in->kind->open(&in->v, e);
        if (rc == 0)
                rc = look_for_extension(in,
                                usr ? "lib/extension-release.d" : "usr/lib/extension-release.d",
                                LEAF_SYSEXT, c, e);
        if (rc == 0 && !usr)
                rc = look_for_extension(in, "etc/extension-release.d", LEAF_CONFEXT, c, e);
        if (rc == 0)
                rc = look_for_system(in, c, e);
        if (rc < 0)
                return rc;
        c->unread = in->v.unread;
        return 0;
}

int contents_read(const Layer *l, Contents *ret, Err *e) {
        _cleanup_(contents_done) Contents c = CONTENTS_NONE;
        Looking in = { .kind = volume_kind(l->filesystem), .v = { .l = l } };
        int rc = 0;

        if (in.kind)
                rc = look(&in, &c, e);
        else
                c.unread = "its file system is none that is looked into";
        if (rc < 0)
                return rc;

        *ret = c;
        c = CONTENTS_NONE;
        return 0;
}

void contents_done(Contents *c) {
        buf_done(&c->release);
}
