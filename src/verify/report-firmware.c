/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report-firmware.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/text.h"
#include "verify/evidence.h"
#include "verify/secureboot.h"
#include "wire/efievent.h"
#include "wire/efipath.h"

enum { QUOTED_MAX = 400, WORDS_MAX = 8 * 1024, KEYS_TOLD_MAX = 4, OPTIONS_TOLD_MAX = 64 };

/* Tags of EV_EVENT_TAG that are known: systemd-boot's and systemd-stub's (systemd,
 * docs/TPM2_PCR_MEASUREMENTS.md), and those of Linux' EFI stub. */
static const struct {
        uint32_t id;
        const char *what;
} tags[] = {
        { 0xf5bc582a, "loader.conf" },
        { 0x13aed6db, "profile of the UKI" },
        { 0x6c46f751, "device tree addon" },
        { 0x49dffe0f, "initrd addon" },
        { 0xdac08e1a, "microcode addon" },
        { 0xd5cb7cbc, "SMBIOS type 1" },
        { 0xe0d47bc8, "SMBIOS type 2" },
        { 0xc0b3bd23, "SMBIOS type 11" },
        { 0x8f3b22ed, "kernel's command line" },
        { 0x8f3b22ec, "kernel's initrd" },
};

/* Text that somebody chose. */
static void put_foreign(Span text, Buf *to) {
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(WORDS_MAX);
        Span cut = { text.data, text.size < WORDS_MAX / 4 ? text.size : WORDS_MAX / 4 };

        text_escape(&escaped, cut);
        buf_fail(to, escaped.failed);
        text_quote(to, buf_span(&escaped), QUOTED_MAX);
}

static void put_utf16(Span utf16, Buf *to) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(WORDS_MAX);

        efi_text((Span){ utf16.data, utf16.size < WORDS_MAX / 8 ? utf16.size : WORDS_MAX / 8 },
                        &text);
        buf_fail(to, text.failed);
        put_foreign(buf_span(&text), to);
}

/* UTF-16 where every other byte is zero, otherwise bytes, without NULs at the end. */
static void put_text(Span data, Buf *to) {
        bool wide = data.size >= 2 && data.size % 2 == 0;

        for (size_t i = 1; wide && i < data.size; i += 2)
                wide = data.data[i] == '\0';
        while (data.size > 0 && !wide && data.data[data.size - 1] == '\0')
                data.size--;
        if (wide)
                put_utf16(data, to);
        else
                put_foreign(data, to);
}

static void put_key(const BootKey *key, Buf *to) {
        put_foreign(span_of(key->subject), to);
        buf_string(to, key->is_certificate ? " (sha256 " : " (");
        text_hex(to, (Span){ key->sha256, 8 });
        buf_string(to, "...)");
}

static void put_database(Span data, Buf *to) {
        EfiSignatures it = efi_signatures_over(data);
        unsigned n = 0, told = 0;
        EfiSignature s;
        int rc;

        while ((rc = efi_signature_next(&it, &s, NULL)) > 0) {
                BootKey key;
                int is_key;

                n++;
                if (told == KEYS_TOLD_MAX)
                        continue;
                is_key = boot_key_of_signature(&s, &key, NULL);
                buf_fail(to, is_key);
                if (is_key <= 0)
                        continue;
                buf_string(to, told++ == 0 ? ": " : ", ");
                put_key(&key, to);
        }
        if (n > told)
                buf_printf(to, "%s%u entries in all", told > 0 ? ", " : ": ", n);
        if (n == 0)
                buf_string(to, ": empty");
        if (rc < 0)
                buf_string(to, ", and bytes that are no entry");
}

/* What is no path is left out, and what is longer than anybody reads. */
static void put_path(Span path, Buf *to) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(WORDS_MAX);

        if (efi_path_text(path, &text, NULL) < 0 || text.failed == -E2BIG)
                return;
        buf_fail(to, text.failed);
        put_foreign(buf_span(&text), to);
}

/* EFI_LOAD_OPTION (UEFI 2.10, section 3.1.3) */
static void put_load_option(Span data, Buf *to) {
        Cursor c = cursor_over(data);
        Span description, path;
        uint16_t path_size;
        size_t n = 0;

        (void) cursor_u32le(&c); /* attributes */
        path_size = cursor_u16le(&c);
        description = cursor_rest(&c);
        while (n + 1 < description.size && (description.data[n] || description.data[n + 1]))
                n += 2;
        (void) cursor_bytes(&c, n + 2);
        path = cursor_bytes(&c, path_size);
        if (cursor_failed(&c))
                return;
        buf_byte(to, ' ');
        put_utf16((Span){ description.data, n }, to);
        if (path.size > 0) {
                buf_string(to, " at ");
                put_path(path, to);
        }
}

static void put_boot_order(Span data, Buf *to) {
        Cursor c = cursor_over(data);

        buf_string(to, ":");
        for (unsigned told = 0; told < OPTIONS_TOLD_MAX && cursor_left(&c) >= 2; told++)
                buf_printf(to, " %04X", cursor_u16le(&c));
        if (cursor_left(&c) >= 2)
                buf_printf(to, " and %zu more", cursor_left(&c) / 2);
}

