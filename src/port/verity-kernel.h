/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/verity.h"

/* The running kernel: loop devices, dm-verity by libcryptsetup, mounts. It takes root. Nothing is
 * kept between calls: what is attached is what the kernel says. */
Verity verity_kernel(void);
