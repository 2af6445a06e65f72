/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/platform.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "wire/efievent.h"

enum { PCR_OPTION_ROM = 2, PCR_BOOT = 4, PCR_PLATFORM_END = 7, PLATFORM_PCRS = 8 };

enum { WORDS_MAX = 64 }; /* in what firmware says of itself; a program is longer */

static void wrong(Platform *p, const FirmwareEvent *event, const char *what) {
        if (p->wrong[0] == '\0')
                (void) snprintf(p->wrong, sizeof(p->wrong), "event %zu in PCR %u: %s",
                                event->number, event->pcr, what);
}

/* Code that was started, whatever the log calls it: types of events are not measured. What firmware
 * says of itself in words was, as its separators, and is shorter than any program. */
static bool is_program(const Measured *m) {
        return m->proven.size == 0 || m->proven.size > WORDS_MAX;
}

static void read_event(Platform *p, const Measured *m) {
        const FirmwareEvent *event = &m->event;

        if (m->proof == PROOF_BROKEN || m->digest.alg == HASH_NONE)
                wrong(p, event, "its data are not what was measured");
        if (event->type == EV_SEPARATOR) {
                if (p->separators[event->pcr]++ > 0)
                        wrong(p, event, "a second separator");
                if (!separator_is_good(event->data))
                        wrong(p, event, "the firmware says that it failed");
        }
        if (event->pcr == PCR_BOOT && is_program(m))
                p->programs++;
        if (event->pcr == PCR_OPTION_ROM && is_program(m) && p->option_roms++ == 0)
                p->first_option_rom = event->number;
}

int platform_read(Span log, HashAlg alg, Platform *ret, Err *e) {
        Platform p = {};
        FirmwareReading r;
        Measured m;
        int rc;

        rc = firmware_read(log, alg, &r, e);
        if (rc < 0)
                return rc;
        r.only = (UINT32_C(1) << PCR_PLATFORM_END) - 1;
        while ((rc = firmware_read_next(&r, &m, e)) > 0)
                if (m.proof != PROOF_NONE)
                        read_event(&p, &m);
        if (rc < 0)
                return rc;
        for (unsigned pcr = 0; pcr < PCR_PLATFORM_END; pcr++)
                if (p.separators[pcr] == 0 && p.wrong[0] == '\0')
                        (void) snprintf(p.wrong, sizeof(p.wrong),
                                        "PCR %u: the separator is missing", pcr);

        *ret = p;
        return 0;
}

/* A bank that proves, and in which PCRs 0 to 7 are all quoted and explained. HASH_NONE where there
 * is none, and the claim is refuted. */
static HashAlg choose_bank(const Evidence *ev, const Explained *x, Verdict *v) {
        const PcrSelection *held = &ev->tpm.pcrs.held;

        for (size_t b = 0; b < held->n_banks; b++) {
                uint16_t alg = held->banks[b].alg;
                unsigned pcr = 0;

                while (pcr < PLATFORM_PCRS && pcr_selected(&x->which, alg, pcr))
                        pcr++;
                if (hash_proves(alg) && pcr == PLATFORM_PCRS)
                        return (HashAlg) alg;
        }
        for (unsigned pcr = 0; pcr < PLATFORM_PCRS; pcr++)
                if (!explained_anywhere(x, held, pcr))
                        verdict_refute(v, CLAIM_FIRMWARE, "%s", explained_fault(x, held, pcr).text);
        verdict_refute(v, CLAIM_FIRMWARE, "PCRs 0 to 7 are not quoted in a bank that proves");
        return HASH_NONE;
}

static void put_key(Buf *to, const BootKey *key) {
        buf_printf(to, "%.80s (", key->subject);
        text_hex(to, (Span){ key->sha256, 4 });
        buf_string(to, "...)");
}

static bool is_listed(const PolicyHash *list, size_t n, const uint8_t sha256[32]) {
        for (size_t i = 0; i < n; i++)
                if (memcmp(list[i].sha256, sha256, 32) == 0)
                        return true;
        return false;
}

static void judge_switch(const SecureBoot *s, const BootPolicy *p, Verdict *v) {
        if (p->secure_boot == SWITCH_ON && !s->on)
                verdict_refute(v, CLAIM_FIRMWARE, "Secure Boot is off");
        if (p->secure_boot == SWITCH_OFF && s->on)
                verdict_refute(v, CLAIM_FIRMWARE, "Secure Boot is on, and policy wants it off");
}

/* Every key that let a program start is one that policy names, where it names any; that nobody says
 * who did, as where Secure Boot is off, does not meet that. */
static int judge_authorities(
                const SecureBoot *s, const BootPolicy *p, Verdict *v, Buf *names, Err *e) {
        bool any = false;

        for (size_t i = 0; i < s->n_authorities; i++) {
                BootKey key;
                int rc;

                if (authority_is_setting(&s->authorities[i]))
                        continue;
                any = true;
                rc = boot_key_of_authority(&s->authorities[i], &key, e);
                if (rc < 0)
                        return rc;
                if (rc == 0) {
                        if (p->n_authorities > 0)
                                verdict_refute(v, CLAIM_FIRMWARE,
                                                "event %zu: a program was let in by something that is neither a certificate nor a hash",
                                                s->authorities[i].number);
                        continue;
                }
                buf_string(names, names->size > 0 ? ", " : "");
                put_key(names, &key);
                if (p->n_authorities > 0 &&
                                !is_listed(p->authorities, p->n_authorities, key.sha256))
                        verdict_refute(v, CLAIM_FIRMWARE,
                                        "event %zu: a program was let in by %.80s, whom policy does not name",
                                        s->authorities[i].number, key.subject);
        }
        if (p->n_authorities > 0 && !any)
                verdict_refute(v, CLAIM_FIRMWARE,
                                "policy names who may let programs start (Authority=), and PCR 7 does not say who did");
        return 0;
}