static bool is_load_option(const EfiVariable *v) {
        return v->name.size == 16 && span_starts(v->name, SPAN_LITERAL("B\0o\0o\0t\0"));
}

static void say_variable(const Measured *m, Buf *to) {
        EfiVariable v;

        if (efi_variable_parse(m->event.data, &v, NULL) < 0) {
                buf_string(to, "a variable that cannot be read");
                return;
        }
        buf_string(to, "variable ");
        put_utf16(v.name, to);
        if (efi_text_is(v.name, "SecureBoot"))
                buf_string(to, v.data.size != 1 ? "" : v.data.data[0] == 1 ? ": on" : ": off");
        else if (efi_text_is(v.name, "PK") || efi_text_is(v.name, "KEK") ||
                        efi_text_is(v.name, "db") || efi_text_is(v.name, "dbx"))
                put_database(v.data, to);
        else if (efi_text_is(v.name, "BootOrder"))
                put_boot_order(v.data, to);
        else if (is_load_option(&v))
                put_load_option(v.data, to);
        else
                buf_printf(to, ", %zu bytes", v.data.size);
}

static void say_authority(const Measured *m, Buf *to) {
        EfiVariable v;
        Authority a = {};
        BootKey key;
        int is_key;

        if (efi_variable_parse(m->event.data, &v, NULL) < 0) {
                buf_string(to, "an authority that cannot be read");
                return;
        }
        a = (Authority){ m->event.number, v.name, v.data };
        if (authority_is_setting(&a)) {
                buf_string(to, "setting of shim ");
                put_utf16(v.name, to);
                buf_string(to, ": ");
                put_text(v.data, to);
                return;
        }
        buf_string(to, "a program was let in by ");
        is_key = boot_key_of_authority(&a, &key, NULL);
        buf_fail(to, is_key);
        if (is_key > 0)
                put_key(&key, to);
        else
                buf_printf(to, "%zu bytes", v.data.size);
        buf_string(to, " of ");
        put_utf16(v.name, to);
}

static void say_image(const Measured *m, Buf *to) {
        EfiImage i;

        buf_string(to, m->event.type == EV_EFI_BOOT_SERVICES_APPLICATION ? "program " : "driver ");
        if (efi_image_parse(m->event.data, &i, NULL) == 0)
                put_path(i.path, to);
        buf_string(to, ", hash ");
        text_hex(to, digest_span(&m->digest));
}

static void say_table(const Measured *m, Buf *to) {
        char id[UUID_TEXT_SIZE];
        EfiTable t;

        if (efi_table_parse(m->event.data, &t, NULL) < 0) {
                buf_string(to, "a partition table that cannot be read");
                return;
        }
        efi_guid_text(t.disk, id);
        buf_printf(to, "partition table of disk %s:", id);
        for (size_t i = 0; i < t.n_entries && i < 16; i++) {
                EfiPartition p = efi_table_entry(&t, i);

                efi_guid_text(p.id, id);
                buf_byte(to, ' ');
                put_utf16(p.name, to);
                buf_printf(to, " %s%s", id, i + 1 < t.n_entries ? "," : "");
        }
}

static void say_tag(const Measured *m, Buf *to) {
        const char *what = NULL;
        EfiTagged t;

        if (efi_tagged_parse(m->event.data, &t, NULL) < 0) {
                buf_string(to, "a tagged event that cannot be read");
                return;
        }
        for (size_t i = 0; i < ELEMENTS(tags); i++)
                if (tags[i].id == t.id)
                        what = tags[i].what;
        if (what)
                buf_printf(to, "%s ", what);
        else
                buf_printf(to, "tag 0x%08x ", t.id);
        put_text(t.data, to);
}

/* The part of the data that was measured, where one was; otherwise the log's own words. */
static void say_text(const Measured *m, Buf *to) {
        if (m->event.pcr == 11 && m->event.type == EV_IPL)
                buf_string(to, m->proof == PROOF_DATA ? "name of section " : "content of section ");
        put_text(m->proof == PROOF_PART ? m->proven : m->event.data, to);
}

static void say_separator(const Measured *m, Buf *to) {
        buf_string(to, separator_is_good(m->event.data)
                                        ? "separator"
                                        : "separator: the firmware says that it failed");
}

static void say_nothing_measured(const Measured *m, Buf *to) {
        uint8_t locality = 0;

        if (efi_locality(m->event.data, &locality))
                buf_printf(to, "the TPM was started from locality %u", locality);
        else
                put_text(m->event.data, to);
}

