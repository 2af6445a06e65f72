/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Results as programs print them. */

/* A line "label  value" of what is shown to people. value is foreign text. */
void print_line(const char *label, Span value);
void print_hex(const char *label, Span bytes);

/* JSON that our own writer made (it is not checked), in the form that --json= asks for: "short" as
 * it stands, "pretty" indented; and a newline. */
void print_json(const char *form, Span json);

/* The same for JSON under construction: an error where it did not fit. */
int print_json_buf(const char *form, const Buf *json, Err *e) _must_check_;
