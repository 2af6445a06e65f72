/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "wire/event.h"
#include "wire/register.h"

/* Which register each lane of events goes into, as avouch.conf(5) has it. A value. */
typedef struct Plan {
        Register lanes[_LANE_MAX]; /* that of LANE_PHASE is a PCR: a genesis stands in it */
        bool occupied;             /* a register that others have used before is taken, too */
        bool configured;           /* there is a configuration, and this is its SHA-256 */
        uint8_t config[32];
} Plan;

/* All lanes in one register. */
static inline Plan plan_of(Register all) {
        return (Plan){ .lanes = { all, all, all, all, all } };
}

_Static_assert(_LANE_MAX == 5, "plan_of() fills every lane");
