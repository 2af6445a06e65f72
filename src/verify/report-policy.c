/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"
#include "verify/against.h"

/* What pinning this key would make of the verdict: "key" is required though no policy knows it yet.
 */
static bool is_shown(const Verdict *v, Claim claim) {
        return claim == CLAIM_KEY || claim == CLAIM_FRESH || verdict_proven(v, claim);
}

/* One alone: any of several would do. */
static void suggest_bank(const PcrSelection *held, FILE *to) {
        for (size_t b = 0; b < held->n_banks; b++)
                if (hash_proves(held->banks[b].alg)) {
                        fprintf(to,
                                        "# a bank that firmware does not measure into, whoever is root fills as he likes\n"
                                        "Bank=%s\n",
                                        hash_name(held->banks[b].alg));
                        return;
                }
}

/* The guard that all NvPCRs of this machine have, each of which is proven. */
static void suggest_nv_policy(const SystemdStory *s, FILE *to) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);

        for (size_t i = 0; i < s->n_nv; i++)
                if (s->nv[i].fault || !span_equal(s->nv[i].policy, s->nv[0].policy))
                        return;
        if (s->n_nv == 0)
                return;
        text_hex(&hex, s->nv[0].policy);
        fprintf(to, "NvPolicy=");
        text_print(to, buf_span(&hex));
        fprintf(to, "\n");
}

/* Not demanded: where /etc is made anew for each boot, so is the id. */
static void suggest_machine_id(const Judgement *j, FILE *to) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(32);

        if (!verdict_proven(&j->verdict, CLAIM_MACHINE_ID))
                return;
        text_hex(&hex, (Span){ j->systemd.machine.id, sizeof(j->systemd.machine.id) });
        fprintf(to, "# where the machine keeps its id from boot to boot: MachineId=");
        text_print(to, buf_span(&hex));
        fprintf(to, "\n");
}

static void suggest_registers(const Chain *c, FILE *to) {
        for (size_t i = 0; i < c->n_strands && chain_has_register(c); i++)
                fprintf(to, "Register=%s\n", register_name(c->strands[i].reg).text);
        fprintf(to, "Start=zero\n");
}

static void put_hashes(const char *key, const PolicyHash *list, size_t n, FILE *to) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_(buf_done) Buf hex = BUF_UP_TO(64);

                text_hex(&hex, (Span){ list[i].sha256, sizeof(list[i].sha256) });
                fprintf(to, "%s=%.*s\n", key, (int) hex.size, (const char *) buf_span(&hex).data);
        }
}

/* Only what the claim that the keys belong to proves under them. */
static void suggest_firmware(const Verdict *v, const BootPolicy *p, FILE *to) {
        if (!verdict_proven(v, CLAIM_FIRMWARE))
                return;
        fprintf(to, "\n[Firmware]\n");
        if (p->secure_boot == SWITCH_OFF)
                fprintf(to, "# Secure Boot is OFF on this machine: whoever can write to its disk starts what he likes,\n"
                            "# which can measure a kernel image that it does not start.\n");
        fprintf(to, "SecureBoot=%s\n",
                        p->secure_boot == SWITCH_ON    ? "yes"
                        : p->secure_boot == SWITCH_OFF ? "no"
                                                       : "any");
        if (p->n_platform_keys > 0)
                fprintf(to, "# the platform key: its owner may change all the others\n");
        put_hashes("PlatformKey", p->platform_keys, p->n_platform_keys, to);
        if (p->n_authorities > 0)
                fprintf(to, "# what let programs start in this boot, and nothing else may\n");
        put_hashes("Authority", p->authorities, p->n_authorities, to);
        fprintf(to, p->option_roms ? "# drivers from devices ran in this boot\nOptionROMs=yes\n"
                                   : "OptionROMs=no\n");
}

static void suggest_kernel(const Verdict *v, const BootPolicy *p, FILE *to) {
        if (!verdict_proven(v, CLAIM_KERNEL))
                return;
        fprintf(to, "\n[Kernel]\n");
        if (p->command_line[0] != '\0')
                fprintf(to,
                                "# of the kernel image, to the letter: with it a line that differs is named by the word\n"
                                "CommandLine=%s\n",
                                p->command_line);
        if (p->appended[0] != '\0')
                fprintf(to,
                                "# came from outside of the kernel image: is that what you want?\n"
                                "AppendedCommandLine=%s\n",
                                p->appended);
        if (p->companions)
                fprintf(to, "# credentials, extensions or the like came beside it, of which only digests are known\n");
        fprintf(to, "Companions=%s\n", p->companions ? "yes" : "no");
}

/* A boot that unlocks nothing proves nothing of unlocks: they are demanded where two boots told of
 * some. Logins and reports are no habit of a machine. */
static bool is_required(const Judgement *j, Claim claim) {
        if (!is_shown(&j->verdict, claim) || claim == CLAIM_LOGIN || claim == CLAIM_REPORT)
                return false;
        return claim != CLAIM_UNLOCK ||
               (j->against && !j->against->same_boot &&
                               verdict_proven(&j->against->before_by->verdict, CLAIM_UNLOCK));
}

int report_suggest(const Judgement *j, const Question *q, FILE *to, Err *e) {
        _cleanup_(buf_done) Buf ak = BUF_UP_TO(128);

        if (!verdict_proven(&j->verdict, CLAIM_SIGNATURE))
                return err_set(e, -EBADMSG, "no policy can be suggested: %s",
                                j->verdict.reasons[CLAIM_SIGNATURE]);
        text_hex(&ak, j->readable ? (Span){ j->evidence.ak_name, sizeof(j->evidence.ak_name) }
                                  : (Span){ j->report.ak_name, j->report.ak_name_size });
        fprintf(to, "# Suggested from evidence of a machine that is trusted as it stands: read it before you use\n"
                    "# it. It pins that machine's key and requires what its evidence proves.\n"
                    "[Machine]\nAttestationKey=");
        text_print(to, buf_span(&ak));
        fprintf(to, "\n");
        if (j->readable && verdict_proven(&j->verdict, CLAIM_REGISTERS))
                suggest_registers(&j->story.segment.chain, to);
        if (j->readable && verdict_proven(&j->verdict, CLAIM_FIRMWARE))
                suggest_bank(&j->explained.which, to);
        suggest_nv_policy(&j->systemd, to);
        suggest_machine_id(j, to);
        fprintf(to, "\n[Verdict]\nRequire=");
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                if (is_required(j, claim))
                        fprintf(to, "%s%s", claim == 0 ? "" : " ", claim_name(claim));
        fprintf(to, "\n");
        if (is_shown(&j->verdict, CLAIM_UNLOCK) && !is_required(j, CLAIM_UNLOCK))
                fprintf(to, "# Each unlock was one that policy allows. Not required, as a boot that unlocks nothing has none\n"
                            "# to tell of: add unlock where every boot has to.\n");
        if (is_shown(&j->verdict, CLAIM_LOGIN))
                fprintf(to, "# Nobody logged in whom policy does not allow. Not required, as somebody may: add login, and\n"
                            "# Allow= in [Login], where only they do.\n");
        suggest_firmware(&j->verdict, &q->policy->boot, to);
        suggest_kernel(&j->verdict, &q->policy->boot, to);
        if (j->openings.has_counter && j->openings.fault[0] == '\0')
                fprintf(to,
                                "\n[Glass]\n# openings that were counted before are forgiven\nBaseline=%" PRIu64
                                "\n",
                                j->openings.count);
        return 0;
}
