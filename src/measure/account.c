/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/account.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "measure/checkpoint.h"
#include "measure/compose.h"
#include "measure/late.h"
#include "measure/registers.h"
#include "port/host.h"

/* A log is put aside as full while one process can still finish what it began. */
enum { SPARE = 64 * RECORD_MAX, SPARE_RECORDS = 64 };

enum { SLEEP = 100 * 1000 }; /* microseconds: a shorter one is the error of two clocks */

/* What the account remembers of a record that is in its log. */
static void take_note(Account *a, const Content *c) {
        glass_count(&a->glass, c);
        if (c->event == EVENT_PHASE_GENESIS) {
                a->resets = genesis_tpm(c, "reset");
                a->restarts = genesis_tpm(c, "restart");
        }
}

/* What a register shows, against the chain. */
typedef enum Standing {
        STANDING_EQUAL,   /* all that is in the log */
        STANDING_PENDING, /* all but the last record, which is the register's */
        STANDING_FOREIGN, /* something else */
        STANDING_GONE,    /* nothing: an NV index that is not there any more, or was made anew */
} Standing;

static Standing standing_of(const Chain *c, size_t at, const Found *f) {
        const Strand *s = &c->strands[at];

        if (f->gone[at] || f->blank[at])
                return STANDING_GONE;
        if (strand_values_equal(s, f->values[at], s->now))
                return STANDING_EQUAL;
        return at == c->last_at && strand_values_equal(s, f->values[at], c->before)
                               ? STANDING_PENDING
                               : STANDING_FOREIGN;
}

/* Extends the last record. An error of the TPM need not mean that nothing was extended: its answer
 * may have been lost. So the register is read, and tried once more where it shows the value before.
 */
int account_extend(Account *a, Err *e) {
        const Chain *c = &a->chain;
        const Strand *s = &c->strands[c->last_at];
        Err first = {};
        Found found;
        int rc;

        if (account_is_silent(a)) {
                a->pending = s->reg.kind != REGISTER_NONE;
                return err_set(e, -ENODEV, "recorded in the log, but in no register: %s",
                                a->silent.text);
        }
        rc = register_extend(a->tpm, s, c->last, &first);
        if (rc < 0 && registers_read(a->tpm, c, &found, NULL) == 0)
                switch (standing_of(c, c->last_at, &found)) {
                case STANDING_EQUAL:
                        rc = 0;
                        break;
                case STANDING_PENDING:
                        rc = register_extend(a->tpm, s, c->last, NULL);
                        break;
                case STANDING_FOREIGN:
                case STANDING_GONE:
                        break;
                }
        a->pending = rc < 0;
        if (rc < 0)
                return err_set(e, rc,
                                "recorded in the log, but not extended yet (the next record does that): %s",
                                first.text);
        return 0;
}

static int settle(Account *a, Err *e);

/* wanted: one of the chain's; NULL for the one of the event's lane. */
static int append_into(Account *a, const Register *wanted, Event event, const Member *members,
                size_t n_members, Buf *content, Err *e) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(RECORD_MAX);
        Register reg;
        Chain next;
        Record record;
        int rc;

        if (a->pending && !account_is_silent(a)) {
                rc = settle(a, e);
                if (rc < 0)
                        return rc;
        }
        reg = wanted ? *wanted : registers_lane(&a->chain, &a->plan, event_lane(event));
        next = a->chain;
        rc = compose(&a->chain, chain_strand(&a->chain, reg), event, members, n_members, &next,
                        &record, content, &line, e);
        if (rc < 0)
                return rc;
        if (a->chain.next_seq >= LOG_RECORDS_MAX || line.size > LOG_MAX - a->size)
                return err_set(e, -EFBIG,
                                "the log is full (%zu bytes, %llu records); the next program begins another",
                                a->size, (unsigned long long) a->chain.next_seq);
        rc = store_append(a->store, buf_span(&line), e);
        if (rc < 0)
                return rc;
        a->last_from = a->size;
        a->size += line.size;
        a->kept = false;
        a->chain = next;
        a->pending = true;
        take_note(a, &record.content);
        return 0;
}

int account_append(Account *a, Event event, const Member *members, size_t n_members, Buf *content,
                Err *e) {
        return append_into(a, NULL, event, members, n_members, content, e);
}

static int record_into(Account *a, const Register *wanted, Event event, const Member *members,
                size_t n_members, Err *e) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        int rc;

        rc = append_into(a, wanted, event, members, n_members, &content, e);
        return rc < 0 ? rc : account_extend(a, e);
}

