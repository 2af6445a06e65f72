/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "measure/account.h"
#include "measure/checkpoint.h"
#include "port/tpm-tss2.h"
#include "support/folder.h"
#include "support/stepped.h"
#include "support/swtpm.h"

/* A process that records on a real TPM and a real disk is killed at each of its steps in turn,
 * before and after each call to the disk and each command of the TPM. The next one must find log
 * and register in agreement, or bring them to it, and all that was acknowledged must be there. */

static const Register pcr8 = { REGISTER_PCR, 8 };

static const Member note[] = {
        { .name = "text", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "here", 4 } },
};

enum { NOTES = 2 };

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
        *stepped = stepped_over(*real);
        return account_open(*store, &stepped->tpm, pcr8, ret, NULL);
}

/* Records, and says so after each record that was acknowledged. */
static int record_notes(const void *bed, int acknowledge) {
        Store *store = NULL;
        Tpm *real = NULL;
        Stepped stepped;
        Account a;

        if (open_all(bed, &store, &real, &stepped, &a) < 0)
                return 1;
        for (int i = 0; i < NOTES; i++) {
                if (account_record(&a, EVENT_NOTE_TEXT, note, ELEMENTS(note), NULL) < 0)
                        return 2;
                stepped_acknowledge(acknowledge);
                checkpoint_keep(&a);
        }
        return 0;
}

/* Opens the account as the next process would, and replays its log against the TPM. */
static uint64_t records_after_mending(const Bed *b) {
        Store *store = NULL;
        Tpm *real = NULL;
        Stepped stepped;
        uint64_t n;
        Account a;

        assert_int_equal(open_all(b, &store, &real, &stepped, &a), 0);
        n = stepped_assert_log(store, real);
        tpm_close(&real);
        store_close(&store);
        return n;
}

static void killed_at_every_step_nothing_acknowledged_is_lost(void **state) {
        Bed b = { .folder = folder_new() };
        uint64_t before = 0;
        bool killed = true;
        int kills = 0;

        (void) state;
        assert_int_equal(swtpm_start(&b.chip), 0);
        for (int n = 0; killed; n++) {
                unsigned acknowledged = stepped_run(n, record_notes, &b, &killed);
                uint64_t after = records_after_mending(&b);

                assert_true(after >= before + acknowledged);
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
