/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "verify/report-against.h"

/* What is said of a comparison, whatever it was taken from. */

static Judgement old, new;

static int forget(void **state) {
        (void) state;
        old = new = (Judgement){ .readable = true };
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++) {
                verdict_prove(&old.verdict, claim, "well");
                verdict_prove(&new.verdict, claim, "well");
        }
        return 0;
}

static void assert_people(const Against *a, const char *wanted) {
        char *said = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&said, &size);

        assert_non_null(f);
        report_against(a, f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(said, wanted);
        free(said);
}

static void assert_programs(const Against *a, const char *wanted) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        JsonWriter w = json_writer(&b, JSON_STRICT);

        json_put_object(&w, NULL);
        report_against_json(a, &w);
        json_put_end(&w);
        buf_byte(&b, '\0');
        assert_int_equal(b.failed, 0);
        assert_string_equal((const char *) b.data, wanted);
}

#define HEAD                                                                                       \
        "\nWhat changed since the old evidence (signed by the same key); names of what was "       \
        "measured as a digest alone are a log's word\n"
#define NOTHING "  nothing of what both tell\n"

static void nothing_is_said_so(void **state) {
        Against a = { .before_by = &old, .now_by = &new, .same_key = true };

        (void) state;
        assert_people(&a, HEAD NOTHING);
        assert_programs(&a, "{\"against\":{\"old\":{\"readable\":1,\"proven\":1},"
                            "\"new\":{\"readable\":1,\"proven\":1},\"sameKey\":1,\"sameBoot\":0,"
                            "\"onlyOld\":[],\"onlyNew\":[],\"changes\":[]}}");
}

/* Of 17 changes of one kind a reader is told 16, and how many there are more. */
static void of_one_kind_there_is_an_end(void **state) {
        _cleanup_(buf_done) Buf wanted = BUF_UP_TO(BUNDLE_MAX);
        Change list[18];

        (void) state;
        for (size_t n = 16; n <= 17; n++) {
                Against a = { .before_by = &old, .now_by = &new, .same_key = true };

                for (size_t i = 0; i < n; i++)
                        list[i] = (Change){ FACT_LOGIN, .has_is = true, .is_proven = true,
                                .is = SPAN_LITERAL("a") };
                list[n] = (Change){ FACT_SYSTEMD, .has_was = true, .was_proven = true,
                        .was = SPAN_LITERAL("b") };
                a.list = list;
                a.n = n + 1;
                buf_done(&wanted);
                buf_string(&wanted, HEAD);
                for (size_t i = 0; i < 16; i++)
                        buf_printf(&wanted, "  %s: new: a\n", fact_kind_title(FACT_LOGIN));
                if (n == 17)
                        buf_printf(&wanted, "  %s: ... and 1 more (--json has them all)\n",
                                        fact_kind_title(FACT_LOGIN));
                buf_printf(&wanted, "  %s: gone: b\n", fact_kind_title(FACT_SYSTEMD));
                buf_byte(&wanted, '\0');
                assert_people(&a, (const char *) wanted.data);
        }
}

static void kinds_that_one_does_not_tell_of_are_named(void **state) {
        Against a = { .before_by = &old, .now_by = &new, .same_key = true };

        (void) state;
        a.only_before = 1u << FACT_SECURE_BOOT | 1u << FACT_TPM;
        a.only_now = 1u << FACT_SECURE_BOOT;
        assert_people(&a, HEAD NOTHING
                        "  Not compared, as only the old evidence tells of it: TPM, Secure Boot\n"
                        "  Not compared, as only the new evidence tells of it: Secure Boot\n");
        assert_programs(&a, "{\"against\":{\"old\":{\"readable\":1,\"proven\":1},"
                            "\"new\":{\"readable\":1,\"proven\":1},\"sameKey\":1,\"sameBoot\":0,"
                            "\"onlyOld\":[\"tpm\",\"secure-boot\"],\"onlyNew\":[\"secure-boot\"],"
                            "\"changes\":[]}}");
}

static void what_is_in_doubt_is_said(void **state) {
        Against a = { .before_by = &old, .now_by = &new, .same_key = true };

        (void) state;
        verdict_refute(&new.verdict, CLAIM_REGISTERS, "a log says \x1b otherwise");
        facts_fault(&a.before, "the log ends \x1b too soon");
        assert_people(&a, HEAD NOTHING
                        "  Not all of the old evidence is compared: the log ends \\x1b too soon\n"
                        "  NOT PROVEN of the new evidence: a log says \\x1b otherwise\n");
        assert_programs(&a, "{\"against\":{\"old\":{\"readable\":1,\"proven\":1,"
                            "\"notWhole\":\"the log ends \\\\x1b too soon\"},"
                            "\"new\":{\"readable\":1,\"proven\":0,"
                            "\"reason\":\"a log says \\\\x1b otherwise\"},\"sameKey\":1,"
                            "\"sameBoot\":0,\"onlyOld\":[],\"onlyNew\":[],\"changes\":[]}}");
}

/* Whoever wrote the evidence may want there to be no verdict at all. */
static void there_is_an_end_to_changes_for_programs_too(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64 * 1024);
        JsonWriter w = json_writer(&b, JSON_STRICT);
        static char words[1024];
        Change list[100];
        Against a = { .before_by = &old, .now_by = &new, .list = list, .n = ELEMENTS(list) };

        (void) state;
        memset(words, 'x', sizeof(words) - 1);
        for (size_t i = 0; i < a.n; i++)
                list[i] = (Change){ FACT_LOGIN, .has_is = true, .is = span_of(words) };
        json_put_object(&w, NULL);
        report_against_json(&a, &w);
        json_put_end(&w);
        buf_byte(&b, '\0');
        assert_int_equal(b.failed, 0);
        assert_true(b.size > 30 * 1024 && b.size < 34 * 1024);
        assert_non_null(strstr((const char *) b.data, "],\"more\":8"));
}

/* systemd's reports are evidence as ours is. */
static void either_may_be_unreadable(void **state) {
        Against a = { .before_by = &old, .now_by = &new, .same_key = true };

        (void) state;
        new.readable = false;
        assert_people(&a, "\nWhat changed since the old evidence: cannot be told\n");
        new.report.readable = true;
        assert_people(&a, HEAD NOTHING);
        old.readable = false;
        assert_people(&a, "\nWhat changed since the old evidence: cannot be told\n");
        assert_programs(&a, "{\"against\":{\"old\":{\"readable\":0,\"proven\":1},"
                            "\"new\":{\"readable\":1,\"proven\":1},\"sameKey\":1,\"sameBoot\":0,"
                            "\"onlyOld\":[],\"onlyNew\":[],\"changes\":[]}}");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(nothing_is_said_so, forget),
                cmocka_unit_test_setup(of_one_kind_there_is_an_end, forget),
                cmocka_unit_test_setup(kinds_that_one_does_not_tell_of_are_named, forget),
                cmocka_unit_test_setup(what_is_in_doubt_is_said, forget),
                cmocka_unit_test_setup(there_is_an_end_to_changes_for_programs_too, forget),
                cmocka_unit_test_setup(either_may_be_unreadable, forget),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
