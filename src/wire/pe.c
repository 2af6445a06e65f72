/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/pe.h"

#include <assert.h>
#include <errno.h>

#include "base/cursor.h"

#define SIGNATURE SPAN_LITERAL("PE\0\0")

enum {
        DOS_HEADER_SIZE = 64,
        FILE_HEADER_SIZE = 20,
        OPTIONAL_FIXED_SIZE = 112, /* of PE32+, before the data directories */
        CHECKSUM_IN_OPTIONAL = 64,
        DIRECTORY_SIZE = 8,
        MAGIC_PLUS = 0x20b,
        FILE_ALIGNMENT_MIN = 16, /* 512 by the text; kernels had 32 */
        FILE_ALIGNMENT_MAX = 64 * 1024,
};

static const struct {
        uint16_t machine;
        const char *architecture;
} machines[] = {
        { PE_MACHINE_X86_64, "x86-64" },
        { PE_MACHINE_ARM64, "arm64" },
        { PE_MACHINE_RISCV64, "riscv64" },
};

const char *pe_architecture(uint16_t machine) {
        for (size_t i = 0; i < ELEMENTS(machines); i++)
                if (machines[i].machine == machine)
                        return machines[i].architecture;
        return NULL;
}

static bool is_power_of_two(uint32_t n) {
        return n != 0 && (n & (n - 1)) == 0;
}

/* Up to where the PE signature stands. */
static void read_dos_header(Cursor *c) {
        size_t start;
        uint32_t at;

        cursor_expect(c, SPAN_LITERAL("MZ"), "not a PE file");
        (void) cursor_bytes(c, DOS_HEADER_SIZE - 2 - 4);
        start = c->at;
        at = cursor_u32le(c);
        if (at < DOS_HEADER_SIZE)
                cursor_reject_at(c, start, "the PE header would lie in the DOS header");
        else
                (void) cursor_bytes(c, at - DOS_HEADER_SIZE);
        cursor_expect(c, SIGNATURE, "not a PE file: an old DOS program, perhaps");
}

/* The COFF file header. Hands out the optional header's size. */
static uint16_t read_file_header(Cursor *c, Pe *pe) {
        uint16_t optional_size;
        size_t start;

        pe->at.file_header = (uint32_t) c->at;
        pe->machine = cursor_u16le(c);
        start = c->at;
        pe->n_sections = cursor_u16le(c);
        if (pe->n_sections > PE_SECTIONS_MAX)
                cursor_reject_at(c, start, "more sections than allowed");
        if (pe->n_sections == 0)
                cursor_reject_at(c, start, "no sections");
        (void) cursor_u32le(c); /* when it was made */
        pe->symbols_at = cursor_u32le(c);
        pe->n_symbols = cursor_u32le(c);
        optional_size = cursor_u16le(c);
        pe->flags = cursor_u16le(c);
        return optional_size;
}

static void read_alignments(Cursor *c, Pe *pe) {
        size_t start = c->at;

        pe->section_alignment = cursor_u32le(c);
        pe->file_alignment = cursor_u32le(c);
        if (!is_power_of_two(pe->section_alignment) || !is_power_of_two(pe->file_alignment) ||
                        pe->file_alignment < FILE_ALIGNMENT_MIN ||
                        pe->file_alignment > FILE_ALIGNMENT_MAX ||
                        pe->section_alignment < pe->file_alignment)
                cursor_reject_at(c, start, "alignments that no loader takes");
}

static void read_directories(Cursor *c, uint16_t optional_size, Pe *pe) {
        size_t start = c->at;
        uint32_t n = cursor_u32le(c);

        /* EDK2 and shim want the size to say the same */
        if (n > PE_DIRECTORIES_MAX || optional_size != OPTIONAL_FIXED_SIZE + n * DIRECTORY_SIZE) {
                cursor_reject_at(c, start,
                                "not as many data directories as the header has room for");
                return;
        }
        pe->n_directories = n;
        pe->at.directories = (uint32_t) c->at;
        for (uint32_t i = 0; i < n; i++) {
                pe->directories[i].at = cursor_u32le(c);
                pe->directories[i].size = cursor_u32le(c);
        }
}

