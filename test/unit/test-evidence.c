/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "port/crypto.h"
#include "support/case.h"

/* Evidence whose parts contradict each other is malformed: nothing in it is judged, and no claim is
 * proven (avouch-evidence(5)). Each test spoils one thing of evidence that is right otherwise. */

static void assert_malformed(const Case *c, const char *words) {
        const Verdict *v = &c->judgement.verdict;

        assert_false(c->judgement.readable);
        assert_false(verdict_trusted(v));
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++) {
                assert_int_equal(case_state(c, claim), CLAIM_NOT_PROVEN);
                assert_non_null(strstr(v->reasons[claim], "the evidence is malformed: "));
                if (!strstr(v->reasons[claim], words))
                        fail_msg("says '%s', not '%s'", v->reasons[claim], words);
        }
}

static void another_size(Manifest *m) {
        m->parts[PART_AVOUCH_LOG].size++;
}

static void another_hash(Manifest *m) {
        m->parts[PART_AVOUCH_LOG].sha256[31] ^= 1;
}

static void another_key(Manifest *m) {
        m->ak[33] ^= 1;
}

static void one_part_more(Manifest *m) {
        m->parts[PART_HISTORY].listed = true;
}

static void manifest_and_parts_must_agree(void **state) {
        static const struct {
                void (*spoil)(Manifest *m);
                const char *words;
        } cases[] = {
                { another_size, "part avouch-log is not the one in the manifest" },
                { another_hash, "part avouch-log is not the one in the manifest" },
                { another_key, "names another key than the evidence has" },
                { one_part_more, "part history is in the manifest, but not there" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Case c;

                case_begin(&c);
                c.forge.spoil_manifest = cases[i].spoil;
                case_judge(&c);
                assert_malformed(&c, cases[i].words);
                case_end(&c);
        }
}

static void a_part_that_is_not_listed_is_refused(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.leave_log_out_of_manifest = true;
        case_judge(&c);
        assert_malformed(&c, "part avouch-log is there, but not in the manifest");
        case_end(&c);
}

/* the label of the part that is put in, whatever stood there */
static BundleLabel changed;

static void another_part(Bundle *b) {
        b->has[changed] = true;
        b->parts[changed] = SPAN_LITERAL("something else");
}

static void every_part_is_compared(void **state) {
        (void) state;
        for (changed = PART_TPM + 1; changed < _PART_MAX; changed++) {
                Case c;

                case_begin(&c);
                c.forge.spoil_bundle = another_part;
                case_judge(&c);
                assert_malformed(&c, bundle_label_name(changed));
                case_end(&c);
        }
}

static void no_attest(TpmPart *p) {
        p->quotes[0].attest = SPAN_LITERAL("\xff"
                                           "TCG");
}

static void no_signature(TpmPart *p) {
        p->quotes[0].signature = SPAN_LITERAL("\x00\x18");
}

static void no_selection(TpmPart *p) {
        p->quotes[0].selection = SPAN_LITERAL("\x00\x00\x00\x00");
}

static void another_selection(TpmPart *p) {
        p->quotes[0].selection = SPAN_LITERAL("\x00\x00\x00\x01\x00\x0b\x03\xff\x00\x00");
}

static void no_key(TpmPart *p) {
        p->ak = SPAN_LITERAL("\x00\x23");
}

static void no_value(TpmPart *p) {
        p->pcrs.held.banks[0].mask &= ~1u;
}

static void another_value(TpmPart *p) {
        Digest zero = digest_zero(HASH_SHA256);

        assert_true(pcr_set(&p->pcrs, 20, &zero));
}

static void another_bank(TpmPart *p) {
        Digest zero = digest_zero(HASH_SHA384);

        assert_true(pcr_set(&p->pcrs, 8, &zero));
}

static void what_the_tpm_made_is_read_whole(void **state) {
        static const struct {
                void (*spoil)(TpmPart *p);
                const char *words;
        } cases[] = {
                { no_attest, "quote: cut short" },
                { no_signature, "TPM signature: cut short" },
                { no_selection, "PCR selection: malformed" },
                { another_selection, "quote 0 is over other PCRs than were asked for" },
                { no_key, "TPM public key: cut short" },
                { no_value, "the value of quoted PCR 0 of bank 0x000b is missing" },
                { another_value, "there are sha256 values that no quote is over" },
                { another_bank, "there are sha384 values that no quote is over" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Case c;

                case_begin(&c);
                c.forge.spoil_tpm = cases[i].spoil;
                case_judge(&c);
                assert_malformed(&c, cases[i].words);
                case_end(&c);
        }
}

/* The Name of nothing at all. */
static void name_of_nothing(Manifest *m) {
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, (Span){}, &d, NULL), 0);
        tpm_name(&d, m->ak);
}

static void a_key_that_is_none_has_no_name(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.spoil_tpm = no_key;
        c.forge.spoil_manifest = name_of_nothing;
        case_judge(&c);
        assert_malformed(&c, "TPM public key: cut short");
        case_end(&c);
}

