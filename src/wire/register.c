/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/register.h"

#include "base/cursor.h"
#include "base/text.h"
#include "wire/limits.h"

bool register_of_index(Span hex, Register *ret) {
        uint8_t index[4];
        Cursor c;

        if (!text_unhex(hex, index, sizeof(index)))
                return false;
        c = cursor_over((Span){ index, sizeof(index) });
        *ret = (Register){ REGISTER_NV, cursor_u32be(&c) };
        return true;
}

bool register_parse(Span text, Register *ret) {
        Cursor c = cursor_over(text);
        uint64_t number;

        if (span_is(text, "none")) {
                *ret = (Register){};
                return true;
        }
        if (cursor_skip(&c, SPAN_LITERAL("pcr:"))) {
                if (!text_number(cursor_bytes(&c, cursor_left(&c)), PCR_COUNT - 1, &number))
                        return false;
                *ret = (Register){ REGISTER_PCR, (uint32_t) number };
                return true;
        }
        return cursor_skip(&c, SPAN_LITERAL("nv:0x")) &&
               register_of_index(cursor_bytes(&c, cursor_left(&c)), ret);
}

void register_text(Register reg, Buf *to) {
        switch (reg.kind) {
        case REGISTER_NONE:
                buf_string(to, "none");
                break;
        case REGISTER_PCR:
                buf_printf(to, "pcr:%u", reg.index);
                break;
        case REGISTER_NV:
                buf_printf(to, "nv:0x%08x", reg.index);
                break;
        }
}
