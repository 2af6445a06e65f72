/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/course.h"
#include "layer/uki.h"

/* What systemd-boot does with an image that it finds in EFI/Linux and starts as it is: up to 254 it
 * hands it the command line that the image has already, and measures that into PCR 12; from 255 on
 * it hands it nothing (systemd, pull request 28924; src/boot/efi/boot.c). */

/* What this program hands to the image is appended to line, with a NUL behind it, and measured;
 * nothing where it is not systemd-boot, or a later one. */
int bootloader_foretell(
                const Uki *loader, const Uki *image, Buf *line, Course *c, Err *e) _must_check_;
