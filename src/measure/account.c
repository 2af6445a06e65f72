/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/account.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "measure/counter.h"
#include "port/host.h"
#include "wire/history.h"

/* A log is put aside as full while one process can still finish what it began. */
enum { SPARE = 64 * RECORD_MAX, SPARE_RECORDS = 64 };

void glass_count(GlassCount *g, const Content *c) {
        Span kind = content_text(c, "kind");

        if (history_value(c, &g->value)) {
                g->size = c->bytes.size;
                memcpy(g->content, c->bytes.data, c->bytes.size);
        }
        if (c->event == EVENT_GLASS_CLOSE)
                g->closed++;
        if (c->event != EVENT_GLASS_OPEN)
                return;
        g->opened++;
        (void) snprintf(g->kind, sizeof(g->kind), "%.*s", (int) kind.size,
                        (const char *) kind.data);
}

static PcrSelection register_banks(const Chain *c) {
        PcrSelection s = { .n_banks = c->n_banks };

        for (size_t i = 0; i < c->n_banks; i++)
                s.banks[i] = (PcrBank){ (uint16_t) c->start[i].alg, UINT32_C(1) << c->reg.index };
        return s;
}

/* The register's values in the chain's banks, with one command. */
static int read_register(Tpm *tpm, const Chain *c, Digest *ret, Err *e) {
        PcrSelection which = register_banks(c);
        PcrValues values;
        int rc;

        rc = tpm_read(tpm, &which, &values, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < c->n_banks; i++) {
                const Digest *d = pcr_value(&values, (uint16_t) c->start[i].alg, c->reg.index);

                if (!d)
                        return err_set(e, -EIO, "the TPM did not answer for bank %s",
                                        hash_name(c->start[i].alg));
                ret[i] = *d;
        }
        return 0;
}

/* What the register shows, against the chain. */
typedef enum Standing {
        STANDING_EQUAL,   /* all that is in the log */
        STANDING_PENDING, /* all but the last record */
        STANDING_FOREIGN, /* something else */
} Standing;

static Standing standing_of(const Chain *c, const Digest *found) {
        if (chain_values_equal(c, found, c->now))
                return STANDING_EQUAL;
        return chain_values_equal(c, found, c->before) ? STANDING_PENDING : STANDING_FOREIGN;
}

/* Extends the last record. An error of the TPM need not mean that nothing was extended: its answer
 * may have been lost. So the register is read, and tried once more where it shows the value before.
 */
int account_extend(Account *a, Err *e) {
        Digest found[BANKS_MAX];
        Err first = {};
        int rc;

        rc = tpm_extend(a->tpm, a->chain.reg.index, a->chain.last, a->chain.n_banks, &first);
        if (rc < 0 && read_register(a->tpm, &a->chain, found, NULL) == 0)
                switch (standing_of(&a->chain, found)) {
                case STANDING_EQUAL:
                        rc = 0;
                        break;
                case STANDING_PENDING:
                        rc = tpm_extend(a->tpm, a->chain.reg.index, a->chain.last, a->chain.n_banks,
                                        NULL);
                        break;
                case STANDING_FOREIGN:
                        break;
                }
        a->pending = rc < 0;
        if (rc < 0)
                return err_set(e, rc,
                                "recorded in the log, but not extended yet (the next record does that): %s",
                                first.text);
        return 0;
}

/* The nearest number that a record can hold. A clock, ours or the TPM's, may show anything; that
 * shall keep nobody from recording. */
static int64_t nearest_number(int64_t v) {
        if (v > JSON_INTEGER_MAX)
                return JSON_INTEGER_MAX;
        return v < -JSON_INTEGER_MAX ? -JSON_INTEGER_MAX : v;
}

static int fill_head(const Chain *c, Event event, Content *ret, Err *e) {
        Content head = { .event = event, .seq = c->next_seq };
        Moment now;
        int rc;

        rc = host_moment(&now, e);
        if (rc < 0)
                return rc;
        head.time = now.boottime;
        head.wall = nearest_number(now.wall);
        memcpy(head.prev, c->prev, sizeof(head.prev));
        memcpy(head.boot, c->boot, sizeof(head.boot));
        *ret = head;
        return 0;
}

/* next: the chain after the record, which is in line when this returns. */
static int compose(const Chain *c, Event event, const Member *members, size_t n_members,
                Chain *next, Record *record, Buf *content, Buf *line, Err *e) {
        Digest digests[BANKS_MAX];
        Content head;
        Span bytes;
        int rc;

        rc = fill_head(c, event, &head, e);
        if (rc < 0)
                return rc;
        rc = content_write(&head, members, n_members, content, e);
        if (rc < 0)
                return rc;
        rc = chain_digests(c, buf_span(content), digests, e);
        if (rc < 0)
                return rc;
        record_write(c->reg, head.seq, digests, c->n_banks, buf_span(content), line);
        rc = buf_end(line, &bytes);
        if (rc < 0)
                return err_set(e, rc, "%s: %s", event_name(event), strerror(-rc));
        /* read back as any reader will: what we would not accept is not written */
        rc = record_parse(bytes, record, e);
        if (rc < 0)
                return rc;
        return chain_add(next, record, e);
}

