/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/systemdlog.h"

const char *const systemd_phases[] = {
        "enter-initrd",
        "leave-initrd",
        "sysinit",
        "ready",
        "shutdown",
        "final",
        /* instead of the usual way (systemd 258) */
        "storage-target-mode-start",
        "storage-target-mode-stop",
        "factory-reset",
        NULL,
};

const char *systemd_kind_name(SystemdKind kind) {
        static const char *const names[_SYSTEMD_KIND_MAX] = {
                [SYSTEMD_UNKNOWN] = "unknown",
                [SYSTEMD_PHASE] = "phase",
                [SYSTEMD_MACHINE_ID] = "machine-id",
                [SYSTEMD_FILE_SYSTEM] = "filesystem",
                [SYSTEMD_VOLUME_KEY] = "volume-key",
                [SYSTEMD_IMDS] = "imds-userdata",
                [SYSTEMD_OS_SEPARATOR] = "os-separator",
                [SYSTEMD_NVPCR_INIT] = "nvpcr-init",
                [SYSTEMD_NVPCR_SEPARATOR] = "nvpcr-separator",
                [SYSTEMD_PRODUCT_ID] = "product-id",
                [SYSTEMD_KEYSLOT] = "keyslot",
                [SYSTEMD_VERITY] = "dm-verity",
                [SYSTEMD_LOGIN] = "login",
        };

        return names[kind];
}

static int octal(uint8_t c) {
        return c >= '0' && c <= '7' ? c - '0' : -1;
}

/* Three octal digits of a byte that cescape() does not leave as it is; -1 for anything else. */
static int read_octal(Cursor *c) {
        int byte = 0;

        for (int i = 0; i < 3; i++) {
                int digit = octal(cursor_u8(c));

                if (digit < 0)
                        return -1;
                byte = byte * 8 + digit;
        }
        if (byte > 0xff || (byte >= ' ' && byte < 0x7f))
                return -1;
        return byte >= '\a' && byte <= '\r' ? -1 : byte; /* those have letters */
}

/* The byte that stands behind a backslash; -1 where cescape() writes no such thing. */
static int read_escape(Cursor *c) {
        static const char letters[] = "abfnrtv\\\"'", meant[] = "\a\b\f\n\r\t\v\\\"'";
        Span next = cursor_rest(c);
        const char *at;

        if (next.size > 0 && octal(next.data[0]) >= 0)
                return read_octal(c);
        at = next.size > 0 && next.data[0] != 0 ? strchr(letters, next.data[0]) : NULL;
        (void) cursor_u8(c);
        return at ? meant[at - letters] : -1;
}

static bool unescape(Span s, Buf *to) {
        Cursor c = cursor_over(s);

        while (cursor_left(&c) > 0) {
                int byte = cursor_u8(&c);

                if (byte == '\\')
                        byte = read_escape(&c);
                else if (byte < ' ' || byte >= 0x7f || byte == '"' || byte == '\'')
                        byte = -1; /* cescape() does not leave them */
                if (byte < 0)
                        return false;
                buf_byte(to, (uint8_t) byte);
        }
        return to->failed == 0;
}

bool systemd_unescape(Span s, Buf *to) {
        size_t before = to->size;
        bool good = unescape(s, to);

        if (!good)
                to->size = before;
        return good;
}

static bool is_hex(Span s, size_t bytes) {
        uint8_t scratch[34];

        assert(bytes <= sizeof(scratch));
        return text_unhex(s, scratch, bytes);
}

/* What stands before the next colon, and all of it where none follows. */
static Span field(Span *rest) {
        const uint8_t *colon = rest->size > 0 ? memchr(rest->data, ':', rest->size) : NULL;
        size_t n = colon ? (size_t) (colon - rest->data) : rest->size;
        Span s = { rest->data, n };

        *rest = colon ? (Span){ colon + 1, rest->size - n - 1 } : (Span){};
        return s;
}

static size_t count(Span s, uint8_t byte) {
        size_t n = 0;

        for (size_t i = 0; i < s.size; i++)
                n += s.data[i] == byte;
        return n;
}

static bool read_phase(Span rest, SystemdWords *w) {
        w->value = rest;
        for (size_t i = 0; systemd_phases[i]; i++)
                if (span_is(rest, systemd_phases[i]))
                        return true;
        return false;
}

