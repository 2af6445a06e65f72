/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/gpt.h"

#include <errno.h>
#include <inttypes.h>

#include "base/cursor.h"

#define SIGNATURE SPAN_LITERAL("EFI PART")

enum {
        REVISION = 0x00010000,
        CHECKSUM_AT = 16,
        PLACES_AT = 40, /* of the first sector that partitions may use */
        MBR_CODE = 440,
        MBR_ENTRIES_AFTER = 3 * 16,
};

/* UEFI 2.10, 5.3.2: "CRC32", as in ISO 3309; a bit at a time is fast enough for 16 KiB. */
static uint32_t checksum_add(uint32_t crc, Span s) {
        for (size_t i = 0; i < s.size; i++) {
                crc ^= s.data[i];
                for (unsigned bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
        }
        return crc;
}

static uint32_t checksum(Span s) {
        return ~checksum_add(0xffffffff, s);
}

/* The header's own field counts as zero. */
static uint32_t header_checksum(Span header) {
        static const uint8_t zeros[4];
        uint32_t crc = checksum_add(0xffffffff, (Span){ header.data, CHECKSUM_AT });

        crc = checksum_add(crc, (Span){ zeros, sizeof(zeros) });
        return ~checksum_add(crc, (Span){ header.data + CHECKSUM_AT + sizeof(zeros),
                                                  header.size - CHECKSUM_AT - sizeof(zeros) });
}

static void copy_guid(Cursor *c, uint8_t into[16]) {
        Span s = cursor_bytes(c, 16);

        if (s.size == 16)
                memcpy(into, s.data, 16);
}

static void read_places(Cursor *c, uint64_t at, GptHeader *h) {
        size_t start = c->at;

        h->here = cursor_u64le(c);
        if (h->here != at)
                cursor_reject_at(c, start, "it is about another sector than it stands in");
        h->other = cursor_u64le(c);
        start = c->at;
        h->first_usable = cursor_u64le(c);
        h->last_usable = cursor_u64le(c);
        if (h->first_usable > h->last_usable)
                cursor_reject_at(c, start, "no sector that partitions may use");
        copy_guid(c, h->disk);
}

/* Whether so many sectors lie in none that partitions may use. */
static bool is_apart(const GptHeader *h, uint64_t at, uint64_t n) {
        return at > h->last_usable || (at < h->first_usable && h->first_usable - at >= n);
}

static bool is_table_apart(const GptHeader *h, size_t sector) {
        uint64_t n = ((uint64_t) h->n_entries * GPT_ENTRY_SIZE + sector - 1) / sector;

        return is_apart(h, h->here, 1) && is_apart(h, h->other, 1) && is_apart(h, h->entries, n);
}

int gpt_header_parse(Span sector, uint64_t at, const char *what, GptHeader *ret, Err *e) {
        Cursor c = cursor_over(sector);
        GptHeader h = {};
        size_t start;
        int rc;

        cursor_expect(&c, SIGNATURE, "no GPT header");
        cursor_expect_u32le(&c, REVISION, "not revision 1.0");
        cursor_expect_u32le(&c, GPT_HEADER_SIZE, "the header is not of 92 bytes");
        if (!cursor_failed(&c) && cursor_left(&c) >= GPT_HEADER_SIZE - CHECKSUM_AT)
                cursor_expect_u32le(&c, header_checksum((Span){ sector.data, GPT_HEADER_SIZE }),
                                "the checksum is not that of the header");
        else
                (void) cursor_bytes(&c, 4);
        cursor_expect_zeros(&c, 4, "reserved bytes that are not zero");
        read_places(&c, at, &h);
        h.entries = cursor_u64le(&c);
        start = c.at;
        h.n_entries = cursor_u32le(&c);
        if (h.n_entries == 0 || h.n_entries > GPT_ENTRIES_MAX)
                cursor_reject_at(&c, start, "no entries, or more than are read");
        if (!cursor_failed(&c) && !is_table_apart(&h, sector.size))
                cursor_reject_at(&c, PLACES_AT, "partitions may use sectors of the table itself");
        cursor_expect_u32le(&c, GPT_ENTRY_SIZE, "entries are not of 128 bytes");
        h.entries_checksum = cursor_u32le(&c);
        cursor_expect_zeros(&c, cursor_left(&c), "bytes behind the header that are not zero");

        rc = cursor_end(&c, what, e);
        if (rc < 0)
                return rc;
        *ret = h;
        return 0;
}

bool gpt_is_copy(const GptHeader *one, const GptHeader *other) {
        return one->here == other->other && one->other == other->here && one->here != other->here &&
               one->first_usable == other->first_usable && one->last_usable == other->last_usable &&
               one->n_entries == other->n_entries &&
               one->entries_checksum == other->entries_checksum &&
               memcmp(one->disk, other->disk, sizeof(one->disk)) == 0;
}

/* Text that ends at its first zero, and zeros from there on. */
static Span read_label(Cursor *c) {
        size_t start = c->at;
        Span label = cursor_bytes(c, GPT_LABEL_SIZE);

        for (size_t i = 0; i + 1 < label.size; i += 2)
                if (label.data[i] == 0 && label.data[i + 1] == 0) {
                        if (!span_is_zero(span_from(label, i)))
                                cursor_reject_at(c, start + i, "bytes after the end of the label");
                        break;
                }
        return label;
}

static void read_entry(Cursor *c, const GptHeader *h, GptEntry *ret) {
        size_t start = c->at;

        copy_guid(c, ret->type);
        copy_guid(c, ret->id);
        if (span_is_zero((Span){ ret->id, sizeof(ret->id) }))
                cursor_reject_at(c, start + 16, "a partition without a GUID of its own");
        start = c->at;
        ret->first = cursor_u64le(c);
        ret->last = cursor_u64le(c);
        if (ret->first > ret->last)
                cursor_reject_at(c, start, "a partition that ends before it begins");
        if (ret->first < h->first_usable || ret->last > h->last_usable)
                cursor_reject_at(c, start, "a partition outside of what partitions may use");
        ret->attributes = cursor_u64le(c);
        ret->label = read_label(c);
}

static const char *wrong_between(const GptEntry *a, const GptEntry *b) {
        if (a->first <= b->last && b->first <= a->last)
                return "overlap";
        if (memcmp(a->id, b->id, sizeof(a->id)) == 0)
                return "have the same GUID";
        return NULL;
}

static int compare_entries(const GptTable *t, const char *what, Err *e) {
        for (size_t i = 0; i < t->n; i++)
                for (size_t j = 0; j < i; j++) {
                        const char *wrong = wrong_between(&t->entries[j], &t->entries[i]);

                        if (wrong)
                                return err_set(e, -EBADMSG, "%s: partitions %u and %u %s", what,
                                                t->entries[j].number, t->entries[i].number, wrong);
                }
        return 0;
}

int gpt_entries_parse(Span bytes, const GptHeader *h, const char *what, GptTable *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        int rc;

        if (bytes.size != (size_t) h->n_entries * GPT_ENTRY_SIZE)
                return err_set(e, -EBADMSG, "%s: %zu bytes for %" PRIu32 " entries", what,
                                bytes.size, h->n_entries);
        if (checksum(bytes) != h->entries_checksum)
                return err_set(e, -EBADMSG, "%s: the checksum in the header is not theirs", what);
        ret->n = 0;
        for (unsigned i = 0; i < h->n_entries; i++) {
                GptEntry *entry = &ret->entries[ret->n];
                Span rest = cursor_rest(&c);

                /* UEFI 2.10, 5.3.3: the type of an entry that is not used is zero */
                if (span_is_zero((Span){ rest.data, 16 })) {
                        cursor_expect_zeros(
                                        &c, GPT_ENTRY_SIZE, "an unused entry that is not empty");
                        continue;
                }
                entry->number = i + 1;
                read_entry(&c, h, entry);
                ret->n++;
        }
        rc = cursor_end(&c, what, e);
        return rc < 0 ? rc : compare_entries(ret, what, e);
}

int gpt_mbr_parse(Span bytes, uint64_t sectors, const char *what, Err *e) {
        /* UEFI 2.10, 5.2.3, table 5-4: not bootable, from the second sector on, of type EE; its
         * last sector is none that can be said in cylinders */
        static const uint8_t head[] = { 0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0 };
        uint32_t size = sectors - 1 > UINT32_MAX ? UINT32_MAX : (uint32_t) (sectors - 1);
        Cursor c = cursor_over(bytes);

        cursor_expect_zeros(&c, MBR_CODE, "a boot program");
        cursor_expect_zeros(&c, 6, "a signature of the disk, or reserved bytes that are not zero");
        cursor_expect(&c, (Span){ head, sizeof(head) }, "not the entry that protects a GPT");
        cursor_expect_u32le(&c, size, "not the size of the disk");
        cursor_expect_zeros(&c, MBR_ENTRIES_AFTER, "a second entry");
        cursor_expect(&c, SPAN_LITERAL("\x55\xaa"), "not 55 AA at the end");
        return cursor_end(&c, what, e);
}
