/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Command lines as systemd-stub takes them from a section, an addon or SMBIOS. */

/* What it makes of a text: control characters become blanks, and blanks at the end are dropped;
 * from 255 on those at the head, too. Nothing behind a NUL counts. */
void stub_line_settle(unsigned generation, Span text, Buf *to);

/* The bytes that are measured: UTF-16LE with its NUL; characters outside the Basic Multilingual
 * Plane are left out. -EBADMSG for what is no UTF-8: what the stub makes of that is not foretold.
 */
int stub_line_measured(Span text, Buf *to, Err *e) _must_check_;
