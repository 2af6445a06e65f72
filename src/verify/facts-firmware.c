/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/facts.h"

#include <errno.h>

#include "base/text.h"
#include "verify/boot.h"
#include "verify/report-firmware.h"
#include "verify/secureboot.h"
#include "wire/efievent.h"
#include "wire/efisig.h"

enum {
        PCR_PROGRAMS = 4,
        PCR_SECURE_BOOT = 7,
        PCR_KERNEL = 9,
        PCR_UKI = 11,
        PCR_CONFIG = 12,
        PCR_EXTENSIONS = 13,
        WORDS_MAX = 32 * 1024,
        QUOTED_MAX = 400,
};

/* A log while it is read. */
typedef struct Taking {
        const Judgement *j;
        Facts *f;
        HashAlg bank;
        char section[9]; /* whose name was measured, and whose content comes next */
} Taking;

/* A signature is over this register, and it is what the logs say. */
static bool is_proven(const Judgement *j, HashAlg bank, unsigned pcr) {
        return verdict_proven(&j->verdict, CLAIM_SIGNATURE) && hash_proves(bank) &&
               pcr_selected(&j->explained.which, (uint16_t) bank, pcr);
}

static void put_foreign(Span text, Buf *to) {
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(WORDS_MAX);

        text_escape(&escaped,
                        (Span){ text.data, text.size < WORDS_MAX / 4 ? text.size : WORDS_MAX / 4 });
        buf_fail(to, escaped.failed);
        text_quote(to, buf_span(&escaped), QUOTED_MAX);
}

static int add(const Taking *t, FactKind kind, const Measured *m, Span subject, const Buf *words,
                Err *e) {
        return facts_add_words(t->f, kind, is_proven(t->j, t->bank, m->event.pcr), subject, words,
                        &m->digest, e);
}

/* Each entry of a database is a fact of its own. */
static int take_entry(
                const Taking *t, FactKind kind, const Measured *m, const EfiSignature *s, Err *e) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(WORDS_MAX), subject = BUF_UP_TO(WORDS_MAX);
        Span id = s->data;
        BootKey key;
        int rc;

        rc = boot_key_of_signature(s, &key, e);
        if (rc < 0)
                return rc;
        if (rc > 0) {
                id = (Span){ key.sha256, sizeof(key.sha256) };
                put_foreign(span_of(key.subject), &words);
                buf_string(&words, key.is_certificate ? " (sha256 " : " (");
        } else {
                buf_printf(&words, "an entry of %zu bytes (", id.size);
        }
        text_hex(&words, (Span){ id.data, id.size < 32 ? id.size : 32 });
        buf_byte(&words, ')');
        text_hex(&subject, (Span){ id.data, id.size < WORDS_MAX / 4 ? id.size : WORDS_MAX / 4 });
        buf_fail(&words, subject.failed);
        return facts_add_words(t->f, kind, is_proven(t->j, t->bank, m->event.pcr),
                        buf_span(&subject), &words, NULL, e);
}

static int take_database(const Taking *t, FactKind kind, const Measured *m, Span data, Err *e) {
        EfiSignatures it = efi_signatures_over(data);
        EfiSignature s;
        int rc;

        while ((rc = efi_signature_next(&it, &s, NULL)) > 0) {
                rc = take_entry(t, kind, m, &s, e);
                if (rc < 0)
                        return rc;
        }
        if (rc < 0)
                facts_fault(t->f, "a database of Secure Boot holds bytes that are no entry");
        return 0;
}

static FactKind database_of(const EfiVariable *v) {
        static const struct {
                const char *name;
                FactKind kind;
        } names[] = {
                { "PK", FACT_PLATFORM_KEY },
                { "KEK", FACT_EXCHANGE_KEY },
                { "db", FACT_ALLOWED },
                { "dbx", FACT_REVOKED },
        };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (efi_text_is(v->name, names[i].name))
                        return names[i].kind;
        return _FACT_MAX;
}

/* What says nothing of itself is told by its type. */
static void put_type(uint32_t type, Buf *to) {
        static const uint32_t silent[] = { EV_EFI_PLATFORM_FIRMWARE_BLOB,
                EV_EFI_PLATFORM_FIRMWARE_BLOB2, EV_EFI_HANDOFF_TABLES, EV_EFI_HANDOFF_TABLES2,
                EV_S_CRTM_VERSION, EV_POST_CODE, EV_CPU_MICROCODE, EV_S_CRTM_CONTENTS };

        for (size_t i = 0; i < ELEMENTS(silent); i++)
                if (silent[i] == type)
                        buf_printf(to, "%s ", efi_event_name(type));
}

/* What there is one of under a name, as a variable, is found again by it; otherwise the type has to
 * do. */
static int take_other(const Taking *t, FactKind kind, const Measured *m, Err *e) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(WORDS_MAX), subject = BUF_UP_TO(WORDS_MAX);
        EfiVariable v;

        buf_printf(&subject, "%02u %08x ", m->event.pcr, m->event.type);
        if ((m->event.type == EV_EFI_VARIABLE_DRIVER_CONFIG ||
                            m->event.type == EV_EFI_VARIABLE_BOOT ||
                            m->event.type == EV_EFI_VARIABLE_BOOT2) &&
                        efi_variable_parse(m->event.data, &v, NULL) == 0 && v.name.size < 512)
                text_hex(&subject, v.name);
        put_type(m->event.type, &words);
        report_event(m, &words);
        buf_fail(&words, subject.failed);
        return add(t, kind, m, buf_span(&subject), &words, e);
}

