/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/appraise.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "verify/devices.h"
#include "verify/enclosed.h"
#include "verify/imastart.h"
#include "verify/kernel.h"
#include "verify/kexec.h"
#include "verify/layers.h"
#include "verify/login.h"
#include "verify/machineid.h"
#include "verify/phase.h"
#include "verify/platform.h"
#include "verify/reference.h"
#include "verify/root.h"
#include "verify/session.h"
#include "verify/signature.h"
#include "verify/unlock.h"
#include "verify/untouched.h"

static void refute_all(Verdict *v, const char *why) {
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                verdict_refute(v, claim, "the evidence is malformed: %s", why);
}

/* Claims that this version has no eyes for: said as loudly as what is judged. */
static void leave_the_rest(Verdict *v) {
        verdict_leave(v, CLAIM_TOGETHER, "not judged by this version");
}

/* A remark on a claim that is proven: what it leans on. */
static void lean(Verdict *v, Claim claim, const char *on) {
        if (verdict_proven(v, claim))
                verdict_remark(v, claim, "%s", on);
}

/* A restart empties registers, so that a log can be begun anew behind it. What the counter counted
 * before it cannot be taken back. */
static void lean_on_restarts(Judgement *j, Claim claim) {
        char text[160];

        (void) snprintf(text, sizeof(text),
                        "the TPM was resumed or restarted %" PRIu32
                        " times since, and a restart empties registers%s",
                        j->story.restarts,
                        claim == CLAIM_UNTOUCHED && j->openings.anchored
                                        ? " (the counter shows that no opening was lost to that)"
                                        : "");
        lean(&j->verdict, claim, text);
}

/* What the list began on against what the firmware's log leaves: where they differ, the list is of
 * a kernel that another one started, or one of both is made up. */
static int remark_ima_start(Judgement *j, Err *e) {
        ImaStart start;
        int rc;

        if (j->ima.n_proven == 0 || j->ima.weak)
                return 0;
        rc = ima_start_compare(j->ima.log, &j->explained.replay.values, &start, e);
        if (rc < 0)
                return rc;
        if (start == IMA_START_OTHER)
                lean(&j->verdict, CLAIM_REGISTERS,
                                "IMA's list begins on other values of PCRs 0 to 9 than the firmware's log leaves, as after a kexec (boot_aggregate)");
        if (start == IMA_START_NONE)
                lean(&j->verdict, CLAIM_REGISTERS,
                                "IMA's list does not begin with boot_aggregate, as the kernel's does");
        return 0;
}

/* How far the kernel's list reaches, and what even the kernel does not know. */
static int remark_ima(Judgement *j, Err *e) {
        const ImaStory *s = &j->ima;
        char text[160];

        if (!s->covered)
                return 0;
        (void) snprintf(text, sizeof(text), "%zu of %zu entries of IMA's list are in pcr:10%s",
                        s->n_measured, s->n_entries,
                        s->weak ? ", by SHA-1 alone, which proves none of them" : "");
        lean(&j->verdict, CLAIM_REGISTERS, text);
        if (s->n_violations > 0) {
                (void) snprintf(text, sizeof(text), "%zu files were measured while they changed",
                                s->n_violations);
                lean(&j->verdict, CLAIM_REGISTERS, text);
        }
        return remark_ima_start(j, e);
}

/* Claims of what logs tell: avouch's own first, then systemd's; and its report's. */
static const Claim told[] = { CLAIM_REGISTERS, CLAIM_LAYERS, CLAIM_UNLOCK, CLAIM_UNTOUCHED,
        CLAIM_VERITY, CLAIM_PHASE, CLAIM_MACHINE_ID, CLAIM_LOGIN, CLAIM_REPORT };
enum { N_OWN = 4 };

/* Claims of what was measured before any of them. */
static const Claim started[] = { CLAIM_FIRMWARE, CLAIM_KERNEL, CLAIM_ROOT };

/* What holds of all that a TPM quotes. */
static void lean_on_tpm(Judgement *j, Claim claim) {
        Verdict *v = &j->verdict;

        if (j->story.software)
                lean(v, claim, "by a TPM that is a program");
        else if (!verdict_proven(v, CLAIM_KEY))
                lean(v, claim, "by a key that policy does not name");
        if (j->story.restarts > 0)
                lean_on_restarts(j, claim);
}

