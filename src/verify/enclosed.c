/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/enclosed.h"

#include <inttypes.h>

#include "port/crypto.h"
#include "verify/explain.h"
#include "verify/signature.h"

static bool is_refuted(const Verdict *v) {
        return verdict_state(v, CLAIM_REPORT) == CLAIM_NOT_PROVEN;
}

/* What a report has to prove by itself. systemd hands out none that was not made alone. */
static void judge_alone(const Verdict *alone, Verdict *v) {
        static const Claim needed[] = { CLAIM_SIGNATURE, CLAIM_KEY, CLAIM_BOUND, CLAIM_ATOMIC,
                CLAIM_REGISTERS };

        for (size_t i = 0; i < ELEMENTS(needed); i++)
                if (!verdict_proven(alone, needed[i]))
                        verdict_refute(v, CLAIM_REPORT, "by itself it is not proven (%s): %s",
                                        claim_name(needed[i]), alone->reasons[needed[i]]);
}

static const AttestHead *last_head(const SysEvidence *s) {
        return sysevidence_head(s, s->tpm2.n_components - 1);
}

/* The counts of a TPM tell its runs apart, and its clock what was first. Two TPMs may have the same
 * counts. */
static void judge_run(const AttestHead *quote, const AttestHead *then, Verdict *v) {
        if (then->reset_count != quote->reset_count || then->restart_count != quote->restart_count)
                verdict_refute(v, CLAIM_REPORT,
                                "it is of another run of a TPM (reset %" PRIu32 ", restart %" PRIu32
                                ") than the quote (reset %" PRIu32 ", restart %" PRIu32
                                "): of another boot or another machine",
                                then->reset_count, then->restart_count, quote->reset_count,
                                quote->restart_count);
        if (then->firmware != quote->firmware)
                verdict_refute(v, CLAIM_REPORT,
                                "it is of a TPM with firmware 0x%016" PRIx64
                                ", and the quote is of one with 0x%016" PRIx64,
                                then->firmware, quote->firmware);
        if (then->clock > quote->clock)
                verdict_refute(v, CLAIM_REPORT,
                                "by the TPM's clock it is younger than the quote that it was put beside");
}

/* Words that no digest covers; but honest ones agree. */
static void judge_boot(const SystemdStory *report, const SystemdStory *told, Verdict *v) {
        if (report->has_boot && told->has_boot &&
                        memcmp(report->boot, told->boot, sizeof(told->boot)) != 0)
                verdict_refute(v, CLAIM_REPORT,
                                "its records are of another boot than those of systemd's log");
}

/* How many records of systemd's own the report has behind those of firmware. */
static int count_records(const SysEvidence *s, size_t *ret, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk_array(s->tpm2.event_log);
        SystemdEntry entry;
        int rc;

        *ret = 0;
        w.unread = true;
        while ((rc = systemd_walk_next(&w, &entry, e)) > 0)
                *ret += entry.record.source != SYSTEMD_SOURCE_FIRMWARE;
        return rc;
}

/* What the registers held when systemd's log had n records. */
static int replay_until(
                const Evidence *ev, const SystemdStory *told, size_t n, Replay *ret, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(told);
        Verdict unused = {};
        SystemdEntry entry;
        Explained x;
        int rc;

        *ret = replay_begin(&ev->tpm.pcrs.held);
        w.unread = true;
        rc = explain_begin(ev, &unused, ret, &x, e);
        while (rc >= 0 && n-- > 0 && (rc = systemd_walk_next(&w, &entry, e)) > 0)
                rc = replay_extend(ret, entry.record.reg, entry.record.digests,
                                entry.record.n_digests, e);
        return rc;
}

/* The logs lead to what is quoted here of all that the report quotes: what they say of before is
 * what was. */
static bool is_covered(const SysEvidence *s, const SystemdStory *told) {
        for (size_t i = 0; i < s->tpm2.n_components; i++) {
                const PcrSelection *q = &s->attested[i].quoted.selection;

                for (size_t b = 0; s->tpm2.components[i].type == SYS_PCR && b < q->n_banks; b++)
                        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                                if ((q->banks[b].mask >> pcr & 1) &&
                                                !systemd_covers_pcr(told, pcr,
                                                                UINT32_C(1) << q->banks[b].alg))
                                        return false;
        }
        return true;
}

