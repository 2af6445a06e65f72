/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/volume.h"

#include <string.h>

#include "base/file.h"

const VolumeKind *volume_kind(const char *filesystem) {
        static const VolumeKind *const kinds[] = { &volume_erofs, &volume_squashfs };

        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (strcmp(kinds[i]->filesystem, filesystem) == 0)
                        return kinds[i];
        return NULL;
}

int volume_read_at(const Volume *v, uint64_t at, void *into, size_t size, Err *e) {
        return file_read_at(v->l->fd, v->l->path, v->l->tree.data_offset + at, into, size, e);
}

int volume_said(const Volume *v, int rc, Err *e) {
        if (rc < 0)
                err_at(e, v->l->path);
        return rc;
}
