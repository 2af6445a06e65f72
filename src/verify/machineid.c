/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/machineid.h"

#include "base/text.h"

void judge_machine_id(const SystemdStory *systemd, const Question *q, Verdict *v) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(33), wanted = BUF_UP_TO(33);
        const SystemdMachine *m = &systemd->machine;
        const SystemdPolicy *p = &q->policy->systemd;
        const char *id;

        if (!m->told) {
                verdict_leave(v, CLAIM_MACHINE_ID,
                                "no log tells of a machine id (systemd-pcrmachine.service measures it)");
                return;
        }
        if (!systemd_covers_pcr(systemd, PCR_MACHINE, m->algs))
                verdict_refute(v, CLAIM_MACHINE_ID,
                                "record %zu of systemd's log tells of a machine id, and no proven PCR is over it",
                                m->n);
        if (m->hidden != 0)
                verdict_refute(v, CLAIM_MACHINE_ID,
                                "record %zu of systemd's log stands before it in pcr:15, and its words are not what was measured: it can be another id",
                                m->hidden - 1);
        if (m->another != 0)
                verdict_refute(v, CLAIM_MACHINE_ID,
                                "record %zu of systemd's log has another machine id than record %zu",
                                m->another - 1, m->n);
        text_hex(&hex, (Span){ m->id, sizeof(m->id) });
        id = verdict_words(&hex);
        text_hex(&wanted, (Span){ p->machine_id, sizeof(p->machine_id) });
        if (p->has_machine_id && memcmp(p->machine_id, m->id, sizeof(m->id)) != 0)
                verdict_refute(v, CLAIM_MACHINE_ID, "the machine is %s, and policy wants %s", id,
                                verdict_words(&wanted));
        verdict_prove(v, CLAIM_MACHINE_ID, "%s, as the system read it%s", id,
                        p->has_machine_id ? "" : "; policy does not name one");
        if (m->n_keyed > 0 && verdict_proven(v, CLAIM_MACHINE_ID))
                verdict_remark(v, CLAIM_MACHINE_ID,
                                "%zu records before it have words that only the key of a volume can prove",
                                m->n_keyed);
}
