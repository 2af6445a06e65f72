/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/unpack.h"

#include <errno.h>
#include <zlib.h>

int unpack_zlib(Span packed, uint8_t *into, size_t room, size_t *ret_size, Err *e) {
        uLong taken = packed.size;
        uLongf size = room;
        int rc = uncompress2(into, &size, packed.data, &taken);

        if (rc == Z_MEM_ERROR)
                return err_set(e, -ENOMEM, "no memory");
        if (rc != Z_OK || taken != packed.size)
                return err_set(e, -EBADMSG, "what is packed with zlib there cannot be unpacked");
        *ret_size = size;
        return 0;
}
