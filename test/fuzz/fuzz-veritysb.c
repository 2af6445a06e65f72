/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/veritysb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever parses is written again as the very same bytes, has its salt within them, and describes
 * a tree whose levels lie one behind the other without a gap. What does not parse says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SUPERBLOCK_SIZE);
        VeritySuperblock sb;
        VerityLayout l;
        uint64_t at = 1;
        Err e = {};

        if (verity_superblock_parse((Span){ data, size }, &sb, &e) < 0) {
                if (e.code == 0)
                        abort();
                return 0;
        }
        if (sb.salt.data < data || sb.salt.data + sb.salt.size > data + VERITY_SUPERBLOCK_SIZE)
                abort();
        verity_superblock_write(&sb, &b);
        if (!span_equal(buf_span(&b), (Span){ data, VERITY_SUPERBLOCK_SIZE }))
                abort();

        if (verity_layout(sb.data_blocks, &l, NULL) < 0)
                abort();
        for (unsigned i = l.n_levels; i > 0; i--) {
                if (l.at[i - 1] != at)
                        abort();
                at += l.blocks[i - 1];
        }
        if (at != l.total || (l.n_levels > 0 && l.blocks[l.n_levels - 1] != 1))
                abort();
        return 0;
}
