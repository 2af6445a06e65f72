/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/stepped.h"

#include "unit/suite.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/chain.h"
#include "support/libc.h"

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

static int step_key_save(Tpm *t, Buf *context, Err *e) {
        return tpm_key_save(real_of(t), context, e);
}

static int step_key_load(
                Tpm *t, TpmAkType type, uint64_t sequence, Span blob, Buf *public, Err *e) {
        return tpm_key_load(real_of(t), type, sequence, blob, public, e);
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
        .key_save = step_key_save,
        .key_load = step_key_load,
        .nv_public = step_nv_public,
        .nv_define = step_nv_define,
        .nv_increment = step_nv_increment,
        .nv_read = step_nv_read,
        .nv_certify = step_nv_certify,
};

Stepped stepped_over(Tpm *real) {
        return (Stepped){ .tpm.ops = &step_ops, .real = real };
}

void stepped_acknowledge(int acknowledge) {
        if (write(acknowledge, "+", 1) != 1)
                _exit(127);
}

unsigned stepped_run(int n_steps, int (*act)(const void *with, int acknowledge), const void *with,
                bool *ret_killed) {
        unsigned n = 0;
        int ends[2], status;
        pid_t child;
        char mark;

        assert_int_equal(pipe(ends), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                (void) close(ends[0]);
                libc_die_after(LIBC_FILES, n_steps);
                _exit(act(with, ends[1]));
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

uint64_t stepped_assert_log(Store *store, Tpm *tpm) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        PcrSelection which = { .n_banks = 0 };
        const Strand *strand;
        PcrValues values;
        Segment s;
        Record r;
        int rc;

        assert_int_equal(store_load(store, &log, NULL), 0);
        s = segment_over(buf_span(&log));
        while ((rc = segment_next(&s, &r, NULL)) > 0)
                continue;
        assert_int_equal(rc, 0);
        assert_false(s.chain.broken);
        strand = &s.chain.strands[0];
        for (size_t i = 0; i < strand->n_banks; i++)
                which.banks[which.n_banks++] = (PcrBank){ (uint16_t) strand->now[i].alg, 1u << 8 };
        assert_int_equal(tpm_read(tpm, &which, &values, NULL), 0);
        for (size_t i = 0; i < strand->n_banks; i++)
                assert_true(digest_equal(&strand->now[i],
                                pcr_value(&values, (uint16_t) strand->now[i].alg, 8)));
        return s.chain.next_seq;
}
