/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "image/filesystem.h"
#include "support/scratch.h"

static const uint8_t uuid[16] = { 0x60, 0x45, 0xbc, 0x1f, 0x64, 0x15, 0x41, 0x62, 0xbd, 0x0a, 0x44,
        0xaf, 0x25, 0x1f, 0x9a, 0x60 };

static Scratch tree_in_scratch(void) {
        Scratch s = scratch_new();

        assert_int_equal(dir_make(scratch_path(&s, "-t/usr/bin").text, 0755, NULL), 0);
        scratch_write(&s, "-t/usr/bin/jq", SPAN_LITERAL("#!/bin/sh\n"));
        scratch_write(&s, "image", (Span){});
        return s;
}

static int make(const Scratch *s, uint64_t *ret_size, Err *e) {
        _cleanup_(fd_done) int fd = open(scratch_path(s, "image").text, O_RDWR | O_CLOEXEC);
        ScratchPath tree = scratch_path(s, "-t");
        FilesystemParams p = {
                .type = "erofs", .tree = tree.text, .fd = fd, .name = "image", .epoch = 1700000000
        };

        memcpy(p.uuid, uuid, sizeof(uuid));
        return filesystem_make(&p, ret_size, e);
}

/* Puts a program of ours before the real one on PATH; back with restore(). */
static char *instead_of_mkfs(const Scratch *s, const char *script) {
        const char *path = getenv("PATH");
        char *before = strdup(path ? path : "/usr/bin:/bin"), now[4096];

        assert_non_null(before);
        scratch_write(s, "mkfs.erofs", span_of(script));
        assert_int_equal(chmod(scratch_path(s, "mkfs.erofs").text, 0755), 0);
        assert_in_range(snprintf(now, sizeof(now), "%s:%s", s->folder, before), 1, sizeof(now) - 1);
        assert_int_equal(setenv("PATH", now, 1), 0);
        return before;
}

static void restore(char *before) {
        assert_int_equal(setenv("PATH", before, 1), 0);
        free(before);
}

static void the_file_system_is_what_was_asked_for(void **state) {
        _cleanup_(scratch_done) Scratch s = tree_in_scratch();
        uint64_t size;
        struct stat st;

        (void) state;
        assert_int_equal(make(&s, &size, NULL), 0);
        assert_int_equal(stat(scratch_path(&s, "image").text, &st), 0);
        assert_int_equal(st.st_size, size);
        assert_int_equal(size % 4096, 0);
        assert_int_equal(scratch_tool(&s, "blkid", "-p", "-o", "export", "image"), 0);
        assert_true(scratch_printed(&s, "TYPE=erofs\n"));
        assert_true(scratch_printed(&s, "UUID=6045bc1f-6415-4162-bd0a-44af251f9a60\n"));
        assert_int_equal(scratch_tool(&s, "fsck.erofs", "--extract=out.d", "--preserve", "image"),
                        0);
        assert_int_equal(scratch_tool(&s, "stat", "-c", "%Y %a", "out.d/usr/bin/jq", "out.d/usr"),
                        0);
        assert_true(scratch_printed(&s, "1700000000 600\n1700000000 755\n"));
        assert_int_equal(scratch_tool(&s, "dump.erofs", "--path=/usr/bin/jq", "image"), 0);
        assert_true(scratch_printed(&s, "Uid: 0   Gid: 0 "));
}

static void a_missing_mkfs_is_named_with_its_package(void **state) {
        _cleanup_(scratch_done) Scratch s = tree_in_scratch();
        char *before = instead_of_mkfs(&s, "");
        uint64_t size;
        Err e = {};

        (void) state;
        assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
        assert_int_equal(make(&s, &size, &e), -ENOENT);
        restore(before);
        assert_string_equal(e.text, "mkfs.erofs is not on PATH; it comes with erofs-utils");
}

static void a_mkfs_that_cannot_be_run_is_not_called_an_old_one(void **state) {
        _cleanup_(scratch_done) Scratch s = tree_in_scratch();
        char *before = instead_of_mkfs(&s, "");
        uint64_t size;
        Err e = {};

        (void) state;
        assert_int_equal(chmod(scratch_path(&s, "mkfs.erofs").text, 0600), 0);
        assert_int_equal(setenv("PATH", s.folder, 1), 0);
        assert_int_equal(make(&s, &size, &e), -EACCES);
        restore(before);
        assert_string_equal(e.text, "cannot start mkfs.erofs: Permission denied");
}

/* Not its version, but its --help is asked. */
static void a_mkfs_without_our_options_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = tree_in_scratch();
        char *before = instead_of_mkfs(&s, "#!/bin/sh\necho 'usage: -T#, --all-root'\necho ' -T#'");
        uint64_t size;
        Err e = {};

        (void) state;
        assert_int_equal(make(&s, &size, &e), -EOPNOTSUPP);
        restore(before);
        assert_string_equal(
                        e.text, "mkfs.erofs has no option -UX; erofs-utils 1.5 or later is needed");
}

static void a_mkfs_that_knows_block_sizes_is_given_one(void **state) {
        _cleanup_(scratch_done) Scratch s = tree_in_scratch();
        char *before = instead_of_mkfs(&s,
                        "#!/bin/sh\n[ \"$1\" = --help ] && echo ' -b# -T# -UX --all-root' && exit\n"
                        "echo \"$@\"; exit 1\n");
        uint64_t size;
        Err e = {};

        (void) state;
        assert_int_equal(make(&s, &size, &e), -EIO);
        restore(before);
        assert_non_null(strstr(e.text, "mkfs.erofs failed with status 1: --all-root -T1700000000 "
                                       "-U 6045bc1f-6415-4162-bd0a-44af251f9a60 -b4096 -- /proc/"));
}

/* mkfs.erofs need only claim success. */
static void what_is_no_whole_file_system_is_not_believed(void **state) {
        static const char *const scripts[] = {
                "exit 0",
                "truncate -s 8192 $6",
                "mkfs.erofs.real() { PATH=/usr/bin:/bin mkfs.erofs \"$@\"; }; "
                "mkfs.erofs.real \"$@\" && truncate -s -4096 $6",
                "PATH=/usr/bin:/bin mkfs.erofs \"$@\" && truncate -s +4096 $6",
                "PATH=/usr/bin:/bin mkfs.erofs \"$@\" && printf x | dd of=$6 bs=1 seek=1024 "
                "conv=notrunc",
                "PATH=/usr/bin:/bin mkfs.erofs \"$@\" && printf x | dd of=$6 bs=1 seek=1036 "
                "conv=notrunc",
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(scripts); i++) {
                _cleanup_(scratch_done) Scratch s = tree_in_scratch();
                char script[512], *before;
                uint64_t size = 7;
                Err e = {};

                (void) snprintf(script, sizeof(script),
                                "#!/bin/bash\n[ \"$1\" = --help ] && echo ' -T# -UX --all-root' && "
                                "exit\n%s\n",
                                scripts[i]);
                before = instead_of_mkfs(&s, script);
                assert_true(make(&s, &size, &e) < 0);
                restore(before);
                assert_non_null(strstr(e.text, "image: "));
                assert_int_equal(size, 7);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_file_system_is_what_was_asked_for),
                cmocka_unit_test(a_missing_mkfs_is_named_with_its_package),
                cmocka_unit_test(a_mkfs_that_cannot_be_run_is_not_called_an_old_one),
                cmocka_unit_test(a_mkfs_without_our_options_is_refused),
                cmocka_unit_test(a_mkfs_that_knows_block_sizes_is_given_one),
                cmocka_unit_test(what_is_no_whole_file_system_is_not_believed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
