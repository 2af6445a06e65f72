/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "support/sysforge.h"
#include "verify/against.h"
#include "verify/report.h"

/* What people are told of a report that systemd signed. */

typedef struct Bench {
        SysForge f;
        Policy policy;
        Releases releases;
        Judgement j;
} Bench;

static void begin(Bench *b) {
        *b = (Bench){ .policy = policy_default() };
        sysforge_new(&b->f);
}

static void end(Bench *b) {
        judgement_done(&b->j);
        releases_done(&b->releases);
        sysforge_done(&b->f);
}

static Question question(const Bench *b) {
        return (Question){ .policy = &b->policy, .releases = &b->releases };
}

static void judge(Bench *b) {
        const Question q = question(b);

        judgement_done(&b->j);
        assert_int_equal(appraise(sysforge_file(&b->f), &q, &b->j, NULL), 0);
}

/* What is said of it; to be freed. */
static char *told(const Bench *b, bool suggest) {
        const Question q = question(b);
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        if (suggest)
                assert_int_equal(report_suggest(&b->j, &q, f, NULL), 0);
        else
                report_people(&b->j, &q, f);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void people_are_told_what_it_covers(void **state) {
        const char *quoted;
        char *text;
        Bench b;

        (void) state;
        begin(&b);
        judge(&b);
        text = told(&b, false);
        quoted = strstr(text, "\nQuoted: sha256:");
        assert_non_null(quoted);
        assert_null(strstr(quoted + 2, "Quoted: ")); /* NvPCRs are no selection */
        assert_int_equal(strncmp(text, "A report of systemd, made ", 26), 0);
        assert_non_null(strstr(text, "not judged by this version: 1 signature by other means\n"));
        free(text);
        end(&b);
}

static void programs_are_told_whose_it_is(void **state) {
        _cleanup_(buf_done) Buf json = BUF_UP_TO(BUNDLE_MAX), key = BUF_UP_TO(256);
        Question q;
        Bench b;

        (void) state;
        begin(&b);
        judge(&b);
        q = question(&b);
        assert_int_equal(report_json(&b.j, &q, &json, NULL), 0);
        buf_byte(&json, '\0');
        buf_string(&key, "\"machine\":{\"attestationKey\":\"");
        text_hex(&key, (Span){ b.j.report.ak_name, b.j.report.ak_name_size });
        buf_string(&key, "\",\"timestamp\":\"");
        buf_byte(&key, '\0');
        assert_non_null(strstr((const char *) json.data, (const char *) key.data));
        assert_non_null(strstr((const char *) json.data, "\"systemd\":{\""));
        end(&b);
}

/* Held against another one, it is of the same machine where its key is the same. */
static void reports_are_told_apart_by_their_keys(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        judge(&b);
        for (unsigned other = 0; other < 2; other++) {
                Judgement before = b.j;
                Against a;

                before.report.ak_name[7] ^= (uint8_t) other;
                assert_int_equal(against_take(&before, &b.j, &a, NULL), 0);
                assert_int_equal(a.same_key, !other);
                assert_true(a.now.n > 0);
                against_done(&a);
        }
        end(&b);
}

/* Where each NvPCR is proven, and one policy guards them all. */
static void a_policy_of_nvpcrs_is_suggested(void **state) {
        static const uint8_t other[32] = { 1 };
        Bench b;

        (void) state;
        begin(&b);
        for (int spoiled = 0; spoiled < 3; spoiled++) {
                char *text;

                judge(&b);
                if (spoiled == 1)
                        b.j.systemd.nv[2].fault = "it proves nothing";
                if (spoiled == 2)
                        b.j.systemd.nv[2].policy = (Span){ other, 32 };
                text = told(&b, true);
                assert_int_equal(strstr(text, "NvPolicy=") != NULL, spoiled == 0);
                free(text);
        }
        end(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(people_are_told_what_it_covers),
                cmocka_unit_test(programs_are_told_whose_it_is),
                cmocka_unit_test(reports_are_told_apart_by_their_keys),
                cmocka_unit_test(a_policy_of_nvpcrs_is_suggested),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
