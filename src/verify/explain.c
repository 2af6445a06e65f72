/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/explain.h"

#include <errno.h>
#include <stdio.h>

#include "port/crypto.h"

enum { PCR_PHASES = 11 };

/* systemd-pcrosseparator.service: PCRs 0 to 7, 9, 12 to 14 */
static const uint32_t separated = 0xff | 1 << 9 | 7 << 12;

/* What systemd extends PCR 11 with, in this order, with an initrd or without one
 * (systemd-pcrphase.service(8)). Any beginning of a row may be there. */
static const char *const boots[][8] = {
        { "enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final" },
        { "sysinit", "ready", "shutdown", "final" },
        { "enter-initrd", "leave-initrd", "sysinit", "ready", "factory-reset" },
        { "enter-initrd", "leave-initrd", "sysinit", "storage-target-mode-start",
                        "storage-target-mode-stop" },
};

static int extend_word(Digest *value, const char *word, Err *e) {
        Digest with;
        int rc;

        rc = hash_bytes(value->alg, span_of(word), &with, e);
        return rc < 0 ? rc : hash_extend(value, &with, e);
}

/* Follows one row of boots from start until it meets the quoted value: 1, and the phases' names in
 * to; 0 where it does not. */
static int follow(const char *const *words, Digest value, const Digest *quoted, char *to, Err *e) {
        size_t n = 0;
        int rc;

        (void) snprintf(to, SHOWN_PHASES_MAX, ":");
        while (!digest_equal(&value, quoted)) {
                if (!*words)
                        return 0;
                rc = extend_word(&value, *words, e);
                if (rc < 0)
                        return rc;
                n += (size_t) snprintf(
                                to + n, SHOWN_PHASES_MAX - n, "%s%s", n > 0 ? ":" : "", *words++);
        }
        return 1;
}

/* Whether a register shows the phases of a boot after what the firmware's log has. */
static int try_phases(const Digest *start, const Digest *quoted, Explained *x, Err *e) {
        char phases[SHOWN_PHASES_MAX];

        for (size_t i = 0; i < ELEMENTS(boots); i++) {
                int rc = follow(boots[i], *start, quoted, phases, e);

                if (rc < 0)
                        return rc;
                if (rc > 0) {
                        memcpy(x->phases, phases, sizeof(phases));
                        return 1;
                }
        }
        return 0;
}

static int try_separator(unsigned pcr, const Digest *start, const Digest *quoted, Err *e) {
        Digest value = *start;
        int rc;

        if (!(separated >> pcr & 1))
                return 0;
        rc = extend_word(&value, "os-separator", e);
        return rc < 0 ? rc : digest_equal(&value, quoted);
}

static int explain_register(unsigned pcr, size_t bank, const Digest *quoted, Explained *x, Err *e) {
        const Digest *replayed = pcr_value(&x->replay.values, (uint16_t) quoted->alg, pcr);
        PcrBank *which = &x->which.banks[bank], *differs = &x->differs.banks[bank];
        int rc;

        if (!replayed)
                return 0;
        rc = digest_equal(replayed, quoted);
        if (rc == 0 && pcr == PCR_PHASES)
                rc = try_phases(replayed, quoted, x, e);
        if (rc == 0)
                rc = try_separator(pcr, replayed, quoted, e);
        if (rc > 0)
                which->mask |= UINT32_C(1) << pcr;
        else if (x->replay.touched >> pcr & 1)
                differs->mask |= UINT32_C(1) << pcr;
        return rc < 0 ? rc : 0;
}

/* False for a bank of which an event has no digest: whoever writes the log could leave out what
 * does not suit. */
static bool is_complete(Explained *x, uint16_t alg) {
        const PcrSelection *held = &x->replay.values.held;

        for (size_t b = 0; b < held->n_banks; b++) {
                if (held->banks[b].alg != alg || x->replay.lacking[b] == 0)
                        continue;
                (void) snprintf(x->wrong, sizeof(x->wrong),
                                "event %zu of the firmware log has no %s digest",
                                x->replay.lacking[b], hash_name(alg));
                return false;
        }
        return true;
}

static int explain_all(const Evidence *ev, Explained *x, Err *e) {
        const PcrValues *quoted = &ev->tpm.pcrs;

        for (size_t b = 0; b < quoted->held.n_banks; b++) {
                uint16_t alg = quoted->held.banks[b].alg;

                x->which.banks[b].alg = x->differs.banks[b].alg = alg;
                x->which.n_banks = x->differs.n_banks = b + 1;
                for (unsigned pcr = 0; is_complete(x, alg) && pcr < PCR_COUNT; pcr++) {
                        const Digest *value = pcr_value(quoted, alg, pcr);
                        int rc = value ? explain_register(pcr, b, value, x, e) : 0;

                        if (rc < 0)
                                return rc;
                }
        }
        return 0;
}

int explain(const Evidence *ev, Explained *ret, Err *e) {
        Explained x = { .has_log = ev->bundle.has[PART_FIRMWARE_LOG], .phases = ":" };
        Err why = {};
        int rc;

        *ret = x;
        if (!x.has_log)
                return 0;
        rc = firmware_replay(ev->bundle.parts[PART_FIRMWARE_LOG], &x.replay, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0)
                (void) snprintf(x.wrong, sizeof(x.wrong), "%s", why.text);
        else if (x.replay.confidential)
                (void) snprintf(x.wrong, sizeof(x.wrong),
                                "the firmware log is of a confidential guest's registers, and not of a TPM's");
        else
                rc = explain_all(ev, &x, e);
        if (evidence_not_judged(rc))
                return rc;

        *ret = x;
        return 0;
}

void judge_explained(const Explained *x, Verdict *v) {
        if (x->wrong[0] != '\0')
                verdict_refute(v, CLAIM_REGISTERS, "%s", x->wrong);
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                for (size_t b = 0; b < x->differs.n_banks; b++)
                        if (x->differs.banks[b].mask >> pcr & 1)
                                verdict_refute(v, CLAIM_REGISTERS,
                                                "the firmware log does not replay to the quoted %s:%u: events are missing, added or changed, or somebody else extended it",
                                                hash_name(x->differs.banks[b].alg), pcr);
}
