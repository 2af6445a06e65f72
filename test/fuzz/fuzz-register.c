/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "base/cursor.h"
#include "wire/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read as a register has that one spelling. */
static void one_spelling(Span text) {
        _cleanup_(buf_done) Buf again = BUF_UP_TO(16);
        Register reg;

        if (!register_parse(text, &reg))
                return;
        register_text(reg, &again);
        if (!span_equal(buf_span(&again), text))
                abort();
}

/* Every register there is has a spelling that is read as that register. */
static void every_register(Span bytes) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(16);
        Cursor c = cursor_over(bytes);
        Register reg = { (RegisterKind) (cursor_u8(&c) % 3), 0 }, again;

        if (reg.kind == REGISTER_PCR)
                reg.index = cursor_u8(&c) % 24;
        else if (reg.kind == REGISTER_NV)
                reg.index = cursor_u32be(&c);
        register_text(reg, &text);
        if (!register_parse(buf_span(&text), &again) || again.kind != reg.kind ||
                        again.index != reg.index)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span text = { data, size };

        one_spelling(text);
        every_register(text);
        return 0;
}