int account_record(Account *a, Event event, const Member *members, size_t n_members, Err *e) {
        return record_into(a, NULL, event, members, n_members, e);
}

static int record_broken(Account *a, size_t at, const Digest *found, Err *e) {
        const Strand *s = &a->chain.strands[at];
        Member expected_values[BANKS_MAX], found_values[BANKS_MAX];
        const Member members[] = {
                genesis_values("expected", s, s->now, expected_values),
                genesis_values("found", s, found, found_values),
        };

        return record_into(a, &s->reg, EVENT_PHASE_BROKEN, members, ELEMENTS(members), e);
}

static int record_genesis(Account *a, const Beginning *b, Err *e) {
        Genesis g;
        int rc;

        rc = genesis_fill(a->tpm, &a->plan, a->past, b, &g, e);
        return rc < 0 ? rc : account_record(a, EVENT_PHASE_GENESIS, g.members, g.n_members, e);
}

static void boot_name(const uint8_t boot[16], char into[2 * 16 + 1]) {
        for (size_t i = 0; i < 16; i++)
                (void) snprintf(into + 2 * i, 3, "%02x", boot[i]);
}

/* 1 where this boot has or had a log: what a register holds is explained by that. */
static int was_recorded(const Account *a, const char *boot, Err *e) {
        int rc = store_knows(a->store, boot, e);

        if (rc == 0 && a->past && a->past->recorded && a->past->recorded(a->past, boot))
                rc = 1;
        return rc;
}

/* Under this name a log of the boot was put aside that was begun without a TPM. */
#define UNMEASURED ".unmeasured"

static int was_unmeasured(const Account *a, const uint8_t boot[16], bool *ret, Err *e) {
        char name[2 * 16 + sizeof(UNMEASURED)];
        int rc;

        *ret = false;
        if (!a->tpm)
                return 0;
        boot_name(boot, name);
        memcpy(name + 2 * 16, UNMEASURED, sizeof(UNMEASURED));
        rc = store_knows(a->store, name, e);
        *ret = rc > 0;
        return rc < 0 ? rc : 0;
}

/* ours: whatever they hold. Where that is somebody else's, as far as is known, but an earlier log
 * leads there, another kernel started this one and its loader did not say so. */
static int begin_registers(Account *a, bool ours, Beginning *b, bool *kexeced, Err *e) {
        Err why = {};
        int rc;

        rc = registers_begin(a->tpm, &a->plan, ours, b, &why);
        if (rc == -EADDRINUSE && a->past && a->past->led_here &&
                        registers_begin(a->tpm, &a->plan, true, b, NULL) == 0 &&
                        a->past->led_here(a->past, &b->chain)) {
                *kexeced = true;
                return 0;
        }
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 0;
}

/* why: "resume", or NULL for what the kernel says, or the registers do. */
static int begin_segment(Account *a, const uint8_t boot[16], const char *why, Err *e) {
        bool kexeced = a->past && a->past->kexeced && a->past->kexeced(a->past);
        char name[2 * 16 + 1];
        Beginning b;
        int rc;

        boot_name(boot, name);
        rc = was_recorded(a, name, e);
        if (rc < 0)
                return rc;
        a->robbed = rc > 0 && !a->mended;
        rc = begin_registers(a, a->plan.occupied || rc > 0 || kexeced, &b, &kexeced, e);
        if (rc == 0)
                rc = was_unmeasured(a, boot, &b.unmeasured, e);
        if (rc < 0)
                return rc;
        a->robbed = a->robbed && !strand_starts_at_reset(&b.chain.strands[0]);
        (void) !store_mark(a->store, name, NULL); /* which keeps nobody from recording */
        registers_blind(a->tpm, &b);
        memcpy(b.chain.boot, boot, sizeof(b.chain.boot));
        b.why = why ?: kexeced ? "kexec" : "boot";
        a->chain = b.chain;
        glass_count_anew(&a->glass);
        a->began = true;
        return record_genesis(a, &b, e);
}

/* Puts a log aside that cannot be continued, under a name that says whose it is and why. */
static int put_aside(Account *a, const uint8_t boot[16], const char *why, Err *e) {
        char id[2 * 16 + 1], name[64];

        boot_name(boot, id);
        (void) snprintf(name, sizeof(name), "%s%s", id, why);
        a->mended = true;
        a->chain = (Chain){};
        glass_count_anew(&a->glass);
        a->size = 0;
        return store_retire(a->store, name, e);
}

/* Follows the log as far as it goes. 1 where it was read to its end, 0 where it is no log that can
 * be continued. An unfinished last line is cut off. */
