/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "port/interrupt.h"
#include "support/libc.h"
#include "support/ukiworld.h"

static Scratch keys;

static int make(void **state) {
        (void) state;
        keys = scratch_new();
        certs_make(&keys, "rsa", "rsa:2048");
        return 0;
}

static int drop(void **state) {
        (void) state;
        scratch_done(&keys);
        return 0;
}

static int build(UkiWorld *w, bool sign, UkiBuilt *ret, Err *e) {
        w->params.sign = sign ? &w->signing : NULL;
        w->params.sign_kernel = sign;
        w->params.policy = sign ? &w->policy : NULL;
        return uki_build(&w->params, ret, e);
}

/* Whichever call fails, once or from then on: an error that says so and nothing left, or image and
 * leaf as ever. The folder's own sync, which is the last of each file, is the exception: the file
 * stands then. */
static void every_call_may_fail(void **state) {
        static const struct {
                LibcCalls calls;
                int error;
                bool for_ever, without_tmpfile, sign;
        } ways[] = {
                { LIBC_FILES, EIO, false, false },
                { LIBC_FILES, EIO, true, false },
                { LIBC_FILES, ENOSPC, false, true },
                { LIBC_MEMORY, ENOMEM, false, false },
                { LIBC_MEMORY, ENOMEM, true, false },
                { LIBC_FILES, EIO, false, false, .sign = true },
                { LIBC_MEMORY, ENOMEM, false, false, .sign = true },
        };
        _cleanup_(uki_world_done) UkiWorld w;
        UkiBuilt good, built;

        (void) state;
        uki_world_open(&w, &keys);
        for (size_t way = 0; way < ELEMENTS(ways); way++) {
                int n = 0, failed;

                assert_int_equal(build(&w, ways[way].sign, &good, NULL), 0);
                libc_without_tmpfile(ways[way].without_tmpfile);
                do {
                        Err e = {};
                        int rc;

                        (void) unlink(folder_path(&w.folder, "out.efi"));
                        (void) unlink(folder_path(&w.folder, "out.leaf"));
                        libc_fail_after(ways[way].calls, n++, ways[way].error, ways[way].for_ever);
                        rc = build(&w, ways[way].sign, &built, &e);
                        failed = libc_heal();
                        if (rc == 0) {
                                assert_true(digest_equal(&built.authenticode, &good.authenticode));
                                assert_string_equal(folder_names(&w.folder),
                                                "initrd kernel out.efi out.leaf stub ");
                                continue;
                        }
                        assert_true(failed > 0);
                        assert_string_not_equal(e.text, "");
                        if (!strstr(folder_names(&w.folder), "out.efi"))
                                assert_string_equal(folder_names(&w.folder), "initrd kernel stub ");
                } while (failed > 0);
                assert_true(n > (ways[way].calls == LIBC_FILES ? 20 : 3));
        }
        libc_without_tmpfile(false);
}

static void what_was_built_is_told(void **state) {
        _cleanup_(uki_world_done) UkiWorld w;
        _cleanup_(buf_done) Buf image = {};
        UkiBuilt built;

        (void) state;
        uki_world_open(&w, &keys);
        assert_int_equal(build(&w, false, &built, NULL), 0);
        assert_string_equal(built.name, "x");
        assert_string_equal(built.version, "");
        assert_string_equal(built.stub_version, "257.13-1~deb13u1");
        assert_int_equal(built.stub_generation, 257);
        assert_string_equal(built.architecture, "x86-64");
        assert_false(built.has_uname);
        image = folder_read(&w.folder, "out.efi");
        assert_int_equal(built.size, image.size);
}

/* A signal that is held while the image is made. */
static void interrupted_work_leaves_nothing(void **state) {
        _cleanup_(uki_world_done) UkiWorld w;
        Interrupt i = interrupt_hold();
        sigset_t held = interrupt_held();
        UkiBuilt built;
        Err e = {};
        int signal;

        (void) state;
        uki_world_open(&w, &keys);
        assert_int_equal(raise(SIGTERM), 0);
        assert_int_equal(build(&w, false, &built, &e), -EINTR);
        assert_string_equal(e.text, "interrupted");
        assert_string_equal(folder_names(&w.folder), "initrd kernel stub ");
        assert_int_equal(sigwait(&held, &signal), 0);
        interrupt_release(&i);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_call_may_fail),
                cmocka_unit_test(what_was_built_is_told),
                cmocka_unit_test(interrupted_work_leaves_nothing),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
