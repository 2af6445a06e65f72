/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "image/uki-profile.h"
#include "support/libc.h"
#include "support/ukiworld.h"

static UkiWorld world;

/* A stub of addons, which has no .sbat. */
static void change_stub(void) {
        static const char magic[] = "#### LoaderInfo: systemd-addon 257.13-1~deb13 ####";
        _cleanup_(buf_done) Buf stub = folder_read(&world.folder, "stub");

        assert_true(sizeof(magic) <= sizeof(DRAFT_MAGIC));
        memcpy(stub.data + stub.size - 0x200, magic, sizeof(magic));
        memcpy(stub.data + DRAFT_SECTIONS + 40, ".other", sizeof(".other"));
        folder_write(&world.folder, "stub", buf_span(&stub));
}

/* A profile as it is built on its own: a stub, .profile, and what belongs to it. */
static int make(void **state) {
        const Scratch no_keys = {};
        UkiBuilt built;

        (void) state;
        uki_world_open(&world, &no_keys);
        change_stub();
        world.params.linux_image = NULL;
        world.params.initrds.n = 1;
        world.params.profile = "ID=two\nTITLE=Two";
        world.params.leaf = NULL;
        return uki_build(&world.params, &built, NULL);
}

static int drop(void **state) {
        (void) state;
        uki_world_done(&world);
        return 0;
}

static void names_are(const UkiList *l, const char *expected) {
        char names[256] = "";

        for (size_t i = 0; i < l->n; i++) {
                size_t n = strlen(names);

                (void) snprintf(names + n, sizeof(names) - n, "%s ", l->items[i].name);
        }
        assert_string_equal(names, expected);
}

static void what_belongs_to_it_is_taken_over(void **state) {
        for (int without = 0; without < 2; without++) {
                _cleanup_(uki_list_done) UkiList l = {};
                UkiProfile p = { .machine = PE_MACHINE_X86_64, .without_os_release = without };

                (void) state;
                assert_int_equal(uki_profile_join(&l, world.output, &p, NULL), 0);
                assert_string_equal(p.id, "two");
                assert_true(p.takes_nx);
                assert_int_equal(l.n_profiles, 1);
                names_are(&l, without ? ".profile .cmdline .initrd "
                                      : ".profile .osrel .cmdline .initrd ");
        }
}

static void one_for_another_machine_is_none(void **state) {
        _cleanup_(uki_list_done) UkiList l = {};
        UkiProfile p = { .machine = PE_MACHINE_ARM64 };
        Err e = {};

        (void) state;
        assert_int_equal(uki_profile_join(&l, world.output, &p, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "is for x86-64, and the stub for arm64"));
        assert_int_equal(l.n, 0);
}

static void every_call_may_fail(void **state) {
        static const LibcCalls calls[] = { LIBC_MEMORY, LIBC_FILES };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(calls); i++) {
                int n = 0, failed;

                do {
                        _cleanup_(uki_list_done) UkiList l = {};
                        UkiProfile p = { .machine = PE_MACHINE_X86_64 };
                        Err e = {};
                        int rc;

                        libc_fail_after(calls[i], n++, calls[i] == LIBC_MEMORY ? ENOMEM : EIO,
                                        false);
                        rc = uki_profile_join(&l, world.output, &p, &e);
                        failed = libc_heal();
                        assert_true((rc < 0) == (failed > 0));
                        assert_true((rc < 0) == (e.code < 0));
                } while (failed > 0);
                assert_true(n > 2);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_belongs_to_it_is_taken_over),
                cmocka_unit_test(one_for_another_machine_is_none),
                cmocka_unit_test(every_call_may_fail),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
