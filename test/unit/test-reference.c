/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "support/case.h"
#include "support/firmlog.h"
#include "support/hashes.h"
#include "support/judgefaults.h"
#include "support/libc.h"
#include "verify/reference.h"
#include "wire/efievent.h"

/* Golden evidence and components of systemd-pcrlock vouch for firmware and kernel, or name what is
 * other. */

static const HashAlg sha256 = HASH_SHA256;

typedef struct Bench {
        Case golden, machine;
        FirmBoot boot;
        const char *line;
        void (*meddle)(FirmLog *log); /* with what was measured; NULL: nobody does */
        Buf vendor, other;            /* certificates */
        References references;
        Judgement judgement;
} Bench;

static void bench_begin(Bench *b) {
        *b = (Bench){ .line = "root=x quiet", .vendor = BUF_UP_TO(4096), .other = BUF_UP_TO(4096) };
        firmlog_certificate(&b->vendor, "vendor");
        firmlog_certificate(&b->other, "other");
        b->boot = (FirmBoot){
                .secure_boot = true, .certificate = buf_span(&b->vendor), .cmdline = "root=x quiet"
        };
        case_begin(&b->golden);
        case_begin(&b->machine);
}

static void bench_done(Bench *b) {
        judgement_done(&b->judgement);
        references_done(&b->references);
        buf_done(&b->vendor);
        buf_done(&b->other);
        case_end(&b->golden);
        case_end(&b->machine);
}

static void start(const Bench *b, Case *c) {
        _cleanup_(firmlog_done) FirmLog log = firmlog_new(&sha256, 1);

        firmlog_boot(&log, &b->boot);
        if (b->meddle)
                b->meddle(&log);
        forge_firmware(&c->forge, &log);
        buf_done(&c->forge.line);
        buf_string(&c->forge.line, b->line);
        c->forge.signed_values = c->forge.values;
}

static void bundle(Case *c, Buf *to) {
        Span bytes;

        forge_quote(&c->forge);
        forge_bundle(&c->forge, to);
        assert_int_equal(buf_end(to, &bytes), 0);
}

static int add_golden(Bench *b, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);

        bundle(&b->golden, &bytes);
        return references_add_golden(&b->references, "old.avouch", buf_span(&bytes), e);
}

static void judge(Bench *b) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);
        Question q = case_question(&b->machine);

        q.references = &b->references;
        bundle(&b->machine, &bytes);
        judgement_done(&b->judgement);
        assert_int_equal(appraise(buf_span(&bytes), &q, &b->judgement, NULL), 0);
}

#define assert_claim(b, claim, expected, said)                                                     \
        do {                                                                                       \
                const char *reason_ = (b)->judgement.verdict.reasons[claim];                       \
                                                                                                   \
                if (verdict_state(&(b)->judgement.verdict, claim) != (expected) ||                 \
                                !strstr(reason_, said))                                            \
                        fail_msg("'%s', not '%s'", reason_, said);                                 \
        } while (0)

/* Nothing else ran: it would have been measured. Components say so where they speak of PCR 4. */
static void what_ran_before_is_known(void **state) {
        Bench b;

        (void) state;
        bench_begin(&b);
        b.boot.secure_boot = false;
        b.machine.policy.boot.secure_boot = SWITCH_ANY;
        start(&b, &b.golden);
        start(&b, &b.machine);
        assert_int_equal(add_golden(&b, NULL), 0);
        judge(&b);
        assert_claim(&b, CLAIM_FIRMWARE, CLAIM_PROVEN, "Secure Boot off");
        assert_claim(&b, CLAIM_KERNEL, CLAIM_PROVEN, "as in golden evidence");
        assert_null(strstr(b.judgement.verdict.reasons[CLAIM_KERNEL], "if no other program"));
        b.machine.policy.boot.secure_boot = SWITCH_ON; /* PCR 4 is firmware's to fill */
        judge(&b);
        assert_claim(&b, CLAIM_KERNEL, CLAIM_PROVEN, "measured it in its place (firmware)");
        bench_done(&b);
}

static void the_same_boot_is_vouched_for(void **state) {
        Bench b;

        (void) state;
        bench_begin(&b);
        b.boot.credentials = true; /* golden too: policy need not take them */
        start(&b, &b.golden);
        start(&b, &b.machine);
        judge(&b);
        assert_claim(&b, CLAIM_KERNEL, CLAIM_NOT_PROVEN, "is no release");
        assert_int_equal(add_golden(&b, NULL), 0);
        judge(&b);
        assert_claim(&b, CLAIM_FIRMWARE, CLAIM_PROVEN, "as in golden evidence 'old.avouch'");
        assert_claim(&b, CLAIM_KERNEL, CLAIM_PROVEN,
                        "the UKI is as in golden evidence 'old.avouch', command line \"root=x quiet\"");
        bench_done(&b);
}

