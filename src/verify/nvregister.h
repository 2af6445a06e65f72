/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/chain.h"
#include "verify/evidence.h"
#include "verify/verdict.h"

/* Whether the register of a log that is an NV index holds what the log says. Whoever has the
 * owner's authorisation can remove such an index, define it again under the same Name and fill it
 * as he likes. What stands against that is its start: a value after a random number that nobody
 * knows, in a genesis whose PCR nobody can set back (design, section 5). So the index must be as
 * `avouch setup` defines it, certified with the quote, blinded, and show what its records lead to.
 */

/* at: of the chain's strands, one in an NV index. Refutes registers where it does not. */
void judge_nvregister(const Evidence *ev, const Chain *c, size_t at, Verdict *v);
