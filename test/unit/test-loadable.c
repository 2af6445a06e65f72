/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <dirent.h>

#include "layer/loadable.h"
#include "port/crypto.h"
#include "support/libc.h"
#include "support/pedraft.h"
#include "support/scratch.h"

/* Of the draft's three sections: where their bytes begin, and how many there are. */
enum { AT_1 = 512, AT_2 = 0x600, AT_3 = 0x800, SIZE_1 = 0x300, SIZE_2 = 0x92, SIZE_3 = 0x33 };

/* A file with three sections of these names, in a folder. */
static ScratchPath draft(
                const Scratch *s, Buf *b, const char *one, const char *two, const char *three) {
        const char *const names[] = { one, two, three };

        (void) draft_pe(b);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                char padded[8] = "";

                for (size_t k = 0; names[i][k] && k < 8; k++)
                        padded[k] = names[i][k];
                memcpy(b->data + DRAFT_SECTIONS + i * 40, padded, 8);
        }
        scratch_write(s, "uki.efi", buf_span(b));
        return scratch_path(s, "uki.efi");
}

static void assert_holds(int fd, Span expected) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);

        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(file_read_fd(fd, "sealed", &b, NULL), 0);
        assert_true(span_equal(buf_span(&b), expected));
}

static void assert_sha256(const Digest *d, Span bytes) {
        Digest expected;

        assert_int_equal(hash_bytes(HASH_SHA256, bytes, &expected, NULL), 0);
        assert_true(digest_equal(d, &expected));
}

/* Nobody writes to it: neither by the descriptor, nor by one that is opened for that. */
static void assert_sealed(int fd) {
        char path[64];
        int again;

        assert_true(write(fd, "x", 1) < 0);
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        again = open(path, O_RDWR | O_CLOEXEC);
        if (again < 0)
                return;
        assert_true(write(again, "x", 1) < 0);
        assert_int_equal(errno, EPERM);
        assert_true(ftruncate(again, 0) < 0);
        fd_done(&again);
}

static void an_image_is_taken_apart(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        _cleanup_(loadable_done) Loadable l = LOADABLE_NONE;
        static const char line[] = "root=/dev/vda\tquiet \n";
        ScratchPath path;
        UkiDigests d;

        (void) state;
        (void) draft(&s, &b, ".linux", ".cmdline", ".initrd");
        memset(b.data + AT_2, 0, SIZE_2);
        memcpy(b.data + AT_2, line, strlen(line));
        scratch_write(&s, "uki.efi", buf_span(&b));
        path = scratch_path(&s, "uki.efi");
        assert_int_equal(loadable_open(path.text, &l, NULL), 0);

        /* whatever becomes of the file */
        scratch_write(&s, "uki.efi", SPAN_LITERAL("another"));
        assert_holds(l.kernel, (Span){ b.data + AT_1, SIZE_1 });
        assert_holds(l.initrd, (Span){ b.data + AT_3, SIZE_3 });
        assert_string_equal(l.line, "root=/dev/vda quiet");
        assert_sha256(&l.line_digest, (Span){ b.data + AT_2, SIZE_2 });
        assert_int_equal(uki_digest(&l.uki, NULL, 0, &d, NULL), 0);
        assert_true(digest_equal(&d.authenticode, &l.identity));
        assert_string_equal(l.name, "linux");
        assert_sealed(l.uki.fd);
        assert_sealed(l.kernel);
        assert_sealed(l.initrd);
}

/* systemd-stub's order, and each on a boundary of four bytes. */
static void microcode_comes_before_the_initrd(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE), joined = BUF_UP_TO(DRAFT_SIZE);
        _cleanup_(loadable_done) Loadable l = LOADABLE_NONE;

        (void) state;
        assert_int_equal(loadable_open(draft(&s, &b, ".linux", ".initrd", ".ucode").text, &l, NULL),
                        0);
        buf_bytes(&joined, (Span){ b.data + AT_3, SIZE_3 });
        buf_zeros(&joined, 1);
        buf_bytes(&joined, (Span){ b.data + AT_2, SIZE_2 });
        assert_holds(l.initrd, buf_span(&joined));
}

