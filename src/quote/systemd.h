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

/* The NV indices that a log tells of, each once: how many. What is no record tells of none. */
size_t systemd_log_indices(Span log, uint32_t ret[NVPCRS_MAX]);