static void read_optional_header(Cursor *c, uint16_t optional_size, Pe *pe) {
        size_t start = c->at;

        pe->at.optional_header = (uint32_t) c->at;
        if (cursor_u16le(c) != MAGIC_PLUS)
                cursor_reject_at(c, start, "not PE32+, so not for a 64-bit machine");
        (void) cursor_u16le(c); /* the linker's version */
        pe->size_of_code = cursor_u32le(c);
        pe->size_of_data = cursor_u32le(c);
        (void) cursor_bytes(c, 12); /* uninitialised data, entry point, base of code */
        pe->image_base = cursor_u64le(c);
        read_alignments(c, pe);
        (void) cursor_bytes(c, 16); /* versions */
        pe->size_of_image = cursor_u32le(c);
        pe->size_of_headers = cursor_u32le(c);
        pe->checksum = cursor_u32le(c);
        pe->subsystem = cursor_u16le(c);
        pe->dll_flags = cursor_u16le(c);
        (void) cursor_bytes(c, 36); /* stack, heap, loader flags */
        read_directories(c, optional_size, pe);
}

/* NULL, or what is wrong with the headers as a whole; c stands where they end. */
static const char *wrong_with_headers(const Cursor *c, const Pe *pe) {
        const PeRange *certificates = &pe->directories[PE_DIRECTORY_CERTIFICATES];

        if (pe->size_of_headers < c->at)
                return "the section headers reach beyond the size of the headers";
        if (pe->size_of_headers > pe->file_size)
                return "the headers reach beyond the end of the file";
        if (pe->size_of_image < pe->size_of_headers)
                return "the image in memory is smaller than its headers";
        if (certificates->size > 0 &&
                        (certificates->at < pe->size_of_headers ||
                                        certificates->at > pe->file_size ||
                                        certificates->size > pe->file_size - certificates->at))
                return "the certificates lie outside the file or in the headers";
        return NULL;
}

static bool overlap(uint64_t at, uint64_t size, uint64_t other_at, uint64_t other_size) {
        if (size == 0 || other_size == 0)
                return false;
        return at < other_at ? other_at - at < size : at - other_at < other_size;
}

/* NULL, or what is wrong with section i beside those before it. */
static const char *wrong_with_section(const Pe *pe, unsigned i) {
        const PeRange *certificates = &pe->directories[PE_DIRECTORY_CERTIFICATES];
        const PeSection *s = &pe->sections[i];

        /* some loaders take the one size for the other then, systemd-stub does not */
        if (s->virtual_size == 0 && s->raw_size > 0)
                return "a section with bytes in the file, and no size in memory";
        if (s->raw_size > 0 && s->raw_offset < pe->size_of_headers)
                return "a section whose bytes lie in the headers";
        if (s->raw_offset > pe->file_size || s->raw_size > pe->file_size - s->raw_offset)
                return "a section that reaches beyond the end of the file";
        if (overlap(s->raw_offset, s->raw_size, certificates->at, certificates->size))
                return "a section that overlaps the certificates";
        if (s->virtual_size > 0 && s->virtual_address < pe->size_of_headers)
                return "a section whose memory is that of the headers";
        if (s->virtual_address > pe->size_of_image ||
                        s->virtual_size > pe->size_of_image - s->virtual_address)
                return "a section that reaches beyond the size of the image";
        for (unsigned k = 0; k < i; k++) {
                const PeSection *o = &pe->sections[k];

                if (overlap(s->raw_offset, s->raw_size, o->raw_offset, o->raw_size))
                        return "a section whose bytes are another's too";
                if (overlap(s->virtual_address, s->virtual_size, o->virtual_address,
                                    o->virtual_size))
                        return "a section whose memory is another's too";
        }
        return NULL;
}

