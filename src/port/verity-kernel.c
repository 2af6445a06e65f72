/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/verity-kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macro.h"

#define EMPTY_FOLDER "/run/avouch/empty"

enum {
        BLOCK = 4096,
        LOOP_TRIES = 64, /* others take free devices, too */
        PATH_SIZE = 64,
        TEXT_SIZE = 160,
};

static void context_done(struct crypt_device **cd) {
        crypt_free(*cd);
}

/* The last thing that libcryptsetup had to say. */
static void note(int level, const char *text, void *into) {
        if (level == CRYPT_LOG_ERROR)
                (void) snprintf(into, TEXT_SIZE, ": %.*s", (int) strcspn(text, "\n"), text);
}

/* Before there is a context, libcryptsetup would print; what went wrong is told by e. */
static void say_nothing(int level, const char *text, void *unused) {
        (void) level;
        (void) text;
        (void) unused;
}

/* Part of a file as a block device that goes away with its last user: of ret_fd, and of what is
 * made of it. */
static int attach_loop(const VerityImage *image, uint64_t offset, uint64_t size,
                char ret_path[static PATH_SIZE], int *ret_fd, Err *e) {
        _cleanup_(fd_done) int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        struct loop_config config = {
                .fd = (uint32_t) image->fd,
                .block_size = BLOCK,
                .info = { .lo_offset = offset,
                                .lo_sizelimit = size,
                                .lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR },
        };

        if (control < 0)
                return err_set(e, -errno, "/dev/loop-control: %s", strerror(errno));
        for (int i = 0; i < LOOP_TRIES; i++) {
                _cleanup_(fd_done) int fd = -1;
                int n = ioctl(control, LOOP_CTL_GET_FREE);

                if (n < 0)
                        return err_set(e, -errno, "no free loop device: %s", strerror(errno));
                (void) snprintf(ret_path, PATH_SIZE, "/dev/loop%d", n);
                fd = open(ret_path, O_RDONLY | O_CLOEXEC);
                if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) == 0) {
                        *ret_fd = fd;
                        fd = -1;
                        return 0;
                }
                if (errno != EBUSY && errno != ENOENT && errno != ENXIO)
                        return err_set(e, -errno, "%s: %s", ret_path, strerror(errno));
        }
        return err_set(e, -EBUSY, "every loop device is taken");
}

/* Without a superblock: what it says was read once, with the rest. */
static int activate(const char *device, const VerityImage *image, const char *data,
                const char *hash, Err *e) {
        struct crypt_params_verity params = {
                .hash_name = "sha256",
                .data_device = data,
                .salt = (const char *) image->salt.data,
                .salt_size = (uint32_t) image->salt.size,
                .hash_type = 1,
                .data_block_size = BLOCK,
                .hash_block_size = BLOCK,
                .data_size = image->data_blocks,
                .hash_area_offset = BLOCK,
                .flags = CRYPT_VERITY_NO_HEADER,
        };
        _cleanup_(context_done) struct crypt_device *cd = NULL;
        char text[TEXT_SIZE] = "";
        int rc;

        rc = crypt_init(&cd, hash);
        if (rc == 0) {
                crypt_set_log_callback(cd, note, text);
                rc = crypt_format(cd, CRYPT_VERITY, NULL, NULL, NULL, NULL, 0, &params);
        }
        if (rc == 0)
                rc = crypt_activate_by_volume_key(cd, device, (const char *) image->root_hash.data,
                                image->root_hash.size, CRYPT_ACTIVATE_READONLY);
        return rc < 0 ? err_set(e, rc, "dm-verity cannot be set up: %s%s", strerror(-rc), text) : 0;
}

static int kernel_attach(Verity *v, const char *device, const VerityImage *image, Err *e) {
        _cleanup_(fd_done) int data = -1, hash = -1;
        char data_path[PATH_SIZE], hash_path[PATH_SIZE];
        int rc;

        (void) v;
        rc = attach_loop(
                        image, image->data_offset, image->data_blocks * BLOCK, data_path, &data, e);
        if (rc == 0)
                rc = attach_loop(image, image->hash_offset, image->hash_size, hash_path, &hash, e);
        return rc < 0 ? rc : activate(device, image, data_path, hash_path, e);
}

static int kernel_detach(Verity *v, const char *device, Err *e) {
        _cleanup_(context_done) struct crypt_device *cd = NULL;
        char text[TEXT_SIZE] = "";
        int rc;

        (void) v;
        rc = crypt_init_by_name(&cd, device);
        if (rc == 0) {
                crypt_set_log_callback(cd, note, text);
                rc = crypt_deactivate_by_name(cd, device, CRYPT_DEACTIVATE_DEFERRED);
        }
        return rc < 0 ? err_set(e, rc, "/dev/mapper/%s cannot be removed: %s%s", device,
                                        strerror(-rc), text)
                      : 0;
}

