/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/case.h"
#include "support/draftlog.h"
#include "support/firmlog.h"
#include "verify/against.h"
#include "verify/report.h"

/* Two boots of one machine, and what of the second is told to be other than it was. */

static const HashAlg sha256 = HASH_SHA256;

typedef struct Boots {
        Case c;
        FirmBoot boot; /* how it starts the next time */
        const char *line;
        Buf vendor, other; /* certificates */
        Judgement before;
        Against against;
        char *said;
        size_t said_size;
} Boots;

static void boots_begin(Boots *b) {
        *b = (Boots){
                .line = "root=x quiet\n", .vendor = BUF_UP_TO(4096), .other = BUF_UP_TO(4096)
        };
        firmlog_certificate(&b->vendor, "vendor");
        firmlog_certificate(&b->other, "other");
        b->boot = (FirmBoot){
                .secure_boot = true, .certificate = buf_span(&b->vendor), .cmdline = "root=x quiet"
        };
        case_begin(&b->c);
}

static void boots_done(Boots *b) {
        free(b->said);
        against_done(&b->against);
        judgement_done(&b->before);
        buf_done(&b->vendor);
        buf_done(&b->other);
        case_end(&b->c);
}

static void start(Boots *b) {
        _cleanup_(firmlog_done) FirmLog log = firmlog_new(&sha256, 1);

        firmlog_boot(&log, &b->boot);
        forge_take(&b->c.forge, &b->c.world);
        forge_firmware(&b->c.forge, &log);
        buf_done(&b->c.forge.line);
        buf_string(&b->c.forge.line, b->line);
        b->c.forge.signed_values = b->c.forge.values;
        case_judge(&b->c);
}

/* What stands on the table is the old evidence from now on. */
static void keep(Boots *b) {
        b->before = b->c.judgement;
        b->c.judgement = (Judgement){};
}

static void tell(Boots *b) {
        const Question q = case_question(&b->c);
        FILE *f;

        assert_int_equal(against_take(&b->before, &b->c.judgement, &b->against, NULL), 0);
        b->c.judgement.against = &b->against;
        f = open_memstream(&b->said, &b->said_size);
        assert_non_null(f);
        report_people(&b->c.judgement, &q, f);
        assert_int_equal(fclose(f), 0);
}

#define assert_tells(b, words)                                                                     \
        do {                                                                                       \
                if (!strstr((b)->said, words))                                                     \
                        fail_msg("'%s' does not stand in:\n%s", words, (b)->said);                 \
        } while (0)

static void the_same_boot_differs_in_nothing(void **state) {
        Boots b;

        (void) state;
        boots_begin(&b);
        start(&b);
        keep(&b);
        start(&b);
        tell(&b);
        assert_tells(&b,
                        "What changed since the old evidence (signed by the same key, in the same boot)");
        assert_tells(&b, "a log's word\n  nothing of what both tell\n");
        assert_int_equal(b.against.n, 0);
        boots_done(&b);
}

