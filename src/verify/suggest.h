/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/appraise.h"

/* The policy that evidence meets: what its machine proves of registers, firmware and kernel becomes
 * what is demanded. The evidence has to be judged by it once more, to see which claims it proves
 * then. */

/* Changes registers, and the keys of [Firmware] and [Kernel], of a policy to what the evidence
 * shows; what it does not prove stays as it is. file in its hashes is NULL. */
int policy_suggest(const Judgement *j, Policy *policy, Err *e) _must_check_;