static bool read_machine_id(Span rest, SystemdWords *w) {
        w->value = rest;
        return is_hex(rest, 16);
}

static bool read_product_id(Span rest, SystemdWords *w) {
        w->value = rest;
        return is_hex(rest, 16) || span_is(rest, "missing");
}

static bool read_file_system(Span rest, SystemdWords *w) {
        if (count(rest, ':') != 6)
                return false;
        w->name = field(&rest);
        w->value = rest;
        return w->name.size > 0;
}

static bool read_volume_key(Span rest, SystemdWords *w) {
        if (count(rest, ':') != 1)
                return false;
        w->name = field(&rest);
        w->value = field(&rest);
        return w->name.size > 0 && w->value.size > 0;
}

static bool read_imds(Span rest, SystemdWords *w) {
        w->value = rest;
        return rest.size > 0;
}

static bool read_nothing(Span rest, SystemdWords *w) {
        (void) w;
        return rest.size == 0;
}

/* NAME:0xINDEX:NAME, the index without leading zeros. */
static bool read_nvpcr_init(Span rest, SystemdWords *w) {
        uint8_t bytes[4];
        char padded[9] = "00000000";
        Span index;
        Cursor c;

        if (count(rest, ':') != 2)
                return false;
        w->name = field(&rest);
        index = field(&rest);
        w->value = field(&rest);
        if (index.size < 3 || index.size > 10 || !span_starts(index, SPAN_LITERAL("0x")) ||
                        index.data[2] == '0')
                return false;
        memcpy(&padded[10 - index.size], index.data + 2, index.size - 2);
        if (!text_unhex((Span){ (const uint8_t *) padded, 8 }, bytes, sizeof(bytes)))
                return false;
        c = cursor_over((Span){ bytes, sizeof(bytes) });
        w->index = cursor_u32be(&c);
        return w->name.size > 0 && is_hex(w->value, 34);
}

static bool read_keyslot(Span rest, SystemdWords *w) {
        uint64_t slot;

        if (count(rest, ':') != 3)
                return false;
        w->name = field(&rest);
        w->value = field(&rest);
        w->method = field(&rest);
        w->slot = field(&rest);
        return w->name.size > 0 && (w->slot.size == 0 || text_number(w->slot, UINT32_MAX, &slot));
}

static bool read_verity(Span rest, SystemdWords *w) {
        if (count(rest, ':') != 2)
                return false;
        w->name = field(&rest);
        w->value = field(&rest);
        w->signers = field(&rest);
        return w->name.size > 0 && is_hex(w->value, 32);
}

static bool read_login(Span rest, SystemdWords *w) {
        w->name = field(&rest);
        w->value = rest;
        return w->name.size > 0 && w->value.size > 0 && w->value.data[0] == '{';
}

SystemdWords systemd_words(Span measured) {
        static const struct {
                const char *head;
                SystemdKind kind;
                bool (*read)(Span rest, SystemdWords *w);
        } table[] = {
                { "", SYSTEMD_PHASE, read_phase },
                { "machine-id:", SYSTEMD_MACHINE_ID, read_machine_id },
                { "file-system:", SYSTEMD_FILE_SYSTEM, read_file_system },
                { "cryptsetup:", SYSTEMD_VOLUME_KEY, read_volume_key },
                { "imds-userdata:", SYSTEMD_IMDS, read_imds },
                { "os-separator", SYSTEMD_OS_SEPARATOR, read_nothing },
                { "nvpcr-init:", SYSTEMD_NVPCR_INIT, read_nvpcr_init },
                { "nvpcr-separator", SYSTEMD_NVPCR_SEPARATOR, read_nothing },
                { "product-id:", SYSTEMD_PRODUCT_ID, read_product_id },
                { "cryptsetup-keyslot:", SYSTEMD_KEYSLOT, read_keyslot },
                { "verity:", SYSTEMD_VERITY, read_verity },
                { "login:", SYSTEMD_LOGIN, read_login },
        };

        for (size_t i = 0; i < ELEMENTS(table); i++) {
                SystemdWords w = { .kind = table[i].kind };
                Span head = span_of(table[i].head);

                if (span_starts(measured, head) &&
                                table[i].read(span_from(measured, head.size), &w))
                        return w;
        }
        return (SystemdWords){ .value = measured };
}
