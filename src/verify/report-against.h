/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "verify/against.h"
#include "wire/json.h"

/* What changed between two boots, for people and as the member "against" of an object that is
 * open. */
void report_against(const Against *a, FILE *to);
/* One thing: "Secure Boot: was on, is off". */
void report_change(const Change *c, Buf *to);
void report_against_json(const Against *a, JsonWriter *w);
