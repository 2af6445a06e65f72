/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdlib.h>

#include "support/case.h"
#include "support/firmlog.h"
#include "support/hashes.h"
#include "support/imalist.h"
#include "verify/report-ima.h"
#include "verify/report.h"

/* A machine whose kernel measures files, and the list that it kept of them. */

static const ImaFile files[] = {
        { "ima-ng", "sha256", "boot_aggregate", .n_behind = 0 },
        { "ima-sig", "sha256", "/usr/lib/systemd/systemd", { SPAN_LITERAL("sig") }, 1, false },
        { "ima-ng", "sha256", "/var/log/wtmp", .violation = true },
        { "ima-buf", "sha256", "kexec-cmdline", { SPAN_LITERAL("quiet") }, 1, false },
        { "ima", "", "/sbin/init", .n_behind = 0 },
};

enum { N_FILES = ELEMENTS(files) };

static void add_files(Buf *list, size_t n) {
        for (size_t i = 0; i < n; i++)
                imalist_add(&files[i], list);
}

static void extend_files(PcrValues *values, size_t n, bool padded) {
        for (size_t i = 0; i < n; i++)
                imalist_extend(&files[i], padded, values);
}

/* Quotes a machine that measured so many files, and takes a list of so many along. */
static void judge(Case *c, size_t measured, size_t listed) {
        extend_files(&c->forge.values, measured, false);
        c->forge.signed_values = c->forge.values;
        add_files(&c->forge.ima, listed);
        case_judge(c);
}

static const char *reason(const Case *c) {
        return c->judgement.verdict.reasons[CLAIM_REGISTERS];
}

static void a_list_that_leads_to_the_register_explains_it(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        judge(&c, N_FILES, N_FILES);
        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_true(verdict_trusted(&c.judgement.verdict));
        assert_non_null(strstr(reason(&c), "5 of 5 entries of IMA's list are in pcr:10"));
        assert_non_null(strstr(reason(&c), "1 files were measured while they changed"));
        assert_null(strstr(reason(&c), "SHA-1"));
        buf_done(&c.forge.ima); /* what is said to be in another register is in none */
        imalist_add_data(12, "ima-x", false, SPAN_LITERAL("x"), &c.forge.ima);
        add_files(&c.forge.ima, N_FILES);
        case_judge(&c);
        assert_non_null(strstr(reason(&c), "5 of 6 entries of IMA's list are in pcr:10"));
        case_end(&c);
}

/* What was measured while the TPM answered is told, and counts for nothing. */
static void a_list_may_have_more_than_was_quoted(void **state) {
        (void) state;
        for (size_t n = 0; n <= N_FILES; n++) {
                const ImaStory *s;
                ImaEntry entry;
                ImaLog list;
                Case c;

                case_begin(&c);
                judge(&c, n, N_FILES);
                assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
                s = &c.judgement.ima;
                assert_true(s->covered);
                assert_int_equal(s->n_proven, n);
                assert_int_equal(s->n_entries, N_FILES);
                assert_int_equal(s->n_violations, n > 2);
                list = ima_over(s->log);
                while (ima_next(&list, &entry, NULL) > 0)
                        assert_string_equal(ima_standing(s, &entry), entry.number >= n ? "after"
                                                                     : entry.violation ? "nameless"
                                                                                       : "proven");
                case_end(&c);
        }
}

static void a_list_may_not_have_less(void **state) {
        (void) state;
        for (size_t n = 1; n < N_FILES; n++) {
                Case c;

                case_begin(&c);
                judge(&c, N_FILES, n);
                assert_refused(&c, CLAIM_REGISTERS,
                                "the logs do not replay to what was quoted of sha256:10");
                assert_false(c.judgement.ima.covered);
                assert_string_equal(ima_standing(&c.judgement.ima, &(ImaEntry){ .pcr = 10 }),
                                "not covered");
                case_end(&c);
        }
}

