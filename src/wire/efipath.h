/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Device paths (UEFI 2.10, section 10.3): where the firmware found a program. */

typedef struct EfiNode {
        uint8_t type, subtype;
        Span data;
} EfiNode;

/* Takes the next node off: 1, 0 at the end (the node that says so, or no bytes), -EBADMSG. */
int efi_node_next(Span *path, EfiNode *ret, Err *e) _must_check_;

/* As people write it (section 10.6): "PciRoot(0x0)/Pci(0x1,0x0)/HD(1,GPT,...)/EFI/BOOT/X.EFI".
 * Nodes of kinds that are rare come out as Path(type,subtype). Text in it is foreign: it is to be
 * printed escaped. */
int efi_path_text(Span path, Buf *to, Err *e) _must_check_;

/* The name of the file at the end of a path, UTF-16LE; empty where it names none. */
Span efi_path_file(Span path);
