/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki-part.h"

/* The section .efifw: a firmware that the stub hands to machines that name it in .hwids. folder
 * holds that one file, and its name is what the firmware is known by. The header is the one that
 * the stub reads (systemd's efifirmware.h); ukify 262 writes one byte in place of its magic, and no
 * stub takes that. */
int uki_firmware(const char *folder, UkiPart *ret_header, UkiPart *ret_file, Err *e) _must_check_;