/* What is extended for it: a violation has no digest, whatever stands in its data, and nothing
 * reads the SHA-1 of others. */
static bool extends_alike(const ImaEntry *a, const ImaEntry *b) {
        if (a->pcr != b->pcr || a->violation != b->violation)
                return false;
        for (size_t i = 0; !a->violation && i < IMA_MEASURED_PARTS; i++)
                if (!span_equal(a->measured[i], b->measured[i]))
                        return false;
        return true;
}

static bool lists_extend_alike(Span a, Span b) {
        ImaLog lists[2] = { ima_over(a), ima_over(b) };
        ImaEntry entries[2];

        while (ima_next(&lists[0], &entries[0], NULL) > 0)
                if (ima_next(&lists[1], &entries[1], NULL) <= 0 ||
                                !extends_alike(&entries[0], &entries[1]))
                        return false;
        return true;
}

static void nor_another_byte(void **state) {
        _cleanup_(buf_done) Buf list = BUF_UP_TO(4096);
        unsigned n = 0;

        (void) state;
        add_files(&list, N_FILES);
        for (size_t at = 0; at < list.size; at++) {
                bool alike;
                Case c;

                case_begin(&c);
                extend_files(&c.forge.values, N_FILES, false);
                c.forge.signed_values = c.forge.values;
                add_files(&c.forge.ima, N_FILES);
                c.forge.ima.data[at] ^= 1;
                alike = lists_extend_alike(buf_span(&list), buf_span(&c.forge.ima));
                case_judge(&c);
                assert_int_equal(case_state(&c, CLAIM_REGISTERS),
                                alike ? CLAIM_PROVEN : CLAIM_NOT_PROVEN);
                n += alike;
                case_end(&c);
        }
        /* SHA-1s, names of templates that are as good as others, and the data of the violation */
        assert_in_range(n, 80, 160);
}

static void without_a_list_the_register_is_not_explained(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        judge(&c, N_FILES, 0);
        assert_refused(&c, CLAIM_REGISTERS, "no log here explains what was quoted of sha256:10");
        case_end(&c);
}

static void a_list_that_is_none_is_said_to_be(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        add_files(&c.forge.ima, 1);
        buf_byte(&c.forge.ima, 'x');
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "IMA's list: cut short at byte 101 of 102");
        assert_int_equal(c.judgement.ima.log.size, 0);
        case_end(&c);
}

/* Where nobody quoted the register, or the signature is another's, the list is only a text. */
static void what_is_not_quoted_is_not_covered(void **state) {
        for (int how = 0; how < 2; how++) {
                Case c;

                (void) state;
                case_begin(&c);
                if (how == 0) {
                        c.forge.selection.banks[0].mask &= ~(1u << 10);
                        c.forge.asked = c.forge.selection;
                        c.forge.values.held = c.forge.signed_values.held = c.forge.selection;
                } else
                        c.forge.sign_with_other = true;
                add_files(&c.forge.ima, N_FILES);
                case_judge(&c);
                assert_int_equal(case_state(&c, CLAIM_REGISTERS),
                                how == 0 ? CLAIM_PROVEN : CLAIM_NOT_PROVEN);
                assert_false(c.judgement.ima.covered);
                assert_null(strstr(reason(&c), "IMA"));
                case_end(&c);
        }
}

typedef struct Bench {
        Buf list;
        PcrValues quoted;
        Replay replay;
        Verdict verdict;
        ImaStory story;
} Bench;

static const HashAlg three[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384 };

static Bench bench_new(const HashAlg *banks, size_t n) {
        Bench b = { .list = BUF_UP_TO(IMA_LOG_MAX) };

        for (size_t i = 0; i < n; i++) {
                b.quoted.held.banks[i] = (PcrBank){ (uint16_t) banks[i], 1u << 10 };
                b.quoted.digests[i][10] = digest_zero(banks[i]);
        }
        b.quoted.held.n_banks = n;
        b.replay = replay_begin(&b.quoted.held);
        return b;
}

