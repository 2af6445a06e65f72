/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

/* What stands inside an event of the firmware's log (TCG PC Client Platform Firmware Profile,
 * section 10): the types and their names, and the bodies that have a structure. All little-endian,
 * all to the last byte: a body with bytes left over is none. Spans borrow from what was parsed. */

typedef enum FirmwareType {
        EV_PREBOOT_CERT = 0x0,
        EV_POST_CODE = 0x1,
        EV_UNUSED = 0x2,
        EV_NO_ACTION = 0x3,
        EV_SEPARATOR = 0x4,
        EV_ACTION = 0x5,
        EV_EVENT_TAG = 0x6,
        EV_S_CRTM_CONTENTS = 0x7,
        EV_S_CRTM_VERSION = 0x8,
        EV_CPU_MICROCODE = 0x9,
        EV_PLATFORM_CONFIG_FLAGS = 0xa,
        EV_TABLE_OF_DEVICES = 0xb,
        EV_COMPACT_HASH = 0xc,
        EV_IPL = 0xd,
        EV_IPL_PARTITION_DATA = 0xe,
        EV_NONHOST_CODE = 0xf,
        EV_NONHOST_CONFIG = 0x10,
        EV_NONHOST_INFO = 0x11,
        EV_OMIT_BOOT_DEVICE_EVENTS = 0x12,
        EV_POST_CODE2 = 0x13,
        EV_EFI_VARIABLE_DRIVER_CONFIG = 0x80000001,
        EV_EFI_VARIABLE_BOOT = 0x80000002,
        EV_EFI_BOOT_SERVICES_APPLICATION = 0x80000003,
        EV_EFI_BOOT_SERVICES_DRIVER = 0x80000004,
        EV_EFI_RUNTIME_SERVICES_DRIVER = 0x80000005,
        EV_EFI_GPT_EVENT = 0x80000006,
        EV_EFI_ACTION = 0x80000007,
        EV_EFI_PLATFORM_FIRMWARE_BLOB = 0x80000008,
        EV_EFI_HANDOFF_TABLES = 0x80000009,
        EV_EFI_PLATFORM_FIRMWARE_BLOB2 = 0x8000000a,
        EV_EFI_HANDOFF_TABLES2 = 0x8000000b,
        EV_EFI_VARIABLE_BOOT2 = 0x8000000c,
        EV_EFI_GPT_EVENT2 = 0x8000000d,
        EV_EFI_HCRTM_EVENT = 0x80000010,
        EV_EFI_VARIABLE_AUTHORITY = 0x800000e0,
        EV_EFI_SPDM_FIRMWARE_BLOB = 0x800000e1,
        EV_EFI_SPDM_FIRMWARE_CONFIG = 0x800000e2,
} FirmwareType;

/* "EV_SEPARATOR"; NULL for a type that nobody knows. */
const char *efi_event_name(uint32_t type);

enum { EFI_GUID_SIZE = 16 };

/* UEFI_VARIABLE_DATA (section 10.2.6) */
typedef struct EfiVariable {
        Span guid;
        Span name; /* UTF-16LE without NUL */
        Span data;
} EfiVariable;
int efi_variable_parse(Span body, EfiVariable *ret, Err *e) _must_check_;

/* UEFI_IMAGE_LOAD_EVENT (section 10.2.3); the path is for wire/efipath */
typedef struct EfiImage {
        uint64_t base, size, link_time;
        Span path;
} EfiImage;
int efi_image_parse(Span body, EfiImage *ret, Err *e) _must_check_;

/* TCG_PCClientTaggedEvent (section 10.2.9) */
typedef struct EfiTagged {
        uint32_t id;
        Span data;
} EfiTagged;
int efi_tagged_parse(Span body, EfiTagged *ret, Err *e) _must_check_;

/* UEFI_GPT_DATA (section 10.2.5): the header of a partition table and its entries that are used. */
typedef struct EfiTable {
        Span disk;    /* GUID */
        Span entries; /* EFI_PARTITION_SIZE bytes each */
        size_t n_entries;
} EfiTable;
enum { EFI_PARTITION_SIZE = 128 };
int efi_table_parse(Span body, EfiTable *ret, Err *e) _must_check_;

typedef struct EfiPartition {
        Span type, id; /* GUIDs */
        uint64_t first, last, attributes;
        Span name; /* UTF-16LE, up to its NUL */
} EfiPartition;
/* i is below n_entries */
EfiPartition efi_table_entry(const EfiTable *table, size_t i);

/* The locality from which the firmware started the TPM ("StartupLocality", section 10.4.5.3): true
 * for an EV_NO_ACTION whose body says so. */
bool efi_locality(Span body, uint8_t *ret);

/* UTF-16LE up to its NUL, as UTF-8; what is no character as \xNN\xNN. */
void efi_text(Span utf16, Buf *to);
bool efi_text_is(Span utf16, const char *ascii);

/* A GUID in the order in which it is written (the first three numbers are little-endian). */
void efi_guid_text(Span guid, char into[UUID_TEXT_SIZE]);
/* Whether a GUID is this one, lower case; false for bytes that are none. */
bool efi_guid_is(Span guid, const char *text);
