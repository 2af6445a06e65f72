/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <sys/stat.h>
#include <unistd.h>

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

/* The host's TPM is seen in a container, too, and is not there to be used, unless it was given. */
static void a_container_has_what_it_was_given(void **state) {
        static const char *const folders[] = { "dev", "run", "run/host", "run/systemd", "sys",
                "sys/class", "sys/class/tpmrm", "sys/firmware", "sys/firmware/acpi",
                "sys/firmware/acpi/tables", NULL };
        static const char *const seen[] = { "sys/class/tpmrm/tpmrm0",
                "sys/firmware/acpi/tables/TPM2" };
        static const char *const marks[] = { "run/systemd/container", "run/host/container-manager",
                "run/.containerenv", ".dockerenv" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(seen) * ELEMENTS(marks); i++) {
                _cleanup_(scratch_done) Scratch s = machine_with(folders, seen[i % ELEMENTS(seen)]);
                const char *mark = marks[i / ELEMENTS(seen)];

                assert_true(host_has_tpm(s.folder));
                scratch_write(&s, mark, (Span){});
                if (host_has_tpm(s.folder))
                        fail_msg("behind %s, %s is taken for a TPM", mark,
                                        seen[i % ELEMENTS(seen)]);
                scratch_write(&s, "dev/tpmrm0", (Span){});
                assert_true(host_has_tpm(s.folder));
        }
}

/* What sysfs says of a chip, and of what a program is behind; by which words each is chosen. */
static void a_tpm_that_is_a_program_is_known_by_its_place(void **state) {
        static const char chip[] = "../../devices/pnp0/00:04/tpmrm/tpmrm0",
                          program[] = "../../devices/virtual/tpmrm/tpmrm1",
                          raw[] = "../../devices/virtual/tpm/tpm1";
        static const char *const folders[] = { "sys", "sys/class", "sys/class/tpm",
                "sys/class/tpmrm", NULL };
        static const struct {
                const char *tcti;
                bool is_program;
        } cases[] = {
                { NULL, false },
                { "device", false },
                { "device:/dev/tpmrm0", false },
                { "device:/dev/tpmrm1", true },
                { "device:/dev/tpm1", true },
                { "device:/dev/tpmrm2", false },
                { "device:/dev/", false },
                { "device:/dev/../tpmrm1", false },
                { "device:/dev/../tpmrm/tpmrm1", false },
                { "device:tpmrm1", false },
                { "swtpm:path=/dev/tpmrm1", false },
                { "", false },
        };
        _cleanup_(scratch_done) Scratch s = machine_with(folders, NULL);

        (void) state;
        assert_int_equal(symlink(chip, scratch_path(&s, "sys/class/tpmrm/tpmrm0").text), 0);
        assert_int_equal(symlink(program, scratch_path(&s, "sys/class/tpmrm/tpmrm1").text), 0);
        assert_int_equal(symlink(raw, scratch_path(&s, "sys/class/tpm/tpm1").text), 0);
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                if (host_tpm_is_program(s.folder, cases[i].tcti) != cases[i].is_program)
                        fail_msg("\"%s\" is taken for %s program", cases[i].tcti ?: "",
                                        cases[i].is_program ? "no" : "a");
        assert_int_equal(unlink(scratch_path(&s, "sys/class/tpmrm/tpmrm0").text), 0);
        assert_int_equal(symlink(program, scratch_path(&s, "sys/class/tpmrm/tpmrm0").text), 0);
        for (size_t i = 0; i < 3; i++)
                assert_true(host_tpm_is_program(s.folder, cases[i].tcti));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_container_has_what_it_was_given),
                cmocka_unit_test(a_tpm_that_is_a_program_is_known_by_its_place),
                cmocka_unit_test(what_a_machine_has_of_a_tpm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
