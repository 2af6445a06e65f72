/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <sys/stat.h>

#include "port/host.h"
#include "support/scratch.h"

/* An empty machine, and what is put into it. */
static Scratch machine_with(const char *const *folders, const char *file) {
        Scratch s = scratch_new();

        for (; *folders; folders++)
                assert_int_equal(mkdir(scratch_path(&s, *folders).text, 0700), 0);
        if (file)
                scratch_write(&s, file, (Span){});
        return s;
}

static void what_a_machine_has_of_a_tpm(void **state) {
        static const struct {
                const char *folders[6], *file;
                bool has;
        } cases[] = {
                { { NULL }, NULL, false },
                { { "dev", "sys", "sys/class", "sys/class/tpmrm", NULL }, NULL, false },
                /* one of version 1.2 is none that we can use, and has no resource manager */
                { { "dev", "sys", "sys/class", "sys/class/tpm", NULL }, "sys/class/tpm/tpm0",
                                false },
                { { "dev", NULL }, "dev/tpm0", false },
                { { "dev", NULL }, "dev/tpmrm0", true },
                { { "sys", "sys/class", "sys/class/tpmrm", NULL }, "sys/class/tpmrm/tpmrm1", true },
                /* the firmware knows of one, whatever became of its driver */
                { { "sys", "sys/firmware", "sys/firmware/acpi", "sys/firmware/acpi/tables", NULL },
                                "sys/firmware/acpi/tables/TPM2", true },
                { { "sys", "sys/firmware", "sys/firmware/acpi", "sys/firmware/acpi/tables", NULL },
                                "sys/firmware/acpi/tables/TCPA", false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = machine_with(cases[i].folders, cases[i].file);

                if (host_has_tpm(s.folder) != cases[i].has)
                        fail_msg("machine %zu has %s TPM", i, cases[i].has ? "a" : "no");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_a_machine_has_of_a_tpm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
