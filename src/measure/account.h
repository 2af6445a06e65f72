/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/chain.h"
#include "log/store.h"
#include "measure/genesis.h"
#include "measure/glasscount.h"
#include "measure/plan.h"
#include "port/tpm.h"

/* The machine's account of itself: records appended to the chained log and extended into its
 * register, in an order that a crash at any point cannot turn into a lie.
 *
 *     append to the log, durably -> extend the register in all its banks with one command
 *
 * The register never holds what the log does not name. What is left by a crash is set right by the
 * next account_open(): an unfinished last line is cut off, a last record that the register does not
 * show is extended, and a register that shows something else gets a phase.broken record: nobody
 * switches the account off with one foreign extend, nor by removing an NV index: then another
 * segment begins without it, and what went into it goes into the genesis's PCR.
 *
 * Two things may happen to registers under a log, and are told by why a segment begins. Another
 * kernel that was started by kexec finds them as they were: its log begins there ("kexec"), and
 * whoever verifies needs the log of the one before. Where its loader did not say so, it is known by
 * a copy of that log that leads to what they hold; where that is out of reach, nothing tells it
 * from a log that was taken away. And where the machine slept without power (hibernation) they are
 * empty, and the TPM counts it: as a Restart where its state had been saved before (Part 3, 9.3),
 * which Linux has it do when it hibernates, else as a Reset. Then the log is put aside, and another
 * begins ("resume"). What empties registers and is not counted is no sleep, and breaks the log.
 *
 * Where the machine has no TPM (tpm is NULL) all lanes are in no register: records are chained and
 * durable as ever, and nobody who verifies believes them. A TPM that comes later in the same boot
 * begins another segment, whose genesis says that there was one without it ("unmeasured"); one that
 * goes away is an error, for that is not as if there had never been one.
 *
 * Who lets the log go calls checkpoint_keep() before, so that the next one need not replay it. */

typedef struct Account {
        Store *store; /* borrowed, as tpm is */
        Tpm *tpm;     /* NULL: the machine has none */
        Plan plan;
        const Past *past; /* NULL: a genesis says nothing of it */
        Chain chain;
        GlassCount glass;
        size_t size;      /* of the log, in bytes */
        size_t last_from; /* where its last record begins */
        bool kept;        /* measure/checkpoint has noted all this */
        int64_t asleep;   /* the machine, until the account was paused */
        int64_t resets;   /* of the TPM, when the log began; negative: not known */
        int64_t restarts; /* Restarts and Resumes, the same */
        bool began;       /* opening began the log, with a genesis */
        bool robbed;      /* it did so though this boot had one, which was taken away */
        bool mended;      /* opening found something to set right */
        bool pending;     /* the last record may not be extended yet */
        Err silent;       /* code: the TPM is not asked, see account_open_silent(); why: its text */
} Account;

/* Reads the log, sets right what a crash left, and begins with a genesis where there is no log of
 * this boot yet. A log that cannot be read back (of another boot, or damaged) is put aside whole,
 * and a new segment begins: its genesis says at which register value.
 *
 * A register that is in use when the first log of a boot begins is somebody else's: -EADDRINUSE,
 * unless the plan takes it. Where this boot had a log already (one was put aside, or marked, or
 * copied elsewhere), it is ours, and its log was taken away: recording goes on, at the value that
 * it has. Nobody switches the account off by deleting it, and nobody believes it without what is
 * missing.
 */
int account_open_as(const Plan *plan, const Past *past, Store *store, Tpm *tpm, Account *ret,
                Err *e) _must_check_;

static inline int account_open_plan(
                Store *store, Tpm *tpm, const Plan *plan, Account *ret, Err *e) {
        return account_open_as(plan, NULL, store, tpm, ret, e);
}

/* The same, with all lanes in one register, whoever used it before. */
int account_open_after(const Past *past, Store *store, Tpm *tpm, Register reg, Account *ret,
                Err *e) _must_check_;

static inline int account_open(Store *store, Tpm *tpm, Register reg, Account *ret, Err *e) {
        return account_open_after(NULL, store, tpm, reg, ret, e);
}

/* For openings by hand, where the above has failed because the TPM does not answer: nobody opens a
 * machine without a record by making its TPM fail (why). Nothing is asked of it. Records are
 * appended to this boot's log, or to one that is in no register where there is none yet, and
 * recording one fails all the same, with words that say that it stands in the log: who lets people
 * in decides by that. When the TPM answers again, account_open_as() extends what waits
 * (measure/late).
 *
 * For other events it is not meant: what waits behind them is taken for somebody else's extend. */
int account_open_silent(const Plan *plan, const Past *past, Store *store, Tpm *tpm, const Err *why,
                Account *ret, Err *e) _must_check_;

static inline bool account_is_silent(const Account *a) {
        return a->silent.code != 0;
}

/* For a process that stays: lets others record, and goes on after them. Where nobody has recorded
 * in between, the TPM answered, and the machine has not slept, going on costs no command of the
 * TPM; otherwise it is as account_open_plan(). In between nothing else may be called. Where going
 * on fails, others may record as before, and it may be tried again. */
int account_pause(Account *a, Err *e) _must_check_;
int account_resume(Account *a, unsigned seconds, Err *e) _must_check_;

/* Appends one record and extends the register. Where the TPM's answer is lost, the register is read
 * to learn what happened. An error after the append leaves the record in the log, to be extended
 * before the next one, or by the next account_open(); e says so. */
int account_record(Account *a, Event event, const Member *members, size_t n_members,
                Err *e) _must_check_;

/* The two halves of account_record(), for who has to do something in between: the record is in the
 * log when the first returns, its content in content; and in the register after the second. */
int account_append(Account *a, Event event, const Member *members, size_t n_members, Buf *content,
                Err *e) _must_check_;
int account_extend(Account *a, Err *e) _must_check_;
