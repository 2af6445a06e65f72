/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void one_line(char *text) {
        for (char *p = text; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = '?';
}

int err_set(Err *e, int code, const char *format, ...) {
        va_list ap;

        assert(code < 0);

        if (!e || e->code != 0)
                return code;

        e->code = code;
        va_start(ap, format);
        (void) vsnprintf(e->text, sizeof(e->text), format, ap);
        va_end(ap);
        one_line(e->text);
        return code;
}

void err_at(Err *e, const char *where) {
        char text[ERR_TEXT_MAX];

        if (!e || e->code == 0)
                return;
        memcpy(text, e->text, sizeof(text));
        if (snprintf(e->text, sizeof(e->text), "%.120s: %s", where, text) < 0)
                memcpy(e->text, text, sizeof(text));
        one_line(e->text);
}