void report_event(const Measured *m, Buf *to) {
        switch (m->event.type) {
        case EV_NO_ACTION:
                say_nothing_measured(m, to);
                break;
        case EV_SEPARATOR:
                say_separator(m, to);
                break;
        case EV_EFI_VARIABLE_DRIVER_CONFIG:
        case EV_EFI_VARIABLE_BOOT:
        case EV_EFI_VARIABLE_BOOT2:
                say_variable(m, to);
                break;
        case EV_EFI_VARIABLE_AUTHORITY:
                say_authority(m, to);
                break;
        case EV_EFI_BOOT_SERVICES_APPLICATION:
        case EV_EFI_BOOT_SERVICES_DRIVER:
        case EV_EFI_RUNTIME_SERVICES_DRIVER:
                say_image(m, to);
                break;
        case EV_EFI_GPT_EVENT:
        case EV_EFI_GPT_EVENT2:
                say_table(m, to);
                break;
        case EV_EVENT_TAG:
                say_tag(m, to);
                break;
        case EV_EFI_ACTION:
        case EV_ACTION:
        case EV_IPL:
        case EV_S_CRTM_VERSION:
        case EV_POST_CODE:
        case EV_PLATFORM_CONFIG_FLAGS:
                say_text(m, to);
                break;
        default:
                buf_printf(to, "%zu bytes", m->event.data.size);
        }
}

static void put_name(uint32_t type, Buf *to) {
        const char *name = efi_event_name(type);

        if (name)
                buf_string(to, name);
        else
                buf_printf(to, "type 0x%08x", type);
}

/* An event of the timeline, and what came before it. */
typedef struct Told {
        Measured m;
        size_t authority; /* number of the last event that names one; 0: none did */
} Told;

static bool names_authority(const Measured *m) {
        Authority a = { .number = m->event.number };
        EfiVariable v;

        if (m->event.type != EV_EFI_VARIABLE_AUTHORITY ||
                        efi_variable_parse(m->event.data, &v, NULL) < 0)
                return false;
        a.variable = v.name;
        a.data = v.data;
        return !authority_is_setting(&a);
}

/* Firmware names an authority once, before the first program that it lets in (UEFI 2.10, section
 * 32.5.1): so it is that of the last such event, or of one before that. */
static size_t let_in_by(const Told *t) {
        switch (t->m.event.type) {
        case EV_EFI_BOOT_SERVICES_APPLICATION:
        case EV_EFI_BOOT_SERVICES_DRIVER:
        case EV_EFI_RUNTIME_SERVICES_DRIVER:
                return t->authority;
        default:
                return 0;
        }
}

static int print_event(const Told *t, void *with, Err *e) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(4 * WORDS_MAX), name = BUF_UP_TO(64);
        const Measured *m = &t->m;
        size_t by = let_in_by(t);
        FILE *to = with;

        put_name(m->event.type, &name);
        report_event(m, &words);
        if (by > 0)
                buf_printf(&words, ", let in by the authority of event %zu, or one before it", by);
        buf_fail(&words, name.failed);
        if (words.failed < 0)
                return err_set(e, words.failed, "event %zu cannot be put into words",
                                m->event.number);
        fprintf(to, "%4zu  ", m->event.number);
        if (m->event.pcr < PCR_COUNT)
                fprintf(to, "%2u", m->event.pcr);
        else
                fprintf(to, " -");
        fprintf(to, "  %-32.*s  %-11s  ", (int) name.size, (const char *) name.data,
                        proof_name(m->proof));
        text_print(to, buf_span(&words));
        fprintf(to, "\n");
        return 0;
}

static int put_event(const Told *t, void *with, Err *e) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(4 * WORDS_MAX), name = BUF_UP_TO(64);
        const Measured *m = &t->m;
        size_t by = let_in_by(t);
        JsonWriter *w = with;

        (void) e;
        put_name(m->event.type, &name);
        report_event(m, &words);
        buf_fail(&words, name.failed);
        buf_fail(w->to, words.failed);
        json_put_object(w, NULL);
        json_put_integer(w, "number", (int64_t) m->event.number);
        json_put_integer(w, "pcr", m->event.pcr);
        json_put_span(w, "event", buf_span(&name));
        json_put_integer(w, "type", m->event.type);
        if (m->digest.alg != HASH_NONE)
                json_put_hex(w, hash_name(m->digest.alg), digest_span(&m->digest));
        json_put_string(w, "proof", proof_name(m->proof));
        json_put_span(w, "says", buf_span(&words));
        if (by > 0)
                json_put_integer(w, "authority", (int64_t) by);
        json_put_end(w);
        return 0;
}

static int tell_all(Span log, HashAlg alg, int (*tell)(const Told *t, void *with, Err *e),
                void *with, Err *e) {
        FirmwareReading r;
        Told t = {};
        int rc;

        rc = firmware_read(log, alg, &r, e);
        if (rc < 0)
                return rc;
        while ((rc = firmware_read_next(&r, &t.m, e)) > 0) {
                if (names_authority(&t.m))
                        t.authority = t.m.event.number;
                rc = tell(&t, with, e);
                if (rc < 0)
                        return rc;
        }
        return rc;
}

int report_events(Span log, HashAlg alg, FILE *to, Err *e) {
        return tell_all(log, alg, print_event, to, e);
}

int report_events_json(Span log, HashAlg alg, JsonWriter *w, Err *e) {
        return tell_all(log, alg, put_event, w, e);
}
