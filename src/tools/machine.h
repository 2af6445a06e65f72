/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/config.h"
#include "measure/odometer.h"

/* What the programs that record have in common: this machine's TPM and log, opened together. */

typedef struct Machine {
        Store *store, *home, *spool; /* of the log; of the history, NULL where there is none */
        Tpm *tpm;
        Config config;
        Account account;
        Odometer odometer;
} Machine;

/* True where this machine has no TPM: it says so itself, or is told to ("none", as tpm2-tools calls
 * it). Not where one was chosen, nor where there is one that does not work. */
bool machine_lacks_tpm(const char *tpm_option);

/* Owner: machine_done(). The log is locked from here to there. m.tpm is NULL where there is none.
 */
int machine_open(const char *tpm_option, Machine *ret, Err *e) _must_check_;
void machine_done(Machine *m);

/* True where machine_open() failed for another reason than that TPM or disk do: the register is
 * somebody else's, or the TPM has no bank that proves anything. */
bool machine_is_refused(int rc);

/* What counted records need besides: the history, which is locked after the log, and the counter.
 * What is not to be had is missing from odometer_lacks() alone. m stays where it is. */
int machine_open_odometer(Machine *m, Err *e) _must_check_;

/* Both of these, for openings by hand and what ends them. Where the TPM fails, the opening is
 * recorded all the same: in the log alone, which is an error (odometer_record()), but one that
 * leaves a mark. */
int machine_open_for_opening(const char *tpm_option, Machine *ret, Err *e) _must_check_;

/* The same for what is no opening, but was tried before one: it is not counted. */
int machine_open_for_attempt(const char *tpm_option, Machine *ret, Err *e) _must_check_;

/* For a process that stays, whose account has been resumed: what a counted record needs, as above.
 * Where the account could not be resumed, why says so, and the log is taken once more; there, and
 * where the TPM fails, the account is silent when this returns 0. machine_close_odometer() lets the
 * history go. */
int machine_take_odometer(Machine *m, const Err *why, Err *e) _must_check_;
void machine_close_odometer(Machine *m);

/* Finishes what a crash left of a counted record, so that the counter stands where it may be
 * certified: 1 where something was left, 0 where nothing was. Defines no counter. */
int machine_finish_opening(Machine *m, Err *e) _must_check_;

/* Says on standard output what was recorded last: as JSON where json is set, in words otherwise. */
int machine_print_last(const Machine *m, Event event, const char *json, Err *e) _must_check_;