static void read_section(Cursor *c, Pe *pe, unsigned i) {
        PeSection *s = &pe->sections[i];
        size_t start = c->at;
        Span name = cursor_bytes(c, PE_NAME_MAX);
        const char *wrong;

        if (name.size > 0)
                memcpy(s->name, name.data, name.size);
        s->name[PE_NAME_MAX] = '\0';
        s->virtual_size = cursor_u32le(c);
        s->virtual_address = cursor_u32le(c);
        s->raw_size = cursor_u32le(c);
        s->raw_offset = cursor_u32le(c);
        (void) cursor_bytes(c, 12); /* relocations and line numbers, which are objects' */
        s->flags = cursor_u32le(c);
        if (s->raw_size == 0)
                s->raw_offset = 0;
        wrong = cursor_failed(c) ? NULL : wrong_with_section(pe, i);
        if (wrong)
                cursor_reject_at(c, start, wrong);
        else if (!span_is_zero((Span){ (const uint8_t *) s->name + strlen(s->name),
                                 PE_NAME_MAX - strlen(s->name) }))
                cursor_reject_at(c, start, "a section's name that goes on behind its NUL");
}

int pe_parse(Span head, uint64_t file_size, Pe *ret, Err *e) {
        Cursor c = cursor_over(head);
        Pe pe = { .file_size = file_size };
        uint16_t optional_size;
        const char *wrong;
        size_t table;
        int rc;

        read_dos_header(&c);
        optional_size = read_file_header(&c, &pe);
        read_optional_header(&c, optional_size, &pe);
        table = c.at;
        pe.at.sections = (uint32_t) table;
        (void) cursor_bytes(&c, (size_t) pe.n_sections * PE_SECTION_HEADER_SIZE);
        wrong = cursor_failed(&c) ? NULL : wrong_with_headers(&c, &pe);
        if (wrong)
                cursor_reject_at(&c, pe.at.optional_header, wrong);
        else if (!cursor_failed(&c))
                c.at = table;
        for (unsigned i = 0; i < pe.n_sections && !cursor_failed(&c); i++)
                read_section(&c, &pe, i);

        c.bytes.size = cursor_failed(&c) ? c.bytes.size : c.at; /* what follows is not looked at */
        rc = cursor_end(&c, "PE headers", e);
        if (rc < 0)
                return rc;

        *ret = pe;
        return 0;
}

uint32_t pe_section_size(const PeSection *s) {
        return s->virtual_size < s->raw_size ? s->virtual_size : s->raw_size;
}

const PeSection *pe_find(const Pe *pe, const char *name) {
        for (unsigned i = 0; i < pe->n_sections; i++)
                if (strcmp(pe->sections[i].name, name) == 0)
                        return &pe->sections[i];
        return NULL;
}

uint64_t pe_raw_end(const Pe *pe) {
        uint64_t end = pe->size_of_headers;

        for (unsigned i = 0; i < pe->n_sections; i++) {
                uint64_t here = (uint64_t) pe->sections[i].raw_offset + pe->sections[i].raw_size;

                if (here > end)
                        end = here;
        }
        return end;
}

uint64_t pe_virtual_end(const Pe *pe) {
        uint64_t end = pe->size_of_headers;

        for (unsigned i = 0; i < pe->n_sections; i++) {
                uint64_t here = (uint64_t) pe->sections[i].virtual_address +
                                pe->sections[i].virtual_size;

                if (here > end)
                        end = here;
        }
        return end;
}

bool pe_is_gapless(const Pe *pe) {
        uint64_t covered = pe->size_of_headers;

        /* none lies in the headers, and no two share a byte */
        for (unsigned i = 0; i < pe->n_sections; i++)
                covered += pe->sections[i].raw_size;
        return covered == pe_raw_end(pe);
}

size_t pe_checksum_at(const Pe *pe) {
        return pe->at.optional_header + CHECKSUM_IN_OPTIONAL;
}

size_t pe_directory_at(const Pe *pe, unsigned directory) {
        assert(directory < pe->n_directories);

        return pe->at.directories + (size_t) directory * DIRECTORY_SIZE;
}
