/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/file.h"

/* Debian 12's libc does not have it; a kernel before 6.3 does not know it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8U
#endif

void memory_hide(void) {
        (void) prctl(PR_SET_DUMPABLE, 0); /* fails for other values alone */
}

int memory_open(const char *name, int *ret, Err *e) {
        int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return err_set(e, -errno, "%s: no file in memory: %s", name, strerror(errno));
        *ret = fd;
        return 0;
}

int memory_seal(int *fd, Err *e) {
        char path[64];
        int sealed;

        if (fcntl(*fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
                return err_set(e, -errno, "a file in memory cannot be sealed: %s", strerror(errno));
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
        sealed = open(path, O_RDONLY | O_CLOEXEC);
        if (sealed < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        fd_done(fd);
        *fd = sealed;
        return 0;
}
