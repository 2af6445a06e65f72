/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sdclaim.h"

void sdclaim_begin(SdClaim *c) {
        *c = (SdClaim){ .policy = policy_default() };
        sd_new(&c->l);
        sd_boot(&c->l);
}

void sdclaim_end(SdClaim *c) {
        sd_done(&c->l);
        releases_done(&c->releases);
}

void sdclaim_policy(SdClaim *c, const char *text) {
        assert_int_equal(policy_apply(span_of(text), &c->policy, NULL), 0);
}

void sdclaim_judge(SdClaim *c, SdJudge judge) {
        Question q = { .policy = &c->policy, .releases = &c->releases };
        Replay replay = replay_begin(&c->l.pcrs.held);
        SystemdStory *s = &c->story;
        Verdict *v = &c->verdict;

        *v = (Verdict){};
        assert_int_equal(systemd_take(buf_span(&c->l.log), c->records, v, &replay, s, NULL), 0);
        memcpy(s->nv, c->l.nv, sizeof(s->nv));
        s->n_nv = c->l.n_nv;
        assert_int_equal(systemd_judge(&replay, &c->l.pcrs, (Span){}, v, s, NULL), 0);
        assert_int_equal(judge(s, &q, v), 0);
}
