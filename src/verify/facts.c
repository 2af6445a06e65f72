/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
        const char *name, *title;
} kinds[_FACT_MAX] = {
        [FACT_CLAIM] = { "claim", "claim" },
        [FACT_TPM] = { "tpm", "TPM" },
        [FACT_MACHINE] = { "machine", "machine" },
        [FACT_SECURE_BOOT] = { "secure-boot", "Secure Boot" },
        [FACT_PLATFORM_KEY] = { "pk", "platform key" },
        [FACT_EXCHANGE_KEY] = { "kek", "key exchange key" },
        [FACT_ALLOWED] = { "db", "allowed by db" },
        [FACT_REVOKED] = { "dbx", "revoked by dbx" },
        [FACT_AUTHORITY] = { "authority", "authority" },
        [FACT_FIRMWARE] = { "firmware", "firmware" },
        [FACT_PROGRAM] = { "program", "program" },
        [FACT_SECTION] = { "section", "UKI section" },
        [FACT_COMMAND_LINE] = { "command-line", "command line" },
        [FACT_APPENDED] = { "appended", "command line from outside the UKI" },
        [FACT_COMPANION] = { "companion", "beside the UKI" },
        [FACT_KERNEL] = { "kernel", "kernel's entry" },
        [FACT_PHASE] = { "phase", "phase" },
        [FACT_FILE_SYSTEM] = { "file-system", "file system" },
        [FACT_VERITY] = { "verity", "dm-verity device" },
        [FACT_VOLUME] = { "volume-key", "key of a volume" },
        [FACT_UNLOCK] = { "unlock", "unlock" },
        [FACT_LOGIN] = { "login", "login" },
        [FACT_SYSTEMD] = { "systemd", "systemd" },
        [FACT_LAYER] = { "layer", "layer" },
        [FACT_GLASS] = { "glass", "break-glass" },
        [FACT_COUNT] = { "counter", "openings counted" },
        [FACT_RECORD] = { "record", "avouch" },
};

const char *fact_kind_name(FactKind kind) {
        return kinds[kind].name;
}

const char *fact_kind_title(FactKind kind) {
        return kinds[kind].title;
}

Span facts_text(const Facts *f, FactText t) {
        return t.size == 0 ? (Span){} : (Span){ f->text.data + t.at, t.size };
}

void facts_fault(Facts *f, const char *why) {
        if (f->fault[0] == '\0')
                (void) snprintf(f->fault, sizeof(f->fault), "%s", why);
}

static FactText keep(Facts *f, Span text) {
        FactText t = { f->text.size, text.size };

        buf_bytes(&f->text, text);
        return t;
}

static int make_room(Facts *f, Err *e) {
        size_t room = f->room == 0 ? 256 : 2 * f->room;
        Fact *list;

        if (f->n < f->room)
                return 0;
        list = reallocarray(f->list, room, sizeof(*list));
        if (!list)
                return err_set(e, -ENOMEM, "no memory for %zu facts", room);
        f->list = list;
        f->room = room;
        return 0;
}

static const char too_much[] = "it tells more than is compared";

int facts_add(Facts *f, FactKind kind, bool proven, Span subject, Span value, const Digest *digest,
                Err *e) {
        Fact *at;
        int rc;

        if (f->n == FACTS_MAX || subject.size + value.size > FACTS_TEXT_MAX - f->text.size) {
                facts_fault(f, too_much);
                return 0;
        }
        rc = make_room(f, e);
        if (rc < 0)
                return rc;
        at = &f->list[f->n];
        *at = (Fact){ .kind = kind, .proven = proven, .n = f->n };
        at->subject = keep(f, subject);
        at->value = keep(f, value);
        if (digest)
                at->digest = *digest;
        if (f->text.failed < 0)
                return err_set(e, f->text.failed, "no memory for facts");
        f->n++;
        f->told |= UINT32_C(1) << kind;
        return 0;
}

int facts_add_words(Facts *f, FactKind kind, bool proven, Span subject, const Buf *words,
                const Digest *digest, Err *e) {
        if (words->failed == -E2BIG) {
                facts_fault(f, too_much);
                return 0;
        }
        if (words->failed < 0)
                return err_set(e, words->failed, "a fact cannot be put into words");
        return facts_add(f, kind, proven, subject, buf_span(words), digest, e);
}

HashAlg facts_bank(const Judgement *a, const Judgement *b) {
        static const HashAlg banks[] = { HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_SHA1 };
        FirmwareReading r;

        for (size_t i = 0; i < ELEMENTS(banks); i++)
                if (firmware_read(a->evidence.bundle.parts[PART_FIRMWARE_LOG], banks[i], &r,
                                    NULL) == 0 &&
                                firmware_read(b->evidence.bundle.parts[PART_FIRMWARE_LOG], banks[i],
                                                &r, NULL) == 0)
                        return banks[i];
        return HASH_NONE;
}

