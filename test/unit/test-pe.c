/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/file.h"
#include "support/pedraft.h"
#include "support/scratch.h"
#include "wire/pe.h"

enum { STUB_SECTIONS_MIN = 4 };

/* Offsets of fields, from Microsoft's "PE Format". */
enum {
        F = DRAFT_FILE_HEADER,
        O = DRAFT_OPTIONAL,
        D = DRAFT_DIRECTORIES,
        S = DRAFT_SECTIONS,
        ONE = 40,
};

static void what_is_written_is_read(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        Pe pe;

        (void) state;
        assert_int_equal(pe_parse(draft_pe(&b), DRAFT_SIZE, &pe, NULL), 0);
        assert_int_equal(pe.file_size, DRAFT_SIZE);
        assert_int_equal(pe.machine, PE_MACHINE_X86_64);
        assert_int_equal(pe.flags, 0x22e);
        assert_int_equal(pe.subsystem, PE_SUBSYSTEM_EFI_APPLICATION);
        assert_int_equal(pe.dll_flags, 0x160);
        assert_int_equal(pe.size_of_code, 0x300);
        assert_int_equal(pe.size_of_data, 0x100);
        assert_true(pe.image_base == 0x14df90000);
        assert_int_equal(pe.section_alignment, 0x1000);
        assert_int_equal(pe.file_alignment, 0x200);
        assert_int_equal(pe.size_of_image, 0x4000);
        assert_int_equal(pe.size_of_headers, 0x200);
        assert_int_equal(pe.n_directories, 16);
        assert_int_equal(pe.at.file_header, F);
        assert_int_equal(pe.at.optional_header, O);
        assert_int_equal(pe.at.directories, D);
        assert_int_equal(pe.at.sections, S);
        assert_int_equal(pe.n_sections, 3);
        assert_string_equal(pe.sections[0].name, ".text");
        assert_string_equal(pe.sections[2].name, ".sdmagic"); /* eight characters, no NUL */
        assert_int_equal(pe.sections[1].virtual_size, 0x92);
        assert_int_equal(pe.sections[1].virtual_address, 0x2000);
        assert_int_equal(pe.sections[1].raw_size, 0x200);
        assert_int_equal(pe.sections[1].raw_offset, 0x600);
        assert_int_equal(pe.sections[1].flags, 0x40000040);
        assert_int_equal(pe_raw_end(&pe), DRAFT_SIZE);
        assert_int_equal(pe_virtual_end(&pe), 0x3033);
}

static void sections_are_found_by_their_whole_names(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        Pe pe;

        (void) state;
        assert_int_equal(pe_parse(draft_pe(&b), DRAFT_SIZE, &pe, NULL), 0);
        assert_ptr_equal(pe_find(&pe, ".sbat"), &pe.sections[1]);
        assert_ptr_equal(pe_find(&pe, ".sdmagic"), &pe.sections[2]);
        assert_null(pe_find(&pe, ".sba"));
        assert_null(pe_find(&pe, ".sdmagic0"));
        assert_null(pe_find(&pe, ""));
}

static void architectures_have_names(void **state) {
        (void) state;
        assert_string_equal(pe_architecture(0x8664), "x86-64");
        assert_string_equal(pe_architecture(0xaa64), "arm64");
        assert_string_equal(pe_architecture(0x5064), "riscv64");
        assert_null(pe_architecture(0x14c));
        assert_null(pe_architecture(0));
}

