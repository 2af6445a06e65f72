/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <sys/stat.h>

#include "port/host.h"
#include "support/scratch.h"

/* A machine whose kernel was told so by x86's boot protocol; NULL: it has none. */
static Scratch machine_of_loader(const char *loader) {
        Scratch s = scratch_new();

        assert_int_equal(mkdir(scratch_path(&s, "proc").text, 0700), 0);
        assert_int_equal(mkdir(scratch_path(&s, "proc/sys").text, 0700), 0);
        assert_int_equal(mkdir(scratch_path(&s, "proc/sys/kernel").text, 0700), 0);
        if (loader)
                scratch_write(&s, "proc/sys/kernel/bootloader_type", span_of(loader));
        return s;
}

static void the_loader_is_kexec_or_another(void **state) {
        static const struct {
                const char *loader;
                bool kexec;
        } cases[] = {
                { NULL, false },
                { "114\n", false }, /* GRUB: 0x72 */
                { "33\n", false },  /* efilinux, and so EFI's stub: 0x21 */
                { "13\n", false },  /* the version of a loader 0 */
                { "208\n", true },  /* 0xd0: kexec */
                { "209\n", true },  /* another version of it */
                { "224\n", false }, /* 0xe0 */
                { "464\n", false }, /* 0x1d0: an extended type */
                { "kexec\n", false },
                { "", false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = machine_of_loader(cases[i].loader);

                if (host_was_kexeced(s.folder) != cases[i].kexec)
                        fail_msg("loader %zu", i);
        }
}

static void or_the_device_tree_says_so(void **state) {
        _cleanup_(scratch_done) Scratch s = machine_of_loader(NULL);

        (void) state;
        assert_int_equal(mkdir(scratch_path(&s, "proc/device-tree").text, 0700), 0);
        assert_int_equal(mkdir(scratch_path(&s, "proc/device-tree/chosen").text, 0700), 0);
        assert_false(host_was_kexeced(s.folder));
        scratch_write(&s, "proc/device-tree/chosen/linux,booted-from-kexec", (Span){});
        assert_true(host_was_kexeced(s.folder));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_loader_is_kexec_or_another),
                cmocka_unit_test(or_the_device_tree_says_so),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