static void what_is_other_is_named(void **state) {
        static const struct {
                bool insecure, certificate, credentials;
                const char *cmdline, *line, *appended;
                Claim claim;
                const char *said;
        } rows[] = {
                { .insecure = true,
                                .claim = CLAIM_FIRMWARE,
                                .said = "other than golden evidence 'old.avouch': Secure Boot: was on, is off" },
                { .certificate = true,
                                .claim = CLAIM_FIRMWARE,
                                .said = "other than golden evidence 'old.avouch': platform key: " },
                { .cmdline = "root=x quiet single",
                                .line = "root=x quiet single",
                                .claim = CLAIM_KERNEL,
                                .said = "other than golden evidence 'old.avouch': command line: new: single" },
                /* the machine does not tell its line */
                { .cmdline = "root=x",
                                .line = "root=y",
                                .claim = CLAIM_KERNEL,
                                .said = "UKI section: .cmdline: its content differs, was " },
                { .appended = "debug",
                                .line = "root=x quiet debug",
                                .claim = CLAIM_KERNEL,
                                .said = "command line from outside the UKI: new: \"debug\"" },
                { .credentials = true,
                                .claim = CLAIM_KERNEL,
                                .said = "beside the UKI: new: \"Credentials initrd\"" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Bench b;

                bench_begin(&b);
                start(&b, &b.golden);
                assert_int_equal(add_golden(&b, NULL), 0);
                b.machine.policy.boot.secure_boot = SWITCH_ANY;
                b.boot.secure_boot = !rows[i].insecure;
                b.boot.certificate = buf_span(rows[i].certificate ? &b.other : &b.vendor);
                b.boot.credentials = rows[i].credentials;
                b.boot.cmdline = rows[i].cmdline ? rows[i].cmdline : b.boot.cmdline;
                b.line = rows[i].line ? rows[i].line : b.line;
                b.boot.appended = rows[i].appended;
                start(&b, &b.machine);
                judge(&b);
                assert_claim(&b, rows[i].claim, CLAIM_NOT_PROVEN, rows[i].said);
                assert_claim(&b, rows[i].claim == CLAIM_FIRMWARE ? CLAIM_KERNEL : CLAIM_FIRMWARE,
                                CLAIM_PROVEN, "as in golden evidence");
                bench_done(&b);
        }
}

static void start_another_program(FirmLog *l) {
        FirmEvent *program = &l->events[firmlog_find(l, 4, EV_EFI_BOOT_SERVICES_APPLICATION, 0)];

        firmlog_rehash(l, program, SPAN_LITERAL("another program"));
}

static void start_two_programs(FirmLog *l) {
        const FirmEvent *program =
                        &l->events[firmlog_find(l, 4, EV_EFI_BOOT_SERVICES_APPLICATION, 0)];

        (void) firmlog_add_of(l, 4, EV_EFI_BOOT_SERVICES_APPLICATION,
                        (Span){ program->data, program->size }, SPAN_LITERAL("another program"));
}

/* The last event of all, measured once more into a register that had its last one before. */
static void measure_it_again(FirmLog *l) {
        const FirmEvent *last = &l->events[l->n - 1];

        (void) firmlog_add(l, 4, last->type, (Span){ last->data, last->size });
}

static void unprotect(FirmLog *l) {
        start_another_program(l);
        (void) firmlog_add(l, 7, EV_EFI_ACTION, SPAN_LITERAL("DMA Protection Disabled"));
}

static void take_a_driver(FirmLog *l) {
        (void) firmlog_add_of(l, 2, EV_EFI_BOOT_SERVICES_DRIVER, SPAN_LITERAL("no driver"),
                        SPAN_LITERAL("a driver"));
}

static void pass_over_a_rom(FirmLog *l) {
        (void) firmlog_add(l, 2, EV_NO_ACTION, SPAN_LITERAL("nothing was measured"));
}

/* Programs by what they are; what has no name of its own as the event that is there or not. */
static void what_was_measured_besides_is_named(void **state) {
        static const struct {
                void (*golden)(FirmLog *), (*machine)(FirmLog *);
                Claim claim;
                const char *said;
        } rows[] = {
                { NULL, start_another_program, CLAIM_KERNEL,
                                "other than golden evidence 'old.avouch': program: was program \"" },
                { NULL, start_two_programs, CLAIM_KERNEL,
                                "other than golden evidence 'old.avouch': program: new: program \"" },
                { start_two_programs, NULL, CLAIM_KERNEL,
                                "other than golden evidence 'old.avouch': program: gone: program \"" },
                { NULL, measure_it_again, CLAIM_KERNEL, "stands where nothing belongs" },
                { measure_it_again, NULL, CLAIM_KERNEL, "in pcr:4 nothing stands where event" },
                /* the program, too, is another one */
                { NULL, unprotect, CLAIM_FIRMWARE,
                                "in pcr:7 event 33 (\"DMA Protection Disabled\") stands where nothing belongs" },
                { take_a_driver, NULL, CLAIM_FIRMWARE,
                                "in pcr:2 nothing stands where event 33 (driver , hash" },
                { NULL, take_a_driver, CLAIM_FIRMWARE, "(driver , hash" },
                { pass_over_a_rom, NULL, _CLAIM_MAX, NULL },
                { NULL, pass_over_a_rom, _CLAIM_MAX, NULL },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Bench b;

                bench_begin(&b);
                b.meddle = rows[i].golden;
                start(&b, &b.golden);
                assert_int_equal(add_golden(&b, NULL), 0);
                b.meddle = rows[i].machine;
                start(&b, &b.machine);
                judge(&b);
                if (rows[i].claim != _CLAIM_MAX) {
                        assert_claim(&b, rows[i].claim, CLAIM_NOT_PROVEN, rows[i].said);
                } else {
                        assert_claim(&b, CLAIM_FIRMWARE, CLAIM_PROVEN, "as in golden evidence");
                        assert_claim(&b, CLAIM_KERNEL, CLAIM_PROVEN, "as in golden evidence");
                }
                bench_done(&b);
        }
}

/* Values that nobody signed are those of no machine. */
static void what_is_not_signed_is_not_vouched_for(void **state) {
        Bench b;

        (void) state;
        bench_begin(&b);
        start(&b, &b.golden);
        assert_int_equal(add_golden(&b, NULL), 0);
        start(&b, &b.machine);
        b.machine.forge.sign_with_other = true;
        judge(&b);
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                assert_null(strstr(b.judgement.verdict.reasons[claim], "golden"));
        bench_done(&b);
}

static void there_is_an_end_to_golden_evidence(void **state) {
        Bench b;
        Err e = {};

        (void) state;
        bench_begin(&b);
        start(&b, &b.golden);
        for (unsigned i = 0; i < GOLDEN_MAX; i++)
                assert_int_equal(add_golden(&b, NULL), 0);
        assert_int_equal(add_golden(&b, &e), -EINVAL);
        assert_string_equal(e.text, "more than 16 golden evidences");
        bench_done(&b);
}

static void no_fault_gives_another_verdict(void **state) {
        for (unsigned same = 0; same < 2; same++) {
                _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);
                Question q;
                Verdict v;
                Bench b;

                (void) state;
                bench_begin(&b);
                start(&b, &b.golden);
                assert_int_equal(add_golden(&b, NULL), 0);
                b.meddle = same ? NULL : unprotect;
                b.boot.cmdline = same ? "root=x quiet" : "root=x";
                start(&b, &b.machine);
                judge(&b);
                q = case_question(&b.machine);
                q.references = &b.references;
                bundle(&b.machine, &bytes);
                judge_with_faults(&q, buf_span(&bytes), false, &v);
                judge_with_bad_hashes(&q, buf_span(&bytes));
                bench_done(&b);
        }
}