static int settle(Account *a, Err *e);

int account_append(Account *a, Event event, const Member *members, size_t n_members, Buf *content,
                Err *e) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(RECORD_MAX);
        Chain next;
        Record record;
        int rc;

        if (a->pending) {
                rc = settle(a, e);
                if (rc < 0)
                        return rc;
        }
        next = a->chain;
        rc = compose(&a->chain, event, members, n_members, &next, &record, content, &line, e);
        if (rc < 0)
                return rc;
        if (a->chain.next_seq >= LOG_RECORDS_MAX || line.size > LOG_MAX - a->size)
                return err_set(e, -EFBIG,
                                "the log is full (%zu bytes, %llu records); the next program begins another",
                                a->size, (unsigned long long) a->chain.next_seq);
        rc = store_append(a->store, buf_span(&line), e);
        if (rc < 0)
                return rc;
        a->size += line.size;
        a->chain = next;
        a->pending = true;
        glass_count(&a->glass, &record.content);
        return 0;
}

int account_record(Account *a, Event event, const Member *members, size_t n_members, Err *e) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        int rc;

        rc = account_append(a, event, members, n_members, &content, e);
        return rc < 0 ? rc : account_extend(a, e);
}

/* {"sha256":hex,...} of register values; into has room for BANKS_MAX. */
static Member values_member(const char *name, const Chain *c, const Digest *values, Member *into) {
        for (size_t i = 0; i < c->n_banks; i++)
                into[i] = (Member){ .name = hash_name(values[i].alg),
                        .type = MEMBER_HEX,
                        .bytes = digest_span(&values[i]) };
        return (Member){
                .name = name, .type = MEMBER_OBJECT, .members = into, .n_members = c->n_banks
        };
}

static int record_broken(Account *a, const Digest *found, Err *e) {
        Member expected_values[BANKS_MAX], found_values[BANKS_MAX];
        const Member members[] = {
                values_member("expected", &a->chain, a->chain.now, expected_values),
                values_member("found", &a->chain, found, found_values),
        };

        return account_record(a, EVENT_PHASE_BROKEN, members, ELEMENTS(members), e);
}

/* Banks that we can extend, in ascending order, with this register's PCR in them; and the others'
 * names. */
typedef struct Banks {
        Chain chain;
        char skipped[BANKS_MAX][16];
        size_t n_skipped;
} Banks;

static void add_bank(Chain *c, uint16_t alg) {
        size_t i = c->n_banks++;

        for (; i > 0 && c->start[i - 1].alg > alg; i--)
                c->start[i] = c->start[i - 1];
        c->start[i] = digest_zero((HashAlg) alg);
}

/* "Each bank once" is what a register's value is computed by; a TPM that says otherwise is not
 * believed. */
static int check_banks(const PcrSelection *active, Err *e) {
        for (size_t i = 0; i < active->n_banks; i++)
                for (size_t j = 0; j < i; j++)
                        if (active->banks[i].alg == active->banks[j].alg)
                                return err_set(e, -EBADMSG, "the TPM names PCR bank 0x%04x twice",
                                                active->banks[i].alg);
        return 0;
}

static int find_banks(Tpm *tpm, Register reg, Banks *ret, Err *e) {
        Banks b = { .chain.reg = reg };
        PcrSelection active;
        bool proves = false;
        int rc;

        rc = tpm_banks(tpm, &active, e);
        if (rc == 0)
                rc = check_banks(&active, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < active.n_banks; i++) {
                uint16_t alg = active.banks[i].alg;

                if (!pcr_selected(&active, alg, reg.index))
                        continue;
                if (hash_size(alg) > 0)
                        add_bank(&b.chain, alg);
                else
                        (void) snprintf(b.skipped[b.n_skipped++], sizeof(b.skipped[0]), "0x%04x",
                                        alg);
                proves = proves || hash_proves(alg);
        }
        if (!proves)
                return err_set(e, -EOPNOTSUPP,
                                "the TPM has no active SHA-256, SHA-384 or SHA-512 bank with PCR %u; activate one in the firmware's setup",
                                reg.index);
        *ret = b;
        return 0;
}

/* The odometer's value and the history's last line, where they are to be had. */
static size_t past_members(const Account *a, uint8_t history[32], Member *into) {
        Counter counter;
        size_t n = 0;

        if (!a->past)
                return 0;
        if (counter_state(a->tpm, &counter, NULL) > 0 && counter.written)
                into[n++] = (Member){
                        .name = "count", .type = MEMBER_INTEGER, .number = (int64_t) counter.value
                };
        if (a->past->history(a->past, history) > 0)
                into[n++] = (Member){
                        .name = "history", .type = MEMBER_HEX, .bytes = { history, 32 }
                };
        return n;
}