/* The platform key is one that policy names, where it names any. */
static int judge_platform_key(const SecureBoot *s, const BootPolicy *p, Verdict *v, Err *e) {
        EfiSignatures it = efi_signatures_over(s->pk);
        bool known = p->n_platform_keys == 0;
        EfiSignature found;
        BootKey key;

        while (!known && efi_signature_next(&it, &found, NULL) > 0) {
                int rc = boot_key_of_signature(&found, &key, e);

                if (rc < 0)
                        return rc;
                known = rc > 0 && is_listed(p->platform_keys, p->n_platform_keys, key.sha256);
        }
        if (!known)
                verdict_refute(v, CLAIM_FIRMWARE, "the platform key is none that policy names");
        return 0;
}

static void refute_unrevoked(const PolicyHash *hash, Verdict *v) {
        char place[POLICY_SAID_MAX];

        policy_say((PolicyPlace){ hash->file, hash->line }, place, sizeof(place));
        verdict_refute(v, CLAIM_FIRMWARE, "dbx lacks what %s wants revoked", place);
}

/* Every hash that policy wants revoked is; *ret_n: how many entries there are. */
static void judge_revoked(const SecureBoot *s, const BootPolicy *p, Verdict *v, unsigned *ret_n) {
        EfiSignatures it = efi_signatures_over(s->dbx);
        bool found[POLICY_HASHES_MAX] = {};
        EfiSignature entry;

        for (*ret_n = 0; efi_signature_next(&it, &entry, NULL) > 0; ++*ret_n)
                for (size_t i = 0; i < p->n_revoked; i++)
                        if (entry.kind == EFI_SIGNATURE_SHA256 &&
                                        memcmp(entry.data.data, p->revoked[i].sha256, 32) == 0)
                                found[i] = true;
        for (size_t i = 0; i < p->n_revoked; i++)
                if (!found[i])
                        refute_unrevoked(&p->revoked[i], v);
}

static int judge_told(const SecureBoot *s, const Platform *p, const BootPolicy *policy, Verdict *v,
                Err *e) {
        _cleanup_(buf_done) Buf names = BUF_UP_TO(REASON_MAX);
        unsigned n_revoked;
        bool let_in;
        int rc;

        if (s->wrong[0] != '\0')
                verdict_refute(v, CLAIM_FIRMWARE, "%s", s->wrong);
        if (p->wrong[0] != '\0')
                verdict_refute(v, CLAIM_FIRMWARE, "%s", p->wrong);
        judge_switch(s, policy, v);
        rc = judge_authorities(s, policy, v, &names, e);
        if (rc == 0)
                rc = judge_platform_key(s, policy, v, e);
        if (rc < 0)
                return rc;
        judge_revoked(s, policy, v, &n_revoked);
        if (!policy->option_roms && p->option_roms > 0)
                verdict_refute(v, CLAIM_FIRMWARE,
                                "event %zu: an option ROM, of which policy takes none",
                                p->first_option_rom);
        let_in = names.size > 0 || names.failed < 0;
        verdict_prove(v, CLAIM_FIRMWARE,
                        "Secure Boot %s%s%s, dbx with %u entries, %u programs started",
                        s->on ? "on" : "off", let_in ? ", programs let in by " : "",
                        verdict_words(&names), n_revoked, p->programs);
        if (p->option_roms > 0)
                verdict_remark(v, CLAIM_FIRMWARE, "%u option ROMs ran", p->option_roms);
        if (s->dma_unprotected)
                verdict_remark(v, CLAIM_FIRMWARE, "the firmware had no DMA protection");
        return 0;
}

/* Reference values that speak of firmware have to know it. */
static void judge_vouched(const Vouched *vouched, Verdict *v) {
        if (vouched->asked && !vouched->same)
                verdict_refute(v, CLAIM_FIRMWARE, "%s", vouched->words);
        else if (vouched->same)
                verdict_remark(v, CLAIM_FIRMWARE, "%s", vouched->words);
}

int judge_firmware(const Evidence *ev, const Question *q, const Explained *x,
                const Vouched *vouched, Verdict *v, bool *ret_guarded, Err *e) {
        Span log = ev->bundle.parts[PART_FIRMWARE_LOG];
        SecureBoot s;
        HashAlg alg;
        Platform p;
        int rc;

        *ret_guarded = false;
        if (!ev->bundle.has[PART_FIRMWARE_LOG]) {
                verdict_leave(v, CLAIM_FIRMWARE, "the evidence has no firmware log");
                return 0;
        }
        if (!verdict_proven(v, CLAIM_SIGNATURE))
                verdict_refute(v, CLAIM_FIRMWARE, "the quoted values are not signed");
        alg = choose_bank(ev, x, v);
        if (alg == HASH_NONE)
                return 0;
        rc = secureboot_read(log, alg, &s, e); /* it was read before: it explains that bank */
        if (rc == 0)
                rc = platform_read(log, alg, &p, e);
        if (rc == 0)
                rc = judge_told(&s, &p, &q->policy->boot, v, e);
        if (rc < 0)
                return rc;
        judge_vouched(vouched, v);
        *ret_guarded = s.on && verdict_proven(v, CLAIM_FIRMWARE);
        return 0;
}