/* What holds of every log. */
static void remark_logs(const Question *q, Judgement *j) {
        for (size_t i = 0; i < ELEMENTS(told); i++) {
                lean_on_tpm(j, told[i]);
                if (q->policy->any_start && i < N_OWN)
                        lean(&j->verdict, told[i],
                                        "since the log began, as policy takes any start");
        }
        for (size_t i = 0; i < ELEMENTS(started); i++)
                lean_on_tpm(j, started[i]);
}

/* PCRs 11 to 13 are filled by programs: whoever runs first can measure into them what a UKI would
 * have been, and start something else. */
static void lean_on_firmware(Judgement *j) {
        /* the first of them is firmware itself */
        for (size_t i = 1; !j->guarded && i < ELEMENTS(started); i++)
                lean(&j->verdict, started[i],
                                verdict_proven(&j->verdict, CLAIM_FIRMWARE)
                                                ? "if no other program measured it in its place, as Secure Boot is off"
                                                : "if no other program measured it in its place (firmware)");
}

/* What the log can say no more than the log says. Whoever reads only one claim reads its limits
 * there. */
static void remark_limits(const Question *q, Judgement *j) {
        Verdict *v = &j->verdict;
        char text[128];

        remark_logs(q, j);
        lean_on_firmware(j);
        if (story_begins_awake(j->evidence.bundle.parts[PART_AVOUCH_LOG]) &&
                        j->evidence.bundle.has[PART_SYSTEMD_LOG])
                lean(v, CLAIM_REGISTERS,
                                "systemd's log is left aside: it began before the TPM was reset (hibernation)");
        if (story_has_index(&j->story) && !verdict_proven(v, CLAIM_BOUND))
                lean(v, CLAIM_REGISTERS, "NV indices and PCRs are not of one session (bound)");
        if (j->openings.has_counter && !verdict_proven(v, CLAIM_BOUND))
                lean(v, CLAIM_UNTOUCHED, "counter and registers are not of one session (bound)");
        (void) snprintf(text, sizeof(text),
                        "opened at record %" PRIu64
                        ": what came after is the word of whoever opened it",
                        j->story.first_opened_seq);
        if (j->story.opened > 0)
                lean(v, CLAIM_LAYERS, text);
        if (j->story.opened > 0 && j->story.kexec)
                lean(v, CLAIM_KERNEL, text);

        /* A command line or a credential could have masked what records. */
        for (size_t i = 1; i < ELEMENTS(told) && !verdict_proven(v, CLAIM_KERNEL); i++)
                lean(v, told[i], "if the running system is what it says");
}

/* A machine that wakes from hibernation runs what it kept on its disk: what was measured is the
 * kernel that brought it back. And what it recorded before it slept is in no register any more. */
static void refute_before_sleep(const Story *s, Verdict *v) {
        static const Claim running[] = { CLAIM_KERNEL, CLAIM_ROOT, CLAIM_LAYERS };

        for (size_t i = 0; s->resumed && i < ELEMENTS(running); i++)
                verdict_refute(v, running[i],
                                "the TPM was reset under the running system, as resuming from hibernation does: what is quoted was measured since, and not of what was started before");
}

/* Registers that a program keeps are what its root wants them to be. That the log says so is
 * believed of it, proven or not; where it does not, the key is still one that no certificate
 * vouches for. */
static void refute_software(const Story *s, Verdict *v) {
        if (s->software)
                verdict_refute(v, CLAIM_KEY,
                                "its TPM is a program, as the machine says itself: that proves nothing against who is root where it runs");
}

/* No digest is over the boot ids in systemd's log; but a log of another boot is none of this one,
 * and honest ones agree. */
static void judge_boot_ids(
                const SystemdStory *systemd, const Explained *x, const Story *story, Verdict *v) {
        if (x->n_boots > 1 && !story->kexec)
                verdict_refute(v, CLAIM_REGISTERS,
                                "PCR 11 shows the phases of two boots, and the log has no kernel that another one started");
        if (systemd->several_boots && !story->kexec)
                verdict_refute(v, CLAIM_REGISTERS, "systemd's log has records of several boots");
        if (systemd->has_boot && story->n_records > 0 &&
                        memcmp(systemd->boot, story->segment.chain.boot, sizeof(systemd->boot)) !=
                                        0)
                verdict_refute(v, CLAIM_REGISTERS,
                                "systemd's log is of another boot than avouch's");
}

