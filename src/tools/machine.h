/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/account.h"
#include "measure/config.h"

/* What the programs that record have in common: this machine's TPM and log, opened together. */

typedef struct Machine {
        Store *store;
        Tpm *tpm;
        Config config;
        Account account;
} Machine;

/* Owner: machine_done(). The log is locked from here to there. */
int machine_open(const char *tpm_option, Machine *ret, Err *e) _must_check_;
void machine_done(Machine *m);

/* Says on standard output what was recorded last: as JSON where json is set, in words otherwise. */
int machine_print_last(const Machine *m, Event event, const char *json, Err *e) _must_check_;
