/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/limits.h"

/* systemd's own log of what it measured, to be taken along with a quote. */

#define SYSTEMD_LOG_FOLDER "/run/log/systemd"
#define SYSTEMD_LOG_FILE "tpm2-measure.log"

/* Reads the log and holds it (flock, shared), so that nobody whom systemd asks to measure does so
 * until the descriptor is closed (systemd-pcrextend(8)). 1, or 0 where there is no such log.
 * *ret_torn: somebody died between measuring and writing, and a record is missing: systemd marks
 * that with the sticky bit. */
int systemd_log_hold(const char *folder, const char *name, unsigned seconds, Buf *log,
                bool *ret_torn, int *ret_fd, Err *e) _must_check_;

/* The log is memory, and the kernel that kexec starts finds the registers and not the log. So it is
 * kept beside our own (folder/BOOT.systemd) for those that come: replaced as a whole, as often as
 * one likes. Nothing where there is no such log. */
int systemd_log_keep(const char *from, const char *name, const char *folder, const uint8_t boot[16],
                unsigned seconds, Err *e) _must_check_;

/* Puts before the present log, which is in to, those that were kept of the boots of these earlier
 * segments (quote/before.h), oldest first. log: the segment of this boot. One that was not kept is
 * left out: that it is missing is for whoever judges to say. */
int systemd_log_join(const char *folder, Span before, Span log, Buf *to, Err *e) _must_check_;

/* The NV indices that a log tells of, each once: how many. What is no record tells of none. */
size_t systemd_log_indices(Span log, uint32_t ret[NVPCRS_MAX]);