/* NV indices of systemd's kind; what else is certified, or a register of avouch's log, is not its
 * own. */
static void take_nvpcrs(const Evidence *ev, const Policy *policy, SystemdStory *s) {
        for (size_t i = 0; i < ev->tpm.n_nv && s->n_nv < NVPCRS_MAX; i++) {
                const NvPublic *p = &ev->nv[i].public;
                NvPcr nv = { .index = p->index,
                        .attributes = p->attributes,
                        .size = p->size,
                        .policy = p->policy,
                        .value = ev->nv[i].certified.contents };

                if ((p->attributes & NV_TYPE) != NV_EXTEND || nv_check_register(p, NULL) == 0 ||
                                policy_names(policy, (Register){ REGISTER_NV, p->index }))
                        continue;
                memcpy(nv.name, ev->nv[i].certified.index_name.data, sizeof(nv.name));
                s->nv[s->n_nv++] = nv;
        }
}

/* What systemd's log tells by itself; of unlocks avouch's tells too. x: see judge_phase(). */
static int judge_told(const SystemdStory *systemd, const UnlockLogs *avouch, const Explained *x,
                bool kexec, const Question *q, Verdict *v, Err *e) {
        int rc;

        judge_phase(systemd, x, kexec, q, v);
        judge_machine_id(systemd, q, v);
        rc = judge_unlock(systemd, avouch, q, v, e);
        if (rc == 0)
                rc = judge_devices(systemd, q, v, e);
        if (rc == 0)
                rc = judge_login(systemd, q, v, e);
        return rc;
}

/* avouch's log, as far as it tells of unlocks: where all of it was read and none was there, it need
 * not be read again. */
static UnlockLogs logs_of_unlocks(const Judgement *j) {
        const Span *parts = j->evidence.bundle.parts;

        if (j->story.n_records > 0 && !j->story.unlocks)
                return (UnlockLogs){};
        return (UnlockLogs){ parts[PART_AVOUCH_LOG_BEFORE], parts[PART_AVOUCH_LOG] };
}

/* Systemd's log began in the initrd of the boot that went to sleep: what it tells was measured
 * before registers were emptied. Without it, the phases of the boot that brought the machine back
 * are known by their words. */
static Span log_of_systemd(const Evidence *ev) {
        return story_begins_awake(ev->bundle.parts[PART_AVOUCH_LOG])
                               ? (Span){}
                               : ev->bundle.parts[PART_SYSTEMD_LOG];
}

/* What was started: firmware, kernel and root. */
static int judge_start(const Question *q, Judgement *j, Err *e) {
        const Evidence *ev = &j->evidence;
        const Explained *x = &j->explained;
        Verdict *v = &j->verdict;
        Vouchers known;
        Span line;
        int rc;

        rc = references_judge(q->references, j, &known, e);
        if (rc == 0)
                rc = judge_firmware(ev, q, x, &known.firmware, v, &j->guarded, e);
        if (rc < 0)
                return rc;
        if (known.kernel.same && known.kernel.programs && verdict_proven(v, CLAIM_FIRMWARE))
                j->guarded = true;
        rc = judge_kernel(ev, q, x, &known.kernel, v, &line, e);
        if (rc == 0)
                rc = judge_kexec(ev, q, &j->story, v, &line, e);
        if (rc == 0)
                rc = judge_root(&j->systemd, line, q, v, e);
        return rc;
}

/* Every log there is, against what was quoted: systemd's continues where the firmware's ends. */
static int judge_logs(const Question *q, Judgement *j, Err *e) {
        const Evidence *ev = &j->evidence;
        Replay replay = replay_begin(&ev->tpm.pcrs.held);
        bool is_signed = verdict_proven(&j->verdict, CLAIM_SIGNATURE);
        PcrValues none = {};
        Explained *x = &j->explained;
        UnlockLogs unlocks;
        int rc;

        rc = explain_begin(ev, &j->verdict, &replay, x, e);
        if (rc == 0)
                rc = systemd_take(
                                log_of_systemd(ev), (Json){}, &j->verdict, &replay, &j->systemd, e);
        if (rc < 0)
                return rc;
        if (is_signed)
                take_nvpcrs(ev, q->policy, &j->systemd);
        rc = systemd_judge(&replay, is_signed ? &ev->tpm.pcrs : &none, policy_nv(q->policy),
                        &j->verdict, &j->systemd, e);
        if (rc == 0)
                rc = ima_take(ev->bundle.parts[PART_IMA_LOG], is_signed ? &ev->tpm.pcrs : &none,
                                &j->verdict, &replay, &j->ima, e);
        if (rc == 0)
                rc = explain(ev, &j->systemd, &replay, x, e);
        if (rc == 0)
                rc = judge_registers(ev, q, &replay, &j->verdict, &j->story, e);
        judge_boot_ids(&j->systemd, x, &j->story, &j->verdict);
        if (rc == 0)
                rc = judge_start(q, j, e);
        if (rc < 0)
                return rc;
        refute_before_sleep(&j->story, &j->verdict);
        refute_software(&j->story, &j->verdict);
        unlocks = logs_of_unlocks(j);
        return judge_told(&j->systemd, &unlocks, x, j->story.kexec, q, &j->verdict, e);
}

