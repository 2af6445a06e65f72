/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/login.h"

#include "base/text.h"
#include "verify/nvrecords.h"

static const NvRecords logins = { SYSTEMD_LOGIN, "login", CLAIM_LOGIN, "a login" };

static bool is_allowed(const SystemdPolicy *p, Span user) {
        for (size_t i = 0; i < p->n_logins; i++)
                if (span_equal(p->logins[i], user))
                        return true;
        return false;
}

static void take_login(const SystemdEntry *entry, const SystemdPolicy *p, Buf *users, Verdict *v) {
        _cleanup_(buf_done) Buf user = BUF_UP_TO(256);
        const char *name;

        text_quote(&user, entry->words.name, 40);
        name = verdict_words(&user);
        if (!is_allowed(p, entry->words.name))
                verdict_refute(v, CLAIM_LOGIN,
                                "%s logged in, whom policy does not allow (record %zu of systemd's log)",
                                name, entry->n);
        buf_printf(users, "%s%s", users->size > 0 ? ", " : "", name);
}

int judge_login(const SystemdStory *systemd, const Question *q, Verdict *v, Err *e) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(systemd);
        _cleanup_(buf_done) Buf users = BUF_UP_TO(2 * REASON_MAX);
        SystemdEntry entry;
        unsigned n = 0;
        int rc;

        for (; (rc = nvrecords_next(&logins, systemd, &w, v, &entry, e)) > 0; n++)
                take_login(&entry, &q->policy->systemd, &users, v);
        if (rc < 0)
                return rc;
        if (n > 0)
                verdict_prove(v, CLAIM_LOGIN, "%u users logged in, each one that policy allows: %s",
                                n, verdict_words(&users));
        else if (nvrecords_has_register(&logins, systemd))
                verdict_prove(v, CLAIM_LOGIN,
                                "nobody logged in: the NvPCR login is as it was made");
        else
                verdict_leave(v, CLAIM_LOGIN,
                                "no proven NvPCR tells of logins (systemd has one from 261 on)");
        return 0;
}
