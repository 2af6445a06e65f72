/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/appraise.h"
#include "verify/vouched.h"
#include "wire/pcrlock.h"

/* Folders of systemd-pcrlock components (systemd.pcrlock(5)) as reference values: every event in
 * the registers that they speak of is one that a component expects, component after component in
 * the order of their names, and of a component with variants one of these. Components from
 * "760-" on belong to the time after the initrd was entered: a machine may not have come so far.
 * All before have to be there.
 *
 * They vouch for firmware by PCRs 0 to 3 and 5 to 7, as far as they speak of those, and for the
 * kernel by PCR 11, and by 4, 12 and 13 as far as they speak of those; for both by the same
 * variants. */

typedef struct PcrlockVariant {
        char *name;             /* owned: "600-absent"; empty where there is but one */
        PcrlockRecord *records; /* owned */
        size_t n;
} PcrlockVariant;

typedef struct PcrlockComponent {
        char *name;               /* owned: "650-kernel" */
        PcrlockVariant *variants; /* owned */
        size_t n;
} PcrlockComponent;

typedef struct Pcrlock {
        PcrlockComponent *list; /* owned; sorted by name */
        size_t n;
} Pcrlock;

/* Takes a folder: NAME.pcrlock, and NAME.pcrlock.d/VARIANT.pcrlock. A component that another folder
 * has too is refused: neither may decide. */
int pcrlock_load(Pcrlock *p, const char *folder, Err *e) _must_check_;
void pcrlock_done(Pcrlock *p);

/* To be asked when the logs are in the replay. */
int pcrlock_judge(const Pcrlock *p, const Judgement *j, Vouchers *ret, Err *e) _must_check_;
