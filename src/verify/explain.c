/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/explain.h"

#include <errno.h>
#include <stdio.h>

#include "port/crypto.h"
#include "verify/bootrow.h"
#include "verify/ima.h"
#include "verify/imastart.h"

/* systemd-pcrosseparator.service: PCRs 0 to 7, 9, 12 to 14 */
static const uint32_t separated = 0xff | 1 << 9 | 7 << 12;

static int extend_word(Digest *value, const char *word, Err *e) {
        Digest with;
        int rc;

        rc = hash_bytes(value->alg, span_of(word), &with, e);
        return rc < 0 ? rc : hash_extend(value, &with, e);
}

/* Phases that were found, one behind the other, and the boots that they are of. */
typedef struct Phases {
        char text[SHOWN_PHASES_MAX];
        size_t n;
        BootWay way;
} Phases;

static void put_phase(Phases *p, const char *word) {
        p->n += (size_t) snprintf(
                        p->text + p->n, sizeof(p->text) - p->n, "%s%s", p->n > 0 ? ":" : "", word);
        (void) boot_way_step(&p->way, span_of(word)); /* nothing else is tried */
}

_Static_assert(SHOWN_PHASES_MAX > 2 * 96, "two of the longest of boot_rows have room");

/* Follows one of boot_rows, of which the first is behind what was found, until it meets the quoted
 * value: 1, and the phases behind found; 0 where it does not. */
static int follow(const char *const *words, Digest value, const Digest *quoted, Phases found,
                Phases *ret, Err *e) {
        int rc;

        while (!digest_equal(&value, quoted)) {
                if (!*words)
                        return 0;
                rc = extend_word(&value, *words, e);
                if (rc < 0)
                        return rc;
                put_phase(&found, *words++);
        }
        *ret = found;
        return 1;
}

static int try_rows(const Digest *start, const Digest *quoted, Phases found, Phases *ret, Err *e) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < BOOT_ROWS; i++)
                rc = follow(boot_rows[i], *start, quoted, found, ret, e);
        return rc;
}

/* The boot of a kernel that another one started, behind any phase of that one's; or of user space
 * that was started anew, behind the last. */
static int try_second_boot(
                const char *const *words, Digest value, const Digest *quoted, Phases *ret, Err *e) {
        Phases found = {};
        int rc = 0;

        for (; rc == 0 && *words; words++) {
                rc = extend_word(&value, *words, e);
                if (rc < 0)
                        return rc;
                put_phase(&found, *words);
                rc = try_rows(&value, quoted, found, ret, e);
        }
        return rc;
}

/* Whether a register shows the phases of a boot, or of two, after what the firmware's log has. */
static int try_phases(const Digest *start, const Digest *quoted, Explained *x, Err *e) {
        Phases found = {};
        int rc;

        rc = try_rows(start, quoted, (Phases){}, &found, e);
        for (size_t i = 0; rc == 0 && i < BOOT_ROWS; i++)
                rc = try_second_boot(boot_rows[i], *start, quoted, &found, e);
        x->n_boots = rc > 0 ? found.way.n_boots : 0;
        if (rc > 0)
                memcpy(x->phases, found.text, sizeof(x->phases));
        return rc;
}

static int try_separator(const Digest *start, const Digest *quoted, Err *e) {
        Digest value = *start;
        int rc;

        rc = extend_word(&value, "os-separator", e);
        return rc < 0 ? rc : digest_equal(&value, quoted);
}

/* Extends a register by what is known to follow what the log has of it, where that leads to what
 * was quoted. */
static int guess_register(unsigned pcr, const Digest *quoted, Digest *value, Replay *replay,
                Explained *x, Err *e) {
        int rc = 0;

        if (digest_equal(value, quoted))
                return 0;
        if (pcr == PCR_PHASES)
                rc = try_phases(value, quoted, x, e);
        else if (separated >> pcr & 1)
                rc = try_separator(value, quoted, e);
        if (rc <= 0)
                return rc;
        *value = *quoted;
        replay->told |= UINT32_C(1) << pcr;
        return 0;
}

/* The banks of the replay are those of the quote, in the same order. */
static int guess(const PcrValues *quoted, Replay *replay, Explained *x, Err *e) {
        for (size_t b = 0; b < quoted->held.n_banks; b++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        const Digest *d = pcr_value(quoted, quoted->held.banks[b].alg, pcr);
                        int rc = 0;

                        if (d)
                                rc = guess_register(pcr, d, &replay->pcrs.digests[b][pcr], replay,
                                                x, e);
                        if (rc < 0)
                                return rc;
                }
        return 0;
}

/* Where IMA's own list is not here: what it extends when it starts can be computed. */
static int guess_ima(const PcrValues *quoted, Replay *replay, Explained *x, Err *e) {
        if (replay->told >> PCR_IMA & 1)
                return 0;
        for (size_t b = 0; b < quoted->held.n_banks; b++) {
                const Digest *d = pcr_value(quoted, quoted->held.banks[b].alg, PCR_IMA);
                bool is_start = false;
                int rc = 0;

                if (d && !pcr_at_reset(PCR_IMA, d))
                        rc = ima_start_is(&x->replay.values, d, &is_start, e);
                if (rc < 0)
                        return rc;
                if (is_start)
                        replay->pcrs.digests[b][PCR_IMA] = *d;
        }
        return 0;
}

