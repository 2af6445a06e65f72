/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "port/verity-kernel.h"
#include "support/image.h"

/* What can be tried of the kernel's part without a machine of one's own: mounts that nobody else
 * sees. The whole is tried on machines that boot (test/boot). */

static Scratch scratch;

static int make(void **state) {
        (void) state;
        scratch = scratch_new();
        return 0;
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

static bool is_root(void) {
        return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
               mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0;
}

static void what_is_hidden_is_no_extension_and_comes_back(void **state) {
        Verity v = verity_kernel();
        ScratchPath file = scratch_path(&scratch, "x.raw"), folder = scratch_path(&scratch, "x");
        struct stat st;

        (void) state;
        if (!is_root())
                skip(); /* mounts take root */
        scratch_write(&scratch, "x.raw", SPAN_LITERAL("image"));
        assert_int_equal(mkdir(folder.text, 0755), 0);
        scratch_write(&scratch, "x/file", SPAN_LITERAL("file"));

        assert_int_equal(verity_uncover(&v, file.text, NULL), 0);
        assert_int_equal(verity_cover(&v, file.text, NULL), 0);
        assert_int_equal(verity_cover(&v, folder.text, NULL), 0);
        assert_int_equal(stat(file.text, &st), 0);
        assert_true(S_ISCHR(st.st_mode));
        assert_int_equal(access(scratch_path(&scratch, "x/file").text, F_OK), -1);
        assert_int_equal(verity_uncover(&v, file.text, NULL), 1);
        assert_int_equal(verity_uncover(&v, folder.text, NULL), 1);
        assert_int_equal(stat(file.text, &st), 0);
        assert_true(S_ISREG(st.st_mode));
        assert_int_equal(access(scratch_path(&scratch, "x/file").text, F_OK), 0);
        assert_true(verity_cover(&v, scratch_path(&scratch, "none").text, NULL) < 0);

        /* by which somebody else hides an extension */
        assert_int_equal(symlink("/dev/null", scratch_path(&scratch, "link.raw").text), 0);
        assert_int_equal(verity_uncover(&v, scratch_path(&scratch, "link.raw").text, NULL), 0);
}

static void what_is_not_ours_is_not_mounted_by_us(void **state) {
        char device[VERITY_DEVICE_SIZE];
        Verity v = verity_kernel();

        (void) state;
        assert_int_equal(verity_mounted(&v, scratch.folder, device, NULL), 0);
        assert_int_equal(verity_mounted(&v, "/nothing", device, NULL), 0);
        assert_int_equal(verity_merged(&v, "no class of ours", NULL), 0);
        assert_true(verity_detach(&v, VERITY_DEVICE_PREFIX "none", NULL) < 0);
}

/* Where there is no device mapper, it fails with the reason; either way nothing stays. */
static void what_is_attached_comes_off_and_leaves_no_loop_device(void **state) {
        static const uint8_t salt[16] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(64);
        _cleanup_(fd_done) int fd = -1;
        Verity v = verity_kernel();
        uint8_t root_hash[32];
        VerityImage image;
        uint64_t data_size = 0;
        Err e = {};
        int rc;

        (void) state;
        if (geteuid() != 0 || access("/dev/loop-control", R_OK | W_OK) < 0)
                skip(); /* so do loop devices */
        image_make(&scratch, "x.raw", "", NULL);
        assert_true(text_unhex(scratch_read(&scratch, "root-hash", &hex), root_hash, 32));
        fd = open(scratch_path(&scratch, "x.raw").text, O_RDONLY | O_CLOEXEC);
        image = (VerityImage){ .fd = fd,
                .data_offset = image_part(&scratch, "data", &data_size),
                .salt = { salt, sizeof(salt) },
                .root_hash = { root_hash, sizeof(root_hash) } };
        image.data_blocks = data_size / 4096;
        image.hash_offset = image_part(&scratch, "hash", &image.hash_size);
        rc = verity_attach(&v, VERITY_DEVICE_PREFIX "test", &image, &e);
        if (rc == 0)
                assert_int_equal(verity_detach(&v, VERITY_DEVICE_PREFIX "test", NULL), 0);
        else
                assert_non_null(strstr(e.text, "dm-verity cannot be set up: "));
        assert_int_equal(
                        scratch_tool(&scratch, "sh", "-c",
                                        "! grep -q avouch-test /sys/block/loop*/loop/backing_file"),
                        0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_not_ours_is_not_mounted_by_us),
                cmocka_unit_test(what_is_attached_comes_off_and_leaves_no_loop_device),
                cmocka_unit_test(what_is_hidden_is_no_extension_and_comes_back),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
