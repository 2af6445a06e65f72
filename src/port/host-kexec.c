/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "port/host.h"

enum { LOADER_KEXEC = 0xd }; /* type_of_loader >> 4, Documentation/arch/x86/boot.rst */

/* On x86 the kernel is told by whoever loads it who that is. */
static bool loader_says_so(const char *root) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64);
        char path[PATH_MAX];
        uint64_t loader;
        Span s;

        (void) snprintf(path, sizeof(path), "%s/proc/sys/kernel/bootloader_type", root);
        if (file_read(path, &text, NULL) < 0)
                return false;
        s = buf_span(&text);
        if (s.size > 0 && s.data[s.size - 1] == '\n')
                s.size--;
        return text_number(s, UINT32_MAX, &loader) && loader >> 4 == LOADER_KEXEC;
}

bool host_was_kexeced(const char *root) {
        char path[PATH_MAX];

        /* of_kexec_alloc_and_setup_fdt() of Linux, where there is a device tree */
        (void) snprintf(path, sizeof(path), "%s/proc/device-tree/chosen/linux,booted-from-kexec",
                        root);
        return access(path, F_OK) == 0 || loader_says_so(root);
}
