/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/question.h"
#include "verify/systemd.h"

/* avouch's own log, as far as it tells of unlocks: earlier segments, and the last one. */
typedef struct UnlockLogs {
        Span before, last;
} UnlockLogs;

/* The claim unlock: each volume that the logs say was unlocked was unlocked in a way that policy
 * allows. It is told by avouch's own log (unlock.open), and by systemd's where crypttab has it
 * measured: the volume key into a PCR (tpm2-measure-pcr=), the key slot and its mechanism into an
 * NvPCR (tpm2-measure-keyslot-nvpcr=, systemd 259). Of the mechanisms systemd tells passphrase,
 * recovery key and key file not apart: such an unlock counts as all three. Each volume key needs a
 * key slot of its own, and what stands in PCR 15 and nobody knows can be a volume key. */
int judge_unlock(const SystemdStory *systemd, const UnlockLogs *avouch, const Question *q,
                Verdict *v, Err *e) _must_check_;
