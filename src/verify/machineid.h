/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/question.h"
#include "verify/systemd.h"

/* The claim machine-id: the id of the machine (machine-id(5)) is the one that policy names, where
 * it names one, as systemd measured it when it started (PCR 15; systemd 253, and in its log from
 * 255 on). That is what /etc/machine-id said: the attestation key tells machines apart, and not it.
 */
void judge_machine_id(const SystemdStory *systemd, const Question *q, Verdict *v);