static void golden_evidence_is_taken_whole_or_not(void **state) {
        for (unsigned hashing = 0; hashing < 2; hashing++) {
                _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);
                int failed = 1, n = 0;
                Bench b;

                (void) state;
                bench_begin(&b);
                start(&b, &b.golden);
                bundle(&b.golden, &bytes);
                for (; failed > 0; n++) {
                        Err e = {};
                        int rc;

                        if (hashing)
                                hashes_fail_after(n);
                        else
                                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                        rc = references_add_golden(
                                        &b.references, "old.avouch", buf_span(&bytes), &e);
                        failed = libc_heal() + hashes_heal();
                        /* that words of a verdict are missing decides nothing */
                        if (failed > 0 && (hashing || rc < 0))
                                assert_int_equal(rc, hashing ? -EIO : -ENOMEM);
                        assert_int_equal(e.code, rc);
                        assert_int_equal(b.references.n_golden, rc == 0);
                        references_done(&b.references);
                }
                assert_true(n > 10);
                bench_done(&b);
        }
}

/* Any of them will do, and it is said which one did. */
static void one_of_several_is_enough(void **state) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);
        Bench b;

        (void) state;
        bench_begin(&b);
        b.boot.cmdline = "root=y";
        start(&b, &b.golden);
        assert_int_equal(add_golden(&b, NULL), 0);
        b.boot.cmdline = "root=x quiet";
        start(&b, &b.golden);
        bundle(&b.golden, &bytes);
        assert_int_equal(references_add_golden(&b.references, "new.avouch", buf_span(&bytes), NULL),
                        0);
        start(&b, &b.machine);
        judge(&b);
        assert_claim(&b, CLAIM_KERNEL, CLAIM_PROVEN,
                        "the UKI is as in golden evidence 'new.avouch'");
        assert_claim(&b, CLAIM_FIRMWARE, CLAIM_PROVEN, "as in golden evidence 'old.avouch'");
        bench_done(&b);
}