static int follow(Account *a, Span log, Err *e) {
        Segment s = segment_over(log);
        Err why = {};
        Record r;
        int rc;

        for (size_t at = 0; (rc = segment_next(&s, &r, &why)) > 0; at = log.size - s.rest.size) {
                take_note(a, &r.content);
                a->last_from = at;
        }
        a->chain = s.chain;
        a->size = log.size - s.rest.size;
        if (rc == -ENODATA) {
                a->mended = true;
                rc = store_cut(a->store, a->size, e);
                return rc < 0 ? rc : 1;
        }
        if (rc == -EBADMSG || rc == -E2BIG)
                return 0;
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 1; /* not the log's fault */
}

/* A register was taken away, or all were emptied: the account goes on with what there is. */
static int begin_anew(Account *a, const char *aside, const char *why, Err *e) {
        uint8_t boot[16];
        int rc;

        memcpy(boot, a->chain.boot, sizeof(boot));
        rc = put_aside(a, boot, aside, e);
        return rc < 0 ? rc : begin_segment(a, boot, why, e);
}

/* 1 where the TPM was reset or restarted under the running boot: it says so, and its registers are
 * as empty as after that. (What somebody extends since is somebody's: then the log is broken.) */
static int was_reset(const Account *a, const Found *found, Err *e) {
        TpmClock now;
        int rc;

        if (!chain_has_register(&a->chain) || a->resets < 0)
                return 0;
        for (size_t i = 0; i < a->chain.n_strands; i++) {
                Strand s = a->chain.strands[i];

                memcpy(s.start, found->values[i], sizeof(s.start));
                if (s.reg.kind == REGISTER_PCR && !strand_starts_at_reset(&s))
                        return 0;
        }
        rc = tpm_clock(a->tpm, &now, e);
        return rc < 0 ? rc : now.reset_count != a->resets || now.restart_count != a->restarts;
}

/* What waited for the TPM is extended, where it is that what the registers lack. */
static int catch_up(Account *a, Found *found, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        bool foreign = false;
        int rc;

        for (size_t i = 0; i < a->chain.n_strands; i++)
                foreign = foreign || standing_of(&a->chain, i, found) == STANDING_FOREIGN;
        if (!foreign)
                return 0;
        rc = store_load(a->store, &log, e);
        if (rc == 0)
                rc = late_extend(a->tpm, buf_span(&log), &a->chain, found, e);
        a->mended = a->mended || rc > 0;
        a->pending = rc < 0;
        return rc < 0 ? rc : 0;
}

/* Makes log and registers agree again, whatever the last process or record left. */
static int settle(Account *a, Err *e) {
        bool gone = false;
        Found found;
        int rc;

        rc = registers_read(a->tpm, &a->chain, &found, e);
        if (rc < 0)
                return rc;
        a->pending = false;
        rc = was_reset(a, &found, e);
        if (rc != 0)
                return rc < 0 ? rc : begin_anew(a, ".resumed", "resume", e);
        rc = catch_up(a, &found, e);
        if (rc < 0)
                return rc;
        if (standing_of(&a->chain, a->chain.last_at, &found) == STANDING_PENDING) {
                size_t at = a->chain.last_at;

                a->mended = true;
                rc = account_extend(a, e);
                if (rc < 0)
                        return rc;
                memcpy(found.values[at], a->chain.strands[at].now, sizeof(found.values[at]));
        }
        for (size_t i = 0; i < a->chain.n_strands; i++) {
                Standing standing = standing_of(&a->chain, i, &found);

                gone = gone || standing == STANDING_GONE;
                if (standing == STANDING_EQUAL || standing == STANDING_GONE)
                        continue;
                a->mended = true;
                rc = record_broken(a, i, found.values[i], e);
                if (rc < 0)
                        return rc;
                memcpy(found.values[i], a->chain.strands[i].now, sizeof(found.values[i]));
        }
        return gone ? begin_anew(a, ".register", NULL, e) : 0;
}

/* For what one process can still have to say. */
static bool has_room(const Account *a) {
        return a->size <= LOG_MAX - SPARE && a->chain.next_seq <= LOG_RECORDS_MAX - SPARE_RECORDS;
}

