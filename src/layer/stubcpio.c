/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/stubcpio.h"

#include <string.h>

enum { FOLDER = 0040000, FILE_MODE = 0100000, LEADING = 0555, HEADER = 6 + 13 * 8, ALIGN = 4 };

/* One header with its name: inode, mode, uid, gid, links, time, size, four numbers of devices, the
 * name's length with its NUL, and what is a checksum in another form. */
static void put_header(uint32_t inode, unsigned mode, uint32_t size, Span name, Buf *to) {
        buf_printf(to, "070701%08x%08x%08x%08x%08x%08x%08x", inode, mode, 0U, 0U, 1U, 0U, size);
        buf_printf(to, "%08x%08x%08x%08x%08x%08x", 0U, 0U, 0U, 0U, (unsigned) name.size + 1, 0U);
        buf_bytes(to, name);
        buf_zeros(to, ALIGN - (HEADER + name.size) % ALIGN);
}

void stub_cpio_begin(StubCpio *c, Buf *to) {
        const char *slash = c->folder;

        while ((slash = strchr(slash, '/'))) {
                Span above = { (const uint8_t *) c->folder, (size_t) (slash - c->folder) };

                put_header(++c->inodes, FOLDER | LEADING, 0, above, to);
                slash++;
        }
        put_header(++c->inodes, FOLDER | c->folder_mode, 0, span_of(c->folder), to);
}

void stub_cpio_file(StubCpio *c, const char *name, uint32_t size, Buf *to) {
        _cleanup_(buf_done) Buf path = BUF_UP_TO(1024);

        buf_printf(&path, "%s/%s", c->folder, name);
        if (path.failed < 0)
                to->failed = path.failed;
        put_header(++c->inodes, FILE_MODE | c->file_mode, size, buf_span(&path), to);
}

void stub_cpio_padding(uint32_t size, Buf *to) {
        buf_zeros(to, (ALIGN - size % ALIGN) % ALIGN);
}

void stub_cpio_end(Buf *to) {
        /* by hand there too: a capital B, and no inode */
        buf_string(to, "07070100000000000000000000000000000000000000010000000000000000"
                       "000000000000000000000000000000000000000B00000000TRAILER!!!");
        buf_zeros(to, ALIGN);
}
