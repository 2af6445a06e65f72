/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/extension.h"
#include "measure/account.h"
#include "port/verity.h"

/* Uses extensions, each in this order:
 *
 *     check -> attach with its root hash -> record and extend -> mount
 *
 * What is mounted was recorded, by the root hash that every block is held against from then on; and
 * it is read through the file that was checked, whatever stands at its path by now. Where a step
 * fails, what the steps before it attached is taken off again, and that is recorded where the
 * activation was. What is not used is hidden from systemd, which would. */

typedef enum Outcome {
        OUTCOME_ACTIVE,
        OUTCOME_BEFORE,  /* it was active, and was left alone */
        OUTCOME_REFUSED, /* by what was asked of it */
        OUTCOME_FAILED,  /* it may be used, and could not be */
} Outcome;

/* One extension; order: among those of its class. why: the reason where it is not active, and
 * before it what could not be taken off or hidden, which is not recorded. Negative only where it
 * could not be recorded: nothing may be activated after that, and nothing of this one is. */
int activate_extension(Account *a, Verity *v, const Candidate *c, const Extension *x,
                unsigned order, Outcome *ret, Err *why, Err *e) _must_check_;

/* 1 where what was found is what an earlier activation mounted. */
int activate_is_active(Verity *v, const Candidate *c, Err *e) _must_check_;

/* Unmounts and detaches one, and records it: 1; 0 where it is not active. -EBUSY where systemd has
 * merged it. */
int deactivate_extension(
                Account *a, Verity *v, LeafType type, const char *name, Err *e) _must_check_;
