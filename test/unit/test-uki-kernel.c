/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "image/uki-kernel.h"
#include "support/pedraft.h"

enum { CODE = DRAFT_HEADERS, VERSION_POINTER = 0x20e, MACHINE = DRAFT_FILE_HEADER, ROOM = 200000 };

/* A kernel in memory: the draft of a PE file for that machine, with room behind it. */
static UkiPart draft_kernel(uint16_t machine, size_t at, const char *magic) {
        UkiPart p = { .name = "kernel", .fd = -1, .bytes = BUF_UP_TO(ROOM) };

        (void) draft_pe(&p.bytes);
        buf_zeros(&p.bytes, ROOM - p.bytes.size);
        draft_put(&p.bytes, MACHINE, machine, 2);
        memcpy(p.bytes.data + at, magic, 4);
        p.size = ROOM;
        return p;
}

static void put_text(UkiPart *p, size_t at, const char *text) {
        memcpy(p->bytes.data + at, text, strlen(text) + 1);
}

static const struct {
        uint16_t machine;
        size_t at;
        const char *magic;
} kernels[] = {
        { PE_MACHINE_X86_64, 0x202, "HdrS" },
        { PE_MACHINE_ARM64, 56, "ARM\x64" },
        { PE_MACHINE_RISCV64, 56, "RSC\x05" },
        { PE_MACHINE_ARM64, 4, "zimg" },
        { PE_MACHINE_RISCV64, 4, "zimg" },
};

static void kernels_of_each_machine_are_known(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(kernels); i++) {
                _cleanup_(uki_part_done) UkiPart p =
                                draft_kernel(kernels[i].machine, kernels[i].at, kernels[i].magic);
                Kernel k;
                Err e = {};

                assert_int_equal(kernel_open(&p, kernels[i].machine, &k, NULL), 0);
                assert_int_equal(k.pe.machine, kernels[i].machine);
                assert_string_equal(k.uname, "");

                p.bytes.data[kernels[i].at + 3] ^= 1;
                assert_int_equal(kernel_open(&p, kernels[i].machine, &k, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "kernel: a program for EFI, but no Linux kernel"));
        }
}

static void one_for_another_machine_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(kernels); i++) {
                _cleanup_(uki_part_done) UkiPart p =
                                draft_kernel(kernels[i].machine, kernels[i].at, kernels[i].magic);
                uint16_t other = kernels[i].machine == PE_MACHINE_ARM64 ? PE_MACHINE_X86_64
                                                                        : PE_MACHINE_ARM64;
                Kernel k;

                assert_int_equal(kernel_open(&p, other, &k, NULL), -EBADMSG);
        }
}

/* Documentation/arch/x86/boot.rst: kernel_version, from byte 0x200 on. */
static const struct {
        const char *text, *uname;
} texts[] = {
        { "6.1.0-35-amd64 (a@b) #1 SMP", "6.1.0-35-amd64" },
        { "6.12.9+bpo~1-cloud_X (a@b) #1", "6.12.9+bpo~1-cloud_X" },
        { "6.1.0", "" },
        { "6.1.0 #1", "" },
        { "6.1/0 (a@b)", "" },
        { " (a@b)", "" },
        { "", "" },
};

static void x86_says_its_version_in_its_header(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(uki_part_done) UkiPart p = draft_kernel(PE_MACHINE_X86_64, 0x202, "HdrS");
                Kernel k;

                draft_put(&p.bytes, VERSION_POINTER, 0x900, 2);
                put_text(&p, 0x200 + 0x900, texts[i].text);
                assert_int_equal(kernel_open(&p, PE_MACHINE_X86_64, &k, NULL), 0);
                assert_string_equal(k.uname, texts[i].uname);
        }
}

static void a_version_of_any_length_is_no_danger(void **state) {
        _cleanup_(uki_part_done) UkiPart p = draft_kernel(PE_MACHINE_X86_64, 0x202, "HdrS");
        Kernel k;

        (void) state;
        draft_put(&p.bytes, VERSION_POINTER, 0xffff, 2);
        memset(p.bytes.data + DRAFT_SIZE, 'x', ROOM - DRAFT_SIZE);
        assert_int_equal(kernel_open(&p, PE_MACHINE_X86_64, &k, NULL), 0);
        assert_string_equal(k.uname, "");
        put_text(&p, 0x200 + 0xffff + 127, " (");
        assert_int_equal(kernel_open(&p, PE_MACHINE_X86_64, &k, NULL), 0);
        assert_int_equal(strlen(k.uname), 127);
        put_text(&p, 0x200 + 0xffff + 127, "x (");
        assert_int_equal(kernel_open(&p, PE_MACHINE_X86_64, &k, NULL), 0);
        assert_string_equal(k.uname, "");
}

/* Wherever the banner stands, at the seams of what is read at once too. */
static void others_say_it_in_their_banner(void **state) {
        static const size_t places[] = { DRAFT_SIZE, 65536 - 300, 65536 - 256, 65536 - 20, 65536,
                131072 - 600, 131072 - 256, ROOM - 60 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(places); i++) {
                _cleanup_(uki_part_done) UkiPart p = draft_kernel(PE_MACHINE_ARM64, 56, "ARM\x64");
                Kernel k;

                put_text(&p, CODE + 8, "Linux version is not here (");
                put_text(&p, places[i], "Linux version 6.1.0-35-arm64 (a@b) (gcc) #1");
                assert_int_equal(kernel_open(&p, PE_MACHINE_ARM64, &k, NULL), 0);
                if (strcmp(k.uname, "6.1.0-35-arm64") != 0)
                        fail_msg("at byte %zu: '%s'", places[i], k.uname);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(kernels_of_each_machine_are_known),
                cmocka_unit_test(one_for_another_machine_is_refused),
                cmocka_unit_test(x86_says_its_version_in_its_header),
                cmocka_unit_test(a_version_of_any_length_is_no_danger),
                cmocka_unit_test(others_say_it_in_their_banner),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
