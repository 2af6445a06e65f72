/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/case.h"
#include "support/draftlog.h"

/* A machine with a counter and a history, of which everything is written by hand. */

#define BOOT_EARLIER "\"00112233445566778899aabbccddeeff\""
#define EARLIER ((TpmClock){ .clock = 1000, .reset_count = 5, .restart_count = 0, .safe = true })
#define NOW ((TpmClock){ .clock = 5000, .reset_count = 7, .restart_count = 7, .safe = true })
#define LATER ((TpmClock){ .clock = 9000, .reset_count = 7, .restart_count = 7, .safe = true })

enum { COUNTED_FIRST = 5 }; /* the counter's first value */

typedef struct Counted {
        Case c;
        DraftLog log;
        uint64_t count;      /* where the counter stands */
        uint8_t past[32];    /* SHA-256 of the history's last line */
        char name[80];       /* of the counter, as glass.begin has it */
        const char *why;     /* the log begins; JSON */
        Digest sha1, sha256; /* what its register held then */
} Counted;

/* A counter that never counted, and no log. */
void counted_empty(Counted *m);

/* Begun, opened once and closed in an earlier boot; then the log of this one begins. */
void counted_begin(Counted *m);
void counted_end(Counted *m);

/* A line of the history with the next value, whose receipt is of that time. */
void counted_add(Counted *m, Span content, TpmClock clock);

/* One of an earlier boot: it stands in the history alone. */
void counted_open_earlier(Counted *m, Event event, TpmClock clock);

/* One of this boot: it stands in log and history. */
void counted_open_now(Counted *m, Event event);

/* The log begins, with the count and the past that there are. */
void counted_begin_log(Counted *m);

/* The same, but for what it says of them: JSON, NULL for nothing. */
void counted_begin_log_with(Counted *m, const char *count, const char *past);

/* The same, as one without a counter begins. */
void counted_begin_log_alone(Counted *m);

/* Where the n-th line of the history begins; and the first n lines alone. */
size_t counted_line_at(const Counted *m, unsigned n);
void counted_keep_lines(Counted *m, unsigned n);

/* Quotes all that, and judges it. */
void counted_judge(Counted *m);

#define assert_untold(m, words)                                                                    \
        do {                                                                                       \
                assert_int_equal(case_state(&(m)->c, CLAIM_REGISTERS), CLAIM_PROVEN);              \
                assert_refused(&(m)->c, CLAIM_UNTOUCHED, words);                                   \
        } while (0)

static inline void assert_told(const Counted *m, const char *words) {
        const char *reason = m->c.judgement.verdict.reasons[CLAIM_UNTOUCHED];

        if (case_state(&m->c, CLAIM_UNTOUCHED) != CLAIM_PROVEN || !strstr(reason, words))
                fail_msg("says '%s', not '%s'", reason, words);
}
