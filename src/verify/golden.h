/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/reference.h"

/* Whether a machine was measured as golden evidence was, event by event. */

/* pcrs: their numbers, in the order in which a difference is looked for. What they differ in is
 * told in the words of the thing. */
int golden_compare(const Golden *g, const Judgement *j, const uint8_t *pcrs, size_t n_pcrs,
                Vouched *ret, Err *e) _must_check_;
