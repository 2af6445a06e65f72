/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/evidence.h"
#include "verify/firmware.h"
#include "verify/systemd.h"

/* How the firmware's log and systemd's explain the quoted registers together: systemd's records
 * continue where the firmware's end. Where systemd keeps no log (252 to 254), words that it is
 * known to measure may follow instead: the phases of a boot in PCR 11, and from 261 on
 * "os-separator". PCR 10 may hold what IMA extends when it starts, where its list is not here. */

enum { SHOWN_PHASES_MAX = 256 };

typedef struct Explained {
        bool has_log, wrong; /* a firmware log, and whether it explains nothing */
        FirmwareReplay replay;
        /* The banks of the quote, and in each the PCRs that hold what the firmware's log says, and
         * nothing behind it but what systemd measures there: whoever could put anything else behind
         * it could take events out of it. */
        PcrSelection which;
        /* By PCR: the record of systemd's log, counted from 1, that put something there which
         * systemd does not measure there; 0: none did. */
        size_t strange[PCR_COUNT];
        unsigned n_boots;              /* whose phases those are, where they were guessed */
        char phases[SHOWN_PHASES_MAX]; /* that PCR 11 shows: "enter-initrd:leave-initrd"; ":" for
                                          none */
} Explained;

/* Before any other log: the replay begins with what the firmware's log says. What is wrong with it
 * refutes the claim registers, and then it says nothing. */
int explain_begin(const Evidence *ev, Verdict *v, Replay *replay, Explained *ret,
                Err *e) _must_check_;

/* True where a PCR is among which, in a bank of the quote that proves. */
bool explained_anywhere(const Explained *x, const PcrSelection *quoted, unsigned pcr);

/* Why a PCR is not among which, for people: "pcr:7 is not quoted in a bank that proves". */
typedef struct ExplainedFault {
        char text[160];
} ExplainedFault;

ExplainedFault explained_fault(const Explained *x, const PcrSelection *quoted, unsigned pcr);

/* After systemd_judge(). Without a log of systemd's, the replay takes the words that are known. */
int explain(const Evidence *ev, const SystemdStory *systemd, Replay *replay, Explained *x,
                Err *e) _must_check_;
