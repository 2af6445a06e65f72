/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loaded into a program that uses an extension: puts the file SWAP_BY in the place of SWAP_AT, at
 * the moment SWAP_WHEN: "device", when the program has checked it and asks for a device, or
 * "mount", when it has the device and asks for a mount. */
#include <linux/loop.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int ioctl(int fd, unsigned long request, ...);

static void swap_when(const char *moment) {
        const char *when = getenv("SWAP_WHEN");
        const char *by = getenv("SWAP_BY");
        const char *at = getenv("SWAP_AT");

        /* once: it is not there a second time */
        if (when && by && at && strcmp(when, moment) == 0)
                (void) rename(by, at);
}

int ioctl(int fd, unsigned long request, ...) {
        va_list rest;
        void *argument;

        va_start(rest, request);
        argument = va_arg(rest, void *);
        va_end(rest);
        if (request == LOOP_CTL_GET_FREE)
                swap_when("device");
        return (int) syscall(SYS_ioctl, fd, request, argument);
}

int fsopen(const char *filesystem, unsigned int flags) {
        swap_when("mount");
        return (int) syscall(SYS_fsopen, filesystem, flags);
}
