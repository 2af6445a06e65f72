/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <string.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "port/host.h"

/* Our ids are those that libsystemd gives. */

static void the_boot_has_the_id_that_systemd_gives(void **state) {
        uint8_t id[16];
        sd_id128_t theirs;

        (void) state;
        assert_int_equal(host_boot_id(id, NULL), 0);
        assert_true(sd_id128_get_boot(&theirs) >= 0);
        assert_memory_equal(id, theirs.bytes, 16);
}

static void the_machine_has_the_id_that_systemd_gives(void **state) {
        static const sd_id128_t application = SD_ID128_MAKE(
                        5e, 1b, 66, 0d, 9c, 4e, 4a, 2b, 8f, 3d, 70, a2, 41, 7e, c9, 58);
        sd_id128_t theirs = SD_ID128_NULL;
        uint8_t id[16];

        (void) state;
        if (access("/etc/initrd-release", F_OK) < 0 &&
                        sd_id128_get_machine_app_specific(application, &theirs) < 0)
                theirs = SD_ID128_NULL;
        assert_int_equal(host_machine_id(id, NULL), 0);
        assert_memory_equal(id, theirs.bytes, 16);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_boot_has_the_id_that_systemd_gives),
                cmocka_unit_test(the_machine_has_the_id_that_systemd_gives),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
