/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A GUID partition table written by hand, with checksums by another algorithm than the reader's. */

#include "base/buf.h"
#include "wire/gpt.h"

static inline uint32_t gpt_draft_checksum(const uint8_t *bytes, size_t n) {
        uint32_t table[256], crc = 0xffffffff;

        for (uint32_t i = 0; i < 256; i++) {
                table[i] = i;
                for (unsigned bit = 0; bit < 8; bit++)
                        table[i] = table[i] & 1 ? 0xedb88320 ^ table[i] >> 1 : table[i] >> 1;
        }
        for (size_t i = 0; i < n; i++)
                crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
        return ~crc;
}

static inline void gpt_draft_le(uint8_t *at, uint64_t v, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                at[i] = (uint8_t) (v >> 8 * i);
}

/* Puts the checksum of a header into it. */
static inline void gpt_draft_seal(uint8_t *header) {
        memset(header + 16, 0, 4);
        gpt_draft_le(header + 16, gpt_draft_checksum(header, GPT_HEADER_SIZE), 4);
}

/* A sector of 512 bytes. */
static inline void gpt_draft_header(const GptHeader *h, uint8_t sector[512]) {
        memset(sector, 0, 512);
        memcpy(sector, "EFI PART\0\0\1\0\x5c", 13);
        gpt_draft_le(sector + 24, h->here, 8);
        gpt_draft_le(sector + 32, h->other, 8);
        gpt_draft_le(sector + 40, h->first_usable, 8);
        gpt_draft_le(sector + 48, h->last_usable, 8);
        memcpy(sector + 56, h->disk, 16);
        gpt_draft_le(sector + 72, h->entries, 8);
        gpt_draft_le(sector + 80, h->n_entries, 4);
        gpt_draft_le(sector + 84, GPT_ENTRY_SIZE, 4);
        gpt_draft_le(sector + 88, h->entries_checksum, 4);
        gpt_draft_seal(sector);
}

/* n_entries * GPT_ENTRY_SIZE bytes. */
static inline void gpt_draft_entries(const GptTable *t, uint32_t n_entries, uint8_t *bytes) {
        memset(bytes, 0, (size_t) n_entries * GPT_ENTRY_SIZE);
        for (size_t i = 0; i < t->n; i++) {
                const GptEntry *e = &t->entries[i];
                uint8_t *at = bytes + (size_t) (e->number - 1) * GPT_ENTRY_SIZE;

                memcpy(at, e->type, 16);
                memcpy(at + 16, e->id, 16);
                gpt_draft_le(at + 32, e->first, 8);
                gpt_draft_le(at + 40, e->last, 8);
                gpt_draft_le(at + 48, e->attributes, 8);
                memcpy(at + 56, e->label.data, e->label.size);
        }
}
