/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/world.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "port/crypto.h"
#include "support/world-nv.h"
#include "wire/limits.h"

#define world_of(p, member) ((World *) (void *) ((char *) (p) -offsetof(World, member)))

int world_step(World *w, Err *e) {
        if (w->fault == FAULT_NONE)
                return 0;
        if (w->steps_left > 0) {
                w->steps_left--;
                return 0;
        }
        w->struck = true;
        switch (w->fault) {
        case FAULT_ONCE:
                w->fault = FAULT_NONE;
                return err_set(e, -EIO, "a fault that the test asked for");
        case FAULT_ONCE_DONE:
                w->fault = FAULT_NONE;
                return 1;
        default:
                return err_set(e, -EIO, "a fault that the test asked for");
        }
}

int world_lost(Err *e) {
        return err_set(e, -EIO, "an answer that the test let get lost");
}

static int world_banks(Tpm *t, PcrSelection *ret, Err *e) {
        World *w = world_of(t, tpm);
        PcrSelection s = w->pcrs.held;
        int rc = world_begin(w, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        if (w->unknown_bank != 0)
                s.banks[s.n_banks++] = (PcrBank){ w->unknown_bank, 0xffffff };
        *ret = s;
        return 0;
}

static int world_read(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        World *w = world_of(t, tpm);
        PcrValues v = {};
        int rc = world_begin(w, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        for (size_t i = 0; i < which->n_banks; i++) {
                assert((which->banks[i].mask & ~w->pcrs.held.banks[0].mask) == 0);
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        const Digest *d = pcr_value(&w->pcrs, which->banks[i].alg, pcr);

                        if ((which->banks[i].mask >> pcr & 1) && (!d || !pcr_set(&v, pcr, d)))
                                assert(false);
                }
        }
        *ret = v;
        return 0;
}

static void extend_one(World *w, unsigned pcr, const Digest *with) {
        for (size_t i = 0; i < w->pcrs.held.n_banks; i++)
                if (w->pcrs.held.banks[i].alg == with->alg &&
                                hash_extend(&w->pcrs.digests[i][pcr], with, NULL) < 0)
                        assert(false);
}

static int world_extend(Tpm *t, unsigned pcr, const Digest *digests, size_t n, Err *e) {
        World *w = world_of(t, tpm);
        int rc = world_begin(w, e);

        assert(pcr == WORLD_PCR || pcr == WORLD_PCR_OTHER);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < n; i++)
                extend_one(w, pcr, &digests[i]);
        return rc > 0 ? world_lost(e) : 0;
}

static int world_clock(Tpm *t, TpmClock *ret, Err *e) {
        World *w = world_of(t, tpm);
        int rc = world_begin(w, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        *ret = w->clock;
        return 0;
}

static int world_load(Store *s, uint64_t from, Buf *to, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        w->loaded += from == 0;
        if (from < w->log.size)
                buf_bytes(to, span_from(buf_span(&w->log), from));
        return to->failed;
}

static int world_append(Store *s, Span line, Err *e) {
        World *w = world_of(s, store);
        bool torn = w->fault == FAULT_TORN && w->steps_left == 0;
        int rc = world_step(w, e);

        w->written++;
        if (torn)
                buf_bytes(&w->log, (Span){ line.data, line.size / 2 });
        if (rc < 0)
                return rc;
        if (rc == 0)
                buf_bytes(&w->log, line);
        return rc > 0 ? world_lost(e) : 0; /* a store that reports a failure has undone its write */
}

static int world_cut(Store *s, uint64_t size, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);

        if (rc < 0)
                return rc;
        assert(size <= w->log.size);
        w->log.size = size;
        w->written++;
        return rc > 0 ? world_lost(e) : 0;
}

static int world_retire(Store *s, const char *as, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        (void) snprintf(w->retired[w->n_retired++], sizeof(w->retired[0]), "%s", as);
        buf_done(&w->log);
        w->written++;
        return 0;
}

static int world_mark(Store *s, const char *as, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);

        if (rc < 0)
                return rc;
        (void) snprintf(w->marked, sizeof(w->marked), "%s", as);
        return rc > 0 ? world_lost(e) : 0;
}

