/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "log/receipt.h"
#include "measure/odometer.h"
#include "port/tpm-tss2.h"
#include "support/folder.h"
#include "support/stepped.h"
#include "support/tpm.h"

/* A process that opens and closes the glass on a real TPM and a real disk is killed at each of its
 * steps in turn. The next one, in this boot or in another, finds counter, history and register in
 * agreement, or brings them to it, and every opening that was acknowledged is in the history. The
 * next one may also be who quotes. */

static const Register pcr8 = { REGISTER_PCR, 8 };

enum { RECORDS = 2 };

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
        p->stepped = stepped_over(p->real);
        p->stepped.tpm.keep = b->log.path;
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

/* Records, and says so after each record that was acknowledged. */
static int open_and_close(const void *bed, int acknowledge) {
        Process p;

        if (begin(bed, &p) < 0)
                return 1;
        for (int i = 0; i < RECORDS; i++) {
                if (record(&p, i == 0 ? EVENT_GLASS_OPEN : EVENT_GLASS_CLOSE) < 0 ||
                                odometer_lacks(&p.odometer)[0])
                        return 2;
                stepped_acknowledge(acknowledge);
        }
        return 0;
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
                before = stepped_run(INT_MAX, open_and_close, &b, &killed) + 1;
                killed = true;
        }
        for (int n = 0; killed; n++) {
                uint64_t acknowledged = stepped_run(n, open_and_close, &b, &killed), lines;
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
                (void) stepped_assert_log(p.store, p.real);
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

static int begin_only(const void *bed, int acknowledge) {
        Process p;

        (void) acknowledge;
        return begin(bed, &p) < 0 || odometer_lacks(&p.odometer)[0];
}

/* As avouch-setup begins a machine: the next run finishes what the one before left, and nothing of
 * it looks like an opening, or like one that was left out. */
static void killed_at_every_step_the_history_begins_all_the_same(void **state) {
        bool killed = true;
        int kills = 0;

        (void) state;
        for (int n = 0; killed; n++) {
                Bed b = { .log = folder_new(), .state = folder_new() };
                Process p;
                History h;

                assert_int_equal(swtpm_start(&b.chip), 0);
                (void) stepped_run(n, begin_only, &b, &killed);
                kills += killed;
                flush_keys(&b);
                assert_int_equal(begin(&b, &p), 0);
                assert_string_equal(odometer_lacks(&p.odometer), "");
                (void) stepped_assert_log(p.store, p.real);
                h = history_of(&p);
                assert_true(h.n_lines == 1 && h.openings == 0 && h.lost == 0);
                end(&p);
                swtpm_done(&b.chip);
                folder_done(&b.log);
                folder_done(&b.state);
        }
        assert_true(kills > 30);
}

/* Each group is a test of its own to meson: they take their time. */
int main(int argc, char **argv) {
        const struct CMUnitTest openings[] = {
                cmocka_unit_test(killed_at_every_step_no_opening_is_lost),
                cmocka_unit_test(switched_off_at_every_step_no_opening_is_lost),
        };
        const struct CMUnitTest evidence[] = {
                cmocka_unit_test(killed_at_every_step_evidence_tells_all),
        };
        const struct CMUnitTest beginnings[] = {
                cmocka_unit_test(killed_at_every_step_the_history_begins_all_the_same),
        };
        const char *group = argc == 2 ? argv[1] : "";

        if (strcmp(group, "openings") == 0)
                return cmocka_run_group_tests(openings, NULL, NULL);
        if (strcmp(group, "evidence") == 0)
                return cmocka_run_group_tests(evidence, NULL, NULL);
        if (strcmp(group, "beginnings") == 0)
                return cmocka_run_group_tests(beginnings, NULL, NULL);
        fprintf(stderr, "test-kill-glass openings|evidence|beginnings\n");
        return 2;
}
