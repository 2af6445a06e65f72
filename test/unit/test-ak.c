/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/ak.h"
#include "support/folder.h"
#include "support/libc.h"
#include "support/world.h"
#include "wire/tpmcontext.h"
#include "wire/tpmkey.h"

typedef struct Bench {
        World world;
        Folder folder;
} Bench;

static void bench_new(Bench *b) {
        world_new(&b->world);
        b->folder = folder_new();
        b->world.tpm.keep = b->folder.path;
}

static void bench_done(Bench *b) {
        folder_done(&b->folder);
        world_done(&b->world);
}

/* What another process does: its connection has no key yet. */
static int begin(Bench *b, Err *e) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX);
        TpmPublic p;
        int rc;

        b->world.key_made = false;
        rc = ak_begin(&b->world.tpm, TPM_AK_ECC, &public, e);
        if (rc < 0) {
                assert_false(b->world.key_made);
                assert_int_equal(public.size, 0);
                return rc;
        }
        assert_true(b->world.key_made);
        assert_int_equal(tpm_public_parse(buf_span(&public), &p, NULL), 0);
        return 0;
}

static void assert_made(Bench *b, unsigned keys) {
        assert_int_equal(begin(b, NULL), 0);
        assert_int_equal(b->world.keys, keys);
}

static void it_is_made_once(void **state) {
        struct stat st;
        unsigned before;
        Bench b;

        (void) state;
        bench_new(&b);
        assert_made(&b, 1);
        assert_int_equal(b.world.tpm_commands, 2); /* made, handed out */
        assert_string_equal(folder_names(&b.folder), AK_FILE_ECC " ");
        assert_int_equal(stat(folder_path(&b.folder, AK_FILE_ECC), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        before = b.world.tpm_commands;
        assert_made(&b, 1);
        assert_int_equal(b.world.tpm_commands, before + 1);
        bench_done(&b);
}

static void without_a_folder_it_is_made_each_time(void **state) {
        Bench b;

        (void) state;
        bench_new(&b);
        b.world.tpm.keep = NULL;
        assert_made(&b, 1);
        assert_made(&b, 2);
        assert_int_equal(b.world.tpm_commands, 2); /* nor handed out */
        b.world.tpm.keep = folder_path(&b.folder, "not there");
        assert_made(&b, 3);
        assert_made(&b, 4);
        assert_int_equal(b.world.tpm_commands, 4);
        assert_string_equal(folder_names(&b.folder), "");
        bench_done(&b);
}

static void after_a_reset_it_is_made_anew_once(void **state) {
        Bench b;

        (void) state;
        bench_new(&b);
        assert_made(&b, 1);
        b.world.clock.reset_count++;
        assert_made(&b, 2);
        assert_made(&b, 2);
        bench_done(&b);
}

/* Whatever stands in the file: it is made, and then kept in its place. */
static void assert_of_no_use(Bench *b, Span bytes) {
        unsigned keys = b->world.keys;

        folder_write(&b->folder, AK_FILE_ECC, bytes);
        assert_made(b, keys + 1);
        assert_made(b, keys + 1);
}

static void any_file_is_borne(void **state) {
        _cleanup_(buf_done) Buf good = {}, large = BUF_UP_TO(2 * TPM_CONTEXT_MAX);
        Bench b;

        (void) state;
        bench_new(&b);
        assert_made(&b, 1);
        good = folder_read(&b.folder, AK_FILE_ECC);
        for (size_t n = 0; n < good.size; n++)
                assert_of_no_use(&b, (Span){ good.data, n });
        for (size_t i = 0; i < 8 * good.size; i++) {
                good.data[i / 8] ^= (uint8_t) (1u << i % 8);
                assert_of_no_use(&b, buf_span(&good));
                good.data[i / 8] ^= (uint8_t) (1u << i % 8);
        }
        buf_bytes(&large, buf_span(&good));
        buf_byte(&large, 0);
        assert_of_no_use(&b, buf_span(&large));
        while (large.size < 2 * TPM_CONTEXT_MAX)
                buf_byte(&large, 0);
        assert_of_no_use(&b, buf_span(&large));
        bench_done(&b);
}

/* What is no file is not waited for, nor followed. */
static void what_stands_there_may_be_no_file(void **state) {
        const char *path;
        Bench b;

        (void) state;
        bench_new(&b);
        path = folder_path(&b.folder, AK_FILE_ECC);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_made(&b, 1);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_made(&b, 2);
        assert_int_equal(rmdir(path), 0);

        assert_made(&b, 3);
        assert_int_equal(rename(path, folder_path(&b.folder, "elsewhere")), 0);
        assert_int_equal(symlink("elsewhere", path), 0);
        assert_made(&b, 4); /* and takes the link's place */
        assert_made(&b, 4);
        bench_done(&b);
}

static void what_the_tpm_hands_out_is_read_before_it_is_kept(void **state) {
        Bench b;

        (void) state;
        bench_new(&b);
        b.world.odd_context = true;
        assert_made(&b, 1);
        assert_string_equal(folder_names(&b.folder), "");
        bench_done(&b);
}

/* A TPM that was waited for is not asked for the key in another way. */
static int busy_error;

static int busy_load(Tpm *t, TpmAkType type, uint64_t sequence, Span blob, Buf *public, Err *e) {
        (void) t, (void) type, (void) sequence, (void) blob, (void) public;
        return err_set(e, busy_error, "asked to wait");
}

static void a_busy_tpm_is_waited_for_once(void **state) {
        static const int errors[] = { -EBUSY, -ETIMEDOUT };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(errors); i++) {
                TpmOps ops;
                Err e = {};
                Bench b;

                bench_new(&b);
                assert_made(&b, 1);
                ops = *b.world.tpm.ops;
                ops.key_load = busy_load;
                b.world.tpm.ops = &ops;
                busy_error = errors[i];
                assert_int_equal(begin(&b, &e), errors[i]);
                assert_string_equal(e.text, "asked to wait");
                assert_int_equal(b.world.keys, 1);
                bench_done(&b);
        }
}

/* Each command of the TPM fails in turn, when there is no file yet, and when there is one. */
static void any_command_may_fail(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE, FAULT_FOR_EVER };

        (void) state;
        for (size_t i = 0; i < 2 * ELEMENTS(kinds); i++) {
                FaultKind kind = kinds[i / 2];
                bool struck = true;

                for (int n = 0; struck; n++) {
                        Bench b;
                        int rc;

                        bench_new(&b);
                        if (i % 2 == 1)
                                assert_made(&b, 1);
                        world_fail_after(&b.world, n, kind);
                        rc = begin(&b, NULL);
                        struck = b.world.struck;
                        /* only where it cannot be made: a hint that fails is none */
                        assert_true(rc == 0 || (struck && n == 0));
                        if (i % 2 == 1 && kind != FAULT_FOR_EVER)
                                assert_int_equal(rc, 0);
                        world_heal(&b.world);
                        assert_int_equal(begin(&b, NULL), 0);
                        bench_done(&b);
                }
        }
}

