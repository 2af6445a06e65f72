/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <lzma.h>

#include "port/unpack.h"

/* What a dictionary may take: a squashfs has none that is larger than its blocks, which are a
 * mebibyte at most. */
enum { MEMORY_MAX = 8 * 1024 * 1024 };

int unpack_xz(Span packed, uint8_t *into, size_t room, size_t *ret_size, Err *e) {
        size_t taken = 0, size = 0;
        uint64_t memory = MEMORY_MAX;
        lzma_ret rc = lzma_stream_buffer_decode(
                        &memory, 0, NULL, packed.data, &taken, packed.size, into, &size, room);

        if (rc == LZMA_MEM_ERROR)
                return err_set(e, -ENOMEM, "no memory");
        if (rc != LZMA_OK || taken != packed.size)
                return err_set(e, -EBADMSG, "what is packed with xz there cannot be unpacked");
        *ret_size = size;
        return 0;
}