/* One thing is changed between two boots, and told in its own words. */
static void what_changed_is_named(void **state) {
        static const struct {
                bool insecure, credentials, extensions;
                const char *cmdline, *line, *appended, *tells[4];
        } rows[] = {
                { .insecure = true, .tells = { "  Secure Boot: was on, is off\n" } },
                { .cmdline = "root=x debug",
                                .line = "root=x debug",
                                .tells = { "  UKI section: .cmdline: its content differs, was ",
                                                "  command line: was quiet, is debug\n" } },
                { .cmdline = "root=x quiet init=/bin/sh",
                                .line = "root=x quiet init=/bin/sh",
                                .tells = { "  command line: new: init=/bin/sh\n" } },
                { .cmdline = "quiet",
                                .line = "quiet",
                                .tells = { "  command line: gone: root=x\n" } },
                { .cmdline = "audit=0 root=x quiet single",
                                .line = "audit=0 root=x quiet single",
                                .tells = { "  command line: new: audit=0\n",
                                                "  command line: new: single\n" } },
                /* a word that nothing measured */
                { .line = "root=x loud",
                                .tells = { "  command line: was quiet, is loud [not proven now]\n" } },
                { .appended = "debug",
                                .line = "root=x quiet debug",
                                .tells = { "  command line from outside the UKI: new: \"debug\"\n",
                                                "  command line: new: debug\n" } },
                { .credentials = true,
                                .tells = { "  beside the UKI: new: \"Credentials initrd\"\n" } },
                { .extensions = true,
                                .tells = { "  beside the UKI: new: \"System extension initrd\"\n" } },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Boots b;

                boots_begin(&b);
                start(&b);
                keep(&b);
                b.boot.secure_boot = !rows[i].insecure;
                b.boot.credentials = rows[i].credentials;
                b.boot.extensions = rows[i].extensions;
                b.boot.appended = rows[i].appended;
                if (rows[i].cmdline)
                        b.boot.cmdline = rows[i].cmdline;
                if (rows[i].line)
                        b.line = rows[i].line;
                start(&b);
                tell(&b);
                for (size_t n = 0; n < ELEMENTS(rows[i].tells) && rows[i].tells[n]; n++)
                        assert_tells(&b, rows[i].tells[n]);
                boots_done(&b);
        }
}

/* Things of one kind are held against those of the same kind alone: what comes or goes before them
 * does not shift them. */
static void nothing_else_changes_with_it(void **state) {
        for (unsigned gone = 0; gone < 2; gone++) {
                Boots b;

                (void) state;
                boots_begin(&b);
                b.boot.credentials = gone;
                start(&b);
                keep(&b);
                b.boot.credentials = !gone;
                start(&b);
                tell(&b);
                assert_tells(&b, gone ? "  beside the UKI: gone: \"Credentials initrd\"\n"
                                      : "  beside the UKI: new: \"Credentials initrd\"\n");
                for (size_t i = 0; i < b.against.n; i++)
                        assert_true(b.against.list[i].kind == FACT_COMPANION ||
                                        b.against.list[i].kind == FACT_CLAIM);
                boots_done(&b);
        }
}

