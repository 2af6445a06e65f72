/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/evidence.h"
#include "verify/sysreport.h"

/* A report of systemd that is enclosed in evidence of ours: the claim report.
 *
 * It is signed by a key of systemd's own, and answers no nonce. That it stands in the bundle says
 * no more than that somebody put it there: it can be of another machine, or of an older boot. So it
 * has to hold by itself, as one does that is judged alone, its key named by policy; and it has to
 * be of the same run of the same TPM as the quote beside it, which is told by the TPM's counts and
 * clock, and by the registers: what it quotes and certifies is what the quote has, or had when
 * systemd's log was as long as the report says.
 *
 * No other claim leans on it: one that does not hold refutes this claim alone. */

/* To be asked when the other logs were judged. told: what systemd measured, by the bundle's own
 * log. ret: readable where there is a report that is well-formed; it borrows from the evidence. */
int judge_enclosed(const Evidence *ev, const Question *q, const SystemdStory *told, Verdict *v,
                SysEvidence *ret, Err *e) _must_check_;