static void what_it_does_not_have_is_empty(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        _cleanup_(loadable_done) Loadable l = LOADABLE_NONE;

        (void) state;
        assert_int_equal(loadable_open(draft(&s, &b, ".linux", ".sbat", ".sdmagic").text, &l, NULL),
                        0);
        assert_int_equal(l.initrd, -1);
        assert_string_equal(l.line, "");
        assert_sha256(&l.line_digest, (Span){});
}

static void what_cannot_be_loaded_whole_is_refused(void **state) {
        static const struct {
                const char *names[3];
                int code;
                const char *words;
        } cases[] = {
                { { ".linux", ".dtb", ".initrd" }, -EOPNOTSUPP, "has a section .dtb" },
                { { ".linux", ".dtbauto", ".initrd" }, -EOPNOTSUPP, "has a section .dtbauto" },
                { { ".linux", ".efifw", ".initrd" }, -EOPNOTSUPP, "has a section .efifw" },
                { { ".text", ".sbat", ".initrd" }, -ENODATA, "no unified kernel image" },
                { { ".linux", ".initrd", ".initrd" }, -EBADMSG, "two sections '.initrd'" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = scratch_new();
                _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
                _cleanup_(loadable_done) Loadable l = LOADABLE_NONE;
                const char *const *n = cases[i].names;
                Err e = {};

                assert_int_equal(loadable_open(draft(&s, &b, n[0], n[1], n[2]).text, &l, &e),
                                cases[i].code);
                assert_non_null(strstr(e.text, cases[i].words));
                assert_int_equal(l.kernel, -1);
        }
}

static void what_is_no_image_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(loadable_done) Loadable l = LOADABLE_NONE;
        Err e = {};

        (void) state;
        assert_int_equal(loadable_open(s.folder, &l, &e), -ENODATA);
        assert_int_equal(loadable_open(scratch_path(&s, "none").text, &l, NULL), -ENOENT);
        scratch_write(&s, "text", SPAN_LITERAL("no image"));
        assert_int_equal(loadable_open(scratch_path(&s, "text").text, &l, NULL), -ENODATA);
        scratch_sparse(&s, "large", (uint64_t) UKI_MAX + 1);
        e = (Err){};
        assert_int_equal(loadable_open(scratch_path(&s, "large").text, &l, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "is larger than"));
}

static void an_empty_kernel_is_none(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        _cleanup_(loadable_done) Loadable l = LOADABLE_NONE;
        ScratchPath path;
        Err e = {};

        (void) state;
        (void) draft(&s, &b, ".text", ".initrd", ".linux");
        draft_put(&b, DRAFT_SECTIONS + 80 + 16, 0, 8); /* room in memory, and nothing to fill it */
        b.size = AT_3;
        scratch_write(&s, "uki.efi", buf_span(&b));
        path = scratch_path(&s, "uki.efi");
        assert_int_equal(loadable_open(path.text, &l, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "section .linux is empty"));
}

static unsigned open_files(void) {
        DIR *d = opendir("/proc/self/fd");
        unsigned n = 0;

        assert_non_null(d);
        while (readdir(d))
                n++;
        assert_int_equal(closedir(d), 0);
        return n;
}

/* Whichever call fails: whole, or an error, and nothing stays open. */
static void any_call_may_fail(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        ScratchPath path = draft(&s, &b, ".linux", ".cmdline", ".initrd");
        unsigned before = open_files(), failed = 0;

        (void) state;
        for (int n = 0, struck = 1; struck; n++) {
                Loadable l = LOADABLE_NONE;
                int rc;

                libc_fail_after(LIBC_FILES | LIBC_MEMORY, n, EIO, true);
                rc = loadable_open(path.text, &l, NULL);
                struck = libc_heal();
                assert_true(rc == 0 ? !struck : l.kernel == -1);
                failed += rc < 0;
                loadable_done(&l);
                assert_int_equal(open_files(), before);
        }
        assert_true(failed >= 8);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_image_is_taken_apart),
                cmocka_unit_test(microcode_comes_before_the_initrd),
                cmocka_unit_test(what_it_does_not_have_is_empty),
                cmocka_unit_test(what_cannot_be_loaded_whole_is_refused),
                cmocka_unit_test(what_is_no_image_is_refused),
                cmocka_unit_test(an_empty_kernel_is_none),
                cmocka_unit_test(any_call_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
