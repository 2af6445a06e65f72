/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/kexec.h"

/* The running kernel. It takes root. */
Kexec kexec_kernel(void);