/* One field changed, and what is said about it. */
static const struct {
        const char *what;
        size_t at;
        uint64_t value;
        unsigned n_bytes;
        const char *said; /* NULL: still good */
} cases[] = {
        { "as it is", 0, 'M', 1, NULL },
        { "no MZ", 0, 'm', 1, "at byte 0 of 2560: not a PE file" },
        { "a header within the DOS header", 60, 63, 4, "at byte 60 of 2560: the PE header would" },
        { "a header beyond the file", 60, 0xffffffff, 4, "cut short at byte 64" },
        { "no PE", 65, 'X', 1, "at byte 64 of 2560: not a PE file: an old DOS program" },
        { "a machine that is not known", F, 0x14c, 2, NULL },
        { "no sections", F + 2, 0, 2, "at byte 70 of 2560: no sections" },
        { "129 sections", F + 2, 129, 2, "at byte 70 of 2560: more sections than allowed" },
        { "a fourth section of zeros", F + 2, 4, 2, NULL },
        { "section headers beyond the headers", F + 2, 5, 2,
                        "reach beyond the size of the headers" },
        { "a small optional header", F + 16, 232, 2, "at byte 196 of 2560: not as many data dir" },
        { "a large optional header", F + 16, 248, 2, "at byte 196 of 2560: not as many data dir" },
        { "PE32", O, 0x10b, 2, "at byte 88 of 2560: not PE32+" },
        { "section alignment 0", O + 32, 0, 4, "at byte 120 of 2560: alignments" },
        { "section alignment 3", O + 32, 0x1800, 4, "at byte 120 of 2560: alignments" },
        { "section below file alignment", O + 32, 0x100, 4, "at byte 120 of 2560: alignments" },
        { "equal alignments, as 252 has", O + 32, 0x200, 4, NULL },
        { "file alignment 8", O + 36, 8, 4, "at byte 120 of 2560: alignments" },
        { "file alignment 768", O + 36, 768, 4, "at byte 120 of 2560: alignments" },
        { "file alignment 32, as old kernels", O + 36, 32, 4, NULL },
        { "file alignment 128K", O + 32, UINT64_C(0x0002000000020000), 8, "alignments that no" },
        { "an image smaller than its headers", O + 56, 0x1ff, 4, "smaller than its headers" },
        { "an image smaller than its sections", O + 56, 0x3032, 4, "beyond the size of the image" },
        { "an image as large as they", O + 56, 0x3033, 4, NULL },
        { "headers of 447 bytes", O + 60, 447, 4, "the section headers reach beyond" },
        { "headers of 448 bytes", O + 60, 448, 4, NULL },
        { "headers over a section's bytes", O + 60, 513, 4, "whose bytes lie in the headers" },
        { "headers beyond the file", O + 60, 2561, 4, "the headers reach beyond the end of the" },
        { "17 directories", O + 108, 17, 4, "at byte 196 of 2560: not as many data directories" },
        { "15 directories", O + 108, 15, 4, "at byte 196 of 2560: not as many data directories" },
        { "certificates in the headers", D + 32, UINT64_C(0x00000010000001ff), 8,
                        "certificates lie" },
        { "certificates beyond the end", D + 32, UINT64_C(0x0000000100000a00), 8,
                        "certificates lie" },
        { "certificates far beyond", D + 32, UINT64_C(0xffffffffffffffff), 8, "certificates lie" },
        { "certificates over a section", D + 32, UINT64_C(0x00000001000009ff), 8,
                        "overlaps the cert" },
        { "no size in memory", S + 8, 0, 4,
                        "at byte 328 of 2560: a section with bytes in the file" },
        { "memory that is another's", S + 8, 0x1001, 4,
                        "at byte 368 of 2560: a section whose memory" },
        { "memory up to another's", S + 8, 0x1000, 4, NULL },
        { "memory in the headers", S + 12, 0x1ff, 4,
                        "at byte 328 of 2560: a section whose memory" },
        { "memory beyond the image", S + ONE + 12, 0x4000, 4, "beyond the size of the image" },
        { "memory that wraps", S + 2 * ONE + 8, 0xffffffff, 4, "beyond the size of the image" },
        { "bytes that are another's", S + 16, 0x401, 4,
                        "at byte 368 of 2560: a section whose bytes" },
        { "bytes of the headers", S + 20, 0x1ff, 4,
                        "at byte 328 of 2560: a section whose bytes lie" },
        { "bytes beyond the end", S + 2 * ONE + 20, 0x801, 4, "beyond the end of the file" },
        { "more bytes than there are", S + 2 * ONE + 16, 0x201, 4, "beyond the end of the file" },
        { "so many that they wrap", S + 2 * ONE + 16, 0xffffffff, 4, "beyond the end of the file" },
        { "a name that goes on", S + ONE + 6, 'x', 1, "goes on behind its NUL" },
        { "no bytes within another's", S + ONE + 16, UINT64_C(0x0000030000000000), 8, NULL },
        { "no bytes within a later one's", S + 16, UINT64_C(0x0000070000000000), 8, NULL },
        { "no bytes at a place that is none", S + ONE + 16, UINT64_C(0x0000ffff00000000), 8, NULL },
};

static void one_field_changed(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
                Span bytes = draft_pe(&b);
                Pe pe;
                Err e = {};
                int rc;

                draft_put(&b, cases[i].at, cases[i].value, cases[i].n_bytes);
                rc = pe_parse(bytes, bytes.size, &pe, &e);
                if (rc != (cases[i].said ? -EBADMSG : 0))
                        fail_msg("%s: %d, %s", cases[i].what, rc, e.text);
                if (cases[i].said && !strstr(e.text, cases[i].said))
                        fail_msg("%s: said '%s'", cases[i].what, e.text);
        }
}

static void a_section_of_nothing_is_in_nobodys_way(void **state) {
        static const struct {
                size_t at;
                uint64_t address; /* within the memory of another section */
        } rows[] = { { S, 0x2001 }, { S + ONE, 0x1001 } };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
                Err e = {};
                Pe pe;

                (void) draft_pe(&b);
                draft_put(&b, rows[i].at + 8, rows[i].address << 32, 8);
                draft_put(&b, rows[i].at + 16, 0, 8);
                if (pe_parse(buf_span(&b), DRAFT_SIZE, &pe, &e) < 0)
                        fail_msg("row %zu: %s", i, e.text);
        }
}

