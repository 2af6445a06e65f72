/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"

/* A small PE file written by hand, as a systemd-stub is built, for tests that spoil one thing of
 * it. */

enum {
        DRAFT_FILE_HEADER = 68,
        DRAFT_OPTIONAL = 88,
        DRAFT_DIRECTORIES = 200,
        DRAFT_SECTIONS = 328,
        DRAFT_HEADERS = 512,
        DRAFT_SIZE = 2560,
};

#define DRAFT_MAGIC "#### LoaderInfo: systemd-stub 257.13-1~deb13u1 ####"
#define DRAFT_SBAT                                                                                 \
        "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"            \
        "systemd-stub,1,The systemd Developers,systemd,257,https://systemd.io/\n"

static inline void draft_section(Buf *b, const char *name, uint32_t size, uint32_t memory,
                uint32_t raw, uint32_t at) {
        char padded[9] = "";

        for (size_t i = 0; name[i] && i < 8; i++)
                padded[i] = name[i];
        buf_bytes(b, (Span){ (const uint8_t *) padded, 8 });
        buf_le(b, size, 4);
        buf_le(b, memory, 4);
        buf_le(b, raw, 4);
        buf_le(b, at, 4);
        buf_zeros(b, 12);
        buf_le(b, at == DRAFT_HEADERS ? 0x60000020 : 0x40000040, 4);
}

static inline void draft_fill(Buf *b, const char *text, size_t to) {
        buf_string(b, text);
        buf_zeros(b, to - b->size);
}

static inline Span draft_pe(Buf *b) {
        buf_string(b, "MZ");
        buf_zeros(b, 58);
        buf_le(b, 64, 4);

        buf_bytes(b, SPAN_LITERAL("PE\0\0"));
        buf_le(b, 0x8664, 2); /* machine */
        buf_le(b, 3, 2);      /* sections */
        buf_zeros(b, 12);     /* time, symbols */
        buf_le(b, 240, 2);
        buf_le(b, 0x22e, 2);

        buf_le(b, 0x20b, 2);
        buf_le(b, 0, 2);
        buf_le(b, 0x300, 4); /* code */
        buf_le(b, 0x100, 4); /* data */
        buf_zeros(b, 4);
        buf_le(b, 0x1000, 4); /* entry */
        buf_le(b, 0x1000, 4);
        buf_le(b, 0x14df90000, 8);
        buf_le(b, 0x1000, 4); /* alignments */
        buf_le(b, 0x200, 4);
        buf_zeros(b, 16);
        buf_le(b, 0x4000, 4); /* image, headers, checksum, subsystem, flags */
        buf_le(b, DRAFT_HEADERS, 4);
        buf_le(b, 0, 4);
        buf_le(b, 10, 2);
        buf_le(b, 0x160, 2);
        buf_zeros(b, 36);
        buf_le(b, 16, 4);
        buf_zeros(b, 16 * 8);

        draft_section(b, ".text", 0x300, 0x1000, 0x400, DRAFT_HEADERS);
        draft_section(b, ".sbat", 0x92, 0x2000, 0x200, 0x600);
        draft_section(b, ".sdmagic", 0x33, 0x3000, 0x200, 0x800);
        draft_fill(b, "", DRAFT_HEADERS);
        draft_fill(b, "code", 0x600);
        draft_fill(b, DRAFT_SBAT, 0x800);
        draft_fill(b, DRAFT_MAGIC, DRAFT_SIZE);
        return buf_span(b);
}

static inline void draft_put(Buf *b, size_t at, uint64_t v, unsigned n_bytes) {
        for (unsigned i = 0; i < n_bytes; i++)
                b->data[at + i] = (uint8_t) (v >> 8 * i);
}
