/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/account.h"

/* Who comes after an opening by hand is told of it: in the message of the day, until the machine
 * starts anew. It is a courtesy, and proves nothing; the record does. */

#define MOTD_FOLDER "/run/motd.d" /* pam_motd(8) shows what is in it */

/* Shows it, where the record that was appended last is of an opening. What others chose stands in
 * quotation marks, and drives no terminal. A message that cannot be written keeps nobody out: one
 * line on standard error. */
void motd_show(const Account *a);
