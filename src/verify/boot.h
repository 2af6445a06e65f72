/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "verify/firmware.h"
#include "wire/limits.h"

/* What the boot loader and the kernel's own entry tell: systemd-stub of 252 to 262 (PCRs 11 to 13),
 * the Linux EFI stub (PCR 9), and GRUB (PCRs 8 and 9), which is named and no more. */

/* A section of the UKI: its name was measured, and then its content. */
typedef struct BootSection {
        size_t number; /* of the event with the content's digest */
        char name[9];
        Digest digest;
} BootSection;

/* Text for the command line that came beside the UKI: an addon's, SMBIOS', the boot loader's. */
typedef struct BootLine {
        size_t number;
        Span text; /* UTF-16LE with its NUL; was measured as it stands */
} BootLine;

typedef struct Boot {
        BootSection sections[BOOT_SECTIONS_MAX];
        size_t n_sections;
        BootLine lines[BOOT_LINES_MAX];
        size_t n_lines;
        unsigned companions;    /* in PCRs 12 and 13: only digests are known of them */
        size_t first_companion; /* event */
        bool has_options;       /* the first event of PCR 9: the kernel's whole command line */
        Digest options;
        Span grub_line; /* GRUB's own word to the kernel; was measured */
        bool grub;
        char wrong[ERR_TEXT_MAX]; /* the first thing in PCRs 11 to 13 that does not belong there */
} Boot;

/* alg: the bank to read by. -EBADMSG for a log that is none. */
int boot_read(Span log, HashAlg alg, Boot *ret, Err *e) _must_check_;

/* ".linux" out of UTF-16LE with its NUL; false for what is no section's name. */
bool boot_section_name(Span utf16, char into[9]);

/* Whether this text is the command line that the kernel was started with: what its EFI stub
 * measured first of all in PCR 9, before anybody else could. */
int boot_line_is(const Boot *b, Span text, bool *ret, Err *e) _must_check_;

/* Whether a section's digest is that of this text, with or without a NUL or a line feed behind. */
int boot_text_is(const Digest *digest, Span text, bool *ret, Err *e) _must_check_;
