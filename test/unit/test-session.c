/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/case.h"

#define SAMPLE_32 "0123456789abcdef0123456789abcdef"

/* Parts that were made together: the claims bound and atomic, and what is read of an NV index. */

static void begin(Case *c) {
        case_begin(c);
        c->policy.required |= 1u << CLAIM_BOUND | 1u << CLAIM_ATOMIC;
        c->policy.required &= ~(1u << CLAIM_UNTOUCHED);
        c->forge.audited = c->forge.counted = true;
        c->forge.count = 7;
}

static void one_session_is_bound_and_atomic(void **state) {
        Case c;

        (void) state;
        for (int counted = 0; counted < 2; counted++) {
                begin(&c);
                c.forge.counted = counted;
                case_judge(&c);
                assert_true(verdict_trusted(&c.judgement.verdict));
                assert_int_equal(case_state(&c, CLAIM_BOUND), CLAIM_PROVEN);
                assert_int_equal(case_state(&c, CLAIM_ATOMIC), CLAIM_PROVEN);
                assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_BOUND],
                                counted ? "2 attestations and" : "1 attestation and"));
                case_end(&c);
        }
}

static void evidence_without_an_audit_is_neither(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.audited = false;
        case_judge(&c);
        assert_false(verdict_trusted(&c.judgement.verdict));
        assert_int_equal(case_state(&c, CLAIM_BOUND), CLAIM_ABSENT);
        assert_int_equal(case_state(&c, CLAIM_ATOMIC), CLAIM_ABSENT);
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_BOUND], "carries no audit"));
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_ATOMIC], "carries no audit"));
        case_end(&c);
}

static void who_used_the_tpm_in_between_leaves_it_bound(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.exclusive = false;
        case_judge(&c);
        assert_int_equal(case_state(&c, CLAIM_BOUND), CLAIM_PROVEN);
        assert_refused(&c, CLAIM_ATOMIC, "somebody else used the TPM");
        case_end(&c);
}

static void another_digest_or_another_manifest_is_not_bound(void **state) {
        static const char *const words[] = { "attestations are not those of the audit session",
                "another manifest or another nonce" };

        (void) state;
        for (uint8_t i = 0; i < ELEMENTS(words); i++) {
                Case c;

                begin(&c);
                c.forge.audit_spoiled = (uint8_t) (i + 1);
                case_judge(&c);
                assert_refused(&c, CLAIM_BOUND, words[i]);
                assert_refused(&c, CLAIM_ATOMIC, "not of one session");
                assert_int_equal(case_state(&c, CLAIM_SIGNATURE), CLAIM_PROVEN);
                case_end(&c);
        }
}

/* Two bundles of one machine under one nonce, a part of the first put into the second. */
static TpmPart first;
static uint8_t kept[4][4096];

static Span keep(unsigned i, Span s) {
        assert_true(s.size <= sizeof(kept[i]));
        memcpy(kept[i], s.data, s.size);
        return (Span){ kept[i], s.size };
}

static void keep_parts(TpmPart *p) {
        first = *p;
        first.quotes[0].attest = keep(0, p->quotes[0].attest);
        first.quotes[0].signature = keep(1, p->quotes[0].signature);
        first.nv[0].attest = keep(2, p->nv[0].attest);
        first.nv[0].signature = keep(3, p->nv[0].signature);
}

static void first_quote(TpmPart *p) {
        p->quotes[0].attest = first.quotes[0].attest;
        p->quotes[0].signature = first.quotes[0].signature;
}

static void first_counter(TpmPart *p) {
        p->nv[0].attest = first.nv[0].attest;
        p->nv[0].signature = first.nv[0].signature;
}

static void no_counter(TpmPart *p) {
        p->n_nv = 0;
}

static void counter_first(TpmPart *p) {
        p->commands[0] = TPM_COMMAND_NV;
        p->commands[1] = TPM_COMMAND_QUOTE;
}

static void owners_leave(TpmPart *p) {
        p->nv[0].auth = SPAN_LITERAL("\x40\0\0\x01");
}

static void parts_of_two_bundles_do_not_mix(void **state) {
        static void (*const spoil[])(TpmPart *) = { first_quote, first_counter, no_counter,
                counter_first, owners_leave };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(spoil); i++) {
                Case c;

                begin(&c);
                c.forge.spoil_tpm = keep_parts;
                case_judge(&c);
                assert_true(verdict_trusted(&c.judgement.verdict));
                c.forge.clock.clock += 10; /* a moment later */
                c.forge.spoil_tpm = spoil[i];
                case_judge(&c);
                assert_refused(&c, CLAIM_BOUND, "attestations are not those of the audit session");
                assert_int_equal(case_state(&c, CLAIM_SIGNATURE), CLAIM_PROVEN);
                assert_int_equal(case_state(&c, CLAIM_FRESH), CLAIM_PROVEN);
                case_end(&c);
        }
}

static void another_time(Manifest *m) {
        m->created++;
}

/* The manifest of one, the TPM's part of another. */
static Buf *spare;

