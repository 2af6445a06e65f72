/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* load KERNEL INITRD LINE: puts a kernel ready for kexec, as anybody can who is root, and says so
 * to nobody. */
int main(int argc, char **argv) {
        int kernel, initrd;

        if (argc != 4)
                return 2;
        kernel = open(argv[1], O_RDONLY | O_CLOEXEC);
        initrd = open(argv[2], O_RDONLY | O_CLOEXEC);
        if (kernel < 0 || initrd < 0 ||
                        syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3],
                                        0) < 0) {
                perror("load");
                return 1;
        }
        return 0;
}