static int take_secure_boot(const Taking *t, const Measured *m, Err *e) {
        bool holds = m->proof == PROOF_DATA || m->proof == PROOF_PART;
        _cleanup_(buf_done) Buf words = BUF_UP_TO(WORDS_MAX);
        EfiVariable v = {};

        if (m->event.type == EV_EFI_VARIABLE_AUTHORITY && holds) {
                report_event(m, &words);
                return add(t, FACT_AUTHORITY, m, buf_span(&words), &words, e);
        }
        if (m->event.type != EV_EFI_VARIABLE_DRIVER_CONFIG || !holds ||
                        efi_variable_parse(m->event.data, &v, NULL) < 0)
                return take_other(t, FACT_FIRMWARE, m, e);
        if (efi_text_is(v.name, "SecureBoot")) {
                buf_string(&words, v.data.size == 1 && v.data.data[0] == 1 ? "on" : "off");
                return add(t, FACT_SECURE_BOOT, m, (Span){}, &words, e);
        }
        if (database_of(&v) != _FACT_MAX)
                return take_database(t, database_of(&v), m, v.data, e);
        return take_other(t, FACT_FIRMWARE, m, e);
}

/* A program is found again by its path. */
static int take_program(const Taking *t, const Measured *m, Err *e) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(WORDS_MAX);
        Span path;
        size_t n;

        if (m->event.type != EV_EFI_BOOT_SERVICES_APPLICATION)
                return take_other(t, FACT_FIRMWARE, m, e);
        report_event(m, &words);
        path = buf_span(&words);
        n = 2 * (size_t) m->digest.size; /* "..., hash HEX" */
        path.size -= path.size > n ? n : path.size;
        return add(t, FACT_PROGRAM, m, path, &words, e);
}

/* Two events a section: its name, then its content (systemd-stub(7), "PCR measurements"). */
static int take_section(Taking *t, const Measured *m, Err *e) {
        char name[9] = "";
        Span subject;

        if (m->proof == PROOF_DATA && t->section[0] == '\0' &&
                        boot_section_name(m->event.data, t->section))
                return 0;
        memcpy(name, t->section, sizeof(name));
        t->section[0] = '\0';
        if (name[0] == '\0')
                return take_other(t, FACT_SECTION, m, e);
        subject = span_of(name);
        return facts_add(t->f, FACT_SECTION, is_proven(t->j, t->bank, PCR_UKI), subject, subject,
                        &m->digest, e);
}

/* Of a command line the text itself was measured; of all else a digest. */
static int take_beside(const Taking *t, const Measured *m, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(WORDS_MAX), words = BUF_UP_TO(WORDS_MAX);

        if (m->event.pcr != PCR_CONFIG || m->event.type != EV_IPL || m->proof != PROOF_DATA)
                return take_other(t, FACT_COMPANION, m, e);
        efi_text(m->event.data, &text);
        buf_fail(&words, text.failed);
        put_foreign(buf_span(&text), &words);
        return add(t, FACT_APPENDED, m, (Span){}, &words, e);
}

static int take_event(Taking *t, const Measured *m, Err *e) {
        switch (m->event.pcr) {
        case PCR_PROGRAMS:
                return take_program(t, m, e);
        case PCR_SECURE_BOOT:
                return take_secure_boot(t, m, e);
        case PCR_KERNEL:
                return take_other(t, FACT_KERNEL, m, e);
        case PCR_UKI:
                return take_section(t, m, e);
        case PCR_CONFIG:
        case PCR_EXTENSIONS:
                return take_beside(t, m, e);
        default:
                return take_other(t, FACT_FIRMWARE, m, e);
        }
}

int facts_take_firmware(const Judgement *j, HashAlg bank, Facts *f, Err *e) {
        Taking t = { .j = j, .f = f, .bank = bank };
        FirmwareReading r;
        Err why = {};
        Measured m;
        int rc;

        rc = firmware_read(j->evidence.bundle.parts[PART_FIRMWARE_LOG], bank, &r, &why);
        while (rc >= 0 && (rc = firmware_read_next(&r, &m, &why)) > 0)
                if (m.proof != PROOF_NONE)
                        rc = take_event(&t, &m, e);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0)
                facts_fault(f, why.text);
        return 0;
}

int facts_take_line(const Judgement *j, HashAlg bank, Facts *f, Err *e) {
        Span line = j->evidence.bundle.parts[PART_COMMAND_LINE];
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4 * COMMAND_LINE_MAX);
        bool holds = false;
        Err why = {};
        Boot b;
        int rc = 0;

        if (line.data[line.size - 1] == '\n')
                line.size--;
        if (bank != HASH_NONE) {
                rc = boot_read(j->evidence.bundle.parts[PART_FIRMWARE_LOG], bank, &b, &why);
                if (rc == 0)
                        rc = boot_line_is(&b, line, &holds, &why);
        }
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        text_escape(&text, line);
        return facts_add_words(f, FACT_COMMAND_LINE, holds && is_proven(j, bank, PCR_KERNEL),
                        (Span){}, &text, NULL, e);
}
