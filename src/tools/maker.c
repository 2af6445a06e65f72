/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/maker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* JSON holds integers exactly up to here, and the leaf takes no more */
#define EPOCH_MAX ((UINT64_C(1) << 53) - 1)

int maker_epoch(bool *ret_has, uint64_t *ret, Err *e) {
        const char *text = getenv("SOURCE_DATE_EPOCH");

        *ret_has = text && text[0];
        if (*ret_has && !text_number(span_of(text), EPOCH_MAX, ret))
                return err_set(e, -EINVAL, "$SOURCE_DATE_EPOCH is '%s', not seconds since 1970",
                                text);
        return 0;
}

int maker_paths(const char *output, const char *leaf, MakerPaths *ret, Err *e) {
        int n;

        n = snprintf(ret->output, PATH_MAX, "%s", output);
        if (n < 0 || n >= PATH_MAX)
                return err_set(e, -EINVAL, "the path of the image is too long");
        n = leaf ? snprintf(ret->leaf_text, PATH_MAX, "%s", leaf)
                 : snprintf(ret->leaf_text, PATH_MAX, "%s.leaf", output);
        if (n < 0 || n >= PATH_MAX)
                return err_set(e, -EINVAL, "the path of the leaf is too long");
        ret->leaf = strcmp(ret->leaf_text, "no") == 0 ? NULL : ret->leaf_text;
        return 0;
}
