/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"

/* The archives in which systemd-stub hands what lies beside an image to the initrd, byte for byte
 * (252 to 262 make the same; the form is "newc" of the kernel's initramfs buffer format): each is
 * measured as a whole. Inodes count from 1, folders too; no owners, no times; the folders above the
 * last one are 0555. */
typedef struct StubCpio {
        const char *folder; /* ".extra/credentials" */
        unsigned folder_mode, file_mode;
        uint32_t inodes; /* that were used: 0 at first */
} StubCpio;

/* The folders, which stand before all files. */
void stub_cpio_begin(StubCpio *c, Buf *to);

/* What stands before a file's contents; stub_cpio_padding() stands behind them. */
void stub_cpio_file(StubCpio *c, const char *name, uint32_t size, Buf *to);

/* Zeros up to a multiple of four bytes. */
void stub_cpio_padding(uint32_t size, Buf *to);

/* The record that ends the archive. */
void stub_cpio_end(Buf *to);
