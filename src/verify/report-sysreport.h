/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "verify/sysreport.h"

/* A report of systemd, as far as it is not claims and a timeline: whose it is, and what of it was
 * not looked at. */

void report_sysreport_head(const SysEvidence *s, FILE *to);
void report_sysreport_coverage(const SysEvidence *s, FILE *to);

/* Members of an object that is open: attestationKey, timestamp. */
void report_sysreport_json(const SysEvidence *s, JsonWriter *w);
