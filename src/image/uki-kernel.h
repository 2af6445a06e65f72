/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki-part.h"
#include "wire/pe.h"

/* Whether a file is a Linux kernel that firmware can start, and what it says of itself. */
typedef struct Kernel {
        Pe pe;
        char uname[128]; /* "6.1.0-35-amd64"; empty where it does not say */
} Kernel;

/* The machine that a PE file is for (a PE_MACHINE_ number). */
int kernel_machine(const UkiPart *file, uint16_t *ret, Err *e) _must_check_;

/* Refuses what is no PE file, is no kernel by its boot header, or is for another machine than the
 * stub (a PE_MACHINE_ number). */
int kernel_open(const UkiPart *file, uint16_t machine, Kernel *ret, Err *e) _must_check_;