/* A boot is known by its id, which is in avouch's log: where one of them has none, nobody knows. */
static void boots_are_told_apart(void **state) {
        static const char zeros[] = "\"00000000000000000000000000000000\"";
        static const char other[] = "\"00112233445566778899aabbccddeeff\"";
        static const struct {
                bool old, now, differs, same;
        } rows[] = {
                { true, true, false, true },
                { true, true, true, false },
                { false, false, false, false },
                { true, false, false, false },
                { false, true, false, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Boots b;

                boots_begin(&b);
                start(&b);
                for (unsigned now = 0; now < 2; now++) {
                        _cleanup_(draft_log_done) DraftLog l = draft_log();
                        /* an id of zeros is not that of no log */
                        const char *boot = !rows[i].old || !rows[i].now ? zeros
                                           : rows[i].differs && now     ? other
                                                                        : "\"" HEX_32 "\"";

                        draft_log_add(&l, EVENT_PHASE_GENESIS,
                                        (const DraftChange[]){ { "boot", boot }, {} });
                        buf_done(&b.c.forge.log);
                        if (now ? rows[i].now : rows[i].old)
                                buf_bytes(&b.c.forge.log, draft_log_bytes(&l));
                        case_judge(&b.c);
                        if (!now)
                                keep(&b);
                }
                tell(&b);
                assert_int_equal(b.against.same_boot, rows[i].same);
                assert_int_equal(!!strstr(b.said, ", in the same boot"), rows[i].same);
                boots_done(&b);
        }
}

/* Of a database each entry is told, by its subject and fingerprint. */
static void certificates_are_told_one_by_one(void **state) {
        Boots b;

        (void) state;
        boots_begin(&b);
        start(&b);
        keep(&b);
        b.boot.certificate = buf_span(&b.other);
        start(&b);
        tell(&b);
        assert_tells(&b, "  platform key: gone: \"CN=vendor\" (sha256 ");
        assert_tells(&b, "  platform key: new: \"CN=other\" (sha256 ");
        assert_tells(&b, "  allowed by db: new: \"CN=other\" (sha256 ");
        assert_tells(&b, "  authority: new: a program was let in by \"CN=other\" (sha256 ");
        assert_null(strstr(b.said, "revoked by dbx"));
        boots_done(&b);
}

static void what_avouch_recorded_is_told(void **state) {
        Boots b;

        (void) state;
        boots_begin(&b);
        start(&b);
        keep(&b);
        case_add_layer(&b.c, "other", "2", 0xba, 0);
        assert_int_equal(measure_note(&b.c.account, "harmless", NULL), 0);
        start(&b);
        tell(&b);
        assert_tells(&b, "  layer: new: sysext \"other\" version \"2\", root hash babababababababa"
                         "...\n");
        assert_null(strstr(strstr(b.said, "What changed"), "harmless"));
        assert_tells(&b, "  claim: was layers proven, is layers not-proven\n");
        boots_done(&b);
}

/* Registers that do not hold what the log says: told, and marked. */
static void what_is_not_proven_is_marked(void **state) {
        for (unsigned old = 0; old < 2; old++) {
                Boots b;

                (void) state;
                boots_begin(&b);
                start(&b);
                if (old)
                        b.c.forge.values.digests[0][7].bytes[0] ^= 1;
                b.c.forge.signed_values = b.c.forge.values;
                case_judge(&b.c);
                keep(&b);
                b.boot.secure_boot = false;
                start(&b);
                if (!old)
                        b.c.forge.values.digests[0][7].bytes[0] ^= 1;
                b.c.forge.signed_values = b.c.forge.values;
                case_judge(&b.c);
                tell(&b);
                assert_tells(&b, old ? "  Secure Boot: was on, is off [not proven before]\n"
                                     : "  Secure Boot: was on, is off [not proven now]\n");
                assert_tells(&b, old ? "  NOT PROVEN of the old evidence: the logs do not replay"
                                     : "  NOT PROVEN of the new evidence: the logs do not replay");
                boots_done(&b);
        }
}

static void evidence_that_nobody_signed_is_told_so(void **state) {
        Boots b;

        (void) state;
        boots_begin(&b);
        start(&b);
        b.c.forge.sign_with_other = true;
        case_judge(&b.c);
        keep(&b);
        b.c.forge.sign_with_other = false;
        b.boot.secure_boot = false;
        start(&b);
        tell(&b);
        assert_tells(&b,
                        "What changed since the old evidence (NOT SIGNED: anybody may have written it)");
        assert_tells(&b, "  Secure Boot: was on, is off [not proven before]\n");
        boots_done(&b);
}

static void another_machine_is_told_so(void **state) {
        Boots b;

        (void) state;
        boots_begin(&b);
        start(&b);
        keep(&b);
        forge_key(&b.c.forge, TPM_CURVE_P256, HASH_SHA256);
        start(&b);
        tell(&b);
        assert_tells(&b, "(signed by ANOTHER KEY: by that, another machine)");
        assert_false(b.against.same_key);
        boots_done(&b);
}

/* Where only one of them has a log, nothing in it is new or gone. */
static void what_only_one_tells_is_not_compared(void **state) {
        Boots b;

        (void) state;
        boots_begin(&b);
        case_judge(&b.c);
        keep(&b);
        start(&b);
        tell(&b);
        assert_tells(&b, "  Not compared, as only the new evidence tells of it: Secure Boot, ");
        assert_null(strstr(b.said, "Secure Boot: new"));
        assert_null(strstr(b.said, "UKI section: new"));
        boots_done(&b);
}

static void a_log_that_one_lacks_is_not_compared(void **state) {
        Boots b;

        (void) state;
        boots_begin(&b);
        start(&b);
        buf_done(&b.c.forge.log);
        case_judge(&b.c);
        keep(&b);
        start(&b);
        tell(&b);
        assert_tells(&b, "only the new evidence tells of it: machine, phase, ");
        assert_null(strstr(b.said, "layer: new"));
        boots_done(&b);
}

/* SHA-1 proves nothing, whoever signed it. */
static void a_bank_that_proves_nothing_is_marked(void **state) {
        static const HashAlg sha1 = HASH_SHA1;
        Boots b;

        (void) state;
        boots_begin(&b);
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_(firmlog_done) FirmLog log = firmlog_new(&sha1, 1);

                b.boot.secure_boot = i == 0;
                firmlog_boot(&log, &b.boot);
                forge_firmware(&b.c.forge, &log);
                b.c.forge.signed_values = b.c.forge.values;
                case_judge(&b.c);
                if (i == 0)
                        keep(&b);
        }
        tell(&b);
        assert_tells(&b, "  Secure Boot: was on, is off [not proven in either]\n");
        boots_done(&b);
}

