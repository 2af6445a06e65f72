/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ini.h"

/* A systemd-style file read by a table: a row for each key that there is. What is in no row is
 * refused with its line and the name that was perhaps meant: a line that is not understood must not
 * look as if it were obeyed. */

typedef struct Setting {
        const char *section, *key;
        /* -EINVAL, by setting_wrong(), for a value that is none; to is what settings_read() was
         * given */
        int (*set)(void *to, const Assignment *a, Err *e);
} Setting;

enum { SETTINGS_MAX = 64 }; /* rows of a table */

/* The table ends with a row without section. -EINVAL for a line, section, key or value that is
 * wrong; what was set before it stays set. */
int settings_read(Span text, const Setting *settings, void *to, Err *e) _must_check_;

/* -EINVAL, with the line, the assignment and what is wrong with it. */
int setting_wrong(const Assignment *a, const char *what, Err *e);

/* Takes the next blank-separated word off a value; empty at its end. */
Span setting_word(Span *rest);
