/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/account.h"

/* What the log comes to, noted beside it, so that the next program that records does not replay all
 * of it first. A convenience and no evidence: who verifies never sees it, and it is believed only
 * where
 *
 *     nobody has written to the log since (its file, size and time of change are the same),
 *     the log's last record is the one that it says, and leads to what it says, and
 *     every register of the TPM holds what it says (the caller's to find out).
 *
 * Anything else, and the log is replayed whole. So a note that is old, torn, lost, restored from a
 * copy or made up costs time and nothing else. Only how often the glass was opened, what the
 * registers began with, and how often the TPM had been reset then, it tells unchecked: what is
 * recorded does not depend on that, but for the name of what emptied them. */

/* Notes where the account stands, unless something is pending, or it was noted already. Where that
 * cannot be done, nothing is lost. */
void checkpoint_keep(Account *a);

/* Sets chain, glass, size and last_from by the note. False, and nothing is set, where there is none
 * that fits the log. */
bool checkpoint_load(Account *a);
