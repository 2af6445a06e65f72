/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/efievent.h"

#include <errno.h>

#include "base/cursor.h"

enum { GPT_HEADER_SIZE = 92, GPT_NAME_SIZE = 72 };

#define GPT_SIGNATURE SPAN_LITERAL("EFI PART")
#define LOCALITY SPAN_LITERAL("StartupLocality\0")

static const struct {
        uint32_t type;
        const char *name;
} names[] = {
        { EV_PREBOOT_CERT, "EV_PREBOOT_CERT" },
        { EV_POST_CODE, "EV_POST_CODE" },
        { EV_UNUSED, "EV_UNUSED" },
        { EV_NO_ACTION, "EV_NO_ACTION" },
        { EV_SEPARATOR, "EV_SEPARATOR" },
        { EV_ACTION, "EV_ACTION" },
        { EV_EVENT_TAG, "EV_EVENT_TAG" },
        { EV_S_CRTM_CONTENTS, "EV_S_CRTM_CONTENTS" },
        { EV_S_CRTM_VERSION, "EV_S_CRTM_VERSION" },
        { EV_CPU_MICROCODE, "EV_CPU_MICROCODE" },
        { EV_PLATFORM_CONFIG_FLAGS, "EV_PLATFORM_CONFIG_FLAGS" },
        { EV_TABLE_OF_DEVICES, "EV_TABLE_OF_DEVICES" },
        { EV_COMPACT_HASH, "EV_COMPACT_HASH" },
        { EV_IPL, "EV_IPL" },
        { EV_IPL_PARTITION_DATA, "EV_IPL_PARTITION_DATA" },
        { EV_NONHOST_CODE, "EV_NONHOST_CODE" },
        { EV_NONHOST_CONFIG, "EV_NONHOST_CONFIG" },
        { EV_NONHOST_INFO, "EV_NONHOST_INFO" },
        { EV_OMIT_BOOT_DEVICE_EVENTS, "EV_OMIT_BOOT_DEVICE_EVENTS" },
        { EV_POST_CODE2, "EV_POST_CODE2" },
        { EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG" },
        { EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT" },
        { EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION" },
        { EV_EFI_BOOT_SERVICES_DRIVER, "EV_EFI_BOOT_SERVICES_DRIVER" },
        { EV_EFI_RUNTIME_SERVICES_DRIVER, "EV_EFI_RUNTIME_SERVICES_DRIVER" },
        { EV_EFI_GPT_EVENT, "EV_EFI_GPT_EVENT" },
        { EV_EFI_ACTION, "EV_EFI_ACTION" },
        { EV_EFI_PLATFORM_FIRMWARE_BLOB, "EV_EFI_PLATFORM_FIRMWARE_BLOB" },
        { EV_EFI_HANDOFF_TABLES, "EV_EFI_HANDOFF_TABLES" },
        { EV_EFI_PLATFORM_FIRMWARE_BLOB2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2" },
        { EV_EFI_HANDOFF_TABLES2, "EV_EFI_HANDOFF_TABLES2" },
        { EV_EFI_VARIABLE_BOOT2, "EV_EFI_VARIABLE_BOOT2" },
        { EV_EFI_GPT_EVENT2, "EV_EFI_GPT_EVENT2" },
        { EV_EFI_HCRTM_EVENT, "EV_EFI_HCRTM_EVENT" },
        { EV_EFI_VARIABLE_AUTHORITY, "EV_EFI_VARIABLE_AUTHORITY" },
        { EV_EFI_SPDM_FIRMWARE_BLOB, "EV_EFI_SPDM_FIRMWARE_BLOB" },
        { EV_EFI_SPDM_FIRMWARE_CONFIG, "EV_EFI_SPDM_FIRMWARE_CONFIG" },
};

const char *efi_event_name(uint32_t type) {
        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (names[i].type == type)
                        return names[i].name;
        return NULL;
}

/* A length in eight bytes, of which there must be that many. */
static Span read_long(Cursor *c, uint64_t size) {
        if (size > cursor_left(c)) {
                cursor_reject(c, "longer than what is left");
                return (Span){};
        }
        return cursor_bytes(c, (size_t) size);
}

int efi_variable_parse(Span body, EfiVariable *ret, Err *e) {
        Cursor c = cursor_over(body);
        uint64_t name_units, data_size;
        EfiVariable v;
        int rc;

        v.guid = cursor_bytes(&c, EFI_GUID_SIZE);
        name_units = cursor_u64le(&c);
        data_size = cursor_u64le(&c);
        v.name = read_long(&c, name_units > UINT64_MAX / 2 ? UINT64_MAX : 2 * name_units);
        v.data = read_long(&c, data_size);
        rc = cursor_end(&c, "UEFI variable", e);
        if (rc < 0)
                return rc;

        *ret = v;
        return 0;
}

int efi_image_parse(Span body, EfiImage *ret, Err *e) {
        Cursor c = cursor_over(body);
        EfiImage i;
        int rc;

        i.base = cursor_u64le(&c);
        i.size = cursor_u64le(&c);
        i.link_time = cursor_u64le(&c);
        i.path = read_long(&c, cursor_u64le(&c));
        rc = cursor_end(&c, "loaded image", e);
        if (rc < 0)
                return rc;

        *ret = i;
        return 0;
}

int efi_tagged_parse(Span body, EfiTagged *ret, Err *e) {
        Cursor c = cursor_over(body);
        EfiTagged t;
        int rc;

        t.id = cursor_u32le(&c);
        t.data = read_long(&c, cursor_u32le(&c));
        rc = cursor_end(&c, "tagged event", e);
        if (rc < 0)
                return rc;

        *ret = t;
        return 0;
}

int efi_table_parse(Span body, EfiTable *ret, Err *e) {
        Cursor c = cursor_over(body);
        EfiTable t = {};
        uint64_t n;
        int rc;

        cursor_expect(&c, GPT_SIGNATURE, "not a partition table");
        (void) cursor_bytes(&c, 48); /* revision to the last usable block */
        t.disk = cursor_bytes(&c, EFI_GUID_SIZE);
        (void) cursor_bytes(&c, 8 + 4); /* where the entries lie, and how many there are room for */
        if (cursor_u32le(&c) != EFI_PARTITION_SIZE)
                cursor_reject(&c, "partition entries that are not of 128 bytes");
        (void) cursor_bytes(&c, 4); /* their checksum */
        n = cursor_u64le(&c);
        if (n > cursor_left(&c) / EFI_PARTITION_SIZE)
                cursor_reject(&c, "more partitions than there are entries");
        t.n_entries = cursor_failed(&c) ? 0 : (size_t) n;
        t.entries = cursor_bytes(&c, t.n_entries * EFI_PARTITION_SIZE);
        rc = cursor_end(&c, "partition table", e);
        if (rc < 0)
                return rc;

        *ret = t;
        return 0;
}

EfiPartition efi_table_entry(const EfiTable *table, size_t i) {
        Cursor c = cursor_over(
                        (Span){ table->entries.data + i * EFI_PARTITION_SIZE, EFI_PARTITION_SIZE });
        EfiPartition p;

        p.type = cursor_bytes(&c, EFI_GUID_SIZE);
        p.id = cursor_bytes(&c, EFI_GUID_SIZE);
        p.first = cursor_u64le(&c);
        p.last = cursor_u64le(&c);
        p.attributes = cursor_u64le(&c);
        p.name = cursor_bytes(&c, GPT_NAME_SIZE);
        return p;
}

bool efi_locality(Span body, uint8_t *ret) {
        if (body.size != LOCALITY.size + 1 || !span_starts(body, LOCALITY))
                return false;
        *ret = body.data[LOCALITY.size];
        return true;
}

static void put_unit(uint32_t unit, Buf *to) {
        uint8_t utf8[4];

        if (unit >= 0xd800 && unit <= 0xdfff)
                buf_printf(to, "\\x%02x\\x%02x", unit & 0xff, unit >> 8);
        else
                buf_bytes(to, (Span){ utf8, text_utf8_write(unit, utf8) });
}

void efi_text(Span utf16, Buf *to) {
        Cursor c = cursor_over(utf16);

        while (cursor_left(&c) >= 2) {
                uint32_t unit = cursor_u16le(&c);
                Cursor ahead = c;
                uint32_t low = cursor_u16le(&ahead);

                if (unit == 0)
                        return;
                if (unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
                        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        c = ahead;
                }
                put_unit(unit, to);
        }
        if (cursor_left(&c) == 1)
                buf_printf(to, "\\x%02x", cursor_u8(&c));
}

bool efi_text_is(Span utf16, const char *ascii) {
        size_t n = strlen(ascii);

        if (utf16.size != 2 * n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (utf16.data[2 * i] != (uint8_t) ascii[i] || utf16.data[2 * i + 1] != 0)
                        return false;
        return true;
}

void efi_guid_text(Span guid, char into[UUID_TEXT_SIZE]) {
        static const uint8_t order[EFI_GUID_SIZE] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13,
                14, 15 };
        uint8_t id[EFI_GUID_SIZE] = {};

        for (size_t i = 0; guid.size == EFI_GUID_SIZE && i < EFI_GUID_SIZE; i++)
                id[i] = guid.data[order[i]];
        text_uuid(id, into);
}

bool efi_guid_is(Span guid, const char *text) {
        char written[UUID_TEXT_SIZE];

        efi_guid_text(guid, written);
        return guid.size == EFI_GUID_SIZE && strcmp(written, text) == 0;
}