/* A mount that is in no folder yet. */
static int make_mount(const char *device, const char *filesystem, bool runs, int *ret, Err *e) {
        const unsigned attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV |
                                    (runs ? 0 : MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
        _cleanup_(fd_done) int fs = fsopen(filesystem, FSOPEN_CLOEXEC);
        char source[PATH_SIZE + VERITY_DEVICE_SIZE];

        (void) snprintf(source, sizeof(source), "/dev/mapper/%s", device);
        if (fs < 0)
                return err_set(e, -errno, "the kernel has no file system %.32s: %s", filesystem,
                                strerror(errno));
        if (fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0 ||
                        fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
                        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return err_set(e, -errno, "%s: it cannot be mounted as %.32s: %s", source,
                                filesystem, strerror(errno));
        *ret = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
        return *ret < 0 ? err_set(e, -errno, "%s: %s", source, strerror(errno)) : 0;
}

static int kernel_mount(Verity *v, const char *device, const char *filesystem, bool runs,
                const char *folder, Err *e) {
        _cleanup_(fd_done) int mount = -1;
        int rc;

        (void) v;
        rc = make_mount(device, filesystem, runs, &mount, e);
        if (rc == 0)
                rc = dir_make(folder, 0755, e);
        if (rc < 0)
                return rc;
        if (move_mount(mount, "", AT_FDCWD, folder, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
                rc = err_set(e, -errno, "%s: nothing can be mounted there: %s", folder,
                                strerror(errno));
                (void) rmdir(folder);
        }
        return rc;
}

static int kernel_unmount(Verity *v, const char *folder, Err *e) {
        (void) v;
        if (umount2(folder, UMOUNT_NOFOLLOW) < 0)
                return err_set(e, -errno, "%s cannot be unmounted: %s", folder, strerror(errno));
        (void) rmdir(folder); /* where it was there before us, with something in it, it stays */
        return 0;
}

/* By what the kernel says of the device that the folder lies on. */
static int kernel_mounted(
                Verity *v, const char *folder, char device[static VERITY_DEVICE_SIZE], Err *e) {
        _cleanup_(fd_done) int fd = -1;
        char path[PATH_SIZE], name[VERITY_DEVICE_SIZE];
        struct stat st;
        size_t n;
        int rc;

        (void) v;
        if (lstat(folder, &st) < 0 || !S_ISDIR(st.st_mode))
                return 0;
        (void) snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm/name", major(st.st_dev),
                        minor(st.st_dev));
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        rc = file_read_some(fd, path, 0, name, sizeof(name) - 1, &n, e);
        if (rc < 0)
                return rc;
        name[n > 0 && name[n - 1] == '\n' ? n - 1 : n] = '\0';
        if (strncmp(name, VERITY_DEVICE_PREFIX, strlen(VERITY_DEVICE_PREFIX)) != 0)
                return 0;
        memcpy(device, name, sizeof(name));
        return 1;
}

/* proc(5), /proc/PID/mountinfo: file system and source stand behind " - ". */
static int kernel_merged(Verity *v, const char *class, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(16 * 1024 * 1024);
        char wanted[PATH_SIZE];
        Span text;
        int rc;

        (void) v;
        rc = file_read("/proc/self/mountinfo", &b, e);
        if (rc < 0)
                return rc;
        text = buf_span(&b);
        (void) snprintf(wanted, sizeof(wanted), " - overlay %s ", class);
        return memmem(text.data, text.size, wanted, strlen(wanted)) != NULL;
}

/* What lies over something that is hidden: no file and no folder with anything in it. */
static const char *cover_for(const struct stat *st) {
        return S_ISDIR(st->st_mode) ? EMPTY_FOLDER : "/dev/null";
}

static int kernel_cover(Verity *v, const char *path, Err *e) {
        _cleanup_(fd_done) int cover = -1;
        struct stat st;
        int rc;

        (void) v;
        rc = dir_make(EMPTY_FOLDER, 0555, e);
        if (rc < 0)
                return rc;
        if (stat(path, &st) == 0)
                cover = open_tree(AT_FDCWD, cover_for(&st), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (cover < 0 || move_mount(cover, "", AT_FDCWD, path,
                                         MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) < 0)
                return err_set(e, -errno, "%s cannot be hidden: %s", path, strerror(errno));
        return 0;
}

static int kernel_uncover(Verity *v, const char *path, Err *e) {
        struct stat st, cover;

        (void) v;
        if (stat(path, &st) < 0 || stat(cover_for(&st), &cover) < 0 || st.st_dev != cover.st_dev ||
                        st.st_ino != cover.st_ino)
                return 0;
        if (umount2(path, 0) == 0)
                return 1;
        /* a link to /dev/null, by which somebody else hides what has its name */
        return errno == EINVAL ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

static const VerityOps kernel_ops = {
        .attach = kernel_attach,
        .detach = kernel_detach,
        .mount = kernel_mount,
        .unmount = kernel_unmount,
        .mounted = kernel_mounted,
        .merged = kernel_merged,
        .cover = kernel_cover,
        .uncover = kernel_uncover,
};

Verity verity_kernel(void) {
        crypt_set_log_callback(NULL, say_nothing, NULL);
        return (Verity){ .ops = &kernel_ops };
}
