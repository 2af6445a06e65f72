/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The C library, made to fail: a program that is linked with libc_wraps (test/meson.build) has its
 * calls counted, and the n-th from now fails, once or from then on. Calls that only tidy up (close,
 * unlink, free) always work. */

typedef enum LibcCalls {
        LIBC_FILES = 1,  /* open, read, write, sync, rename, lock, readdir and the like */
        LIBC_MEMORY = 2, /* malloc, calloc, realloc, strdup, asprintf */
} LibcCalls;

/* The next n of these calls work, then one fails with this errno, or all. */
void libc_fail_after(LibcCalls calls, int n, int error, bool for_ever);

/* The next n steps work: calls of these kinds, and libc_step(). At the one after them the process
 * dies, as by a power cut: nothing is flushed, nothing is tidied up. */
void libc_die_after(LibcCalls calls, int n);

/* A step of the test's own, such as a TPM command. */
void libc_step(void);

/* All work again. How many failed since libc_fail_after(). */
int libc_heal(void);

/* Nothing fails, and nothing is counted, until it goes on: for what a test stands on itself. */
void libc_pause(bool pause);

/* CLOCK_REALTIME shows this many seconds since 1970; INT64_MIN: what it does show. */
void libc_wall_clock(int64_t seconds);

/* As on a file system without O_TMPFILE. */
void libc_without_tmpfile(bool without);
