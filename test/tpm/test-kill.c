/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "measure/account.h"
#include "measure/checkpoint.h"
#include "port/tpm-tss2.h"
#include "support/folder.h"
#include "support/libc.h"
#include "support/swtpm.h"

/* A process that records on a real TPM and a real disk is killed at each of its steps in turn,
 * before and after each call to the disk and each command of the TPM. The next one must find log
 * and register in agreement, or bring them to it, and all that was acknowledged must be there. */

static const Register pcr8 = { REGISTER_PCR, 8 };

static const Member note[] = {
        { .name = "text", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "here", 4 } },
};

enum { NOTES = 2 };

/* A TPM whose commands are steps, too. */
typedef struct Stepped {
        Tpm tpm;
        Tpm *real;
} Stepped;

static Tpm *real_of(Tpm *t) {
        libc_step();
        return ((Stepped *) (void *) t)->real; /* tpm is the first member */
}

static int step_banks(Tpm *t, PcrSelection *ret, Err *e) {
        return tpm_banks(real_of(t), ret, e);
}

static int step_read(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        return tpm_read(real_of(t), which, ret, e);
}

static int step_extend(Tpm *t, unsigned pcr, const Digest *digests, size_t n, Err *e) {
        int rc = tpm_extend(real_of(t), pcr, digests, n, e);

        libc_step(); /* it is done, and nobody was told */
        return rc;
}

static int step_clock(Tpm *t, TpmClock *ret, Err *e) {
        return tpm_clock(real_of(t), ret, e);
}

static const TpmOps step_ops = {
        .banks = step_banks,
        .read = step_read,
        .extend = step_extend,
        .clock = step_clock,
};

typedef struct Bed {
        Swtpm chip;
        Folder folder;
} Bed;

/* Opens the account, or says that it could not. */
static int open_all(const Bed *b, Store **store, Tpm **real, Stepped *stepped, Account *ret) {
        int rc;

        rc = store_open_file(b->folder.path, 10, store, NULL);
        if (rc < 0)
                return rc;
        rc = tpm_open(b->chip.tcti, real, NULL);
        if (rc < 0)
                return rc;
        *stepped = (Stepped){ .tpm.ops = &step_ops, .real = *real };
        return account_open(*store, &stepped->tpm, pcr8, ret, NULL);
}

/* Records, and says so into the pipe after each record that was acknowledged. Never returns. */
static void record_until_killed(const Bed *b, int n_steps, int acknowledge) {
        Store *store = NULL;
        Tpm *real = NULL;
        Stepped stepped;
        Account a;

        libc_die_after(LIBC_FILES, n_steps);
        if (open_all(b, &store, &real, &stepped, &a) < 0)
                _exit(1);
        for (int i = 0; i < NOTES; i++) {
                if (account_record(&a, EVENT_NOTE_TEXT, note, ELEMENTS(note), NULL) < 0)
                        _exit(2);
                if (write(acknowledge, "+", 1) != 1)
                        _exit(3);
                checkpoint_keep(&a);
        }
        _exit(0);
}

/* How many records were acknowledged before the process ended; *ret_killed: by its own hand. */
static int run_and_kill(const Bed *b, int n_steps, bool *ret_killed) {
        int ends[2], status, n = 0;
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

/* Opens the account as the next process would, and replays its log against the TPM. */
static uint64_t records_after_mending(const Bed *b) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        PcrSelection which = { .n_banks = 0 };
        Store *store = NULL;
        Tpm *real = NULL;
        Stepped stepped;
        PcrValues values;
        Segment s;
        Record r;
        Account a;
        int rc;

        assert_int_equal(open_all(b, &store, &real, &stepped, &a), 0);
        assert_int_equal(store_load(store, &log, NULL), 0);
        s = segment_over(buf_span(&log));
        while ((rc = segment_next(&s, &r, NULL)) > 0)
                continue;
        assert_int_equal(rc, 0);
        assert_false(s.chain.broken);
        for (size_t i = 0; i < s.chain.strands[0].n_banks; i++)
                which.banks[which.n_banks++] =
                                (PcrBank){ (uint16_t) s.chain.strands[0].now[i].alg, 1u << 8 };
        assert_int_equal(tpm_read(real, &which, &values, NULL), 0);
        for (size_t i = 0; i < s.chain.strands[0].n_banks; i++)
                assert_true(digest_equal(&s.chain.strands[0].now[i],
                                pcr_value(&values, (uint16_t) s.chain.strands[0].now[i].alg, 8)));
        tpm_close(&real);
        store_close(&store);
        return s.chain.next_seq;
}

static void killed_at_every_step_nothing_acknowledged_is_lost(void **state) {
        Bed b = { .folder = folder_new() };
        uint64_t before = 0;
        bool killed = true;
        int kills = 0;

        (void) state;
        assert_int_equal(swtpm_start(&b.chip), 0);
        for (int n = 0; killed; n++) {
                int acknowledged = run_and_kill(&b, n, &killed);
                uint64_t after = records_after_mending(&b);

                assert_true(after >= before + (uint64_t) acknowledged);
                assert_true(after <= before + NOTES + (before == 0)); /* and a genesis */
                kills += killed;
                before = after;
        }
        assert_true(kills > 10);
        /* none was put aside */
        assert_string_equal(
                        folder_names_behind_mark(&b.folder), LOG_FILE " " LOG_FILE LOG_NOTE " ");
        swtpm_done(&b.chip);
        folder_done(&b.folder);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(killed_at_every_step_nothing_acknowledged_is_lost),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
