/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "image/tree.h"

enum { MAGIC = 0xfeeddead, HEADER_SIZE = 16 };

typedef struct Found {
        size_t n;
        char path[PATH_MAX]; /* of the first, in the folder */
} Found;

static int visit(void *user, const TreeEntry *entry, Err *e) {
        Found *f = user;

        (void) e;
        if (entry->depth > 1)
                return 0;
        f->n += !entry->leaving;
        (void) snprintf(f->path, sizeof(f->path), "%s", entry->path);
        return 0;
}

/* "firmwares/vendor-model/": "vendor-model". */
static Span last_word(const char *folder) {
        size_t end = strlen(folder), start;

        while (end > 1 && folder[end - 1] == '/')
                end--;
        for (start = end; start > 0 && folder[start - 1] != '/'; start--)
                ;
        return (Span){ (const uint8_t *) folder + start, end - start };
}

static int find(const char *folder, Found *ret, Err *e) {
        _cleanup_(fd_done) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int rc;

        if (fd < 0)
                return err_set(e, -errno, "%s: %s", folder, strerror(errno));
        rc = tree_walk(fd, folder, visit, ret, e);
        if (rc == 0 && ret->n != 1)
                rc = err_set(e, -EBADMSG,
                                "%s: holds %zu files, and one firmware is what belongs there",
                                folder, ret->n);
        return rc;
}

int uki_firmware(const char *folder, UkiPart *ret_header, UkiPart *ret_file, Err *e) {
        _cleanup_(uki_part_done) UkiPart header = { .name = folder, .fd = -1 };
        _cleanup_(uki_part_done) UkiPart file = UKI_PART_NONE;
        Span id = last_word(folder);
        char path[2 * PATH_MAX];
        Found found = {};
        int rc;

        rc = find(folder, &found, e);
        if (rc < 0)
                return rc;
        (void) snprintf(path, sizeof(path), "%s/%s", folder, found.path);
        rc = uki_part_open(path, &file, e);
        if (rc < 0)
                return rc;
        file.name = folder; /* for the path is ours */
        if (file.size == 0)
                return err_set(e, -EBADMSG, "%s: %s is empty", folder, found.path);
        header.bytes = BUF_UP_TO(HEADER_SIZE + PATH_MAX);
        buf_le(&header.bytes, MAGIC, 4);
        buf_le(&header.bytes, HEADER_SIZE, 4);
        buf_le(&header.bytes, id.size + 1, 4);
        buf_le(&header.bytes, file.size, 4);
        buf_bytes(&header.bytes, id);
        buf_byte(&header.bytes, 0);
        if (header.bytes.failed < 0)
                return err_set(e, header.bytes.failed, "%s: no memory", folder);
        header.size = header.bytes.size;

        *ret_header = header;
        *ret_file = file;
        header = file = UKI_PART_NONE;
        return 0;
}
