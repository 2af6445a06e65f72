/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/uki.h"

/* Whether firmware starts a program while Secure Boot is on, and what lets it in (UEFI 2.10,
 * section 32.5.3.3; as EDK2's DxeImageVerificationLib goes about it). No time counts: what dbx
 * keeps out from some moment on is kept out, unless a signature proves that it is older, by a time
 * stamp of somebody in dbt, and those are not looked at. */

/* db, dbx: signature databases as the variables hold them; may be empty. authenticode: the
 * program's hash, SHA-256. The entry of db that lets it in: owner and data. -EACCES where dbx keeps
 * it out, or nothing in db lets it in. */
int admission_judge(Span db, Span dbx, const Uki *program, const Digest *authenticode,
                Span *ret_entry, Err *e) _must_check_;