static void show_phase(Explained *x, const char *word) {
        size_t n = strcmp(x->phases, ":") == 0 ? 0 : strlen(x->phases);

        (void) snprintf(x->phases + n, sizeof(x->phases) - n, "%s%s", n > 0 ? ":" : "", word);
}

/* What systemd's log proves of the phases. */
static void show_phases(const SystemdStory *s, Explained *x) {
        for (size_t i = 0; i < s->n_phases; i++)
                if (systemd_covers_pcr(s, PCR_PHASES, s->phases[i].algs))
                        show_phase(x, systemd_phases[s->phases[i].phase]);
}

/* Where a bank of the quote is in the firmware's log; -1 where it is not, or not whole: whoever
 * writes the log could leave out what does not suit. *ret_lacking: the event without its digest. */
static int find_bank(const FirmwareReplay *f, uint16_t alg, size_t *ret_lacking) {
        *ret_lacking = 0;
        for (size_t b = 0; b < f->values.held.n_banks; b++) {
                if (f->values.held.banks[b].alg != alg)
                        continue;
                *ret_lacking = f->lacking[b];
                return *ret_lacking == 0 ? (int) b : -1;
        }
        return -1;
}

static void note_explained(const PcrValues *quoted, const Replay *replay, Explained *x) {
        x->which.n_banks = quoted->held.n_banks;
        for (size_t b = 0; b < quoted->held.n_banks; b++) {
                PcrBank *which = &x->which.banks[b];
                size_t lacking;

                which->alg = quoted->held.banks[b].alg;
                if (find_bank(&x->replay, which->alg, &lacking) < 0)
                        continue;
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        const Digest *value = pcr_value(quoted, which->alg, pcr);

                        if (value && x->strange[pcr] == 0 &&
                                        digest_equal(value, &replay->pcrs.digests[b][pcr]))
                                which->mask |= UINT32_C(1) << pcr;
                }
        }
}

bool explained_anywhere(const Explained *x, const PcrSelection *quoted, unsigned pcr) {
        for (size_t b = 0; b < quoted->n_banks; b++)
                if (hash_proves(quoted->banks[b].alg) &&
                                pcr_selected(&x->which, quoted->banks[b].alg, pcr))
                        return true;
        return false;
}

ExplainedFault explained_fault(const Explained *x, const PcrSelection *quoted, unsigned pcr) {
        ExplainedFault fault = {};
        bool held = false;

        for (size_t b = 0; b < quoted->n_banks; b++)
                held = held || (hash_proves(quoted->banks[b].alg) &&
                                               pcr_selected(quoted, quoted->banks[b].alg, pcr));
        if (!held)
                (void) snprintf(fault.text, sizeof(fault.text),
                                "pcr:%u is not quoted in a bank that proves", pcr);
        else if (x->strange[pcr] != 0)
                (void) snprintf(fault.text, sizeof(fault.text),
                                "record %zu of systemd's log put something into pcr:%u that systemd does not measure there, and it can hide what came before",
                                x->strange[pcr] - 1, pcr);
        else
                (void) snprintf(fault.text, sizeof(fault.text), "the logs do not replay to pcr:%u",
                                pcr);
        return fault;
}

int explain(const Evidence *ev, const SystemdStory *systemd, Replay *replay, Explained *x, Err *e) {
        int rc = 0;

        if (!x->has_log || x->wrong)
                return 0;

        if (systemd->has_log) {
                show_phases(systemd, x);
                memcpy(x->strange, systemd->strange, sizeof(x->strange));
        } else {
                rc = guess(&ev->tpm.pcrs, replay, x, e);
        }
        if (rc == 0)
                rc = guess_ima(&ev->tpm.pcrs, replay, x, e);
        if (rc < 0)
                return rc;
        note_explained(&ev->tpm.pcrs, replay, x);
        return 0;
}

/* The registers as the firmware's log leaves them, bank by bank. */
static void begin_with(const FirmwareReplay *f, Verdict *v, Replay *replay, Explained *x) {
        const PcrSelection *held = &replay->pcrs.held;

        for (size_t b = 0; b < held->n_banks; b++) {
                size_t lacking;
                int at = find_bank(f, held->banks[b].alg, &lacking);

                if (at >= 0)
                        memcpy(replay->pcrs.digests[b], f->values.digests[at],
                                        sizeof(replay->pcrs.digests[b]));
                else if (lacking != 0)
                        verdict_refute(v, CLAIM_REGISTERS,
                                        "event %zu of the firmware log has no %s digest", lacking,
                                        hash_name(held->banks[b].alg));
        }
        replay->told |= f->touched;
        x->replay = *f;
}

int explain_begin(const Evidence *ev, Verdict *v, Replay *replay, Explained *ret, Err *e) {
        Explained x = { .has_log = ev->bundle.has[PART_FIRMWARE_LOG], .phases = ":" };
        FirmwareReplay f;
        Err why = {};
        int rc;

        *ret = x;
        if (!x.has_log)
                return 0;
        rc = firmware_replay(ev->bundle.parts[PART_FIRMWARE_LOG], &f, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        x.wrong = rc < 0 || f.confidential;
        if (rc < 0)
                verdict_refute(v, CLAIM_REGISTERS, "%s", why.text);
        else if (f.confidential)
                verdict_refute(v, CLAIM_REGISTERS,
                                "the firmware log is of a confidential guest's registers, and not of a TPM's");
        else
                begin_with(&f, v, replay, &x);
        *ret = x;
        return 0;
}
