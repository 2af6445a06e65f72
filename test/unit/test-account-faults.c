/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure/account.h"
#include "measure/checkpoint.h"
#include "port/crypto.h"
#include "support/folder.h"
#include "support/libc.h"
#include "support/openssl.h"
#include "support/world.h"

/* The account on a disk: a TPM in memory, the log in a file, and a C library that fails. */

static const Register pcr8 = { REGISTER_PCR, WORLD_PCR };

static const uint8_t root[32] = { 1, 2, 3 };

static const Member published[] = {
        { .name = "index", .type = MEMBER_INTEGER, .number = 3 },
        { .name = "origin", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "o", 1 } },
        { .name = "root", .type = MEMBER_HEX, .bytes = { root, sizeof(root) } },
        { .name = "size", .type = MEMBER_INTEGER, .number = 12 },
};

static const Member layer[] = {
        { .name = "class", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "sysext", 6 } },
        { .name = "log", .type = MEMBER_OBJECT, .members = published, .n_members = 4 },
        { .name = "name", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "a\x01\xff", 3 } },
        { .name = "rootHash", .type = MEMBER_HEX, .bytes = { root, sizeof(root) } },
};

/* A TPM that has its own memory: what fails, fails on our side. */
typedef struct Chip {
        Tpm tpm;
        World world;
} Chip;

static World *world_of(Tpm *t) {
        return &((Chip *) (void *) t)->world; /* tpm is the first member */
}

static int chip_banks(Tpm *t, PcrSelection *ret, Err *e) {
        int rc;

        libc_pause(true);
        rc = tpm_banks(&world_of(t)->tpm, ret, e);
        libc_pause(false);
        return rc;
}

static int chip_read(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        int rc;

        libc_pause(true);
        rc = tpm_read(&world_of(t)->tpm, which, ret, e);
        libc_pause(false);
        return rc;
}

static int chip_extend(Tpm *t, unsigned pcr, const Digest *digests, size_t n, Err *e) {
        int rc;

        libc_pause(true);
        rc = tpm_extend(&world_of(t)->tpm, pcr, digests, n, e);
        libc_pause(false);
        return rc;
}

static int chip_clock(Tpm *t, TpmClock *ret, Err *e) {
        int rc;

        libc_pause(true);
        rc = tpm_clock(&world_of(t)->tpm, ret, e);
        libc_pause(false);
        return rc;
}

static const TpmOps chip_ops = {
        .banks = chip_banks,
        .read = chip_read,
        .extend = chip_extend,
        .clock = chip_clock,
};

static void chip_new(Chip *chip) {
        chip->tpm = (Tpm){ .ops = &chip_ops };
        world_new(&chip->world);
}

static void chip_done(Chip *chip) {
        world_done(&chip->world);
}

/* Long enough that every Buf has to grow more than once. */
static int add_note(Account *a) {
        static uint8_t text[STRING_MAX];
        const Member note[] = { { .name = "text", .bytes = { text, sizeof(text) } } };

        memset(text, 'x', sizeof(text));
        return account_record(a, EVENT_NOTE_TEXT, note, 1, NULL);
}

/* Opens the account and records three things; returns how many records were acknowledged, genesis
 * included. It goes on after a record that failed, as a program may that has more to say. */
static unsigned record_all(Chip *chip, const Folder *f) {
        unsigned acknowledged = 0;
        Store *s = NULL;
        Account a;

        if (store_open_file(f->path, 0, &s, NULL) < 0)
                return 0;
        if (account_open(s, &chip->tpm, pcr8, &a, NULL) == 0) {
                acknowledged++;
                acknowledged += account_record(&a, EVENT_LAYER_ACTIVATE, layer, 4, NULL) == 0;
                acknowledged += add_note(&a) == 0;
                acknowledged += account_record(&a, EVENT_LAYER_DEACTIVATE, layer, 4, NULL) == 0;
                checkpoint_keep(&a);
        }
        store_close(&s);
        return acknowledged;
}