static Span sha384_key;

static void name_of_that_by_sha256(Manifest *m) {
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, sha384_key, &d, NULL), 0);
        tpm_name(&d, m->ak);
}

/* The same key under a Name of SHA-384 is another object to a TPM. */
static void a_key_has_a_name_of_sha256(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        c.forge.ak.data[3] = HASH_SHA384;
        sha384_key = buf_span(&c.forge.ak);
        c.forge.spoil_manifest = name_of_that_by_sha256;
        case_judge_bundle(&c);
        assert_malformed(&c, "the Name of the key is of another hash than SHA-256");
        case_end(&c);
}

static void no_tpm_part(Bundle *b) {
        b->parts[PART_TPM] = SPAN_LITERAL("{}");
}

static void no_manifest(Bundle *b) {
        b->parts[PART_MANIFEST] = SPAN_LITERAL("{}");
        b->has[PART_AVOUCH_LOG] = false;
}

static void a_part_that_is_no_json_of_its_kind_is_refused(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.spoil_bundle = no_tpm_part;
        case_judge(&c);
        assert_malformed(&c, "tpm part: ");
        c.forge.spoil_bundle = no_manifest;
        case_judge(&c);
        assert_malformed(&c, "evidence manifest: ");
        case_end(&c);
}

/* A second quote like the first, but for one byte of its signature. */
static void second_quote(TpmPart *p) {
        static uint8_t spoiled[TPM_SIGNATURE_MAX];
        Span good = p->quotes[0].signature;

        assert_true(good.size <= sizeof(spoiled));
        memcpy(spoiled, good.data, good.size);
        spoiled[good.size - 1] ^= 1;
        p->quotes[1] = p->quotes[0];
        p->quotes[1].signature = (Span){ spoiled, good.size };
        p->n_quotes = 2;
}

static void same_quote_twice(TpmPart *p) {
        p->quotes[1] = p->quotes[0];
        p->n_quotes = 2;
}

static void every_quote_is_judged(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.spoil_tpm = same_quote_twice;
        case_judge(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        c.forge.spoil_tpm = second_quote;
        case_judge(&c);
        assert_true(c.judgement.readable);
        assert_refused(&c, CLAIM_SIGNATURE, "quote 1 is not signed by the key");
        case_end(&c);
}

static void what_kept_us_from_judging_is_no_judgement(void **state) {
        static const int ours[] = { -ENOMEM, -EIO, -EOPNOTSUPP };
        static const int theirs[] = { 0, 1, -EBADMSG, -E2BIG, -ENODATA };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(ours); i++)
                assert_true(evidence_not_judged(ours[i]));
        for (size_t i = 0; i < ELEMENTS(theirs); i++)
                assert_false(evidence_not_judged(theirs[i]));
}

static void what_cannot_be_taken_in_is_not_proven(void **state) {
        Case c;
        Question q;

        (void) state;
        case_begin(&c);
        q = case_question(&c);
        appraise_unreadable(&q, "too large", &c.judgement);
        assert_int_equal(c.judgement.verdict.required, c.policy.required);
        assert_malformed(&c, "too large");
        case_end(&c);
}

static void name_of(Span public, uint8_t name[34]) {
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, public, &d, NULL), 0);
        tpm_name(&d, name);
}

/* What is certified has the Name of these very bytes, and no TPM has such an index. */
static void an_index_is_read_whole(void **state) {
        uint8_t was[34], name[34], *at;
        Forge *f;
        Case c;

        (void) state;
        case_begin(&c);
        f = &c.forge;
        f->counted = true;
        forge_quote(f);
        name_of(buf_span(&f->nv_public), was);
        buf_byte(&f->nv_public, 0);
        name_of(buf_span(&f->nv_public), name);
        at = memmem(f->nv_attest.data, f->nv_attest.size, was, sizeof(was));
        assert_non_null(at);
        memcpy(at, name, sizeof(name));
        forge_sign(f, buf_span(&f->nv_attest), false, &f->nv_signature);
        case_judge_bundle(&c);
        assert_malformed(&c, "NV public area: 1 stray bytes after byte 14");
        case_end(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(manifest_and_parts_must_agree),
                cmocka_unit_test(a_part_that_is_not_listed_is_refused),
                cmocka_unit_test(every_part_is_compared),
                cmocka_unit_test(what_the_tpm_made_is_read_whole),
                cmocka_unit_test(an_index_is_read_whole),
                cmocka_unit_test(a_key_that_is_none_has_no_name),
                cmocka_unit_test(a_key_has_a_name_of_sha256),
                cmocka_unit_test(a_part_that_is_no_json_of_its_kind_is_refused),
                cmocka_unit_test(every_quote_is_judged),
                cmocka_unit_test(what_kept_us_from_judging_is_no_judgement),
                cmocka_unit_test(what_cannot_be_taken_in_is_not_proven),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
