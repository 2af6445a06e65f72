/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/efipath.h"

#include <errno.h>

#include "base/cursor.h"
#include "wire/efievent.h"

enum { HARDWARE = 1, ACPI = 2, MESSAGING = 3, MEDIA = 4, END = 0x7f };
enum { NODE_HEAD_SIZE = 4, FILE_PATH = 4, PCI_ROOT = 0x0a0341d0, PCIE_ROOT = 0x0a0841d0 };

int efi_node_next(Span *path, EfiNode *ret, Err *e) {
        Cursor c = cursor_over(*path);
        uint16_t size;
        EfiNode n;
        int rc;

        if (path->size == 0)
                return 0;
        n.type = cursor_u8(&c);
        n.subtype = cursor_u8(&c);
        size = cursor_u16le(&c);
        if (size < NODE_HEAD_SIZE)
                cursor_reject(&c, "a node that is shorter than its head");
        n.data = cursor_bytes(&c, size - (size_t) NODE_HEAD_SIZE);
        if (cursor_failed(&c)) {
                rc = cursor_end(&c, "device path", e);
                return rc;
        }
        if (n.type == END)
                return 0;

        *path = cursor_rest(&c);
        *ret = n;
        return 1;
}

static void put_guid(const char *before, Span guid, const char *behind, Buf *to) {
        char text[UUID_TEXT_SIZE];

        efi_guid_text(guid, text);
        buf_printf(to, "%s%s%s", before, text, behind);
}

static void put_hardware(const EfiNode *n, Cursor *c, Buf *to) {
        uint8_t function;

        switch (n->subtype) {
        case 1:
                function = cursor_u8(c);
                buf_printf(to, "Pci(0x%x,0x%x)", cursor_u8(c), function);
                break;
        case 3:
                (void) cursor_u32le(c);
                buf_printf(to, "MemoryMapped(0x%llx", (unsigned long long) cursor_u64le(c));
                buf_printf(to, ",0x%llx)", (unsigned long long) cursor_u64le(c));
                break;
        case 4:
                put_guid("VenHw(", cursor_bytes(c, EFI_GUID_SIZE), ")", to);
                break;
        case 5:
                buf_printf(to, "Ctrl(0x%x)", cursor_u32le(c));
                break;
        default:
                cursor_reject(c, "");
        }
}

static void put_acpi(const EfiNode *n, Cursor *c, Buf *to) {
        uint32_t hid = cursor_u32le(c), uid = cursor_u32le(c);

        if (n->subtype != 1)
                cursor_reject(c, "");
        else if (hid == PCI_ROOT || hid == PCIE_ROOT)
                buf_printf(to, "%s(0x%x)", hid == PCI_ROOT ? "PciRoot" : "PcieRoot", uid);
        else
                buf_printf(to, "Acpi(0x%08x,0x%x)", hid, uid);
}

static void put_mac(Cursor *c, Buf *to) {
        buf_string(to, "MAC(");
        text_hex(to, cursor_bytes(c, 6));
        buf_string(to, ")");
}

static void put_messaging(const EfiNode *n, Cursor *c, Buf *to) {
        uint16_t first;

        switch (n->subtype) {
        case 2:
                first = cursor_u16le(c);
                buf_printf(to, "Scsi(0x%x,0x%x)", first, cursor_u16le(c));
                break;
        case 5:
                first = cursor_u8(c);
                buf_printf(to, "USB(0x%x,0x%x)", first, cursor_u8(c));
                break;
        case 11:
                put_mac(c, to);
                break;
        case 12:
                buf_string(to, "IPv4()");
                break;
        case 13:
                buf_string(to, "IPv6()");
                break;
        case 18:
                first = cursor_u16le(c);
                buf_printf(to, "Sata(0x%x", first);
                first = cursor_u16le(c);
                buf_printf(to, ",0x%x,0x%x)", first, cursor_u16le(c));
                break;
        case 23:
                buf_printf(to, "NVMe(0x%x,", cursor_u32le(c));
                text_hex(to, cursor_bytes(c, 8));
                buf_string(to, ")");
                break;
        case 24:
                buf_string(to, "Uri(");
                buf_bytes(to, n->data);
                buf_string(to, ")");
                break;
        default:
                cursor_reject(c, "");
        }
}

static void put_disk(Cursor *c, Buf *to) {
        uint32_t number = cursor_u32le(c);
        Span id;
        uint8_t format;

        (void) cursor_bytes(c, 8 + 8); /* where it begins, and its size */
        id = cursor_bytes(c, EFI_GUID_SIZE);
        format = cursor_u8(c);
        buf_printf(to, "HD(%u,%s,", number, format == 2 ? "GPT" : "MBR");
        put_guid("", id, ")", to);
}

/* A file's name, UTF-16LE, whose folders a backslash divides: "EFI/BOOT/X.EFI". */
static void put_file(Span utf16, Buf *to) {
        size_t from = 0;

        for (size_t at = 0; at + 1 < utf16.size; at += 2)
                if (utf16.data[at] == '\\' && utf16.data[at + 1] == 0) {
                        efi_text((Span){ utf16.data + from, at - from }, to);
                        if (at > 0)
                                buf_byte(to, '/');
                        from = at + 2;
                }
        efi_text(span_from(utf16, from), to);
}

static void put_media(const EfiNode *n, Cursor *c, Buf *to) {
        switch (n->subtype) {
        case 1:
                put_disk(c, to);
                break;
        case 2:
                buf_printf(to, "CDROM(0x%x)", cursor_u32le(c));
                break;
        case 3:
                put_guid("VenMedia(", cursor_bytes(c, EFI_GUID_SIZE), ")", to);
                break;
        case FILE_PATH:
                put_file(n->data, to);
                break;
        case 6:
                put_guid("FvFile(", cursor_bytes(c, EFI_GUID_SIZE), ")", to);
                break;
        case 7:
                put_guid("Fv(", cursor_bytes(c, EFI_GUID_SIZE), ")", to);
                break;
        default:
                cursor_reject(c, "");
        }
}

/* A node whose data are shorter than its kind has is written as one of no known kind. */
static void put_node(const EfiNode *n, Buf *to) {
        Cursor c = cursor_over(n->data);
        size_t before = to->size;

        if (n->type == HARDWARE)
                put_hardware(n, &c, to);
        else if (n->type == ACPI)
                put_acpi(n, &c, to);
        else if (n->type == MESSAGING)
                put_messaging(n, &c, to);
        else if (n->type == MEDIA)
                put_media(n, &c, to);
        else
                cursor_reject(&c, "");
        if (!cursor_failed(&c))
                return;
        to->size = to->failed < 0 ? to->size : before;
        buf_printf(to, "Path(%u,%u)", n->type, n->subtype);
}

int efi_path_text(Span path, Buf *to, Err *e) {
        const char *between = "";
        EfiNode n = {};
        int rc;

        while ((rc = efi_node_next(&path, &n, e)) > 0) {
                buf_string(to, between);
                put_node(&n, to);
                between = "/";
        }
        return rc;
}

Span efi_path_file(Span path) {
        EfiNode n = {};
        Span file = {};

        while (efi_node_next(&path, &n, NULL) > 0)
                file = n.type == MEDIA && n.subtype == FILE_PATH ? n.data : (Span){};
        return file;
}
