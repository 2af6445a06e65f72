/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "log/receipt.h"
#include "measure/odometer.h"
#include "port/tpm-tss2.h"
#include "support/folder.h"
#include "support/libc.h"
#include "support/tpm.h"

/* A process that opens and closes the glass on a real TPM and a real disk is killed at each of its
 * steps in turn. The next one, in this boot or in another, finds counter, history and register in
 * agreement, or brings them to it, and every opening that was acknowledged is in the history. The
 * next one may also be who quotes. */

static const Register pcr8 = { REGISTER_PCR, 8 };

enum { RECORDS = 2 };

/* A TPM whose commands are steps: one before, and one after what changes something. */
typedef struct Stepped {
        Tpm tpm;
        Tpm *real;
} Stepped;

static Tpm *real_of(Tpm *t) {
        libc_step();
        return ((Stepped *) (void *) t)->real; /* tpm is the first member */
}

static int done(int rc) {
        libc_step(); /* it is done, and nobody was told */
        return rc;
}

static int step_banks(Tpm *t, PcrSelection *ret, Err *e) {
        return tpm_banks(real_of(t), ret, e);
}

static int step_read(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        return tpm_read(real_of(t), which, ret, e);
}

static int step_extend(Tpm *t, unsigned pcr, const Digest *digests, size_t n, Err *e) {
        return done(tpm_extend(real_of(t), pcr, digests, n, e));
}

static int step_clock(Tpm *t, TpmClock *ret, Err *e) {
        return tpm_clock(real_of(t), ret, e);
}

static int step_key(Tpm *t, TpmAkType type, Buf *public, Err *e) {
        return tpm_key(real_of(t), type, public, e);
}

static int step_nv_public(Tpm *t, uint32_t index, Buf *public, Err *e) {
        return tpm_nv_public(real_of(t), index, public, e);
}

static int step_nv_define(Tpm *t, Span public, Err *e) {
        return done(tpm_nv_define(real_of(t), public, e));
}

static int step_nv_increment(Tpm *t, uint32_t index, Err *e) {
        return done(tpm_nv_increment(real_of(t), index, e));
}

static int step_nv_read(Tpm *t, uint32_t index, size_t size, Buf *ret, Err *e) {
        return tpm_nv_read(real_of(t), index, size, ret, e);
}

static int step_nv_certify(Tpm *t, uint32_t index, size_t size, Span qualifying, Buf *attest,
                Buf *signature, Err *e) {
        return tpm_nv_certify(real_of(t), index, size, qualifying, attest, signature, e);
}

static const TpmOps step_ops = {
        .banks = step_banks,
        .read = step_read,
        .extend = step_extend,
        .clock = step_clock,
        .key = step_key,
        .nv_public = step_nv_public,
        .nv_define = step_nv_define,
        .nv_increment = step_nv_increment,
        .nv_read = step_nv_read,
        .nv_certify = step_nv_certify,
};

typedef struct Bed {
        Swtpm chip;
        Folder log, state;
} Bed;

/* A process with all that it has open. */
typedef struct Process {
        Store *store, *home, *spool;
        Tpm *real;
        Stepped stepped;
        Account account;
        Odometer odometer;
} Process;

static int begin(const Bed *b, Process *p) {
        int rc;

        *p = (Process){};
        rc = store_open_file(b->log.path, 10, &p->store, NULL);
        if (rc == 0)
                rc = tpm_open(b->chip.tcti, &p->real, NULL);
        if (rc < 0)
                return rc;
        p->stepped = (Stepped){ .tpm.ops = &step_ops, .real = p->real };
        rc = account_open(p->store, &p->stepped.tpm, pcr8, &p->account, NULL);
        if (rc == 0)
                rc = store_open_named(b->state.path, HISTORY_FILE, 10, &p->home, NULL);
        if (rc == 0)
                rc = store_open_named(b->log.path, HISTORY_FILE, 10, &p->spool, NULL);
        if (rc < 0)
                return rc;
        return odometer_open(&p->account, p->home, p->spool, true, &p->odometer, NULL);
}

static void end(Process *p) {
        tpm_close(&p->real);
        store_close(&p->spool);
        store_close(&p->home);
        store_close(&p->store);
}