static void certificates_may_stand_at_the_end(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * DRAFT_SIZE);
        Pe pe;

        (void) state;
        (void) draft_pe(&b);
        buf_zeros(&b, 16);
        draft_put(&b, D + 32, UINT64_C(0x0000001000000a00), 8);
        assert_int_equal(pe_parse(buf_span(&b), b.size, &pe, NULL), 0);
        assert_int_equal(pe.directories[PE_DIRECTORY_CERTIFICATES].at, DRAFT_SIZE);
        assert_int_equal(pe.directories[PE_DIRECTORY_CERTIFICATES].size, 16);
}

static void every_shorter_input_is_refused_and_writes_nothing(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        Span bytes = draft_pe(&b);
        Pe pe = { .n_sections = 77 };

        (void) state;
        for (size_t n = 0; n < bytes.size; n++) {
                Span cut = { bytes.data, n };

                assert_int_equal(pe_parse(cut, n, &pe, NULL), -EBADMSG);
                /* the headers alone suffice, if the file is as long as they say */
                if (n < S + 3 * ONE)
                        assert_int_equal(pe_parse(cut, DRAFT_SIZE, &pe, NULL), -EBADMSG);
        }
        assert_int_equal(pe.n_sections, 77);
        assert_int_equal(pe_parse((Span){ bytes.data, S + 3 * ONE }, DRAFT_SIZE, &pe, NULL), 0);
}

/* Whatever bit of the headers is changed: what is taken is no danger to who believes it. */
static void every_changed_bit_is_refused_or_harmless(void **state) {
        unsigned taken = 0;

        (void) state;
        for (size_t bit = 0; bit < 8 * (S + 3 * ONE); bit++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
                Span bytes = draft_pe(&b);
                Pe pe;

                b.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
                if (pe_parse(bytes, bytes.size, &pe, NULL) < 0)
                        continue;
                taken++;
                assert_true(pe_raw_end(&pe) <= bytes.size);
                assert_true(pe_virtual_end(&pe) <= pe.size_of_image);
        }
        assert_in_range(taken, 1000, 3000);
}

/* In the draft, each section begins where the one before it ends; one that is shorter leaves bytes
 * that nothing covers. */
static void a_section_has_as_much_as_is_in_the_file_and_in_memory(void **state) {
        (void) state;
        assert_int_equal(pe_section_size(&(PeSection){ .virtual_size = 5, .raw_size = 512 }), 5);
        assert_int_equal(
                        pe_section_size(&(PeSection){ .virtual_size = 900, .raw_size = 512 }), 512);
}

static void gaps_are_seen(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);
        Span bytes = draft_pe(&b);
        Pe pe;

        (void) state;
        assert_int_equal(pe_parse(bytes, bytes.size, &pe, NULL), 0);
        assert_true(pe_is_gapless(&pe));
        pe.sections[0].raw_size -= 16;
        assert_false(pe_is_gapless(&pe));
        assert_int_equal(pe_checksum_at(&pe), DRAFT_OPTIONAL + 64);
        assert_int_equal(pe_directory_at(&pe, PE_DIRECTORY_CERTIFICATES), DRAFT_DIRECTORIES + 32);
}

/* What binutils says of Debian's stub, section by section. */
static void objdump_reads_the_stub_as_we_do(void **state) {
        static const char path[] = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(STUB_MAX);
        Pe pe;

        (void) state;
        if (file_read(path, &b, NULL) < 0 || scratch_tool(&s, "objdump", "-h", path) != 0) {
                print_message("%s or objdump is not there\n", path);
                skip();
        }
        assert_int_equal(pe_parse(buf_span(&b), b.size, &pe, NULL), 0);
        assert_in_range(pe.n_sections, STUB_SECTIONS_MIN, PE_SECTIONS_MAX);
        for (unsigned i = 0; i < pe.n_sections; i++) {
                const PeSection *p = &pe.sections[i];
                char line[160];

                (void) snprintf(line, sizeof(line), "%3u %-13s %08x  %016llx  %016llx  %08x  ", i,
                                p->name,
                                p->virtual_size < p->raw_size ? p->virtual_size : p->raw_size,
                                (unsigned long long) (pe.image_base + p->virtual_address),
                                (unsigned long long) (pe.image_base + p->virtual_address),
                                p->raw_offset);
                if (!scratch_printed(&s, line))
                        fail_msg("objdump has no '%s'", line);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(sections_are_found_by_their_whole_names),
                cmocka_unit_test(architectures_have_names),
                cmocka_unit_test(one_field_changed),
                cmocka_unit_test(a_section_of_nothing_is_in_nobodys_way),
                cmocka_unit_test(certificates_may_stand_at_the_end),
                cmocka_unit_test(every_shorter_input_is_refused_and_writes_nothing),
                cmocka_unit_test(every_changed_bit_is_refused_or_harmless),
                cmocka_unit_test(a_section_has_as_much_as_is_in_the_file_and_in_memory),
                cmocka_unit_test(gaps_are_seen),
                cmocka_unit_test(objdump_reads_the_stub_as_we_do),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