static int take_claims(const Verdict *v, Facts *f, Err *e) {
        int rc = 0;

        for (Claim claim = 0; rc == 0 && claim < _CLAIM_MAX; claim++) {
                char words[64];

                if (claim == CLAIM_FRESH)
                        continue;
                (void) snprintf(words, sizeof(words), "%s %s", claim_name(claim),
                                claim_state_name(verdict_state(v, claim)));
                rc = facts_add(f, FACT_CLAIM, true, span_of(claim_name(claim)), span_of(words),
                                NULL, e);
        }
        return rc;
}

static int take_tpm(const Judgement *j, Facts *f, Err *e) {
        bool is_signed = verdict_proven(&j->verdict, CLAIM_SIGNATURE);
        char text[32];
        int rc;

        (void) snprintf(text, sizeof(text), "0x%016" PRIx64, j->evidence.quotes[0].head.firmware);
        rc = facts_add(f, FACT_TPM, is_signed, SPAN_LITERAL("firmware version"), span_of(text),
                        NULL, e);
        (void) snprintf(text, sizeof(text), "%" PRIu64, j->openings.count);
        if (rc == 0 && j->openings.has_counter)
                rc = facts_add(f, FACT_COUNT, is_signed && j->openings.fault[0] == '\0', (Span){},
                                span_of(text), NULL, e);
        return rc;
}

/* Kinds of which an evidence tells by keeping silent, too. */
static uint32_t told_by(const Judgement *j) {
        static const FactKind firmware[] = { FACT_SECURE_BOOT, FACT_PLATFORM_KEY, FACT_EXCHANGE_KEY,
                FACT_ALLOWED, FACT_REVOKED, FACT_AUTHORITY, FACT_FIRMWARE, FACT_PROGRAM,
                FACT_SECTION, FACT_APPENDED, FACT_COMPANION, FACT_KERNEL };
        static const FactKind systemd[] = { FACT_FILE_SYSTEM, FACT_VERITY, FACT_VOLUME, FACT_LOGIN,
                FACT_SYSTEMD };
        static const FactKind records[] = { FACT_LAYER, FACT_GLASS, FACT_RECORD };
        uint32_t told = 0;

        for (size_t i = 0; j->explained.has_log && i < ELEMENTS(firmware); i++)
                told |= UINT32_C(1) << firmware[i];
        for (size_t i = 0; j->systemd.has_log && i < ELEMENTS(systemd); i++)
                told |= UINT32_C(1) << systemd[i];
        for (size_t i = 0; j->story.has_log && i < ELEMENTS(records); i++)
                told |= UINT32_C(1) << records[i];
        if (j->systemd.has_log || j->story.has_log)
                told |= UINT32_C(1) << FACT_UNLOCK | UINT32_C(1) << FACT_PHASE;
        return told;
}

static int compare(const void *a, const void *b, void *facts) {
        const Facts *f = facts;
        const Fact *x = a, *y = b;
        int rc;

        if (x->kind != y->kind)
                return x->kind < y->kind ? -1 : 1;
        rc = span_compare(facts_text(f, x->subject), facts_text(f, y->subject));
        if (rc != 0)
                return rc;
        return x->n < y->n ? -1 : x->n > y->n;
}

static int take(const Judgement *j, HashAlg bank, Facts *f, Err *e) {
        Span line = j->evidence.bundle.parts[PART_COMMAND_LINE];
        int rc;

        f->told = told_by(j);
        rc = take_claims(&j->verdict, f, e);
        if (rc == 0 && j->readable)
                rc = take_tpm(j, f, e);
        if (rc == 0 && j->readable && bank != HASH_NONE)
                rc = facts_take_firmware(j, bank, f, e);
        if (rc == 0 && j->readable && line.size > 0)
                rc = facts_take_line(j, bank, f, e);
        if (rc == 0)
                rc = facts_take_systemd(j, f, e);
        if (rc == 0 && j->readable)
                rc = facts_take_records(j, f, e);
        return rc;
}

int facts_take(const Judgement *j, HashAlg bank, Facts *ret, Err *e) {
        Facts f = { .text = BUF_UP_TO(FACTS_TEXT_MAX) };
        int rc = 0;

        if (j->readable || j->report.readable)
                rc = take(j, bank, &f, e);
        if (rc < 0) {
                facts_done(&f);
                return rc;
        }
        if (f.n > 0)
                qsort_r(f.list, f.n, sizeof(*f.list), compare, &f);
        *ret = f;
        return 0;
}

void facts_done(Facts *f) {
        free(f->list);
        buf_done(&f->text);
        *f = (Facts){};
}
