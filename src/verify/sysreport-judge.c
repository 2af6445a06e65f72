/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/text.h"
#include "log/signed.h"
#include "port/crypto.h"
#include "verify/session.h"
#include "verify/signature.h"
#include "verify/sysreport.h"

static Span key_name(const SysEvidence *s) {
        return (Span){ s->ak_name, s->ak_name_size };
}

static int judge_signatures(const SysEvidence *s, Verdict *v, Err *e) {
        for (size_t i = 0; i < s->tpm2.n_components; i++) {
                bool holds;
                int rc;

                rc = signed_by(&s->ak, s->tpm2.components[i].attest, &s->attested[i].signature,
                                &holds, e);
                if (rc < 0)
                        return rc;
                if (!holds)
                        verdict_refute(v, CLAIM_SIGNATURE,
                                        "component %zu is not signed by the key in the report", i);
        }
        verdict_prove(v, CLAIM_SIGNATURE,
                        "%zu attestations are signed by the key in the report (%s, %s)",
                        s->tpm2.n_components, signature_key_text(&s->ak), hash_name(s->ak.hash));
        return 0;
}

/* What the commands of the session come to; systemd puts no nonce into the quote. */
static int session_of(const SysEvidence *s, Digest *ret, Err *e) {
        Digest session = digest_zero(HASH_SHA256);

        for (size_t i = 0; i + 1 < s->tpm2.n_components; i++) {
                const SysComponent *c = &s->tpm2.components[i];
                const SysAttested *a = &s->attested[i];
                SessionCommand command = { key_name(s), sysevidence_head(s, i)->extra, c->attest,
                        c->signature };
                int rc;

                if (c->type == SYS_PCR)
                        rc = session_add_quote(&session, &command, a->quoted.selection_bytes, e);
                else
                        rc = session_add_nv(&session, &command, a->nv.index_name, a->nv.index_name,
                                        a->public.size, 0, e);
                if (rc < 0)
                        return rc;
        }
        *ret = session;
        return 0;
}

static int judge_bound(const SysEvidence *s, Verdict *v, Err *e) {
        const SessionAudited *audit = &s->attested[s->tpm2.n_components - 1].audit;
        uint8_t extra[TPM_NAME_SHA256]; /* a TPMT_HA: the algorithm, and the digest */
        Digest report, session;
        int rc;

        rc = hash_bytes(HASH_SHA256, s->report.report, &report, e);
        if (rc < 0)
                return rc;
        rc = session_of(s, &session, e);
        if (rc < 0)
                return rc;
        tpm_name(&report, extra);
        if (!verdict_proven(v, CLAIM_SIGNATURE))
                verdict_refute(v, CLAIM_BOUND, "the audit is not signed (signature)");
        if (!span_equal(audit->head.extra, (Span){ extra, sizeof(extra) }) ||
                        memcmp(s->sha256, report.bytes, sizeof(s->sha256)) != 0)
                verdict_refute(v, CLAIM_BOUND,
                                "the signature is over another report than the one that stands before it");
        if (!span_equal(audit->digest, digest_span(&session)))
                verdict_refute(v, CLAIM_BOUND,
                                "the attestations are not those of the audit session: one was replaced, changed, moved, added or left out");
        verdict_prove(v, CLAIM_BOUND, "made in one session of the TPM, over this report");
        if (!verdict_proven(v, CLAIM_BOUND))
                verdict_refute(v, CLAIM_ATOMIC, "the session is not this report's (bound)");
        else if (!audit->exclusive)
                verdict_refute(v, CLAIM_ATOMIC, "somebody else used the TPM in between");
        else
                verdict_prove(v, CLAIM_ATOMIC, "nobody else used the TPM in between");
        return 0;
}

/* systemd-report takes no nonce. Whoever asks can have one put into the report, as a metric from a
 * file (systemd-report-files(8)): what is signed was made after the nonce was known. */