static int record(Process *p, Event event) {
        const Member members[] = {
                { .name = "kind", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "sudo", 4 } },
                { .name = "uid", .type = MEMBER_INTEGER, .number = 0 },
                { .name = "user", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "root", 4 } },
        };

        return odometer_record(&p->odometer, event, members, ELEMENTS(members), NULL);
}

/* Records, and says so into the pipe after each record that was acknowledged. Never returns. */
static void record_until_killed(const Bed *b, int n_steps, int acknowledge) {
        Process p;

        libc_die_after(LIBC_FILES, n_steps);
        if (begin(b, &p) < 0)
                _exit(1);
        for (int i = 0; i < RECORDS; i++) {
                if (record(&p, i == 0 ? EVENT_GLASS_OPEN : EVENT_GLASS_CLOSE) < 0 ||
                                odometer_lacks(&p.odometer)[0])
                        _exit(2);
                if (write(acknowledge, "+", 1) != 1)
                        _exit(3);
        }
        _exit(0);
}

/* How many records were acknowledged before the process ended; *ret_killed: by its own hand. */
static uint64_t run_and_kill(const Bed *b, int n_steps, bool *ret_killed) {
        uint64_t n = 0;
        int ends[2], status;
        pid_t child;
        char mark;

        assert_int_equal(pipe(ends), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                (void) close(ends[0]);
                record_until_killed(b, n_steps, ends[1]);
        }
        (void) close(ends[1]);
        while (read(ends[0], &mark, 1) == 1)
                n++;
        (void) close(ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        *ret_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        if (!*ret_killed)
                assert_int_equal(status, 0);
        return n;
}

static void assert_log(const Process *p) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        PcrSelection which = { .n_banks = 0 };
        PcrValues values;
        Segment s;
        Record r;
        int rc;

        assert_int_equal(store_load(p->store, &log, NULL), 0);
        s = segment_over(buf_span(&log));
        while ((rc = segment_next(&s, &r, NULL)) > 0)
                continue;
        assert_int_equal(rc, 0);
        assert_false(s.chain.broken);
        for (size_t i = 0; i < s.chain.strands[0].n_banks; i++)
                which.banks[which.n_banks++] =
                                (PcrBank){ (uint16_t) s.chain.strands[0].now[i].alg, 1u << 8 };
        assert_int_equal(tpm_read(p->real, &which, &values, NULL), 0);
        for (size_t i = 0; i < s.chain.strands[0].n_banks; i++)
                assert_true(digest_equal(&s.chain.strands[0].now[i],
                                pcr_value(&values, (uint16_t) s.chain.strands[0].now[i].alg, 8)));
}

/* Every receipt holds by the TPM's own key, and its counter is where the last line closed it. */
static History history_of(const Process *p) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(HISTORY_MAX),
                                decoded = BUF_UP_TO(HISTORY_LINE_MAX),
                                public = BUF_UP_TO(TPM_PUBLIC_MAX);
        HistoryReader r;
        HistoryLine l;
        Counter c = {};
        TpmPublic ak;
        int rc;

        assert_int_equal(tpm_key(p->real, TPM_AK_ECC, &public, NULL), 0);
        assert_int_equal(tpm_public_parse(buf_span(&public), &ak, NULL), 0);
        assert_int_equal(store_load(p->home, &bytes, NULL), 0);
        r = history_over(buf_span(&bytes), &decoded);
        while ((rc = history_next(&r, &l, NULL)) > 0) {
                Err why = {};

                if (receipt_judge(&l, &ak, &why, NULL) != 1)
                        fail_msg("%s", why.text);
        }
        assert_int_equal(rc, 0);
        assert_int_equal(counter_state(p->real, &c, NULL), 1);
        assert_true(c.value == r.history.closed);
        return r.history;
}

/* What a resource manager does for a process that died: its key leaves the TPM. */
static void flush_keys(const Bed *b) {
        run(&b->chip, (char *[]){ (char[]){ "tpm2_flushcontext" }, (char[]){ "-t" }, NULL });
}

static void reboot(Bed *b) {
        char path[4096];

        swtpm_off(&b->chip);
        assert_int_equal(swtpm_on(&b->chip), 0);
        (void) snprintf(path, sizeof(path), "%s/%s", b->log.path, LOG_FILE);
        (void) unlink(path);
}