static int bench_take(Bench *b, Err *e) {
        return ima_take(buf_span(&b->list), &b->quoted, &b->verdict, &b->replay, &b->story, e);
}

static void bench_done(Bench *b) {
        buf_done(&b->list);
}

static void all_banks_are_followed(void **state) {
        (void) state;
        for (int padded = 0; padded < 2; padded++) {
                _cleanup_(bench_done) Bench b = bench_new(three, 3);

                extend_files(&b.quoted, N_FILES, padded);
                add_files(&b.list, N_FILES);
                assert_int_equal(bench_take(&b, NULL), 0);
                assert_true(b.story.covered);
                assert_int_equal(b.story.weak, padded);
                assert_int_equal(b.story.n_proven, N_FILES);
                assert_string_equal(ima_standing(&b.story, &(ImaEntry){ .pcr = 10 }),
                                padded ? "sha1" : "proven");
                for (size_t i = 0; i < 3; i++)
                        assert_true(digest_equal(
                                        &b.replay.pcrs.digests[i][10], &b.quoted.digests[i][10]));
                assert_true(b.replay.told >> 10 & 1);
        }
}

/* A bank that somebody extended by hand is not explained by the others. */
static void each_bank_for_itself(void **state) {
        _cleanup_(bench_done) Bench b = bench_new(three, 3);

        (void) state;
        extend_files(&b.quoted, N_FILES, false);
        add_files(&b.list, N_FILES);
        b.quoted.digests[2][10].bytes[0] ^= 1;
        assert_int_equal(bench_take(&b, NULL), 0);
        assert_true(b.story.covered);
        assert_int_equal(replay_compare(&b.replay, &b.quoted, 10), REPLAY_DIFFERS);
}

/* A bank that was quoted earlier shows less, and no more than that is proven. */
static void the_shortest_bank_counts(void **state) {
        (void) state;
        for (size_t shorter = 1; shorter < 3; shorter++) {
                _cleanup_(bench_done) Bench b = bench_new(three, 3);
                PcrValues all;

                add_files(&b.list, N_FILES);
                extend_files(&b.quoted, N_FILES - 2, false);
                all = b.quoted;
                for (size_t i = N_FILES - 2; i < N_FILES; i++)
                        imalist_extend(&files[i], false, &all);
                for (size_t i = 0; i < 3; i++)
                        if (i != shorter)
                                b.quoted.digests[i][10] = all.digests[i][10];
                assert_int_equal(bench_take(&b, NULL), 0);
                assert_int_equal(b.story.n_proven, N_FILES - 2);
                assert_int_equal(replay_compare(&b.replay, &b.quoted, 10), REPLAY_EQUAL);
        }
}

static void sha1_alone_proves_nothing(void **state) {
        _cleanup_(bench_done) Bench b = bench_new(three, 1);

        (void) state;
        extend_files(&b.quoted, N_FILES, false);
        add_files(&b.list, N_FILES);
        assert_int_equal(bench_take(&b, NULL), 0);
        assert_false(b.story.covered);
        assert_true(digest_equal(&b.replay.pcrs.digests[0][10], &b.quoted.digests[0][10]));
}

static void entries_of_other_registers_are_counted(void **state) {
        _cleanup_(bench_done) Bench b = bench_new(three, 2);

        (void) state;
        imalist_add_data(12, "ima-x", true, SPAN_LITERAL("x"), &b.list);
        add_files(&b.list, N_FILES);
        extend_files(&b.quoted, N_FILES, false);
        assert_int_equal(bench_take(&b, NULL), 0);
        assert_true(b.story.covered);
        assert_int_equal(b.story.n_elsewhere, 1);
        assert_int_equal(b.story.n_measured, N_FILES);
        assert_int_equal(b.story.n_violations, 1);
        assert_string_equal(ima_standing(&b.story, &(ImaEntry){ .pcr = 12 }), "not covered");
}

