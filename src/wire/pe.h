/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/limits.h"

/* The headers of a PE32+ image (Microsoft, "PE Format"): what firmware, systemd-stub and kernels
 * for EFI are. Little-endian.
 *
 * Only what a loader cannot misunderstand is taken: sizes and places agree with one another and
 * with the file, no two sections share a byte of the file or of memory, and none lies in the
 * headers. Machines and subsystems that are not known here are carried. */
enum {
        PE_MACHINE_X86_64 = 0x8664,
        PE_MACHINE_ARM64 = 0xaa64,
        PE_MACHINE_RISCV64 = 0x5064,
        PE_SUBSYSTEM_EFI_APPLICATION = 10,
        PE_FLAG_SYMBOLS_STRIPPED = 0x0008, /* IMAGE_FILE_LOCAL_SYMS_STRIPPED */
        PE_DLL_NX_COMPAT = 0x0100,
        PE_SECTION_CODE = 0x00000020,
        PE_SECTION_DATA = 0x00000040, /* initialised */
        PE_SECTION_READ = 0x40000000,
        PE_SECTION_HEADER_SIZE = 40,
        PE_DIRECTORY_CERTIFICATES = 4,
        PE_DIRECTORY_DEBUG = 6,
        PE_DIRECTORIES_MAX = 16,
        PE_NAME_MAX = 8,
};

typedef struct PeSection {
        char name[PE_NAME_MAX + 1]; /* foreign bytes up to the first NUL */
        uint32_t virtual_size, virtual_address;
        uint32_t raw_size, raw_offset; /* in the file; offset 0 where the size is */
        uint32_t flags;
} PeSection;

typedef struct PeRange {
        uint32_t at, size;
} PeRange;

/* Where the fields are that a writer changes, in bytes from the start of the file. */
typedef struct PePlaces {
        uint32_t file_header;     /* behind "PE\0\0" */
        uint32_t optional_header; /* behind that */
        uint32_t directories;
        uint32_t sections;
} PePlaces;

typedef struct Pe {
        uint64_t file_size;
        PePlaces at;
        uint16_t machine, flags, subsystem, dll_flags;
        uint32_t symbols_at, n_symbols; /* COFF symbols, which an image should not have */
        uint32_t size_of_code, size_of_data;
        uint64_t image_base;
        uint32_t section_alignment, file_alignment; /* powers of two */
        uint32_t size_of_image, size_of_headers, checksum;
        unsigned n_directories;
        PeRange directories[PE_DIRECTORIES_MAX]; /* that of certificates is a place in the file */
        unsigned n_sections;                     /* at most PE_SECTIONS_MAX */
        PeSection sections[PE_SECTIONS_MAX];
} Pe;

/* head: the file's first bytes, all of its headers at least (PE_HEAD_MAX bytes suffice, or all of
 * a file that has fewer). */
int pe_parse(Span head, uint64_t file_size, Pe *ret, Err *e) _must_check_;

/* The first section of that name; NULL where there is none. */
const PeSection *pe_find(const Pe *pe, const char *name);

/* How many bytes of a section are in the file and in memory. */
uint32_t pe_section_size(const PeSection *s);

/* "x86-64", as UAPI.4 and leaves have it; NULL for a machine without a row. */
const char *pe_architecture(uint16_t machine);

/* Where the raw bytes of sections end, and those of headers, where there are none. */
uint64_t pe_raw_end(const Pe *pe);

/* Where memory ends that headers and sections take, not rounded. */
uint64_t pe_virtual_end(const Pe *pe);

/* Whether every byte from the headers to the last section's end belongs to one. */
bool pe_is_gapless(const Pe *pe);

/* Where the checksum of the whole file stands, and where a data directory's entry. */
size_t pe_checksum_at(const Pe *pe);
size_t pe_directory_at(const Pe *pe, unsigned directory);
