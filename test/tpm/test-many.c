/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "measure/account.h"
#include "measure/checkpoint.h"
#include "measure/replay.h"
#include "measure/words.h"
#include "port/tpm-tss2.h"
#include "support/folder.h"
#include "support/swtpm.h"

/* Many processes record at once on a real TPM and a real disk: some open the account for each
 * record, some stay and give it up in between. What was acknowledged is there, in one order, and
 * the registers show it. $MANY_RECORDS says how many records each makes. */

enum { WRITERS = 8, RECORDS = 500, PATIENCE = 600 };

static const Register pcr8 = { REGISTER_PCR, 8 }, pcr9 = { REGISTER_PCR, 9 };

static int n_records(void) {
        const char *set = getenv("MANY_RECORDS");
        uint64_t n = RECORDS;

        if (set)
                assert_true(text_number(span_of(set), 100000, &n));
        return (int) n;
}

static Plan notes_apart(void) {
        Plan plan = plan_of(pcr8);

        plan.lanes[LANE_NOTE] = pcr9;
        return plan;
}

typedef struct Hand {
        Store *store;
        Tpm *tpm;
        Account account;
} Hand;

static int take_up(const Folder *f, const char *tcti, Hand *h) {
        const Plan plan = notes_apart();
        int rc;

        *h = (Hand){};
        rc = store_open_file(f->path, PATIENCE, &h->store, NULL);
        if (rc == 0)
                rc = tpm_open(tcti, &h->tpm, NULL);
        return rc < 0 ? rc : account_open_plan(h->store, h->tpm, &plan, &h->account, NULL);
}

static void put_down(Hand *h) {
        if (h->account.store)
                checkpoint_keep(&h->account);
        tpm_close(&h->tpm);
        store_close(&h->store);
}

static int record_one(Account *a, int i) {
        return i % 2 ? measure_phase(a, "a", NULL) : measure_note(a, "b", NULL);
}

/* How many records could not be made. */
static int write_anew(const Folder *f, const char *tcti, int n) {
        int bad = 0;

        for (int i = 0; i < n; i++) {
                Hand h;

                bad += take_up(f, tcti, &h) < 0 || record_one(&h.account, i) < 0;
                put_down(&h);
        }
        return bad;
}

static int write_staying(const Folder *f, const char *tcti, int n) {
        int bad = 0;
        Hand h;

        if (take_up(f, tcti, &h) < 0)
                return n;
        for (int i = 0; i < n; i++) {
                bad += record_one(&h.account, i) < 0;
                if (account_pause(&h.account, NULL) < 0 ||
                                account_resume(&h.account, PATIENCE, NULL) < 0)
                        return n;
        }
        put_down(&h);
        return bad;
}

static void many_write_at_once(void **state) {
        const int n = n_records();
        Swtpm chip;
        Folder folder = folder_new();
        Replayed replayed;
        Segment s;
        Record r;
        Hand h;
        int rc;

        (void) state;
        assert_int_equal(swtpm_start(&chip), 0);
        for (int i = 0; i < WRITERS; i++)
                if (fork() == 0)
                        _exit((i % 2 ? write_staying : write_anew)(&folder, chip.tcti, n) > 0);
        for (int i = 0; i < WRITERS; i++) {
                int status = 0;

                assert_true(wait(&status) > 0);
                assert_int_equal(status, 0);
        }

        assert_int_equal(take_up(&folder, chip.tcti, &h), 0);
        assert_false(h.account.mended);
        assert_false(h.account.chain.broken);
        assert_int_equal(h.account.chain.next_seq, 1 + WRITERS * n);
        {
                Buf log = folder_read(&folder, LOG_FILE);

                s = segment_over(buf_span(&log));
                while ((rc = segment_next(&s, &r, NULL)) > 0)
                        continue;
                assert_int_equal(rc, 0);
                assert_int_equal(replay(h.tpm, buf_span(&log), &s.chain, &replayed, NULL), 0);
                assert_true(replay_matches(&replayed));
                assert_int_equal(replayed.strands[1].n_records, WRITERS * ((n + 1) / 2));
                buf_done(&log);
        }
        put_down(&h);
        swtpm_done(&chip);
        folder_done(&folder);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(many_write_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
