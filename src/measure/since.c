/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/since.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "measure/counter.h"
#include "measure/genesis.h"
#include "port/crypto.h"
#include "wire/history.h"

_printf_(2, 3) static void say(Since *s, const char *format, ...) {
        va_list ap;

        if (s->n == SINCE_MAX)
                return;
        va_start(ap, format);
        (void) vsnprintf(s->found[s->n++], SINCE_WORDS, format, ap);
        va_end(ap);
}

static bool all_at_reset(const Chain *c) {
        for (size_t i = 0; i < c->n_strands; i++)
                if (!strand_starts_at_reset(&c->strands[i]))
                        return false;
        return c->n_strands > 0;
}

/* What came before it explains what its registers held when it began, or the machine's
 * configuration says that others use them. */
static void look_at_start(const SinceFrom *from, Since *s) {
        const Chain *c = &from->replayed->chain;
        Segment before = segment_over(from->before);
        Record unused;

        if (all_at_reset(c) || (from->plan && from->plan->occupied))
                return;
        if (segment_next(&before, &unused, NULL) > 0 && all_at_reset(&before.chain))
                return;
        for (size_t i = 0; i < c->n_strands; i++)
                if (!strand_starts_at_reset(&c->strands[i]))
                        say(s, "the log begins when %s was not zero any more, and no log here leads there: one was taken away and this one begun anew or in other registers, or something else uses that one",
                                        register_name(c->strands[i].reg).text);
}

/* TPM2_Clear sets all of it to zero; a TPM Restart counts, and empties registers. (Waking from
 * suspend counts as well, and leaves them as they were.) */
static int look_at_clock(Tpm *tpm, const Content *genesis, const Replayed *r, Since *s, Err *e) {
        int64_t restarts = genesis_tpm(genesis, "restart");
        TpmClock now;
        int rc;

        rc = tpm_clock(tpm, &now, e);
        if (rc < 0)
                return rc;
        if (now.reset_count < genesis_tpm(genesis, "reset") ||
                        (int64_t) now.clock < genesis_tpm(genesis, "clock"))
                say(s, "the TPM's clock or its count of resets went back since the log began: it was cleared under the running system (TPM2_Clear), its state was put back, or it is another TPM");
        else if (now.reset_count != genesis_tpm(genesis, "reset"))
                say(s, "the TPM was reset since the log began: the next record begins another log (resume), or the log is not of this boot");
        else if (now.restart_count < restarts)
                say(s, "the TPM's count of restarts went back since the log began: its state was put back");
        else if (now.restart_count > restarts && !replay_matches(r))
                say(s, "the TPM was restarted since the log began, and a restart empties registers: was that done under the running system?");
        return 0;
}

static int look_at_counter(Tpm *tpm, const Content *genesis, Since *s, Err *e) {
        Counter now = {};
        Err why = {};
        int64_t then;
        int rc;

        if (!json_integer(content_member(genesis, "count"), 0, INT64_MAX, &then))
                return 0;
        rc = counter_state(tpm, &now, &why);
        if (rc < 0 && rc != -EBADMSG)
                return err_set(e, rc, "%s", why.text);
        if (rc <= 0 || !now.written)
                say(s,
                                "the counter stood at %" PRId64
                                " when the log began, and there is none now: it was deleted, or the TPM was cleared",
                                then);
        else if (now.value < (uint64_t) then)
                say(s,
                                "the counter stood at %" PRId64
                                " when the log began, and stands at %" PRIu64
                                " now: the TPM's state was put back",
                                then, now.value);
        return 0;
}

/* True where the history has the line that was its last one when the log began. */
static int has_line(Span history, const uint8_t wanted[32], Err *e) {
        Span line;

        while (history_next_line(&history, &line, NULL) > 0) {
                Digest d;
                int rc = hash_bytes(HASH_SHA256, line, &d, e);

                if (rc < 0)
                        return rc;
                if (memcmp(d.bytes, wanted, 32) == 0)
                        return 1;
        }
        return 0;
}

static int look_at_history(const SinceFrom *from, const Content *genesis, Since *s, Err *e) {
        Segment log = segment_over(from->log);
        uint8_t last[32];
        uint64_t value;
        Record r;
        int rc;

        if (json_hex(content_member(genesis, "history"), last, sizeof(last))) {
                rc = has_line(from->history, last, e);
                if (rc < 0)
                        return rc;
                if (rc == 0)
                        say(s, "the history does not have the line that was its last when the log began: it was deleted, changed, or begun anew");
        }
        /* where there is none at all, that may be a machine that has no place for one */
        while (from->history.size > 0 && segment_next(&log, &r, NULL) > 0)
                if (history_value(&r.content, &value) &&
                                !memmem(from->history.data, from->history.size,
                                                r.content.bytes.data, r.content.bytes.size))
                        say(s,
                                        "record %" PRIu64 " was counted (%" PRIu64
                                        "), and the history does not have it: lines of it were taken out",
                                        r.content.seq, value);
        return 0;
}

/* A chain in another register is none for whoever looks at the one that is configured. */
static void look_at_plan(const SinceFrom *from, Since *s) {
        const Chain *c = &from->replayed->chain;

        for (Lane lane = 0; from->plan && lane < _LANE_MAX; lane++) {
                const Register reg = from->plan->lanes[lane];

                if (reg.kind != REGISTER_PCR || chain_strand(c, reg))
                        continue;
                say(s, "%s records belong into %s (avouch.conf), and this log has nothing in it: it is a chain in another register, %s",
                                lane_names[lane], register_name(reg).text,
                                register_name(c->strands[0].reg).text);
                return;
        }
}

int since_look(Tpm *tpm, const SinceFrom *from, Since *ret, Err *e) {
        Segment s = segment_over(from->log);
        Since since = {};
        Record genesis;
        int rc;

        *ret = since;
        if (!chain_has_register(&from->replayed->chain) || segment_next(&s, &genesis, NULL) <= 0)
                return 0;
        look_at_start(from, &since);
        look_at_plan(from, &since);
        rc = look_at_clock(tpm, &genesis.content, from->replayed, &since, e);
        if (rc == 0)
                rc = look_at_counter(tpm, &genesis.content, &since, e);
        if (rc == 0)
                rc = look_at_history(from, &genesis.content, &since, e);
        if (rc < 0)
                return rc;
        *ret = since;
        return 0;
}
