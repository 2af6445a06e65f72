/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/suggest.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "verify/boot.h"
#include "verify/platform.h"
#include "wire/efievent.h"
#include "wire/efisig.h"

/* All registers of the claims firmware and kernel. */
enum { FIRMWARE_PCRS = 0xff, KERNEL_PCRS = 7 << 11, PCR_KERNEL = 9 };

/* A bank that proves, in which all of these PCRs are explained; HASH_NONE where there is none. */
static HashAlg bank_of(const Judgement *j, uint32_t pcrs) {
        const PcrSelection *which = &j->explained.which;

        for (size_t b = 0; b < which->n_banks; b++)
                if (hash_proves(which->banks[b].alg) && (which->banks[b].mask & pcrs) == pcrs)
                        return (HashAlg) which->banks[b].alg;
        return HASH_NONE;
}

/* The same hash need not be named twice; what there is no room for is not demanded. */
static void add_hash(PolicyHash *list, size_t *n, const uint8_t sha256[32]) {
        for (size_t i = 0; i < *n; i++)
                if (memcmp(list[i].sha256, sha256, 32) == 0)
                        return;
        if (*n == POLICY_HASHES_MAX)
                return;
        list[*n] = (PolicyHash){};
        memcpy(list[(*n)++].sha256, sha256, 32);
}

/* Every key that let a program start; none at all where one of them cannot be named: a policy that
 * names some takes no other. */
static int suggest_authorities(const SecureBoot *s, BootPolicy *p, Err *e) {
        for (size_t i = 0; i < s->n_authorities; i++) {
                BootKey key;
                int rc;

                if (authority_is_setting(&s->authorities[i]))
                        continue;
                rc = boot_key_of_authority(&s->authorities[i], &key, e);
                if (rc <= 0) {
                        p->n_authorities = 0;
                        return rc;
                }
                add_hash(p->authorities, &p->n_authorities, key.sha256);
        }
        return 0;
}

static int suggest_platform_keys(const SecureBoot *s, BootPolicy *p, Err *e) {
        EfiSignatures it = efi_signatures_over(s->pk);
        EfiSignature found;
        BootKey key;

        while (efi_signature_next(&it, &found, NULL) > 0) {
                int rc = boot_key_of_signature(&found, &key, e);

                if (rc < 0)
                        return rc;
                if (rc > 0)
                        add_hash(p->platform_keys, &p->n_platform_keys, key.sha256);
        }
        return 0;
}

static int suggest_firmware(const Judgement *j, Span log, BootPolicy *p, Err *e) {
        HashAlg bank = bank_of(j, FIRMWARE_PCRS);
        Platform platform = {};
        SecureBoot s;
        int rc;

        if (bank == HASH_NONE)
                return 0;
        rc = secureboot_read(log, bank, &s, e); /* it was read before: it explains that bank */
        if (rc == 0)
                rc = platform_read(log, bank, &platform, e);
        if (rc < 0)
                return rc;
        if (s.wrong[0] != '\0')
                return 0; /* what is wrong with it, the claim says */
        p->secure_boot = s.on ? SWITCH_ON : SWITCH_OFF;
        p->option_roms = platform.option_roms > 0;
        rc = suggest_platform_keys(&s, p, e);
        return rc < 0 ? rc : suggest_authorities(&s, p, e);
}

/* What was appended, as one text: 1; 0 where a policy cannot hold it to the letter. */
static int suggest_appended(const Boot *b, BootPolicy *p, Err *e) {
        _cleanup_(buf_done) Buf all = BUF_UP_TO(COMMAND_LINE_MAX);

        for (size_t i = 0; i < b->n_lines; i++) {
                buf_string(&all, i > 0 ? " " : "");
                efi_text(b->lines[i].text, &all);
        }
        if (all.failed == -ENOMEM)
                return err_set(e, -ENOMEM, "no memory for a command line");
        if (all.failed < 0 || !policy_can_hold(buf_span(&all)))
                return 0;
        (void) snprintf(p->appended, sizeof(p->appended), "%.*s", (int) all.size,
                        (const char *) buf_span(&all).data);
        return 1;
}

/* The UKI's own command line, where its section is this text to the letter. */
static int suggest_line(const Judgement *j, const Boot *b, BootPolicy *p, Err *e) {
        Span line = j->evidence.bundle.parts[PART_COMMAND_LINE];
        size_t appended = strlen(p->appended);
        bool same = false;
        int rc;

        if (line.size > 0 && line.data[line.size - 1] == '\n')
                line.size--;
        if (appended > 0 && line.size > appended)
                line.size -= appended + 1;
        for (size_t i = 0; i < b->n_sections; i++) {
                if (strcmp(b->sections[i].name, ".cmdline") != 0)
                        continue;
                rc = boot_text_is(&b->sections[i].digest, line, &same, e);
                if (rc < 0)
                        return rc;
        }
        if (same && policy_can_hold(line))
                (void) snprintf(p->command_line, sizeof(p->command_line), "%.*s", (int) line.size,
                                (const char *) line.data);
        return 0;
}

static int suggest_kernel(const Judgement *j, Span log, BootPolicy *p, Err *e) {
        HashAlg bank = bank_of(j, KERNEL_PCRS);
        Boot b;
        int rc;

        if (bank == HASH_NONE)
                return 0;
        rc = boot_read(log, bank, &b, e);
        if (rc < 0)
                return rc;
        if (b.wrong[0] != '\0')
                return 0;
        rc = suggest_appended(&b, p, e);
        if (rc <= 0)
                return rc;
        p->companions = b.companions > 0;
        return suggest_line(j, &b, p, e);
}

static void suggest_registers(const Chain *c, Policy *policy) {
        if (c->n_strands == 0)
                return;
        policy->n_registers = 0;
        for (size_t i = 0; i < c->n_strands && i < POLICY_REGISTERS_MAX; i++)
                policy->registers[policy->n_registers++] = c->strands[i].reg;
}

int policy_suggest(const Judgement *j, Policy *policy, Err *e) {
        Policy p = *policy;
        Span log = j->evidence.bundle.parts[PART_FIRMWARE_LOG];
        int rc = 0;

        suggest_registers(&j->story.segment.chain, &p);
        if (log.size > 0 && verdict_proven(&j->verdict, CLAIM_SIGNATURE)) {
                rc = suggest_firmware(j, log, &p.boot, e);
                if (rc == 0)
                        rc = suggest_kernel(j, log, &p.boot, e);
        }
        if (rc < 0)
                return rc;
        *policy = p;
        return 0;
}