static void other_manifest(Bundle *b) {
        b->parts[PART_MANIFEST] = buf_span(spare);
}

static void keep_manifest(Bundle *b) {
        buf_bytes(spare, b->parts[PART_MANIFEST]);
}

static void a_manifest_cannot_be_replaced(void **state) {
        _cleanup_(buf_done) Buf manifest = BUF_UP_TO(BUNDLE_MAX);
        Case c;

        (void) state;
        begin(&c);
        spare = &manifest;
        c.forge.spoil_bundle = keep_manifest;
        c.forge.spoil_manifest = another_time;
        case_judge(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        c.forge.spoil_bundle = other_manifest;
        c.forge.spoil_manifest = NULL;
        case_judge(&c);
        assert_refused(&c, CLAIM_BOUND, "another manifest or another nonce");
        case_end(&c);
}

static void every_attestation_is_signed_by_the_key(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.nv_with_other = true;
        case_judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "NV attestation 0 is not signed by the key");
        assert_refused(&c, CLAIM_BOUND, "not signed (signature)");
        c.forge.nv_with_other = false;
        c.forge.audit_with_other = true;
        case_judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "the audit is not signed by the key");
        assert_refused(&c, CLAIM_BOUND, "not signed (signature)");
        case_end(&c);
}

static void every_attestation_answers_the_nonce(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.nv_nonce[31] = 0;
        case_judge(&c);
        assert_refused(&c, CLAIM_FRESH, "NV attestation 0 answers another nonce");
        assert_int_equal(case_state(&c, CLAIM_BOUND), CLAIM_PROVEN);
        case_end(&c);
}

static void all_are_of_one_run_of_the_tpm(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.audit_clock.restart_count++;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "the audit is of another run of the TPM");
        c.forge.audit_clock.restart_count--;
        c.forge.audit_clock.reset_count++;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "the TPM was reset");
        case_end(&c);
}

static void assert_malformed(const Case *c, const char *words) {
        assert_false(c->judgement.readable);
        assert_refused(c, CLAIM_BOUND, words);
        assert_refused(c, CLAIM_SIGNATURE, words);
}

static void no_public(TpmPart *p) {
        p->nv[0].public = SPAN_LITERAL("\x01\x80\x61\x76");
}

static void another_public(TpmPart *p) {
        p->nv[0].public = SPAN_LITERAL("\x01\x80\x61\x76\x00\x0b\x22\x06\x00\x14\x00\x00\x00\x10");
}

static void sha384_public(TpmPart *p) {
        p->nv[0].public = SPAN_LITERAL("\x01\x80\x61\x76\x00\x0c\x22\x06\x00\x14\x00\x00\x00\x08");
}

static void no_nv_attest(TpmPart *p) {
        p->nv[0].attest = p->quotes[0].attest;
}

static void no_nv_signature(TpmPart *p) {
        p->nv[0].signature = SPAN_LITERAL("\x00\x18");
}

static void anothers_leave(TpmPart *p) {
        p->nv[0].auth = SPAN_LITERAL("\x00\x0b" SAMPLE_32);
}

static void another_offset(TpmPart *p) {
        p->nv[0].offset = 4;
}

static void another_size(TpmPart *p) {
        p->nv[0].size = 4;
}

static void no_audit_attest(TpmPart *p) {
        p->audit_attest = p->quotes[0].attest;
}

static void no_audit_signature(TpmPart *p) {
        p->audit_signature = SPAN_LITERAL("\x00");
}

static void what_contradicts_itself_is_malformed(void **state) {
        static const struct {
                void (*spoil)(TpmPart *p);
                const char *words;
        } cases[] = {
                { no_public, "NV public area: cut short" },
                { another_public, "not of the index whose public area stands beside it" },
                { sha384_public, "not of the index whose public area stands beside it" },
                { no_nv_attest, "NV attestation: a TPM made these bytes, but as something else" },
                { no_nv_signature, "TPM signature: cut short" },
                { anothers_leave, "authorised by another index" },
                { another_offset, "of other bytes than were asked for" },
                { another_size, "of other bytes than were asked for" },
                { no_audit_attest, "session audit: a TPM made these bytes, but as something else" },
                { no_audit_signature, "TPM signature: cut short" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Case c;

                begin(&c);
                c.forge.spoil_tpm = cases[i].spoil;
                case_judge(&c);
                assert_malformed(&c, cases[i].words);
                case_end(&c);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_session_is_bound_and_atomic),
                cmocka_unit_test(evidence_without_an_audit_is_neither),
                cmocka_unit_test(who_used_the_tpm_in_between_leaves_it_bound),
                cmocka_unit_test(another_digest_or_another_manifest_is_not_bound),
                cmocka_unit_test(parts_of_two_bundles_do_not_mix),
                cmocka_unit_test(a_manifest_cannot_be_replaced),
                cmocka_unit_test(every_attestation_is_signed_by_the_key),
                cmocka_unit_test(every_attestation_answers_the_nonce),
                cmocka_unit_test(all_are_of_one_run_of_the_tpm),
                cmocka_unit_test(what_contradicts_itself_is_malformed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
