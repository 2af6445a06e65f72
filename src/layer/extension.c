/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/extension.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "layer/contents.h"

static int check_kind(Extension *x, const Demands *d, Err *e) {
        (void) d;
        if (x->layer.type == LEAF_UKI)
                return err_set(e, -ENODATA, "it is a kernel image, and no extension");
        x->layer.type = x->type;
        return 0;
}

static int check_signature(Extension *x, const Demands *d, Err *e) {
        int rc;

        if (!d->signature)
                return 0;
        rc = layer_signer(&x->layer, &d->anchors, d->now, &x->signer, e);
        x->has_signer = rc == 0;
        return rc;
}

static int check_content(Extension *x, const Demands *d, Err *e) {
        return d->content ? layer_check(&x->layer, NULL, e) : 0;
}

/* What is not covered by the root hash is not read here: the block that these words stand in is the
 * kernel's to check when they are used, and if another stood there now, that fails. */
static int check_release(Extension *x, const Demands *d, Err *e) {
        _cleanup_(contents_done) Contents c = CONTENTS_NONE;
        int rc;

        rc = contents_read(&x->layer, &c, e);
        if (rc < 0)
                return rc;
        if (c.release.size == 0)
                return err_set(e, -ENODATA,
                                "no extension-release that can be read before it is mounted: %s",
                                c.unread ?: "it has none");
        if (c.type != x->type)
                return err_set(e, -ENODATA, "it is no %s inside, but a %s", leaf_type_name(x->type),
                                leaf_type_name(c.type));
        return release_check(buf_span(&c.release), x->type, &d->system, e);
}

/* In this order, the first that fails tells. What comes next is here: that the layer is in a
 * transparency log, by the proof that it carries (Require=log, which is not taken yet). */
static int (*const checks[])(Extension *, const Demands *, Err *) = {
        check_kind,
        check_signature,
        check_content,
        check_release,
};

static int judge(const Candidate *c, const Demands *d, Extension *x, Err *e) {
        int rc;

        if (c->is_folder)
                return err_set(e, -ENODATA, "it is a folder: without a root hash to be known by");
        if (c->is_versioned && c->version[0] == '\0')
                return err_set(e, -ENODATA, "no version in it is for this architecture");
        rc = layer_open(x->path, &x->layer, e);
        x->opened = rc == 0;
        for (size_t i = 0; rc == 0 && i < ELEMENTS(checks); i++)
                rc = checks[i](x, d, e);
        return rc;
}

/* Where it stands is said once, by who tells the reason. */
static const char *behind_path(const char *text, const char *path) {
        size_t n = strlen(path);

        return strncmp(text, path, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text;
}

int extension_open(const Candidate *c, const Demands *d, Extension *ret, Err *e) {
        Err why = {};
        int rc;

        *ret = (Extension){ .type = c->type, .layer = LAYER_NONE };
        candidate_path(c, ret->path);
        rc = judge(c, d, ret, &why);
        if (rc == -ENOMEM) {
                extension_done(ret);
                return err_set(e, rc, "%s", why.text);
        }
        ret->fits = rc == 0;
        if (rc < 0)
                (void) snprintf(ret->why, sizeof(ret->why), "%s", behind_path(why.text, ret->path));
        return 0;
}

void extension_done(Extension *x) {
        layer_done(&x->layer);
}
