/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quote/export.h"
#include "support/folder.h"
#include "support/libc.h"
#include "support/quoter.h"

#define NONCE SPAN_LITERAL("a nonce of 24 bytes, now")

/* RSA: any number is a modulus, while not any two are a point. */
static Taken take(const char *pcrs) {
        PcrSelection which = {};
        Taken t = {};
        Quoter q;

        quoter_new(&q);
        assert_int_equal(pcr_selection_from_text(pcrs, &which, NULL), 0);
        assert_int_equal(taken_begin(&q.tpm, TPM_AK_RSA, &which, &t, NULL), 0);
        assert_int_equal(quote_take(&q.tpm, NONCE, (Span){}, &t, NULL), 0);
        return t;
}

static const char *names_in_out(const Folder *f) {
        Folder out;

        assert_true((size_t) snprintf(out.path, sizeof(out.path), "%s/out", f->path) <
                        sizeof(out.path));
        return folder_names(&out);
}

/* The sizes that libtss2's structures have in memory, with ten values in two lists. */
static void the_pcrs_are_an_image_of_tpm2_tools_structures(void **state) {
        _cleanup_(taken_done) Taken t = take("sha256:0-8,23");
        _cleanup_(buf_done) Buf b = BUF_UP_TO(65536);
        const uint8_t *list;

        (void) state;
        export_pcrs(&t.pcrs, &b);
        assert_int_equal(b.failed, 0);
        assert_int_equal(b.size, 132 + 4 + 2 * 532);
        assert_memory_equal(b.data, "\x01\0\0\0\x0b\0\x03\xff\x01\x80\0\0\0\0", 14);
        assert_true(span_is_zero((Span){ b.data + 12, 120 }));
        assert_memory_equal(b.data + 132, "\x02\0\0\0", 4);
        list = b.data + 136;
        assert_memory_equal(list, "\x08\0\0\0\x20\0\0\0", 8);
        for (unsigned i = 0; i < 8; i++) {
                assert_int_equal(list[4 + 66 * i], 32);
                assert_int_equal(list[4 + 66 * i + 2], i); /* the value of PCR i begins with i */
                assert_true(span_is_zero((Span){ list + 4 + 66 * i + 3, 63 }));
        }
        list += 532;
        assert_memory_equal(list, "\x02\0\0\0\x20\0\x08", 7);
        assert_int_equal(list[4 + 66 + 2], 23);
        assert_true(span_is_zero((Span){ list + 4 + 2 * 66, 532 - 4 - 2 * 66 }));
}

static void eight_values_are_one_list(void **state) {
        _cleanup_(taken_done) Taken t = take("sha384:0-7");
        _cleanup_(buf_done) Buf b = BUF_UP_TO(65536);

        (void) state;
        export_pcrs(&t.pcrs, &b);
        assert_int_equal(b.size, 132 + 4 + 532);
        assert_memory_equal(b.data + 132, "\x01\0\0\0\x08\0\0\0\x30\0", 10);
}

static void the_folder_has_the_five_files(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(taken_done) Taken t = take("sha256:0-15");
        Buf msg, sig, ak, pem;

        (void) state;
        assert_int_equal(export_tpm2_tools(&t, folder_path(&f, "out/"), NULL), 0);
        assert_string_equal(folder_names(&f), "out ");
        msg = folder_read(&f, "out/msg");
        sig = folder_read(&f, "out/sig");
        ak = folder_read(&f, "out/ak.tpmt");
        assert_true(span_equal(buf_span(&msg), buf_span(&t.attests[0])));
        assert_true(span_equal(buf_span(&sig), buf_span(&t.signatures[0])));
        assert_true(span_equal(buf_span(&ak), buf_span(&t.ak)));
        pem = folder_read(&f, "out/ak.pem");
        assert_true(span_starts(buf_span(&pem), SPAN_LITERAL("-----BEGIN PUBLIC KEY-----\n")));
        assert_int_equal(access(folder_path(&f, "out/pcrs"), R_OK), 0);
        buf_done(&msg);
        buf_done(&sig);
        buf_done(&ak);
        buf_done(&pem);
}

static void what_stands_there_is_not_touched(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(taken_done) Taken t = take("sha256:0-15");
        Err e = {};

        (void) state;
        folder_write(&f, "file", SPAN_LITERAL("mine"));
        assert_int_equal(mkdir(folder_path(&f, "empty"), 0700), 0);
        assert_int_equal(symlink("nowhere", folder_path(&f, "link")), 0);
        assert_int_equal(export_tpm2_tools(&t, folder_path(&f, "file"), &e), -EEXIST);
        assert_non_null(strstr(e.text, "/file: File exists"));
        assert_int_equal(export_tpm2_tools(&t, folder_path(&f, "empty"), NULL), -EEXIST);
        assert_int_equal(export_tpm2_tools(&t, folder_path(&f, "link"), NULL), -EEXIST);
        assert_int_equal(export_tpm2_tools(&t, folder_path(&f, "no/such/out"), NULL), -ENOENT);
        assert_string_equal(folder_names(&f), "empty file link ");
        assert_true(folder_holds(&f, "file", "mine"));
}

