/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/secret.h"

/* Recovery keys as systemd-cryptenroll(1) makes them: 256 bits in "modhex" (16 letters that lie at
 * the same place on all keyboards), eight groups of eight with dashes between. */

enum { RECOVERY_SIZE = 8 * 8 + 7 };

/* True for what somebody may have typed for a recovery key, without the dashes or in capitals; ret
 * (which has room for RECOVERY_SIZE) is the key as it was enrolled. */
bool recovery_read(Span typed, Secret *ret);
