/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/securevars.h"

/* What firmware measures before it starts an image, in PCRs 4 and 7: as it does it by itself, or as
 * a firmware log of such a machine tells it. */

/* PCR 4 alone: the word that a boot option is tried, and the separator. */
int firmware_start_usual(Course *course, Err *e) _must_check_;

/* The banks that a log has, of those that are asked for; all that it has where none is. -EINVAL for
 * one that it has not. */
int firmware_start_banks(Span log, bool asked, Banks *banks, Err *e) _must_check_;

/* PCR 4 up to the first program, PCR 7 up to its separator; and db, where the log has it. vars
 * borrows from the log. -EBADMSG for a log that does not go as far as that, and for one whose
 * variables are not what was measured. */
int firmware_start_logged(Span log, Course *course, SecureVars *vars, bool *ret_secure_boot,
                Err *e) _must_check_;