static void no_bad_hash_gives_an_answer(void **state) {
        int failed = 1, n = 0;

        (void) state;
        for (; failed > 0; n++) {
                _cleanup_(bench_done) Bench b = bench_new(three, 2);
                Err e = {};
                int rc;

                extend_files(&b.quoted, 1, false);
                add_files(&b.list, 1);
                hashes_fail_after(n);
                rc = bench_take(&b, &e);
                failed = hashes_heal();
                assert_int_equal(rc, failed > 0 ? -EIO : 0);
                assert_int_equal(e.code, rc);
                assert_int_equal(b.story.covered, failed == 0);
                assert_int_equal(b.verdict.refuted, 0);
        }
        assert_int_equal(n, 9); /* two banks, two ways, the data and the register */
}

/* The entry of this machine's boot_aggregate is made up. What the register does not prove, or
 * SHA-1 alone, is not compared. */
static void what_a_list_began_on_is_compared(void **state) {
        enum { OTHER, NONE, UNKNOWN, NONE_OF_NO_LOG, NOT_PROVEN, PADDED, _BEGIN_MAX };

        for (size_t begin = 0; begin < _BEGIN_MAX; begin++) {
                _cleanup_(firmlog_done) FirmLog log = firmlog_new(&three[1], 1);
                bool none = begin == NONE || begin == NONE_OF_NO_LOG || begin == NOT_PROVEN;
                const ImaFile *file = &files[none];
                FirmBoot boot = { .cmdline = "root=x quiet" };
                Case c;

                (void) state;
                case_begin(&c);
                if (begin != UNKNOWN && begin != NONE_OF_NO_LOG) {
                        firmlog_boot(&log, &boot);
                        forge_firmware(&c.forge, &log);
                }
                if (begin != NOT_PROVEN)
                        imalist_extend(file, begin == PADDED, &c.forge.values);
                c.forge.signed_values = c.forge.values;
                imalist_add(file, &c.forge.ima);
                case_judge(&c);
                assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
                assert_int_equal(
                                !!strstr(reason(&c),
                                                "IMA's list begins on other values of PCRs 0 to 9"),
                                begin == OTHER);
                assert_int_equal(!!strstr(reason(&c), "does not begin with boot_aggregate"),
                                begin == NONE || begin == NONE_OF_NO_LOG);
                case_end(&c);
        }
}

/* As a file of its own, which nobody quoted. */
static void a_list_alone_leads_where_it_leads(void **state) {
        _cleanup_(bench_done) Bench b = bench_new(three, 3);
        Digest value = digest_zero(HASH_SHA384);
        char *text = NULL;
        size_t size;
        FILE *to;

        (void) state;
        extend_files(&b.quoted, N_FILES, false);
        add_files(&b.list, N_FILES);
        imalist_add_data(11, "mine", false, SPAN_LITERAL("elsewhere"), &b.list);
        assert_int_equal(ima_replay(buf_span(&b.list), &value, &b.story, NULL), 0);
        assert_true(digest_equal(&value, &b.quoted.digests[2][PCR_IMA]));
        assert_int_equal(b.story.n_entries, N_FILES + 1);
        assert_int_equal(b.story.n_elsewhere, 1);
        assert_int_equal(b.story.n_violations, 1);
        assert_false(b.story.covered);

        to = open_memstream(&text, &size);
        report_ima_list(buf_span(&b.list), to);
        fclose(to);
        assert_non_null(strstr(text,
                        "   1  pcr:10  ima-sig sha256:d1d1d1d1d1d1d1d1... \"/usr/lib/systemd/systemd\"\n"));
        assert_non_null(strstr(text, "\"/var/log/wtmp\" [VIOLATION: "));
        assert_null(strstr(text, "not proven")); /* that is not asked */
        free(text);

        b.list.size--;
        assert_int_equal(ima_replay(buf_span(&b.list), &value, &b.story, NULL), -EBADMSG);
        assert_int_equal(b.story.n_entries, N_FILES);
}