/* Each call to the disk: the key is there all the same, and a file only whole. */
static void any_call_to_the_disk_may_fail(void **state) {
        static const int errors[] = { EIO, ENOSPC, EMFILE };

        (void) state;
        for (size_t i = 0; i < 4 * ELEMENTS(errors); i++)
                for (int n = 0, failed = 1; failed > 0; n++) {
                        Bench b;

                        bench_new(&b);
                        if (i & 1)
                                assert_made(&b, 1);
                        libc_fail_after(LIBC_FILES, n, errors[i / 4], i & 2);
                        assert_int_equal(begin(&b, NULL), 0);
                        failed = libc_heal();
                        assert_int_equal(begin(&b, NULL), 0);
                        assert_string_equal(folder_names(&b.folder), AK_FILE_ECC " ");
                        assert_made(&b, b.world.keys);
                        bench_done(&b);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_made_once),
                cmocka_unit_test(without_a_folder_it_is_made_each_time),
                cmocka_unit_test(after_a_reset_it_is_made_anew_once),
                cmocka_unit_test(any_file_is_borne),
                cmocka_unit_test(what_stands_there_may_be_no_file),
                cmocka_unit_test(what_the_tpm_hands_out_is_read_before_it_is_kept),
                cmocka_unit_test(a_busy_tpm_is_waited_for_once),
                cmocka_unit_test(any_command_may_fail),
                cmocka_unit_test(any_call_to_the_disk_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
