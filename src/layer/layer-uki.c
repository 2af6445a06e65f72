/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "layer/kinds.h"
#include "layer/uki-name.h"
#include "layer/uki.h"

/* A unified kernel image as a layer: what kexec starts. Its identity is its Authenticode hash,
 * which covers every byte but the signature; what it is called, it says itself. */

static int open_one(const Layer *l, Uki *u, UkiDigests *d, Err *e) {
        int rc = uki_open_fd(l->fd, l->path, u, e);

        return rc < 0 ? rc : uki_digest(u, NULL, 0, d, e);
}

static int recognise(Layer *l, Err *e) {
        _cleanup_(buf_done) Buf os_release = BUF_UP_TO(UKI_TEXT_MAX),
                                uname = BUF_UP_TO(UKI_TEXT_MAX);
        UkiDigests d;
        Uki u; /* its descriptor is the layer's */
        int rc;

        rc = open_one(l, &u, &d, e);
        if (rc == 0)
                rc = uki_text(&u, ".osrel", &os_release, e);
        if (rc == 0)
                rc = uki_text(&u, ".uname", &uname, e);
        if (rc < 0)
                return rc;

        l->type = LEAF_UKI;
        l->architecture = u.architecture;
        l->root_hash = d.authenticode;
        uki_name(buf_span(&os_release), buf_span(&uname), l->name, l->version);
        return 0;
}

static int check(const Layer *l, const Watcher *watcher, Err *e) {
        UkiDigests d;
        Uki u;
        int rc;

        (void) watcher; /* it is hashed from end to end, by one thread */
        rc = open_one(l, &u, &d, e);
        if (rc < 0)
                return rc;
        if (!digest_equal(&d.authenticode, &l->root_hash))
                return err_set(e, -EBADMSG, "%s: was changed while it was read", l->path);
        return 0;
}

const LayerKind layer_uki = {
        .matches = uki_matches,
        .recognise = recognise,
        .check = check,
};
