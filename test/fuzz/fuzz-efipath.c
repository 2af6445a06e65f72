/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/check.h"
#include "wire/efipath.h"

/* Nodes lie one behind the other; a path that can be walked to its end can be written, and the file
 * at its end lies within it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(32 * size + 64);
        Span path = { data, size }, rest = path, file = efi_path_file(path);
        EfiNode n;
        Err e = {};
        int rc;

        check(file.size == 0 || (file.data >= data && file.data + file.size <= data + size));
        while ((rc = efi_node_next(&rest, &n, &e)) > 0)
                check(n.data.size == 0 || n.data.data + n.data.size == rest.data);
        check((rc < 0) == (e.code < 0));
        check(efi_path_text(path, &b, NULL) == rc);
        check(b.failed == 0);
        return 0;
}
