/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The few attributes and macros that every file may use. */

#include <stddef.h>

#define _cleanup_(f) __attribute__((__cleanup__(f)))
#define _must_check_ __attribute__((__warn_unused_result__))
#define _printf_(format, arguments) __attribute__((__format__(__printf__, format, arguments)))

#define ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