static int record_genesis(Account *a, const Banks *b, Err *e) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(32);
        Member start_values[BANKS_MAX], skipped[BANKS_MAX], members[9];
        TpmClock clock;
        uint8_t machine[16], history[32];
        int64_t shown;
        size_t n = 0;
        int rc;

        rc = tpm_clock(a->tpm, &clock, e);
        if (rc < 0)
                return rc;
        shown = clock.clock > INT64_MAX ? INT64_MAX : (int64_t) clock.clock;
        rc = host_machine_id(machine, e);
        if (rc < 0)
                return rc;
        register_text(a->chain.reg, &name);
        for (size_t i = 0; i < b->n_skipped; i++)
                skipped[i] = (Member){ .type = MEMBER_TEXT, .bytes = span_of(b->skipped[i]) };

        const Member tpm_members[] = {
                { .name = "clock", .type = MEMBER_INTEGER, .number = nearest_number(shown) },
                { .name = "reset", .type = MEMBER_INTEGER, .number = clock.reset_count },
                { .name = "restart", .type = MEMBER_INTEGER, .number = clock.restart_count },
        };
        members[n++] = (Member){
                .name = "machine", .type = MEMBER_HEX, .bytes = { machine, sizeof(machine) }
        };
        members[n++] = (Member){
                .name = "register", .type = MEMBER_TEXT, .bytes = buf_span(&name)
        };
        members[n++] = values_member("start", &a->chain, a->chain.start, start_values);
        members[n++] = (Member){ .name = "tpm",
                .type = MEMBER_OBJECT,
                .members = tpm_members,
                .n_members = ELEMENTS(tpm_members) };
        members[n++] = (Member){
                .name = "version", .type = MEMBER_TEXT, .bytes = span_of(AVOUCH_VERSION)
        };
        members[n++] = (Member){ .name = "why", .type = MEMBER_TEXT, .bytes = span_of("boot") };
        n += past_members(a, history, members + n);
        if (b->n_skipped > 0)
                members[n++] = (Member){ .name = "skipped",
                        .type = MEMBER_ARRAY,
                        .members = skipped,
                        .n_members = b->n_skipped };
        return account_record(a, EVENT_PHASE_GENESIS, members, n, e);
}

static int begin_segment(Account *a, Register reg, const uint8_t boot[16], Err *e) {
        Banks banks;
        int rc;

        rc = find_banks(a->tpm, reg, &banks, e);
        if (rc < 0)
                return rc;
        memcpy(banks.chain.boot, boot, sizeof(banks.chain.boot));
        rc = read_register(a->tpm, &banks.chain, banks.chain.start, e);
        if (rc < 0)
                return rc;
        a->chain = banks.chain;
        a->glass = (GlassCount){};
        return record_genesis(a, &banks, e);
}

/* Puts a log aside that cannot be continued, under a name that says whose it is and why. */
static int put_aside(Account *a, const uint8_t boot[16], const char *why, Err *e) {
        char name[64];
        size_t n = 0;

        for (size_t i = 0; i < 16; i++)
                n += (size_t) snprintf(name + n, sizeof(name) - n, "%02x", boot[i]);
        (void) snprintf(name + n, sizeof(name) - n, "%s", why);
        a->mended = true;
        a->chain = (Chain){};
        a->glass = (GlassCount){};
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

        while ((rc = segment_next(&s, &r, &why)) > 0)
                glass_count(&a->glass, &r.content);
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

/* Makes log and register agree again, whatever the last process or record left. */
static int settle(Account *a, Err *e) {
        Digest found[BANKS_MAX];
        int rc;

        rc = read_register(a->tpm, &a->chain, found, e);
        if (rc < 0)
                return rc;
        a->pending = false;
        switch (standing_of(&a->chain, found)) {
        case STANDING_EQUAL:
                return 0;
        case STANDING_PENDING:
                a->mended = true;
                return account_extend(a, e);
        case STANDING_FOREIGN:
                a->mended = true;
                return record_broken(a, found, e);
        }
        return 0;
}

/* Loads the log and follows it; one that this boot cannot continue is put aside. */
static int load(Account *a, Register reg, const uint8_t boot[16], Err *e) {
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
        if (c->reg.kind != reg.kind || c->reg.index != reg.index)
                return put_aside(a, boot, ".register", e);
        if (a->size > LOG_MAX - SPARE || c->next_seq > LOG_RECORDS_MAX - SPARE_RECORDS)
                return put_aside(a, boot, ".full", e);
        return 0;
}

int account_open_after(
                const Past *past, Store *store, Tpm *tpm, Register reg, Account *ret, Err *e) {
        Account a = { .store = store, .tpm = tpm, .past = past };
        uint8_t boot[16];
        int rc;

        assert(reg.kind == REGISTER_PCR);

        rc = host_boot_id(boot, e);
        if (rc < 0)
                return rc;
        rc = load(&a, reg, boot, e);
        if (rc < 0)
                return rc;
        a.began = a.chain.next_seq == 0;
        rc = a.began ? begin_segment(&a, reg, boot, e) : settle(&a, e);
        if (rc < 0)
                return rc;
        *ret = a;
        return 0;
}
