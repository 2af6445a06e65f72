/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/quota.h"

#include "wire/limits.h"

enum { ONE = 1000000 }; /* record, and second */

static Bucket *bucket_of(Quota *q, uint32_t uid, int64_t now) {
        Bucket *oldest = &q->users[0];

        for (size_t i = 0; i < QUOTA_USERS; i++) {
                Bucket *b = &q->users[i];

                if (b->used && b->uid == uid)
                        return b;
                if (!b->used) {
                        *b = (Bucket){ uid, true, (int64_t) UNTRUSTED_BURST * ONE, now };
                        return b;
                }
                if (b->since < oldest->since)
                        oldest = b;
        }
        /* more users than places: the newcomer has what the quietest one had left */
        oldest->uid = uid;
        return oldest;
}

static void refill(Bucket *b, int64_t now) {
        const int64_t full = (int64_t) UNTRUSTED_BURST * ONE;
        int64_t passed = now > b->since ? now - b->since : 0;

        /* as many microseconds fill it up from nothing: more would only overflow */
        if (passed > full * 60 / UNTRUSTED_PER_MINUTE)
                passed = full * 60 / UNTRUSTED_PER_MINUTE;
        b->left += passed * UNTRUSTED_PER_MINUTE / 60;
        if (b->left > full)
                b->left = full;
        b->since = now > b->since ? now : b->since;
}

static const char *refusal(const Bucket *b, size_t size, size_t log_size) {
        if (size > UNTRUSTED_CONTENT_MAX)
                return "the record is too long";
        if (log_size > UNTRUSTED_LOG_MAX)
                return "the log is so full that only the machine's own records are taken";
        return b->left < ONE ? "too many records in a short time" : NULL;
}

bool quota_admits(Quota *q, uint32_t uid, int64_t now, size_t size, size_t log_size,
                const char **ret_why) {
        Bucket *b = bucket_of(q, uid, now);

        refill(b, now);
        *ret_why = refusal(b, size, log_size);
        if (*ret_why) {
                q->lost++;
                return false;
        }
        b->left -= ONE;
        return true;
}

int quota_tell(Quota *q, Account *a, Err *e) {
        const Member members[] = {
                { .name = "lane", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("note") },
                { .name = "lost", .type = MEMBER_INTEGER, .number = (int64_t) q->lost },
        };
        int rc;

        if (q->lost == 0)
                return 0;
        rc = account_record(a, EVENT_NOTE_LOST, members, ELEMENTS(members), e);
        if (rc == 0)
                q->lost = 0;
        return rc;
}
