/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* To be called before all else: OpenSSL's own allocations are counted by support/libc, and fail
 * with the others. What it makes once and keeps should be made before anything fails. */
bool openssl_from_libc(void);