static int judge_nonce(const SysEvidence *s, const Question *q, Verdict *v, Err *e) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * NONCE_MAX);
        Span wanted, report = s->report.report;

        if (q->nonce.size < NONCE_MIN || q->nonce.size > NONCE_MAX) {
                verdict_refute(v, CLAIM_FRESH,
                                "systemd's report answers no nonce: it may be of any time since the TPM was reset. Have one put into it by a file in /run/systemd/report.files, and give it here");
                return 0;
        }
        text_hex(&hex, q->nonce);
        if (hex.failed < 0)
                return err_set(e, hex.failed, "no memory for the nonce");
        wanted = buf_span(&hex);
        if (!verdict_proven(v, CLAIM_BOUND))
                verdict_refute(v, CLAIM_FRESH, "the report is not signed (bound)");
        else if (!memmem(report.data, report.size, wanted.data, wanted.size))
                verdict_refute(v, CLAIM_FRESH, "the nonce is nowhere in the signed report");
        else
                verdict_prove(v, CLAIM_FRESH,
                                "the nonce that was sent stands in the signed report, by a file of the machine");
        return 0;
}

/* What the firmware started the TPM from is in no record that systemd hands on: PCR 0 begins with
 * the locality (TCG PC Client Platform Firmware Profile, 10.4.5.3). */
static const uint8_t localities[] = { 0, 3, 4 };

static int quote_fits(const SysAttested *a, const PcrValues *held, bool *ret, Err *e) {
        Span values[PCR_VALUES_MAX];
        size_t n = pcr_values_in_order(held, &a->quoted.selection, values);
        Digest d;
        int rc;

        rc = hash_parts(a->signature.hash, values, n, &d, e);
        if (rc < 0)
                return rc;
        *ret = n > 0 && span_equal(digest_span(&d), a->quoted.digest);
        return 0;
}

int sysevidence_quotes(const SysEvidence *s, const PcrValues *held, bool *ret, Err *e) {
        size_t quotes = 0, fitting = 0;

        for (size_t i = 0; i < s->tpm2.n_components; i++) {
                bool fits;
                int rc;

                if (s->tpm2.components[i].type != SYS_PCR)
                        continue;
                rc = quote_fits(&s->attested[i], held, &fits, e);
                if (rc < 0)
                        return rc;
                quotes++;
                fitting += fits;
        }
        *ret = quotes > 0 && fitting == quotes;
        return 0;
}

/* The banks and PCRs that the quotes are over. A bank that we cannot compute has no values. */
static PcrSelection quoted_of(const SysEvidence *s) {
        PcrSelection all = {};

        for (size_t i = 0; i < s->tpm2.n_components; i++) {
                const PcrSelection *q = &s->attested[i].quoted.selection;

                for (size_t b = 0; s->tpm2.components[i].type == SYS_PCR && b < q->n_banks; b++) {
                        size_t at = 0;

                        while (at < all.n_banks && all.banks[at].alg != q->banks[b].alg)
                                at++;
                        if (hash_size(q->banks[b].alg) == 0 || at == PCR_BANKS_MAX)
                                continue;
                        if (at == all.n_banks)
                                all.banks[all.n_banks++].alg = q->banks[b].alg;
                        all.banks[at].mask |= q->banks[b].mask;
                }
        }
        return all;
}

/* Replays the records from one locality: whether every quote is over what they make. */
static int try_locality(const SysEvidence *s, uint8_t locality, Verdict *v, Replay *r,
                SystemdStory *story, bool *ret, Err *e) {
        PcrSelection quoted = quoted_of(s);
        int rc;

        *r = replay_begin(&quoted);
        for (size_t b = 0; b < quoted.n_banks; b++)
                r->pcrs.digests[b][0].bytes[r->pcrs.digests[b][0].size - 1] = locality;
        rc = systemd_take((Span){}, s->tpm2.event_log, v, r, story, e);
        return rc < 0 ? rc : sysevidence_quotes(s, &r->pcrs, ret, e);
}

static void take_nvpcrs(const SysEvidence *s, SystemdStory *story) {
        for (size_t i = 0; i < s->tpm2.n_components && story->n_nv < NVPCRS_MAX; i++) {
                const SysAttested *a = &s->attested[i];
                NvPcr nv = { .index = a->public.index,
                        .attributes = a->public.attributes,
                        .size = a->public.size,
                        .policy = a->public.policy,
                        .value = a->nv.contents };

                if (s->tpm2.components[i].type != SYS_NVPCR)
                        continue;
                memcpy(nv.name, a->nv.index_name.data, sizeof(nv.name));
                story->nv[story->n_nv++] = nv;
        }
}