static void it_is_reported(void **state) {
        _cleanup_(buf_done) Buf json = BUF_UP_TO(1024 * 1024);
        char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);
        Question q;
        Case c;

        (void) state;
        case_begin(&c);
        judge(&c, 4, N_FILES);
        q = case_question(&c);
        report_people(&c.judgement, &q, to);
        fclose(to);
        assert_non_null(strstr(text, "What IMA measured, by the kernel's list (names and digests"));
        assert_non_null(strstr(text,
                        "   0  pcr:10  ima-ng sha256:d1d1d1d1d1d1d1d1... \"boot_aggregate\"\n"));
        assert_non_null(strstr(text, "\"/var/log/wtmp\" [VIOLATION: it was open for writing"));
        assert_non_null(strstr(
                        text, "\"/sbin/init\" [not in the quoted register: measured afterwards"));
        assert_int_equal(report_json(&c.judgement, &q, &json, NULL), 0);
        buf_byte(&json, '\0');
        assert_non_null(strstr((char *) json.data,
                        "\"ima\":{\"count\":5,\"violations\":1,\"proven\":4,\"entries\":[{\"entry\":0,\"pcr\":10,\"template\":\"ima-ng\",\"digest\":\"sha256:d1d1"));
        assert_non_null(strstr((char *) json.data,
                        "\"name\":\"/sbin/init\",\"violation\":0,\"standing\":\"after\"}"));
        free(text);
        case_end(&c);
}

static void nor_one_of_a_list_alone(void **state) {
        int failed = 1, n = 0;

        (void) state;
        for (; failed > 0; n++) {
                _cleanup_(bench_done) Bench b = bench_new(three, 1);
                Digest value = digest_zero(HASH_SHA256);
                int rc;

                add_files(&b.list, 2);
                hashes_fail_after(n);
                rc = ima_replay(buf_span(&b.list), &value, &b.story, NULL);
                failed = hashes_heal();
                assert_int_equal(rc, failed > 0 ? -EIO : 0);
        }
        assert_int_equal(n, 5); /* two entries, each with its data and the register */
}

static void a_reader_is_told_so_many(void **state) {
        (void) state;
        for (size_t n = 20; n <= 25; n += N_FILES) {
                _cleanup_(bench_done) Bench b = bench_new(three, 1);
                char *text = NULL;
                size_t size;
                FILE *to;

                for (size_t i = 0; i < n; i += N_FILES)
                        add_files(&b.list, N_FILES);
                assert_int_equal(bench_take(&b, NULL), 0);
                to = open_memstream(&text, &size);
                report_ima_people(&b.story, to);
                fclose(to);
                assert_int_equal(!!strstr(text, "and 5 entries more"), n == 25);
                assert_int_equal(!!strstr(text, "entries more"), n == 25);
                free(text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_list_that_leads_to_the_register_explains_it),
                cmocka_unit_test(a_list_may_have_more_than_was_quoted),
                cmocka_unit_test(a_list_may_not_have_less),
                cmocka_unit_test(nor_another_byte),
                cmocka_unit_test(without_a_list_the_register_is_not_explained),
                cmocka_unit_test(a_list_that_is_none_is_said_to_be),
                cmocka_unit_test(what_is_not_quoted_is_not_covered),
                cmocka_unit_test(all_banks_are_followed),
                cmocka_unit_test(each_bank_for_itself),
                cmocka_unit_test(the_shortest_bank_counts),
                cmocka_unit_test(sha1_alone_proves_nothing),
                cmocka_unit_test(entries_of_other_registers_are_counted),
                cmocka_unit_test(no_bad_hash_gives_an_answer),
                cmocka_unit_test(nor_one_of_a_list_alone),
                cmocka_unit_test(what_a_list_began_on_is_compared),
                cmocka_unit_test(a_list_alone_leads_where_it_leads),
                cmocka_unit_test(a_reader_is_told_so_many),
                cmocka_unit_test(it_is_reported),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
