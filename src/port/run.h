/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Runs another program, found on PATH, without a shell. */

/* Waits for argv[0] to end. Its standard output and error go to output (both, in the order they
 * came; what exceeds the Buf is dropped). Standard input is /dev/null. keep_fds (ended by -1, or
 * NULL; none below 3) stay open in the child under the same numbers, all others are closed. The
 * child ends when we do. It speaks English (LC_ALL=C), and has no SOURCE_DATE_EPOCH: mkfs.erofs
 * would believe that more than its arguments. Nor does mke2fs see what it is to do on this host
 * (mke2fs.conf(5)), nor tar what somebody likes it to do ($TAR_OPTIONS).
 *
 * 0 where it exited with 0; -ENOENT where there is no such program; -EIO with its last line in e
 * where it failed otherwise. -EINTR where a signal that interrupt_hold() holds came (see
 * port/interrupt.h): the child is ended then. */
int run_program(const char *const argv[], const int *keep_fds, Buf *output, Err *e) _must_check_;

/* The same; and while the child runs, tell is called some times a second. */
typedef struct RunWatch {
        void (*tell)(void *user); /* NULL: nothing is */
        void *user;
} RunWatch;
int run_program_watched(const char *const argv[], const int *keep_fds, const RunWatch *w,
                Buf *output, Err *e) _must_check_;

/* The same as run_program() for a caller who waits in front of a door: for at most so many seconds
 * (-ETIMEDOUT, and the child is ended), and with these words ("NAME=VALUE") as its whole
 * environment, so that nothing of who asks reaches it: the child has a session, limits and a
 * priority of its own, its real user id is our effective one, and it ignores signals; those that
 * interrupt_hold() holds wait for us until it has ended. argv[0] is a path. Where our process has
 * said what to do with children that end (SIGCHLD), that is put aside meanwhile: the child is ours
 * to wait for. */
int run_program_within(const char *const argv[], const char *const environment[], unsigned seconds,
                Buf *output, Err *e) _must_check_;