static int judge_pcrs(const Evidence *ev, const SysEvidence *s, const SystemdStory *told,
                const Replay *then, Verdict *v, Err *e) {
        bool now = false, earlier = false;
        int rc;

        rc = sysevidence_quotes(s, &ev->tpm.pcrs, &now, e);
        if (rc == 0 && is_covered(s, told))
                rc = sysevidence_quotes(s, &then->pcrs, &earlier, e);
        if (rc == 0 && !now && !earlier)
                verdict_refute(v, CLAIM_REPORT,
                                "the registers that it quotes are not those of the quote beside it, nor what the logs make of them up to where the report's end: it is of another machine or boot, or over what is not quoted here");
        return rc;
}

/* An NvPCR is in the report as it is here, or as it was then by a log that leads to how it is. */
static int judge_nv(const NvPcr *of, const NvPcr *here, const Replay *then, Verdict *v, Err *e) {
        const ReplayNv *told = replay_nv(then, of->index);
        Digest value;
        bool fits;
        int rc;

        rc = replay_nvpcr_start(&value, e);
        if (rc < 0)
                return rc;
        if (told)
                value = told->value;
        fits = span_equal(of->value, here->value) ||
               (!here->fault && span_equal(of->value, digest_span(&value)));
        if (!fits || memcmp(of->name, here->name, sizeof(here->name)) != 0)
                verdict_refute(v, CLAIM_REPORT,
                                "the NvPCR 0x%08x that it certifies is not the one that is certified beside it, or never held that",
                                of->index);
        return 0;
}

static int judge_registers_of(const Evidence *ev, const SysEvidence *s, const SystemdStory *report,
                const SystemdStory *told, Verdict *v, Err *e) {
        Replay then;
        size_t n;
        int rc;

        rc = count_records(s, &n, e);
        if (rc == 0)
                rc = replay_until(ev, told, n, &then, e);
        if (rc == 0)
                rc = judge_pcrs(ev, s, told, &then, v, e);
        for (size_t i = 0; rc == 0 && i < report->n_nv; i++) {
                const NvPcr *here = systemd_nv(told, report->nv[i].index);

                if (here)
                        rc = judge_nv(&report->nv[i], here, &then, v, e);
        }
        return rc;
}

/* What it proves, and what it adds. */
static void prove(const SysEvidence *s, uint64_t age, const Verdict *alone, Verdict *v) {
        verdict_prove(v, CLAIM_REPORT,
                        "made %" PRIu64 ".%03" PRIu64
                        " s before the quote by the TPM's clock, over the same registers, by another key (%s, %s; %s). What it adds is what systemd says of itself, signed and judged by nobody here",
                        age / 1000, age % 1000, signature_key_text(&s->ak), hash_name(s->ak.hash),
                        alone->reasons[CLAIM_KEY]);
        verdict_remark(v, CLAIM_REPORT, "that both keys are in one TPM is your word, too");
        if (verdict_proven(alone, CLAIM_FRESH))
                verdict_remark(v, CLAIM_REPORT, "the nonce stands in it");
}

/* The report, which is well-formed, against all that stands beside it. */
static int judge_beside(const Evidence *ev, const SysEvidence *s, const Question *q,
                const SystemdStory *told, Verdict *v, Err *e) {
        const AttestHead *quote = &ev->quotes[0].head, *then = last_head(s);
        Verdict alone = {};
        SystemdStory report;
        int rc;

        rc = judge_sysreport(s, q, &alone, &report, e);
        if (rc < 0)
                return rc;
        judge_alone(&alone, v);
        if (!verdict_proven(v, CLAIM_SIGNATURE))
                verdict_refute(v, CLAIM_REPORT, "the quote beside it is not signed (signature)");
        judge_run(quote, then, v);
        judge_boot(&report, told, v);
        if (!is_refuted(v)) /* then its records are such, too */
                rc = judge_registers_of(ev, s, &report, told, v, e);
        if (rc == 0 && !is_refuted(v))
                prove(s, quote->clock - then->clock, &alone, v);
        return rc;
}

int judge_enclosed(const Evidence *ev, const Question *q, const SystemdStory *told, Verdict *v,
                SysEvidence *ret, Err *e) {
        Err why = {};
        int rc;

        if (!ev->bundle.has[PART_SYSTEMD_REPORT]) {
                verdict_leave(v, CLAIM_REPORT, "the evidence has no report of systemd");
                return 0;
        }
        rc = sysevidence_open(ev->bundle.parts[PART_SYSTEMD_REPORT], ret, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0) {
                verdict_refute(v, CLAIM_REPORT, "%s", why.text);
                return 0;
        }
        return judge_beside(ev, ret, q, told, v, e);
}
