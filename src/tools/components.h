/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/course.h"

/* What is foretold of a boot, as components for systemd-pcrlock (systemd.pcrlock(5)): files in a
 * folder like /var/lib/pcrlock.d,
 *
 *      240-secureboot-policy.pcrlock.d/NAME.pcrlock      Secure Boot's variables
 *      620-secureboot-authority.pcrlock.d/NAME.pcrlock   what let the image in
 *      630-boot-loader-code.pcrlock.d/NAME.pcrlock       what is started before the image
 *      650-uki.pcrlock.d/NAME.pcrlock                    the image: what "lock-uki" writes
 *      660-uki-companions.pcrlock.d/NAME.pcrlock         what lies beside it
 *      710-kernel-cmdline.pcrlock.d/NAME.pcrlock         what the kernel is handed: what
 *      720-kernel-initrd.pcrlock.d/NAME.pcrlock          "lock-kernel-..." write of its parts
 *
 * each only where there is something in it. What every boot has, systemd brings itself. */

/* Writes the components that have measurements; they are variants called name. */
int components_write(const Course *c, const char *folder, const char *name, Err *e) _must_check_;

/* The name that an image's components have: its file name without ".efi". -EINVAL where that is
 * none for a file. */
int components_name(const char *path, char into[static NAME_TEXT_MAX + 1], Err *e) _must_check_;