static void judge_clock(const SysEvidence *s, Verdict *v) {
        const AttestHead *first = sysevidence_head(s, 0);

        for (size_t i = 1; i < s->tpm2.n_components; i++) {
                const AttestHead *head = sysevidence_head(s, i);

                if (head->reset_count != first->reset_count ||
                                head->restart_count != first->restart_count)
                        verdict_refute(v, CLAIM_REGISTERS,
                                        "component %zu is of another run of the TPM than the first",
                                        i);
        }
}

/* All that systemd quotes in a report, in one bank (report-sign-tpm2.c of systemd 262): where a
 * report is over less, what its log tells of the rest is anybody's word. */
#define QUOTED_BY_SYSTEMD UINT32_C(0xfabf)

static bool quotes_what_systemd_does(const PcrSelection *quoted, const Policy *p) {
        PcrValues v = { .held = *quoted };

        policy_leave_banks(p, &v);
        for (size_t b = 0; b < v.held.n_banks; b++)
                if (hash_proves(v.held.banks[b].alg) &&
                                (v.held.banks[b].mask & QUOTED_BY_SYSTEMD) == QUOTED_BY_SYSTEMD)
                        return true;
        return false;
}

/* Records that a proven register holds. */
static int count_covered(const SystemdStory *story, size_t *ret, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(story);
        SystemdEntry entry;
        int rc = 0;

        *ret = 0;
        w.unread = true;
        while (story->n_records > 0 && (rc = systemd_walk_next(&w, &entry, e)) > 0)
                *ret += systemd_covers(story, &entry);
        return rc;
}

static int judge_replay(
                const SysEvidence *s, const Question *q, Verdict *v, SystemdStory *story, Err *e) {
        PcrSelection quoted = quoted_of(s);
        PcrValues held = {};
        bool fits = false;
        size_t covered = 0;
        Replay r;
        int rc;

        for (size_t i = 0; !fits && i < ELEMENTS(localities); i++) {
                rc = try_locality(s, localities[i], v, &r, story, &fits, e);
                if (rc < 0)
                        return rc;
        }
        if (!verdict_proven(v, CLAIM_SIGNATURE))
                verdict_refute(v, CLAIM_REGISTERS, "the quoted values are not signed");
        if (!fits)
                verdict_refute(v, CLAIM_REGISTERS,
                                "the event log does not replay to the quoted PCRs (one digest is over all of them): records are missing, added or changed");
        if (!quotes_what_systemd_does(&quoted, q->policy))
                verdict_refute(v, CLAIM_REGISTERS,
                                "the report is not over PCRs 0 to 5, 7, 9 and 11 to 15 in one bank that proves, as systemd's are: ask for one that is");
        judge_clock(s, v);
        if (fits && verdict_proven(v, CLAIM_SIGNATURE)) {
                held = r.pcrs;
                held.held = quoted;
                policy_leave_banks(q->policy, &held);
        }
        if (verdict_proven(v, CLAIM_SIGNATURE))
                take_nvpcrs(s, story);
        rc = systemd_judge(&r, &held, policy_nv(q->policy), v, story, e);
        if (rc == 0)
                rc = count_covered(story, &covered, e);
        if (rc < 0)
                return rc;
        verdict_prove(v, CLAIM_REGISTERS,
                        "%zu records replay to the quoted PCRs and %zu NvPCRs; of avouch's own register nothing is said",
                        covered, story->n_nv);
        return 0;
}

int judge_sysreport(
                const SysEvidence *s, const Question *q, Verdict *v, SystemdStory *ret, Err *e) {
        int rc;

        rc = judge_signatures(s, v, e);
        if (rc < 0)
                return rc;
        judge_key_of(&s->ak, key_name(s), q, v);
        if (s->tpm2.n_components > 0)
                judge_tpm(sysevidence_head(s, 0), q, v);
        rc = judge_bound(s, v, e);
        if (rc < 0)
                return rc;
        rc = judge_nonce(s, q, v, e);
        if (rc < 0)
                return rc;
        return judge_replay(s, q, v, ret, e);
}