static void evidence_that_proves_nothing_is_not_golden(void **state) {
        static const char *const said[] = {
                "old.avouch: golden evidence that proves nothing: the logs do not replay to pcr:7",
                "quote 0 is not signed by the key", "it has no firmware log", "malformed"
        };

        (void) state;
        for (unsigned i = 0; i < ELEMENTS(said); i++) {
                Bench b;
                Err e = {};

                bench_begin(&b);
                start(&b, &b.golden);
                if (i == 0) {
                        b.golden.forge.values.digests[0][7].bytes[0] ^= 1;
                        b.golden.forge.values.digests[0][11].bytes[0] ^= 1;
                        b.golden.forge.signed_values = b.golden.forge.values;
                }
                b.golden.forge.sign_with_other = i == 1;
                if (i == 2)
                        buf_done(&b.golden.forge.firmware);
                if (i == 3)
                        assert_int_equal(references_add_golden(&b.references, "old.avouch",
                                                         SPAN_LITERAL("{}"), &e),
                                        -EBADMSG);
                else
                        assert_int_equal(add_golden(&b, &e), -EBADMSG);
                if (!strstr(e.text, said[i]))
                        fail_msg("'%s', not '%s'", e.text, said[i]);
                assert_int_equal(b.references.n_golden, 0);
                bench_done(&b);
        }
}

/* Registers of the machine that no log explains are not those of the golden one. */
static void what_is_not_explained_is_not_vouched_for(void **state) {
        Bench b;

        (void) state;
        bench_begin(&b);
        start(&b, &b.golden);
        assert_int_equal(add_golden(&b, NULL), 0);
        start(&b, &b.machine);
        b.machine.forge.values.digests[0][4].bytes[0] ^= 1;
        b.machine.forge.signed_values = b.machine.forge.values;
        judge(&b);
        assert_claim(&b, CLAIM_KERNEL, CLAIM_NOT_PROVEN, "cannot be compared");
        assert_claim(&b, CLAIM_FIRMWARE, CLAIM_NOT_PROVEN, "the logs do not replay to pcr:4");
        bench_done(&b);
}

/* Golden evidence says nothing of registers that its own logs do not explain. */
static void what_golden_evidence_does_not_prove_it_is_not_asked(void **state) {
        Bench b;

        (void) state;
        bench_begin(&b);
        start(&b, &b.golden);
        b.golden.forge.values.digests[0][11].bytes[0] ^= 1;
        b.golden.forge.signed_values = b.golden.forge.values;
        assert_int_equal(add_golden(&b, NULL), 0);
        start(&b, &b.machine);
        judge(&b);
        assert_claim(&b, CLAIM_FIRMWARE, CLAIM_PROVEN, "as in golden evidence");
        assert_claim(&b, CLAIM_KERNEL, CLAIM_NOT_PROVEN, "is no release that was handed over");
        bench_done(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_boot_is_vouched_for),
                cmocka_unit_test(what_ran_before_is_known),
                cmocka_unit_test(what_is_other_is_named),
                cmocka_unit_test(what_was_measured_besides_is_named),
                cmocka_unit_test(what_is_not_signed_is_not_vouched_for),
                cmocka_unit_test(there_is_an_end_to_golden_evidence),
                cmocka_unit_test(no_fault_gives_another_verdict),
                cmocka_unit_test(golden_evidence_is_taken_whole_or_not),
                cmocka_unit_test(one_of_several_is_enough),
                cmocka_unit_test(evidence_that_proves_nothing_is_not_golden),
                cmocka_unit_test(what_is_not_explained_is_not_vouched_for),
                cmocka_unit_test(what_golden_evidence_does_not_prove_it_is_not_asked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
