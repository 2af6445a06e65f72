/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/xattr.h>

#include "image/filesystem.h"
#include "image/stage.h"
#include "support/scratch.h"

#define FILE_PATH "usr/lib/extension-release.d/extension-release.jq"
#define XATTR "user.extension-release.strict"

static void make_folder(const Scratch *s, const char *path) {
        assert_int_equal(dir_make(scratch_path(s, path).text, 0755, NULL), 0);
}

/* Everything that a way could lose: modes, attributes, hard links, symbolic links, an old release
 * file, folders that nobody may write, and a root folder that is not as in an image. */
static Scratch full_tree(void) {
        Scratch s = scratch_new();

        make_folder(&s, "t/usr/bin");
        make_folder(&s, "t/usr/lib/extension-release.d");
        make_folder(&s, "t/usr/share/empty");
        make_folder(&s, "t/opt/jq");
        make_folder(&s, "scratch");
        scratch_write(&s, "t/usr/bin/jq", SPAN_LITERAL("#!/bin/sh\n"));
        scratch_write(&s, "t/" FILE_PATH, SPAN_LITERAL("ID=old\n"));
        scratch_write(&s, "t/opt/jq/a\nfile", SPAN_LITERAL("x"));
        assert_int_equal(chmod(scratch_path(&s, "t/usr/bin/jq").text, 04755), 0);
        assert_int_equal(link(scratch_path(&s, "t/usr/bin/jq").text,
                                         scratch_path(&s, "t/opt/jq/jq").text),
                        0);
        assert_int_equal(symlink("jq", scratch_path(&s, "t/usr/bin/jql").text), 0);
        assert_int_equal(symlink("../../bin/jq", scratch_path(&s, "t/usr/lib/jq").text), 0);
        scratch_write(&s, "t/usr/lib/a\nlibrary", SPAN_LITERAL("y"));
        assert_int_equal(setxattr(scratch_path(&s, "t/usr/bin/jq").text, "user.a", "1", 1, 0), 0);
        assert_int_equal(setxattr(scratch_path(&s, "t/usr/lib").text, "user.b", "2", 1, 0), 0);
        assert_int_equal(chmod(scratch_path(&s, "t/usr/lib").text, 0555), 0);
        assert_int_equal(chmod(scratch_path(&s, "t/opt/jq").text, 01777), 0);
        assert_int_equal(chmod(scratch_path(&s, "t").text, 0700), 0);
        return s;
}

/* What can be seen of a tree: names, modes, links, contents, attributes; as text. */
static void describe(const Scratch *s, const char *tree, const char *to) {
        static const char script[] =
                        "import os, sys\n"
                        "os.chdir(sys.argv[1])\n"
                        "for top, dirs, files in os.walk('.'):\n"
                        "    dirs.sort()\n"
                        "    for name in sorted(dirs + files) + (['.'] if top == '.' else []):\n"
                        "        p = os.path.join(top, name)\n"
                        "        st = os.lstat(p)\n"
                        "        x = {k: os.getxattr(p, k, follow_symlinks=False)\n"
                        "             for k in sorted(os.listxattr(p, follow_symlinks=False))}\n"
                        "        is_link = os.path.islink(p)\n"
                        "        what = os.readlink(p) if is_link else ''\n"
                        "        if os.path.isfile(p) and not is_link:\n"
                        "            what = open(p).read()\n"
                        "        print(repr(p), oct(st.st_mode), repr(what), x)\n";
        ScratchPath out = scratch_path(s, "out"), named = scratch_path(s, to);

        assert_int_equal(scratch_tool(s, "python3", "-c", script, tree), 0);
        assert_int_equal(rename(out.text, named.text), 0);
}

static StageParams params(const Scratch *s, const char *source, const char *const *scratch,
                unsigned ways, int *fd) {
        *fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(*fd >= 0);
        (void) s;
        return (StageParams){
                .source = *fd,
                .path = source,
                .scratch = scratch,
                .file = FILE_PATH,
                .text = SPAN_LITERAL("ID=_any\n"),
                .xattr = XATTR,
                .value = "0",
                .ways = ways,
        };
}

