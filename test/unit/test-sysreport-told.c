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

/* The log of registers that no quote is over may be anybody's. */
static void a_report_over_less_than_systemds_own_proves_nothing(void **state) {
        static const uint32_t less[] = { 0xfabf & ~1u, 0xfabf & ~(1u << 9), 0x7abf, 1 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(less) + 2; i++) {
                Bench b;

                begin(&b);
                b.f.sha1 = i == ELEMENTS(less);
                if (i > ELEMENTS(less)) /* a bank that policy does not name is none */
                        b.policy.banks[b.policy.n_banks++] = HASH_SHA384;
                if (i < ELEMENTS(less))
                        b.f.pcrs = less[i];
                judge(&b);
                assert_int_equal(verdict_state(&b.j.verdict, CLAIM_SIGNATURE), CLAIM_PROVEN);
                assert_int_equal(verdict_state(&b.j.verdict, CLAIM_REGISTERS), CLAIM_NOT_PROVEN);
                assert_non_null(strstr(b.j.verdict.reasons[CLAIM_REGISTERS],
                                "not over PCRs 0 to 5, 7, 9 and 11 to 15"));
                end(&b);
        }
}

/* systemd hands on what firmware measured into PCRs 6 and 8, too, and does not quote them. */
static void records_are_counted_where_they_are_proven(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_measure(&b.f.l, (Register){ REGISTER_PCR, 6 }, "x", NULL);
        judge(&b);
        assert_int_equal(verdict_state(&b.j.verdict, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_non_null(strstr(b.j.verdict.reasons[CLAIM_REGISTERS], "14 records replay"));
        assert_int_equal(b.j.systemd.n_records, 15);
        end(&b);
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

/* How many facts of a kind there are; *ret_proven: of them that are proven. */
static size_t count(const Facts *f, FactKind kind, size_t *ret_proven) {
        size_t n = 0;

        *ret_proven = 0;
        for (size_t i = 0; i < f->n; i++) {
                n += f->list[i].kind == kind;
                *ret_proven += f->list[i].kind == kind && f->list[i].proven;
        }
        return n;
}

static void a_key_of_a_volume_is_proven_with_its_register(void **state) {
        (void) state;
        for (unsigned spoiled = 0; spoiled < 2; spoiled++) {
                size_t n_proven;
                Facts f;
                Bench b;

                begin(&b);
                sd_extend(&b.f.l, sd_pcr15, "the HMAC");
                sd_write(&b.f.l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
                b.f.other_digest = spoiled;
                judge(&b);
                assert_int_equal(facts_take(&b.j, HASH_SHA256, &f, NULL), 0);
                assert_int_equal(count(&f, FACT_VOLUME, &n_proven), 1);
                assert_int_equal(n_proven, !spoiled);
                facts_done(&f);
                end(&b);
        }
}

/* They stand in the same array, and are no words of systemd's. */
static void events_of_firmware_are_no_facts_of_systemd(void **state) {
        (void) state;
        for (unsigned firmware = 0; firmware < 2; firmware++) {
                size_t n_proven;
                Facts f;
                Bench b;

                begin(&b);
                sd_extend(&b.f.l, (Register){ REGISTER_PCR, 4 }, "event");
                sd_write(&b.f.l, (Register){ REGISTER_PCR, 4 }, "event", "marked", "x");
                b.f.old = firmware ? "\"content_type\":\"systemd\",\"content\":{\"string\":\"x\","
                                   : NULL;
                b.f.new = "\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":\"EV_IPL\",";
                judge(&b);
                assert_int_equal(facts_take(&b.j, HASH_SHA256, &f, NULL), 0);
                assert_int_equal(count(&f, FACT_SYSTEMD, &n_proven), firmware ? 4 : 5);
                assert_int_equal(n_proven, 4); /* the Names of NvPCRs */
                facts_done(&f);
                end(&b);
        }
}

/* A machine that could have told of an unlock, and does not. */
static void silence_is_told_too(void **state) {
        Facts f;
        Bench b;

        (void) state;
        begin(&b);
        sd_done(&b.f.l);
        sd_new(&b.f.l);
        sd_measure(&b.f.l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        judge(&b);
        assert_int_equal(facts_take(&b.j, HASH_SHA256, &f, NULL), 0);
        assert_true(f.told >> FACT_UNLOCK & 1);
        assert_true(f.told >> FACT_PHASE & 1);
        assert_false(f.told >> FACT_LAYER & 1);
        facts_done(&f);
        end(&b);
}

/* Each of them would do alone. */
static void two_tpms_are_one_too_many(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.f.twice = true;
        judge(&b);
        assert_false(b.j.report.readable);
        assert_int_equal(b.j.verdict.proven, 0);
        assert_non_null(strstr(b.j.verdict.reasons[CLAIM_KEY], "two signatures of TPMs"));
        end(&b);
}

static void no_file_is_no_report(void **state) {
        (void) state;
        assert_false(sysevidence_matches((Span){}));
        assert_true(sysevidence_matches(SPAN_LITERAL("\x1e")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_report_over_less_than_systemds_own_proves_nothing),
                cmocka_unit_test(records_are_counted_where_they_are_proven),
                cmocka_unit_test(people_are_told_what_it_covers),
                cmocka_unit_test(programs_are_told_whose_it_is),
                cmocka_unit_test(reports_are_told_apart_by_their_keys),
                cmocka_unit_test(a_key_of_a_volume_is_proven_with_its_register),
                cmocka_unit_test(events_of_firmware_are_no_facts_of_systemd),
                cmocka_unit_test(silence_is_told_too),
                cmocka_unit_test(two_tpms_are_one_too_many),
                cmocka_unit_test(no_file_is_no_report),
                cmocka_unit_test(a_policy_of_nvpcrs_is_suggested),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
