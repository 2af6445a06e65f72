/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Why an operation could not be carried out. Lives on the caller's stack, never allocates, and is
 * written once: by the function that first knew. A function that only passes an error on leaves it
 * alone. It says nothing of whether evidence is good; that is what a Verdict is for. */
enum { ERR_TEXT_MAX = 320 };

typedef struct Err {
        int code; /* negative errno, 0 while unset */
        char text[ERR_TEXT_MAX];
} Err;

/* Fills e (which may be NULL) unless it is filled already, and returns code, so that callers can
 * write "return err_set(e, -EBADMSG, ...)". Control bytes that slip in with a file name or a
 * foreign text are replaced by '?', so that the text is one line whatever it quotes. */
int err_set(Err *e, int code, const char *format, ...) _printf_(3, 4);

/* Puts where it happened ("evidence.avouch: ") before a text that is set already. A function that
 * knows the file hands the parser's error on with this; nothing happens while e is unset. */
void err_at(Err *e, const char *where);