static void evidence_that_cannot_be_read_is_told_so(void **state) {
        Boots b;
        Question q;

        (void) state;
        boots_begin(&b);
        q = case_question(&b.c);
        appraise_unreadable(&q, "it is empty", &b.before);
        start(&b);
        tell(&b);
        assert_tells(&b,
                        "What changed since the old evidence: cannot be told\n"
                        "  NOT PROVEN of the old evidence: the evidence is malformed: it is empty\n");
        boots_done(&b);
}

static void programs_are_told_the_same(void **state) {
        _cleanup_(buf_done) Buf json = BUF_UP_TO(BUNDLE_MAX);
        static const char *const members[] = {
                "\"against\":{\"old\":{\"readable\":1,\"proven\":1},\"new\":{\"readable\":1,\"proven\":1},",
                "\"sameKey\":1,\"sameBoot\":1,\"onlyOld\":[],\"onlyNew\":[],\"changes\":[{",
                "{\"kind\":\"secure-boot\",\"change\":\"other\",\"was\":{\"says\":\"on\",\"sha256\":\"",
                "\"says\":\"was on, is off\",\"proven\":1}",
                "{\"kind\":\"command-line\",\"change\":\"new\",\"is\":{\"says\":\"debug\"},\"says\":\"new: debug\",\"proven\":0}",
        };
        Question q;
        Boots b;

        (void) state;
        boots_begin(&b);
        start(&b);
        keep(&b);
        b.boot.secure_boot = false;
        b.line = "root=x quiet debug";
        start(&b);
        tell(&b);
        q = case_question(&b.c);
        assert_int_equal(report_json(&b.c.judgement, &q, &json, NULL), 0);
        buf_byte(&json, '\0');
        for (size_t i = 0; i < ELEMENTS(members); i++)
                if (!strstr((const char *) json.data, members[i]))
                        fail_msg("'%s' does not stand in:\n%s", members[i],
                                        (const char *) json.data);
        boots_done(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_boot_differs_in_nothing),
                cmocka_unit_test(what_changed_is_named),
                cmocka_unit_test(nothing_else_changes_with_it),
                cmocka_unit_test(boots_are_told_apart),
                cmocka_unit_test(certificates_are_told_one_by_one),
                cmocka_unit_test(what_avouch_recorded_is_told),
                cmocka_unit_test(what_is_not_proven_is_marked),
                cmocka_unit_test(evidence_that_nobody_signed_is_told_so),
                cmocka_unit_test(another_machine_is_told_so),
                cmocka_unit_test(what_only_one_tells_is_not_compared),
                cmocka_unit_test(a_log_that_one_lacks_is_not_compared),
                cmocka_unit_test(a_bank_that_proves_nothing_is_marked),
                cmocka_unit_test(evidence_that_cannot_be_read_is_told_so),
                cmocka_unit_test(programs_are_told_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