static bool is_empty(const char *path) {
        DIR *d = opendir(path);
        int n = 0;

        assert_non_null(d);
        while (readdir(d))
                n++;
        (void) closedir(d);
        return n == 2;
}

static bool may_mount(void) {
        pid_t pid = fork();
        int status;

        if (pid == 0) /* fails in a changed root, where "/" is no mount of its own */
                _exit(stage_alone() ? 0 : 1);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status == 0;
}

/* Stages in a process of its own, since mounts leave it in another mount namespace; describes
 * the view as "view", makes an image of it as "image", and leaves nothing behind. */
static void stage_in_child(const Scratch *s, const char *under, unsigned ways) {
        pid_t pid;
        int status;

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                _cleanup_(stage_done) Stage stage = STAGE_NONE;
                unsigned possible = stage_alone() ? ways : ways & ~(unsigned) STAGE_MOUNTS;
                _cleanup_(fd_done) int source = -1, image = -1;
                ScratchPath tree = scratch_path(s, "t"), path = scratch_path(s, "image");
                StageParams p = params(
                                s, tree.text, (const char *[]){ under, NULL }, possible, &source);
                FilesystemParams f = { .type = "erofs", .tree = stage.root, .name = "image" };
                uint64_t size;
                Err e = {};

                if (stage_open(&p, &stage, &e) < 0)
                        fail_msg("%s", e.text);
                describe(s, stage.root, "view");
                image = open(path.text, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                f.fd = image;
                assert_int_equal(filesystem_make(&f, &size, NULL), 0);
                stage_done(&stage);
                _exit(is_empty(under) ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void every_way_shows_and_makes_the_same(void **state) {
        _cleanup_(scratch_done) Scratch s = full_tree(), memory = scratch_under("/dev/shm");
        ScratchPath near = scratch_path(&s, "scratch");
        const struct {
                const char *under;
                unsigned ways;
        } cases[] = {
                { near.text, STAGE_LINKS },
                { near.text, STAGE_COPIES },
                { memory.folder, STAGE_LINKS },
                { near.text, STAGE_MOUNTS | STAGE_LINKS },
                { memory.folder, STAGE_MOUNTS | STAGE_LINKS },
                { near.text, STAGE_ANY },
        };

        (void) state;
        describe(&s, "t", "before");
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                stage_in_child(&s, cases[i].under, cases[i].ways);
                if (i == 0) {
                        assert_int_equal(scratch_tool(&s, "mv", "view", "first-view"), 0);
                        assert_int_equal(scratch_tool(&s, "mv", "image", "first-image"), 0);
                        continue;
                }
                assert_int_equal(scratch_tool(&s, "diff", "first-view", "view"), 0);
                assert_int_equal(scratch_tool(&s, "cmp", "first-image", "image"), 0);
        }
        describe(&s, "t", "after");
        assert_int_equal(scratch_tool(&s, "diff", "before", "after"), 0);

        /* and it is the source, but for the file and the root's mode */
        assert_int_equal(scratch_tool(&s, "diff", "before", "first-view"), 1);
        assert_true(scratch_printed(&s, "< './" FILE_PATH "' 0o100600 'ID=old\\n' {}\n"));
        assert_true(scratch_printed(
                        &s, "> './" FILE_PATH "' 0o100644 'ID=_any\\n' {'" XATTR "': b'0'}\n"));
        assert_true(scratch_printed(&s, "< './.' 0o40700 '' {}\n"));
        assert_true(scratch_printed(&s, "> './.' 0o40755 '' {}\n"));
        assert_int_equal(scratch_tool(&s, "sh", "-c", "diff before first-view | wc -l"), 0);
        assert_true(scratch_printed(&s, "8\n"));
}

/* Ends with 0 where what it does in a process of its own holds. */
static void in_child(bool (*holds)(const Scratch *s, const StageParams *p), const Scratch *s,
                unsigned ways) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                ScratchPath tree = scratch_path(s, "t"), near = scratch_path(s, "scratch");
                int source;
                bool alone = stage_alone();
                StageParams p = params(
                                s, tree.text, (const char *[]){ near.text, NULL }, ways, &source);

                _exit(alone && holds(s, &p) ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static bool is_mounted_and_cannot_be_written(const Scratch *s, const StageParams *p) {
        char path[2 * PATH_MAX];
        Stage stage = STAGE_NONE;

        (void) s;
        if (stage_open(p, &stage, NULL) < 0 || !stage.mounted)
                return false;
        (void) snprintf(path, sizeof(path), "%s/opt/jq/jq", stage.root);
        /* ended in the midst: the mounts go with the process */
        return unlink(path) < 0 && errno == EROFS;
}

static void mounts_are_used_where_they_can_be(void **state) {
        _cleanup_(scratch_done) Scratch s = full_tree();

        (void) state;
        if (!may_mount())
                skip();
        in_child(is_mounted_and_cannot_be_written, &s, STAGE_ANY);
        assert_int_equal(
                        scratch_tool(&s, "sh", "-c",
                                        "find scratch -type f -not -empty | wc -l; cat /proc/mounts"),
                        0);
        assert_true(scratch_printed(&s, "1\n")); /* the one that was put in */
        assert_false(scratch_printed(&s, s.folder));
}

/* In the source, on the way to the file and beside it. */
static bool shows_what_is_mounted(const Scratch *s, const StageParams *p) {
        ScratchPath lib = scratch_path(s, "t/usr/lib"), share = scratch_path(s, "t/usr/share");
        char path[2 * PATH_MAX];
        Stage stage = STAGE_NONE;
        struct stat st;

        if (mount("tmpfs", share.text, "tmpfs", 0, NULL) < 0 ||
                        mount("tmpfs", lib.text, "tmpfs", 0, "mode=0711") < 0 ||
                        mkdir(scratch_path(s, "t/usr/share/new").text, 0700) < 0 ||
                        symlink("/nowhere", scratch_path(s, "t/usr/lib/link").text) < 0 ||
                        lchown(scratch_path(s, "t/usr/lib/link").text, 12, 34) < 0)
                return false;
        if (stage_open(p, &stage, NULL) < 0)
                return false;
        (void) snprintf(path, sizeof(path), "%s/usr/share/new", stage.root);
        if (stat(path, &st) < 0)
                return false;
        (void) snprintf(path, sizeof(path), "%s/usr/lib", stage.root);
        if (stat(path, &st) < 0 || (st.st_mode & 07777) != 0711)
                return false;
        (void) snprintf(path, sizeof(path), "%s/usr/lib/link", stage.root);
        if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode) || st.st_uid != 12 || st.st_gid != 34)
                return false;
        stage_done(&stage);
        return is_empty(p->scratch[0]) && stat(scratch_path(s, "t/usr/share/new").text, &st) == 0;
}

static void what_is_mounted_in_the_source_is_shown(void **state) {
        _cleanup_(scratch_done) Scratch s = full_tree();

        (void) state;
        if (!may_mount())
                skip();
        in_child(shows_what_is_mounted, &s, STAGE_MOUNTS);
}

static bool is_refused_and_leaves_nothing(const Scratch *s, const StageParams *p) {
        Stage stage = STAGE_NONE;

        (void) s;
        return stage_open(p, &stage, NULL) == -ENOTDIR && is_empty(p->scratch[0]);
}

static void a_failure_in_the_midst_of_mounts_leaves_the_source(void **state) {
        _cleanup_(scratch_done) Scratch s = full_tree();

        (void) state;
        if (!may_mount())
                skip();
        assert_int_equal(scratch_tool(&s, "sh", "-c",
                                         "chmod u+w t/usr/lib && rm -r t/usr/lib/* && touch "
                                         "t/usr/lib/extension-release.d"),
                        0);
        describe(&s, "t", "before");
        in_child(is_refused_and_leaves_nothing, &s, STAGE_MOUNTS);
        describe(&s, "t", "after");
        assert_int_equal(scratch_tool(&s, "diff", "before", "after"), 0);
}

static void folders_that_the_source_lacks_are_made(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        ScratchPath near = scratch_path(&s, "scratch");

        (void) state;
        make_folder(&s, "t/opt/jq");
        make_folder(&s, "scratch");
        stage_in_child(&s, near.text, STAGE_ANY);
        assert_int_equal(scratch_tool(&s, "cat", "view"), 0);
        assert_true(scratch_printed(&s, "'./usr' 0o40755 '' {}\n"));
        assert_true(scratch_printed(&s, "'./usr/lib/extension-release.d' 0o40755 '' {}\n"));
        assert_true(scratch_printed(&s, "'./opt/jq' 0o40755 '' {}\n"));
}

/* Not on the file system of s: in memory, or where s itself is there, on the disk. */
static Scratch scratch_elsewhere(const Scratch *s) {
        struct stat here, memory;

        assert_int_equal(stat(s->folder, &here), 0);
        assert_int_equal(stat("/dev/shm", &memory), 0);
        return scratch_under(here.st_dev != memory.st_dev ? "/dev/shm" : "/var/tmp");
}

static void the_place_on_the_sources_file_system_comes_first(void **state) {
        struct stat st;
        _cleanup_(scratch_done) Scratch s = full_tree(), other = scratch_elsewhere(&s);
        _cleanup_(stage_done) Stage stage = STAGE_NONE;
        _cleanup_(fd_done) int source = -1;
        ScratchPath tree = scratch_path(&s, "t"), near = scratch_path(&s, "scratch");
        StageParams p = params(&s, tree.text, (const char *[]){ other.folder, near.text, NULL },
                        STAGE_LINKS, &source);

        (void) state;
        assert_int_equal(stage_open(&p, &stage, NULL), 0);
        assert_true(span_starts(span_of(stage.root), span_of(near.text)));

        /* and nobody else may look into it: the source may be private */
        assert_int_equal(stat(stage.folder, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_int_equal(stat(stage.root, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0755);
}

static void no_place_is_an_error_that_says_what_to_do(void **state) {
        _cleanup_(scratch_done) Scratch s = full_tree();
        _cleanup_(stage_done) Stage stage = STAGE_NONE;
        _cleanup_(fd_done) int source = -1;
        ScratchPath tree = scratch_path(&s, "t");
        StageParams p = params(&s, tree.text, (const char *[]){ "/proc", "/nowhere", NULL },
                        STAGE_LINKS, &source);
        Err e = {};

        (void) state;
        assert_true(stage_open(&p, &stage, &e) < 0);
        assert_non_null(strstr(
                        e.text, ": cannot stage a file with the attribute " XATTR " here: "));
        assert_non_null(strstr(e.text, "; set TMPDIR to a folder that takes it"));
        assert_string_equal(stage.root, "");
}

/* A file that cannot be read stands for whatever goes wrong in the midst. */
static void a_failure_in_the_midst_leaves_nothing(void **state) {
        _cleanup_(scratch_done) Scratch s = full_tree();
        _cleanup_(stage_done) Stage stage = STAGE_NONE;
        _cleanup_(fd_done) int source = -1;
        ScratchPath tree = scratch_path(&s, "t"), near = scratch_path(&s, "scratch");
        StageParams p = params(
                        &s, tree.text, (const char *[]){ near.text, NULL }, STAGE_LINKS, &source);
        _cleanup_(buf_done) Buf deep = BUF_UP_TO(4096);
        Err e = {};

        (void) state;
        buf_string(&deep, "t/opt");
        for (int i = 0; i < 256; i++)
                buf_string(&deep, "/d");
        buf_byte(&deep, '\0');
        make_folder(&s, (const char *) deep.data);
        assert_int_equal(stage_open(&p, &stage, &e), -ELOOP);
        assert_true(is_empty(near.text));
        assert_string_equal(stage.root, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_way_shows_and_makes_the_same),
                cmocka_unit_test(mounts_are_used_where_they_can_be),
                cmocka_unit_test(what_is_mounted_in_the_source_is_shown),
                cmocka_unit_test(a_failure_in_the_midst_of_mounts_leaves_the_source),
                cmocka_unit_test(folders_that_the_source_lacks_are_made),
                cmocka_unit_test(the_place_on_the_sources_file_system_comes_first),
                cmocka_unit_test(no_place_is_an_error_that_says_what_to_do),
                cmocka_unit_test(a_failure_in_the_midst_leaves_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