static int world_knows(Store *s, const char *as, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        if (strncmp(w->marked, as, strlen(as)) == 0)
                return 1;
        for (unsigned i = 0; i < w->n_retired; i++)
                if (strncmp(w->retired[i], as, strlen(as)) == 0)
                        return 1;
        return 0;
}

static int world_pause(Store *s, Err *e) {
        World *w = world_of(s, store);

        assert(!w->away);
        w->away = true;
        w->paused_size = w->log.size;
        return world_step(w, e) < 0 ? -EIO : 0;
}

static void world_leave(Store *s) {
        World *w = world_of(s, store);

        w->away = true;
        w->paused_size = SIZE_MAX;
}

static int world_resume(Store *s, unsigned seconds, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);

        (void) seconds;
        assert(w->away); /* a process that holds a lock waits for itself in vain */
        w->away = rc < 0;
        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        return w->log.size == w->paused_size;
}

static int world_stamp(Store *s, StoreStamp *ret, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        *ret = (StoreStamp){ .inode = w->n_retired, .size = w->log.size, .seconds = w->written };
        return 0;
}

/* Where this fails, half of the new note stands over what the old one has there. */
static int world_keep_note(Store *s, Span note, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);
        size_t size = rc == 0 ? note.size : note.size / 2;
        Buf now = BUF_UP_TO(LOG_MAX);

        buf_bytes(&now, (Span){ note.data, size });
        if (rc != 0 && w->note.size > size)
                buf_bytes(&now, span_from(buf_span(&w->note), size));
        buf_done(&w->note);
        w->note = now;
        return rc > 0 ? world_lost(e) : rc;
}

static int world_load_note(Store *s, Buf *to, Err *e) {
        World *w = world_of(s, store);
        int rc = world_step(w, e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        buf_bytes(to, buf_span(&w->note));
        return to->failed;
}

static const TpmOps tpm_ops = {
        .banks = world_banks,
        .read = world_read,
        .extend = world_extend,
        .clock = world_clock,
        .key = world_key,
        .key_save = world_key_save,
        .key_load = world_key_load,
        .quote = world_quote,
        .audit_begin = world_audit_begin,
        .audit_end = world_audit_end,
        .nv_public = world_nv_public,
        .nv_define = world_nv_define,
        .nv_undefine = world_nv_undefine,
        .nv_increment = world_nv_increment,
        .nv_extend = world_nv_extend,
        .nv_read = world_nv_read,
        .nv_certify = world_nv_certify,
};

static const StoreOps store_ops = {
        .load = world_load,
        .append = world_append,
        .cut = world_cut,
        .retire = world_retire,
        .mark = world_mark,
        .knows = world_knows,
        .pause = world_pause,
        .resume = world_resume,
        .leave = world_leave,
        .stamp = world_stamp,
        .keep_note = world_keep_note,
        .load_note = world_load_note,
};

void world_new(World *w) {
        static const HashAlg banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384 };

        *w = (World){
                .tpm.ops = &tpm_ops,
                .store.ops = &store_ops,
                .log = BUF_UP_TO(LOG_MAX),
                .note = BUF_UP_TO(LOG_MAX),
                .clock = { .clock = 4711, .reset_count = 3, .restart_count = 0, .safe = true },
        };
        for (size_t i = 0; i < ELEMENTS(banks); i++) {
                Digest zero = digest_zero(banks[i]);

                if (!pcr_set(&w->pcrs, WORLD_PCR, &zero) ||
                                !pcr_set(&w->pcrs, WORLD_PCR_OTHER, &zero))
                        assert(false);
        }
}

void world_done(World *w) {
        buf_done(&w->log);
        buf_done(&w->note);
        world_nv_done(w);
}

void world_fail_after(World *w, int n, FaultKind kind) {
        w->steps_left = n;
        w->struck = false;
        w->fault = kind;
}

void world_tpm_dies_after(World *w, int n) {
        w->commands_left = n;
        w->dying = true;
}

void world_heal(World *w) {
        w->fault = FAULT_NONE;
        w->dying = false;
}

void world_extend_foreign(World *w, bool all_banks) {
        for (size_t i = 0; i < w->pcrs.held.n_banks; i++) {
                Digest d = digest_zero((HashAlg) w->pcrs.held.banks[i].alg);

                if (all_banks || d.alg == HASH_SHA256)
                        extend_one(w, WORLD_PCR, &d);
        }
}
