/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/layer.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/text.h"
#include "layer/kinds.h"
#include "port/cms.h"

static const LayerKind *const kinds[] = {
        &layer_ddi,
        &layer_uki,
};

static const LayerKind *find_kind(Span head) {
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (kinds[i]->matches(head))
                        return kinds[i];
        return NULL;
}

bool layer_matches(Span head) {
        return find_kind(head) != NULL;
}

static int recognise(Layer *l, Err *e) {
        uint8_t head[LAYER_HEAD];
        size_t size;
        int rc;

        rc = file_read_some(l->fd, l->path, 0, head, sizeof(head), &size, e);
        if (rc < 0)
                return rc;
        l->kind = find_kind((Span){ head, size });
        if (l->kind)
                return l->kind->recognise(l, e);
        return err_set(e, -ENODATA,
                        "%s: no layer: not a disk image with a GPT partition table, and no "
                        "unified kernel image",
                        l->path);
}

int layer_open(const char *path, Layer *ret, Err *e) {
        _cleanup_(layer_done) Layer l = LAYER_NONE;
        int rc;

        l.path = path;
        l.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (l.fd < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        rc = recognise(&l, e);
        if (rc < 0)
                return rc;

        *ret = l;
        l = LAYER_NONE;
        return 0;
}

void layer_done(Layer *l) {
        fd_done(&l->fd);
        buf_done(&l->pkcs7);
}

int layer_check(const Layer *l, const Watcher *watcher, Err *e) {
        return l->kind->check(l, watcher, e);
}

int layer_check_rest(const Layer *l, Err *e) {
        return l->kind->check_rest ? l->kind->check_rest(l, e) : 0;
}

int layer_signed_by(const Layer *l, const Certificate *c, bool *ret_holds, Err *e) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);
        Span content;
        int rc;

        if (!l->has_signature) {
                *ret_holds = false;
                return 0;
        }
        /* what is signed is the root hash as text (UAPI.2, "Verity Signature") */
        text_hex(&hex, digest_span(&l->root_hash));
        rc = buf_end(&hex, &content);
        if (rc < 0)
                return err_set(e, rc, "%s: no memory", l->path);
        return cms_judge(buf_span(&l->pkcs7), content, c, ret_holds, e);
}
