/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/kexec-kernel.h"

#include <errno.h>
#include <linux/kexec.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* libc has no function for it. */
static int file_load(int kernel, int initrd, const char *line, unsigned long flags) {
#ifdef SYS_kexec_file_load
        return (int) syscall(SYS_kexec_file_load, kernel, initrd, strlen(line) + 1, line, flags);
#else
        (void) kernel;
        (void) initrd;
        (void) line;
        (void) flags;
        errno = ENOSYS;
        return -1;
#endif
}

/* What kexec_file_load(2) means by an error. */
static const char *words_of(int code) {
        switch (code) {
        case EPERM:
                return "only root may (CAP_SYS_BOOT), and nobody once kernel.kexec_load_disabled is set or the kernel is locked down";
        case ENOSYS:
                return "the running kernel cannot (CONFIG_KEXEC_FILE)";
        case ENOEXEC:
                return "what is in section .linux is no kernel that the running one can start";
        case ENODATA:
        case EKEYREJECTED:
        case EBADMSG:
        case ENOKEY:
                return "the running kernel asks for a signature, and the kernel in section .linux has none that it trusts";
        case EBUSY:
                return "somebody else is about to load one";
        default:
                return strerror(code);
        }
}

static int load(Kexec *k, const KexecImage *image, Err *e) {
        unsigned long flags = image->initrd < 0 ? KEXEC_FILE_NO_INITRAMFS : 0;

        (void) k;
        if (file_load(image->kernel, image->initrd, image->line, flags) < 0)
                return err_set(e, -errno, "it cannot be loaded: %s", words_of(errno));
        return 0;
}

static int unload(Kexec *k, Err *e) {
        (void) k;
        if (file_load(-1, -1, "", KEXEC_FILE_UNLOAD) < 0)
                return err_set(e, -errno, "what is loaded cannot be unloaded: %s", words_of(errno));
        return 0;
}

Kexec kexec_kernel(void) {
        static const KexecOps ops = { .load = load, .unload = unload };

        return (Kexec){ &ops };
}