static int judge(const Question *q, Judgement *j, Err *e) {
        int rc;

        rc = judge_signature(&j->evidence, &j->verdict, e);
        if (rc < 0)
                return rc;
        judge_key(&j->evidence, q, &j->verdict);
        judge_fresh(&j->evidence, q, &j->verdict);
        rc = judge_session(&j->evidence, &j->verdict, e);
        if (rc < 0)
                return rc;
        policy_leave_banks(q->policy, &j->evidence.tpm.pcrs); /* the quotes are judged */
        rc = judge_logs(q, j, e);
        if (rc < 0)
                return rc;
        judge_layers(&j->story, q, &j->verdict);
        rc = openings_read(&j->evidence, q, &j->verdict, &j->story, &j->openings, e);
        if (rc < 0)
                return rc;
        judge_untouched(&j->story, &j->openings, q, &j->verdict);
        rc = judge_enclosed(&j->evidence, q, &j->systemd, &j->verdict, &j->report, e);
        if (rc < 0)
                return rc;
        leave_the_rest(&j->verdict);
        rc = remark_ima(j, e);
        remark_limits(q, j);
        return rc;
}

/* What systemd's report has no words for, or this version no eyes. */
static void leave_what_systemd_does_not_say(Verdict *v) {
        static const Claim rest[] = { CLAIM_FIRMWARE, CLAIM_KERNEL, CLAIM_ROOT, CLAIM_TOGETHER };

        for (size_t i = 0; i < ELEMENTS(rest); i++)
                verdict_leave(v, rest[i], "not judged by this version in a report of systemd");
        verdict_leave(v, CLAIM_LAYERS, "a report of systemd does not tell of layers");
        verdict_leave(v, CLAIM_UNTOUCHED,
                        "a report of systemd does not tell who opened the machine");
        verdict_leave(v, CLAIM_REPORT, "this is the report itself, and nothing stands beside it");
}

static int judge_report(Span file, const Question *q, Judgement *j, Err *e) {
        Err why = {};
        int rc;

        rc = sysevidence_open(file, &j->report, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0) {
                appraise_unreadable(q, why.text, j);
                return 0;
        }
        rc = judge_sysreport(&j->report, q, &j->verdict, &j->systemd, e);
        if (rc == 0)
                rc = judge_told(&j->systemd, &(UnlockLogs){}, NULL, false, q, &j->verdict, e);
        leave_what_systemd_does_not_say(&j->verdict);
        remark_limits(q, j);
        if (rc < 0)
                judgement_done(j);
        return rc;
}

void appraise_unreadable(const Question *q, const char *why, Judgement *ret) {
        *ret = (Judgement){ .verdict.required = q->policy->required };
        refute_all(&ret->verdict, why);
}

int appraise(Span bundle, const Question *q, Judgement *ret, Err *e) {
        Err why = {};
        int rc;

        *ret = (Judgement){ .verdict.required = q->policy->required };
        if (sysevidence_matches(bundle))
                return judge_report(bundle, q, ret, e);
        rc = evidence_open(bundle, &ret->evidence, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0) {
                appraise_unreadable(q, why.text, ret);
                return 0;
        }
        ret->readable = true;
        rc = judge(q, ret, e);
        if (rc < 0)
                judgement_done(ret);
        return rc;
}

void judgement_done(Judgement *j) {
        if (j->readable)
                evidence_done(&j->evidence);
        if (j->report.readable)
                sysevidence_done(&j->report);
        *j = (Judgement){};
}