/* Opens the account where nothing fails, and says what is in the log; the register agrees. */
static unsigned check(Chip *chip, const Folder *f) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        unsigned n = 0;
        Store *s = NULL;
        Segment segment;
        Account a;
        Record r;
        int rc;

        assert_int_equal(store_open_file(f->path, 0, &s, NULL), 0);
        assert_int_equal(account_open(s, &chip->tpm, pcr8, &a, NULL), 0);
        assert_int_equal(store_load(s, &log, NULL), 0);
        segment = segment_over(buf_span(&log));
        while ((rc = segment_next(&segment, &r, NULL)) > 0)
                n++;
        assert_int_equal(rc, 0);
        assert_false(segment.chain.broken);
        for (size_t i = 0; i < segment.chain.strands[0].n_banks; i++) {
                const Digest *now = &segment.chain.strands[0].now[i];

                assert_true(digest_equal(
                                now, pcr_value(&chip->world.pcrs, (uint16_t) now->alg, WORLD_PCR)));
        }
        store_close(&s);
        /* nothing was put aside */
        assert_true(strcmp(folder_names_behind_mark(f), LOG_FILE " ") == 0 ||
                        strcmp(folder_names_behind_mark(f), LOG_FILE " " LOG_FILE LOG_NOTE " ") ==
                                        0);
        return n;
}

static void no_failed_call_loses_what_is_recorded(LibcCalls calls, bool for_ever) {
        unsigned hit = 0, acknowledged;
        int failed, n = 0;

        do {
                _cleanup_(folder_done) Folder f = folder_new();
                unsigned records;
                Chip chip;

                chip_new(&chip);
                libc_fail_after(calls, n++, calls == LIBC_MEMORY ? ENOMEM : EIO, for_ever);
                acknowledged = record_all(&chip, &f);
                failed = libc_heal();
                hit += failed > 0;
                records = check(&chip, &f);
                assert_true(records >= acknowledged && records >= 1 && records <= 4);
                chip_done(&chip);
        } while (failed > 0);
        assert_int_equal(acknowledged, 4);
        assert_true(hit > 20);
}

static void any_allocation_may_fail_once(void **state) {
        (void) state;
        no_failed_call_loses_what_is_recorded(LIBC_MEMORY, false);
}

static void any_allocation_may_fail_for_ever(void **state) {
        (void) state;
        no_failed_call_loses_what_is_recorded(LIBC_MEMORY, true);
}

static void any_call_to_the_disk_may_fail_once(void **state) {
        (void) state;
        no_failed_call_loses_what_is_recorded(LIBC_FILES, false);
}

static void any_call_to_the_disk_may_fail_for_ever(void **state) {
        (void) state;
        no_failed_call_loses_what_is_recorded(LIBC_FILES, true);
}

/* The same for an account that has records already. */
static void no_memory_is_no_damage(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        unsigned records;
        int failed, n = 0;
        Chip chip;

        (void) state;
        chip_new(&chip);
        records = record_all(&chip, &f);
        do {
                Store *s = NULL;
                Account a;
                int rc;

                libc_fail_after(LIBC_MEMORY, n++, ENOMEM, false);
                rc = store_open_file(f.path, 0, &s, NULL);
                if (rc == 0)
                        rc = account_open(s, &chip.tpm, pcr8, &a, NULL);
                store_close(&s);
                failed = libc_heal();
                assert_true(rc == 0 || rc == -ENOMEM || rc == -EIO);
                assert_int_equal(check(&chip, &f), records);
        } while (failed > 0);
        assert_true(n > 3);
        chip_done(&chip);
}

static void a_clock_that_is_set_wrong_stops_nothing(void **state) {
        static const struct {
                int64_t seconds;
                const char *text;
        } cases[] = {
                { 9007199254, "\"wall\":9007199254" },
                { 9007199255, "\"wall\":9007199254740991}" },
                { 9223372036, "\"wall\":9007199254740991}" },
                { -9007199256, "\"wall\":-9007199254740991}" },
                { -1, "\"wall\":-" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(folder_done) Folder f = folder_new();
                _cleanup_(buf_done) Buf log;
                Chip chip;

                chip_new(&chip);
                libc_wall_clock(cases[i].seconds);
                assert_int_equal(record_all(&chip, &f), 4);
                libc_wall_clock(INT64_MIN);
                assert_int_equal(check(&chip, &f), 4);
                log = folder_read(&f, LOG_FILE);
                assert_non_null(memmem(log.data, log.size, cases[i].text, strlen(cases[i].text)));
                chip_done(&chip);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_allocation_may_fail_once),
                cmocka_unit_test(any_allocation_may_fail_for_ever),
                cmocka_unit_test(any_call_to_the_disk_may_fail_once),
                cmocka_unit_test(any_call_to_the_disk_may_fail_for_ever),
                cmocka_unit_test(no_memory_is_no_damage),
                cmocka_unit_test(a_clock_that_is_set_wrong_stops_nothing),
        };
        Digest d;

        /* what OpenSSL makes once and keeps is made before anything fails */
        if (!openssl_from_libc())
                return 1;
        for (size_t i = 0; i < 4; i++)
                if (hash_bytes((HashAlg[]){ HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 }[i],
                                    (Span){}, &d, NULL) < 0)
                        return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