/* avouch-quote, and what avouch-verify says of its evidence: all that it must, and that openings
 * were told or may have been left out, but nothing worse of counter and history. */
static void quote_and_verify(const Bed *b) {
        static char script[] =
                        "set -e\n"
                        "cd \"$AVOUCH_STATE_DIR\"\n"
                        "nonce=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \\n')\n"
                        "\"$PROGRAMS/avouch-quote\" --nonce=$nonce --output=e 2>said\n"
                        "! grep -v '^avouch: ' said || exit 1\n"
                        "\"$PROGRAMS/avouch-verify\" --nonce=$nonce --suggest-policy e |\n"
                        "        sed 's/^Require=.*/Require=signature key fresh bound registers/' >policy\n"
                        "\"$PROGRAMS/avouch-verify\" --nonce=$nonce --policy=policy e >said || cat said >&2\n"
                        "grep -qE 'untouched +NOT PROVEN.*(opened [0-9]+ time|openings were left out)' said ||\n"
                        "        { cat said >&2; exit 1; }\n"
                        "! grep -E 'counter stands|put back|not in the evidence' said >&2 || exit 1\n"
                        "rm e policy said\n";

        assert_int_equal(setenv("AVOUCH_LOG_DIR", b->log.path, 1), 0);
        assert_int_equal(setenv("AVOUCH_STATE_DIR", b->state.path, 1), 0);
        run(&b->chip, (char *[]){ (char[]){ "bash" }, (char[]){ "-c" }, script, NULL });
}

static void assert_agreed(const Bed *b) {
        Process p = {};

        assert_int_equal(store_open_named(b->state.path, HISTORY_FILE, 10, &p.home, NULL), 0);
        assert_int_equal(tpm_open(b->chip.tcti, &p.real, NULL), 0);
        (void) history_of(&p); /* asserts that its receipts hold, and where the counter stands */
        end(&p);
        flush_keys(b);
}

typedef enum Next { NEXT_PROCESS, NEXT_BOOT, NEXT_QUOTE } Next;

static void kill_at_every_step(Next next) {
        Bed b = { .log = folder_new(), .state = folder_new() };
        uint64_t before = 0;
        bool killed = true;
        int kills = 0;

        assert_int_equal(swtpm_start(&b.chip), 0);
        if (next == NEXT_QUOTE) { /* a machine that says something */
                before = run_and_kill(&b, INT_MAX, &killed) + 1;
                killed = true;
        }
        for (int n = 0; killed; n++) {
                uint64_t acknowledged = run_and_kill(&b, n, &killed), lines;
                Process p;
                History h;

                if (next == NEXT_BOOT)
                        reboot(&b);
                else
                        flush_keys(&b);
                if (next == NEXT_QUOTE) {
                        quote_and_verify(&b);
                        assert_agreed(&b);
                }
                assert_int_equal(begin(&b, &p), 0);
                assert_string_equal(odometer_lacks(&p.odometer), "");
                assert_log(&p);
                h = history_of(&p);
                lines = h.n_lines - h.lost;
                assert_true(lines >= before + acknowledged);
                assert_true(lines <= before + RECORDS + (before == 0)); /* and how it began */
                before = lines;
                kills += killed;
                end(&p);
        }
        assert_true(kills > 40);
        assert_string_equal(folder_names(&b.state), HISTORY_FILE " "); /* none was put aside */
        swtpm_done(&b.chip);
        folder_done(&b.log);
        folder_done(&b.state);
}

static void killed_at_every_step_no_opening_is_lost(void **state) {
        (void) state;
        kill_at_every_step(NEXT_PROCESS);
}

static void switched_off_at_every_step_no_opening_is_lost(void **state) {
        (void) state;
        kill_at_every_step(NEXT_BOOT);
}

static void killed_at_every_step_evidence_tells_all(void **state) {
        (void) state;
        kill_at_every_step(NEXT_QUOTE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(killed_at_every_step_no_opening_is_lost),
                cmocka_unit_test(switched_off_at_every_step_no_opening_is_lost),
                cmocka_unit_test(killed_at_every_step_evidence_tells_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
