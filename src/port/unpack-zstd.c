/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "port/unpack.h"

int unpack_zstd(Span packed, uint8_t *into, size_t room, size_t *ret_size, Err *e) {
        bool one = ZSTD_findFrameCompressedSize(packed.data, packed.size) == packed.size;
        size_t size = one ? ZSTD_decompress(into, room, packed.data, packed.size) : 0;

        if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
                return err_set(e, -ENOMEM, "no memory");
        if (!one || ZSTD_isError(size))
                return err_set(e, -EBADMSG, "what is packed with zstd there cannot be unpacked");
        *ret_size = size;
        return 0;
}