/* Loads the log and follows it; one that this boot cannot continue is put aside. */
static int load(Account *a, const uint8_t boot[16], Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        const Chain *c = &a->chain;
        uint8_t other[16];
        Err first = {};
        int rc;

        rc = store_load(a->store, &log, &first);
        if (rc == -E2BIG)
                return put_aside(a, boot, ".damaged", e);
        if (rc < 0)
                return err_set(e, rc, "%s", first.text);
        rc = follow(a, buf_span(&log), e);
        if (rc < 0)
                return rc;
        if (rc == 0)
                return put_aside(a, boot, ".damaged", e);
        if (c->next_seq == 0)
                return 0;
        if (memcmp(c->boot, boot, sizeof(c->boot)) != 0)
                return put_aside(a, memcpy(other, c->boot, sizeof(other)), "", e);
        if (account_is_silent(a))
                return 0;
        if (!a->tpm && chain_has_register(c))
                return err_set(e, -ENODEV,
                                "this boot's log is in %s, and now there is no TPM: one that went away is not one that never was",
                                register_name(c->strands[0].reg).text);
        if (a->tpm && !chain_has_register(c))
                return put_aside(a, boot, UNMEASURED, e);
        if (!registers_fit(c, &a->plan))
                return put_aside(a, boot, ".register", e);
        if (!has_room(a))
                return put_aside(a, boot, ".full", e);
        return 0;
}

/* As the last process left it, by its checkpoint; false where that does not fit this boot, the plan
 * or what the registers hold. */
static bool take_up(Account *a, const uint8_t boot[16]) {
        Account noted = *a;
        const Chain *c = &noted.chain;
        Found found;

        if (!checkpoint_load(&noted) || memcmp(c->boot, boot, sizeof(c->boot)) != 0 ||
                        !registers_fit(c, &a->plan) || !has_room(&noted))
                return false;
        if (registers_read(a->tpm, c, &found, NULL) < 0)
                return false;
        for (size_t i = 0; i < c->n_strands; i++)
                if (standing_of(c, i, &found) != STANDING_EQUAL)
                        return false;
        *a = noted;
        return true;
}

int account_open_as(
                const Plan *plan, const Past *past, Store *store, Tpm *tpm, Account *ret, Err *e) {
        Account a = { .store = store, .tpm = tpm, .plan = *plan, .past = past };
        uint8_t boot[16];
        int rc;

        assert(!tpm || plan->lanes[LANE_PHASE].kind == REGISTER_PCR);
        for (Lane lane = 0; !tpm && lane < _LANE_MAX; lane++)
                a.plan.lanes[lane] = (Register){};

        rc = host_boot_id(boot, e);
        if (rc < 0)
                return rc;
        if (!take_up(&a, boot)) {
                rc = load(&a, boot, e);
                if (rc < 0)
                        return rc;
                rc = a.chain.next_seq == 0 ? begin_segment(&a, boot, NULL, e) : settle(&a, e);
        }
        if (rc < 0)
                return rc;
        *ret = a;
        return 0;
}

int account_open_silent(const Plan *plan, const Past *past, Store *store, Tpm *tpm, const Err *why,
                Account *ret, Err *e) {
        Account a = { .store = store, .plan = *plan, .past = past, .silent = *why };
        uint8_t boot[16];
        int rc;

        assert(why->code < 0);
        rc = host_boot_id(boot, e);
        if (rc == 0)
                rc = load(&a, boot, e);
        if (rc < 0)
                return rc;
        if (a.chain.next_seq == 0) {
                a.silent = (Err){}; /* its first record is as on a machine without a TPM */
                rc = begin_segment(&a, boot, NULL, e);
                a.silent = *why;
        }
        if (rc < 0)
                return rc;
        a.tpm = tpm;
        *ret = a;
        return 0;
}

int account_open_after(
                const Past *past, Store *store, Tpm *tpm, Register reg, Account *ret, Err *e) {
        Plan plan = plan_of(reg);

        plan.occupied = true;
        return account_open_as(&plan, past, store, tpm, ret, e);
}

int account_pause(Account *a, Err *e) {
        a->asleep = host_asleep();
        return store_pause(a->store, e);
}

int account_resume(Account *a, unsigned seconds, Err *e) {
        Account fresh;
        int rc;

        rc = store_resume(a->store, seconds, e);
        if (rc > 0 && (account_is_silent(a) || !has_room(a) || host_asleep() - a->asleep > SLEEP))
                rc = 0; /* the TPM may answer again; the registers may have been emptied */
        if (rc > 0)
                return 0; /* what is pending is settled before the next record */
        if (rc == 0)
                rc = account_open_as(&a->plan, a->past, a->store, a->tpm, &fresh, e);
        if (rc < 0) {
                store_leave(a->store); /* nobody waits for who cannot record */
                return rc;
        }
        *a = fresh;
        return 0;
}