static void two_banks_have_no_room(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(taken_done) Taken t = take("sha256:0-15+sha384:8");
        Err e = {};

        (void) state;
        assert_int_equal(export_tpm2_tools(&t, folder_path(&f, "out"), &e), -EINVAL);
        assert_non_null(strstr(e.text, "choose one bank"));
        assert_string_equal(folder_names(&f), "");
}

/* A full disk, a broken one, no memory, wherever it strikes: whole or not at all. The last call
 * gives the folder its name; a file system that cannot do so without replacing says EINVAL. */
static void any_call_may_fail(LibcCalls calls, int error, bool last_may_fail) {
        _cleanup_(taken_done) Taken t = take("sha256:0-15");
        int rc = 0, before = -1, failed = 1;

        for (int n = 0; failed > 0; n++) {
                _cleanup_(folder_done) Folder f = folder_new();
                Err e = {};

                before = rc;
                libc_fail_after(calls, n, error, false);
                rc = export_tpm2_tools(&t, folder_path(&f, "out"), &e);
                failed = libc_heal();
                assert_int_equal(e.code, rc);
                assert_string_equal(folder_names(&f), rc < 0 ? "" : "out ");
                if (rc == 0)
                        assert_string_equal(names_in_out(&f), "ak.pem ak.tpmt msg pcrs sig ");
        }
        assert_int_equal(rc, 0);
        assert_int_equal(before, last_may_fail ? 0 : -error);
}

static void it_is_whole_or_not_at_all(void **state) {
        (void) state;
        any_call_may_fail(LIBC_FILES, ENOSPC, false);
        any_call_may_fail(LIBC_FILES, EIO, false);
        any_call_may_fail(LIBC_FILES, EINVAL, true);
        any_call_may_fail(LIBC_MEMORY, ENOMEM, false);
}

/* Not even on a file system that cannot rename without replacing. */
static void what_stands_there_stays_on_any_file_system(void **state) {
        _cleanup_(taken_done) Taken t = take("sha256:0-15");
        int failed = 1;

        (void) state;
        for (int n = 0; failed > 0; n++) {
                _cleanup_(folder_done) Folder f = folder_new();

                assert_int_equal(mkdir(folder_path(&f, "out"), 0700), 0);
                libc_fail_after(LIBC_FILES, n, EINVAL, false);
                assert_true(export_tpm2_tools(&t, folder_path(&f, "out"), NULL) < 0);
                failed = libc_heal();
                assert_string_equal(folder_names(&f), "out ");
                assert_string_equal(names_in_out(&f), "");
        }
}

static void a_buf_that_has_failed_is_not_written(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(taken_done) Taken t = take("sha256:0-15");

        (void) state;
        t.attests[0].failed = -E2BIG;
        assert_int_equal(export_tpm2_tools(&t, folder_path(&f, "out"), NULL), -E2BIG);
        assert_string_equal(folder_names(&f), "");
}

/* What lies beside, whoever put it there, neither stands in the way nor is touched. */
static void what_lies_beside_is_left_alone(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(taken_done) Taken t = take("sha256:0-15");
        char left[64];

        (void) state;
        (void) snprintf(left, sizeof(left), ".out.%d.part", (int) getpid());
        assert_int_equal(mkdir(folder_path(&f, left), 0700), 0);
        (void) snprintf(left, sizeof(left), ".out.%d.part/msg", (int) getpid());
        folder_write(&f, left, SPAN_LITERAL("half"));
        assert_int_equal(export_tpm2_tools(&t, folder_path(&f, "out"), NULL), 0);
        assert_true(folder_holds(&f, left, "half"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_pcrs_are_an_image_of_tpm2_tools_structures),
                cmocka_unit_test(eight_values_are_one_list),
                cmocka_unit_test(the_folder_has_the_five_files),
                cmocka_unit_test(what_stands_there_is_not_touched),
                cmocka_unit_test(two_banks_have_no_room),
                cmocka_unit_test(it_is_whole_or_not_at_all),
                cmocka_unit_test(what_stands_there_stays_on_any_file_system),
                cmocka_unit_test(a_buf_that_has_failed_is_not_written),
                cmocka_unit_test(what_lies_beside_is_left_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
