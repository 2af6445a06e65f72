/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/uki-name.h"

#include "wire/osrel.h"

static Span first_of(Span a, Span b) {
        return a.size > 0 ? a : b;
}

static void copy(Span from, char to[NAME_TEXT_MAX + 1]) {
        size_t n = from.size < NAME_TEXT_MAX ? from.size : NAME_TEXT_MAX;

        if (n > 0)
                memcpy(to, from.data, n);
        to[n] = '\0';
}

void uki_name(Span os_release, Span uname, char name[NAME_TEXT_MAX + 1],
                char version[NAME_TEXT_MAX + 1]) {
        Span id = first_of(osrel_value(os_release, "IMAGE_ID"), osrel_value(os_release, "ID"));

        while (uname.size > 0 &&
                        (uname.data[uname.size - 1] == '\n' || uname.data[uname.size - 1] == 0))
                uname.size--;
        copy(first_of(id, SPAN_LITERAL("linux")), name);
        copy(first_of(osrel_value(os_release, "IMAGE_VERSION"), uname), version);
}
