/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"

/* Names of systemd's units, as systemd-escape(1) writes them. */

/* The instance in "NAME@INSTANCE.service": '/' becomes '-', and what is no letter, digit, ':', '_'
 * or '.' (nor a '.' in front) becomes \xNN. */
void unit_escape(Buf *to, Span instance);

/* An absolute path, without its suffix ".device" or ".mount": slashes that are too many fall away.
 */
void unit_escape_path(Buf *to, Span path);
