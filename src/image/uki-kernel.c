/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"

enum {
        BOOT_MAGIC_AT = 0x202, /* Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header" */
        VERSION_POINTER_AT = 0x20e,
        VERSION_BASE = 0x200,
        MAGIC_AT = 56, /* Documentation/arch/arm64/booting.rst and riscv/boot-image-header.rst */
        ZBOOT_AT = 4,  /* drivers/firmware/efi/libstub/zboot-header.S */
        BANNER_MAX = 256,
};

#define BANNER SPAN_LITERAL("Linux version ")

static bool stands_at(Span head, size_t at, const char *magic) {
        return head.size > at && span_starts(span_from(head, at), span_of(magic));
}

static bool is_kernel(Span head, uint16_t machine) {
        switch (machine) {
        case PE_MACHINE_X86_64:
                return stands_at(head, BOOT_MAGIC_AT, "HdrS");
        case PE_MACHINE_ARM64:
                return stands_at(head, MAGIC_AT, "ARM\x64") || stands_at(head, ZBOOT_AT, "zimg");
        case PE_MACHINE_RISCV64:
                return stands_at(head, MAGIC_AT, "RSC\x05") || stands_at(head, ZBOOT_AT, "zimg");
        default:
                return false;
        }
}

static bool is_version(uint8_t c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != 0 && strchr("._+~-", c));
}

/* "6.1.0-35-amd64 (who@where) ..."; nothing where the text is not so. */
static bool take_version(Span text, char *into, size_t room) {
        size_t n = 0;

        while (n < text.size && is_version(text.data[n]))
                n++;
        if (n == 0 || n >= room || !stands_at(text, n, " ("))
                return false;
        memcpy(into, text.data, n);
        into[n] = '\0';
        return true;
}

static void find_in_header(Span head, char *into, size_t room) {
        Cursor c = cursor_over(head);
        size_t at;

        (void) cursor_bytes(&c, VERSION_POINTER_AT);
        at = VERSION_BASE + (size_t) cursor_u16le(&c);
        if (!cursor_failed(&c) && at < head.size)
                (void) take_version(span_from(head, at), into, room);
}

/* A kernel that is not compressed has its banner somewhere in it. */
static int find_banner(const UkiPart *file, char *into, size_t room, Err *e) {
        uint8_t chunk[64 * 1024];

        for (uint64_t at = 0; at < file->size && !into[0]; at += sizeof(chunk) - BANNER_MAX) {
                size_t n;
                int rc = uki_part_read(file, at, chunk, sizeof(chunk), &n, e);

                if (rc < 0)
                        return rc;
                for (size_t i = 0; i + BANNER.size < n && !into[0]; i++)
                        if (chunk[i] == 'L' && span_starts((Span){ chunk + i, n - i }, BANNER))
                                (void) take_version((Span){ chunk + i + BANNER.size,
                                                                    n - i - BANNER.size },
                                                into, room);
        }
        return 0;
}

static int read_head(const UkiPart *file, Buf *head, Pe *ret, Err *e) {
        uint8_t *bytes = buf_room(head, PE_HEAD_MAX);
        int rc;

        if (!bytes)
                return err_set(e, head->failed, "%s: no memory", file->name);
        rc = uki_part_read(file, 0, bytes, PE_HEAD_MAX, &head->size, e);
        if (rc < 0)
                return rc;
        rc = pe_parse(buf_span(head), file->size, ret, e);
        if (rc < 0)
                err_at(e, file->name);
        return rc;
}

int kernel_machine(const UkiPart *file, uint16_t *ret, Err *e) {
        _cleanup_(buf_done) Buf head = BUF_UP_TO(PE_HEAD_MAX);
        Pe pe;
        int rc;

        rc = read_head(file, &head, &pe, e);
        if (rc == 0)
                *ret = pe.machine;
        return rc;
}

int kernel_open(const UkiPart *file, uint16_t machine, Kernel *ret, Err *e) {
        _cleanup_(buf_done) Buf head = BUF_UP_TO(PE_HEAD_MAX);
        const char *architecture = pe_architecture(machine);
        Kernel k = {};
        int rc;

        rc = read_head(file, &head, &k.pe, e);
        if (rc < 0)
                return rc;
        if (k.pe.machine != machine)
                return err_set(e, -EBADMSG,
                                "%s: is for %s (PE machine 0x%04x), and the stub for %s",
                                file->name, pe_architecture(k.pe.machine) ?: "another machine",
                                k.pe.machine, architecture);
        if (!is_kernel(buf_span(&head), machine))
                return err_set(e, -EBADMSG, "%s: a program for EFI, but no Linux kernel for %s",
                                file->name, architecture);

        if (machine == PE_MACHINE_X86_64)
                find_in_header(buf_span(&head), k.uname, sizeof(k.uname));
        else
                rc = find_banner(file, k.uname, sizeof(k.uname), e);
        if (rc < 0)
                return rc;

        *ret = k;
        return 0;
}
