/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/text.h"
#include "measure/words.h"
#include "support/forge.h"
#include "verify/report.h"

/* A machine, what it hands out, and who judges it. Each test changes one thing. */
typedef struct Case {
        World world;
        Account account;
        Forge forge;
        Policy policy;
        Releases releases;
        uint8_t nonce[32];
        size_t nonce_size;
        Judgement judgement;
} Case;

static const Register pcr8 = { REGISTER_PCR, WORLD_PCR };
static const char leaf_text[] =
                "avouch/release/v1\n"
                "type sysext\n"
                "name tools\n"
                "version 1.2\n"
                "verity-root-hash "
                "sha256:abababababababababababababababababababababababababababababababab\n"
                "signer sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n";

static void add_layer(
                Case *c, const char *name, const char *version, uint8_t root, uint8_t signer) {
        uint8_t root_hash[32], signer_hash[32];
        const Member members[] = {
                { .name = "class", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("sysext") },
                { .name = "name", .type = MEMBER_TEXT, .bytes = span_of(name) },
                { .name = "version", .type = MEMBER_TEXT, .bytes = span_of(version) },
                { .name = "rootHash", .type = MEMBER_HEX, .bytes = { root_hash, 32 } },
                { .name = "signer", .type = MEMBER_HEX, .bytes = { signer_hash, 32 } },
        };

        memset(root_hash, root, 32);
        memset(signer_hash, signer, 32);
        assert_int_equal(account_record(&c->account, EVENT_LAYER_ACTIVATE, members, signer ? 5 : 4,
                                         NULL),
                        0);
}

static void begin(Case *c) {
        memset(c, 0, sizeof(*c));
        world_new(&c->world);
        assert_int_equal(account_open(&c->world.store, &c->world.tpm, pcr8, &c->account, NULL), 0);
        assert_int_equal(measure_phase(&c->account, "ready", NULL), 0);
        add_layer(c, "tools", "1.2", 0xab, 0xcd);
        forge_new(&c->forge, &c->world);
        c->policy = policy_default();
        c->policy.required = 1u << CLAIM_SIGNATURE | 1u << CLAIM_KEY | 1u << CLAIM_FRESH |
                             1u << CLAIM_REGISTERS | 1u << CLAIM_LAYERS | 1u << CLAIM_UNTOUCHED;
        assert_int_equal(releases_add(&c->releases, SPAN_LITERAL(leaf_text), NULL), 0);
        memset(c->nonce, 0x5a, sizeof(c->nonce));
        c->nonce_size = 32;
}

static void end(Case *c) {
        judgement_done(&c->judgement);
        releases_done(&c->releases);
        forge_done(&c->forge);
        world_done(&c->world);
}

static Question question(const Case *c) {
        return (Question){
                .nonce = { c->nonce, c->nonce_size }, .policy = &c->policy, .releases = &c->releases
        };
}

/* Bundles what lies on the table and judges it; the key is pinned. */
static void judge_bundle(Case *c) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Question q;
        Span bytes;

        if (c->policy.n_keys == 0) {
                memcpy(c->policy.keys[0].name, c->forge.ak_name, 34);
                c->policy.keys[0].line = 3;
                c->policy.n_keys = 1;
        }
        q = question(c);
        forge_bundle(&c->forge, &b);
        assert_int_equal(buf_end(&b, &bytes), 0);
        judgement_done(&c->judgement);
        assert_int_equal(appraise(bytes, &q, &c->judgement, NULL), 0);
}

static void judge(Case *c) {
        forge_quote(&c->forge);
        judge_bundle(c);
}

/* Takes the machine as it stands now. */
static void judge_machine(Case *c) {
        forge_take(&c->forge, &c->world);
        judge(c);
}

static ClaimState state_of(const Case *c, Claim claim) {
        return verdict_state(&c->judgement.verdict, claim);
}

#define assert_refused(c, claim, words)                                                            \
        do {                                                                                       \
                assert_false(verdict_trusted(&(c)->judgement.verdict));                            \
                assert_int_equal(state_of(c, claim), CLAIM_NOT_PROVEN);                            \
                if (!strstr((c)->judgement.verdict.reasons[claim], words))                         \
                        fail_msg("says '%s', not '%s'", (c)->judgement.verdict.reasons[claim],     \
                                        words);                                                    \
        } while (0)

static void an_honest_machine_is_trusted(void **state) {
        Case c;

        (void) state;
        begin(&c);
        judge(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                assert_int_equal(state_of(&c, claim),
                                c.policy.required >> claim & 1 ? CLAIM_PROVEN : CLAIM_ABSENT);
        end(&c);
}

static void by_default_every_claim_is_required(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.policy.required = policy_default().required;
        judge(&c);
        assert_int_equal(state_of(&c, CLAIM_LAYERS), CLAIM_PROVEN);
        assert_false(verdict_trusted(&c.judgement.verdict)); /* absent is not proven */
        end(&c);
}

static void another_nonce_is_not_fresh(void **state) {
        static const size_t sizes[] = { 32, 31, 16, 0 };
        Case c;

        (void) state;
        begin(&c);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                c.nonce_size = sizes[i];
                c.nonce[0] = i == 0 ? 0x11 : 0x5a;
                judge(&c);
                assert_refused(&c, CLAIM_FRESH, "nonce");
        }
        c.nonce_size = 32;
        c.forge.manifest_nonce[31] = 0;
        judge(&c);
        assert_refused(&c, CLAIM_FRESH, "manifest");
        end(&c);
}

static void a_short_nonce_never_counts_even_where_it_is_equal(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.nonce_size = 0;
        c.forge.nonce_size = 0;
        judge(&c);
        assert_false(verdict_trusted(&c.judgement.verdict));
        assert_int_equal(state_of(&c, CLAIM_FRESH), CLAIM_NOT_PROVEN);
        end(&c);
}

static void a_signature_of_another_key_does_not_hold(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.sign_with_other = true;
        judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "not signed by the key");
        assert_refused(&c, CLAIM_REGISTERS, "not signed");
        end(&c);
}

static void every_byte_of_the_quote_is_signed(void **state) {
        Case c;

        (void) state;
        begin(&c);
        forge_quote(&c.forge);
        for (size_t i = 0; i < c.forge.attest.size; i++) {
                c.forge.attest.data[i] ^= 1;
                judge_bundle(&c);
                assert_false(verdict_trusted(&c.judgement.verdict));
                assert_int_equal(state_of(&c, CLAIM_SIGNATURE), CLAIM_NOT_PROVEN);
                c.forge.attest.data[i] ^= 1;
        }
        judge_bundle(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        end(&c);
}

static void what_no_tpm_made_is_no_quote(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.magic = 0x00544347;
        judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "malformed");
        c.forge.magic = 0xff544347;
        c.forge.type = 0x8014;
        judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "malformed");
        end(&c);
}

static void values_other_than_the_signed_ones_are_refused(void **state) {
        Case c;

        (void) state;
        begin(&c);
        forge_quote(&c.forge);
        c.forge.values.digests[0][7].bytes[0] ^= 1;
        judge_bundle(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "not those that quote 0 signs");
        end(&c);
}

static void values_of_other_registers_than_the_signed_ones_are_refused(void **state) {
        Case c;

        (void) state;
        begin(&c);
        forge_quote(&c.forge);
        c.forge.values.held.banks[0].mask |= 1u << 20; /* one besides */
        c.forge.values.digests[0][20] = digest_zero(HASH_SHA256);
        judge_bundle(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "no quote is over");
        c.forge.values.held.banks[0].mask = 0xfffe; /* one missing */
        judge_bundle(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "missing");
        c.forge.values.held.banks[0].mask = 0xffff;
        c.forge.asked.banks[0].mask = 0xff; /* another request than was signed */
        judge_bundle(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "other PCRs than were asked for");
        end(&c);
}

static void a_key_that_could_sign_anything_is_no_attestation_key(void **state) {
        static const uint32_t needed[] = { TPM_FIXED_TPM, TPM_FIXED_PARENT,
                TPM_SENSITIVE_DATA_ORIGIN, TPM_RESTRICTED, TPM_SIGN };

        (void) state;
        for (size_t i = 0; i <= ELEMENTS(needed); i++) {
                Case c;

                begin(&c);
                if (i < ELEMENTS(needed))
                        c.forge.attributes &= ~needed[i];
                else
                        c.forge.attributes |= TPM_DECRYPT;
                judge(&c);
                assert_refused(&c, CLAIM_KEY, "the key ");
                end(&c);
        }
}

static void a_key_that_policy_does_not_name_is_unknown(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.policy.n_keys = 1; /* another one: zeros */
        judge(&c);
        assert_refused(&c, CLAIM_KEY, "AK unknown");
        end(&c);
}

static void parts_and_manifest_must_agree(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.leave_log_out_of_manifest = true;
        judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "not in the manifest");
        end(&c);
}

/* Where the n-th record of the log begins. */
static size_t record_at(const Buf *log, unsigned n) {
        Span rest = buf_span(log), line;

        while (n-- > 0)
                assert_int_equal(record_next_line(&rest, &line, NULL), 1);
        return log->size - rest.size;
}

static void a_record_cannot_be_taken_out(void **state) {
        (void) state;
        for (unsigned n = 0; n < 3; n++) {
                Case c;
                size_t from, to;

                begin(&c);
                forge_quote(&c.forge);
                from = record_at(&c.forge.log, n);
                to = record_at(&c.forge.log, n + 1);
                memmove(c.forge.log.data + from, c.forge.log.data + to, c.forge.log.size - to);
                c.forge.log.size -= to - from;
                judge_bundle(&c);
                assert_refused(&c, CLAIM_REGISTERS, "record");
                assert_int_equal(state_of(&c, CLAIM_LAYERS), CLAIM_NOT_PROVEN);
                assert_int_equal(state_of(&c, CLAIM_UNTOUCHED), CLAIM_NOT_PROVEN);
                end(&c);
        }
}

static void no_byte_of_the_log_can_be_changed(void **state) {
        Case c;

        (void) state;
        begin(&c);
        forge_quote(&c.forge);
        for (size_t i = 0; i < c.forge.log.size; i++) {
                c.forge.log.data[i] ^= 1;
                judge_bundle(&c);
                assert_int_equal(state_of(&c, CLAIM_REGISTERS), CLAIM_NOT_PROVEN);
                c.forge.log.data[i] ^= 1;
        }
        end(&c);
}

static void a_record_cannot_be_added(void **state) {
        Case c, other;

        (void) state;
        begin(&c);
        begin(&other);
        forge_quote(&c.forge);
        /* a chain of the same length and one more, right in itself */
        assert_int_equal(measure_note(&c.account, "one", NULL), 0);
        assert_int_equal(measure_note(&c.account, "two", NULL), 0);
        buf_done(&c.forge.log);
        buf_bytes(&c.forge.log, buf_span(&c.world.log));
        judge_bundle(&c);
        assert_refused(&c, CLAIM_REGISTERS, "do not replay");
        end(&c);
        end(&other);
}

static void a_last_record_that_is_not_extended_yet_is_said_so(void **state) {
        Case c;

        (void) state;
        begin(&c);
        forge_quote(&c.forge);
        assert_int_equal(measure_note(&c.account, "pending", NULL), 0);
        buf_done(&c.forge.log);
        buf_bytes(&c.forge.log, buf_span(&c.world.log));
        judge_bundle(&c);
        assert_int_equal(state_of(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_REGISTERS],
                        "last record is not in the register"));
        end(&c);
}

static void silence_fails(void **state) {
        Case c;

        (void) state;
        begin(&c);
        buf_done(&c.forge.log);
        judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "says nothing");
        end(&c);
}

static void a_log_of_another_register_proves_nothing(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.policy.registers[0].index = 9;
        judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "another register than pcr:9");
        end(&c);
}

static void a_register_without_a_log_is_unexplained(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.values.digests[0][4].bytes[0] = 1;
        c.forge.signed_values = c.forge.values;
        judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "sha256:4");
        end(&c);
}

static void a_quote_without_the_register_proves_nothing(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.values.held.banks[0].mask = 0xff;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not quoted in a bank that proves");
        end(&c);
}

static void sha1_proves_nothing(void **state) {
        const Digest *value;
        Case c;

        (void) state;
        begin(&c);
        value = pcr_value(&c.world.pcrs, HASH_SHA1, WORLD_PCR);
        c.forge.values = (PcrValues){};
        assert_true(pcr_set(&c.forge.values, WORLD_PCR, value));
        c.forge.signed_values = c.forge.values;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not quoted in a bank that proves");
        end(&c);
}

static void a_bank_that_the_log_was_not_extended_into_is_refused(void **state) {
        Digest zero = digest_zero(HASH_SHA512);
        Case c;

        (void) state;
        begin(&c);
        assert_true(pcr_set(&c.forge.values, WORLD_PCR, &zero));
        c.forge.signed_values = c.forge.values;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not extended into");
        end(&c);
}

static void a_broken_log_is_not_proven(void **state) {
        Case c;

        (void) state;
        begin(&c);
        world_extend_foreign(&c.world, true);
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "somebody else extended");
        end(&c);
}

static void a_log_that_begins_late_is_taken_only_where_policy_says_so(void **state) {
        Case c;

        (void) state;
        begin(&c);
        buf_done(&c.world.log); /* the log is gone, the register is not */
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "was not zero any more");
        c.policy.any_start = true;
        judge_machine(&c);
        assert_int_equal(state_of(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_REGISTERS], "any start"));
        end(&c);
}

static void the_tpm_must_not_have_been_restarted_since(void **state) {
        static const struct {
                TpmClock clock;
                const char *words;
        } cases[] = {
                { { .clock = 4711, .reset_count = 4 }, "resetCount" },
                { { .clock = 4711, .reset_count = 0 }, "resetCount" },
                { { .clock = 0, .reset_count = 3 }, "clock went back" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Case c;

                begin(&c);
                c.forge.clock = cases[i].clock;
                judge(&c);
                assert_refused(&c, CLAIM_REGISTERS, cases[i].words);
                end(&c);
        }
}

static void a_suspend_is_no_restart(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.forge.clock.restart_count = 2;
        judge(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        end(&c);
}

static void a_restart_count_that_went_back_is_refused(void **state) {
        Case c;

        (void) state;
        begin(&c);
        world_done(&c.world);
        world_new(&c.world);
        c.world.clock.restart_count = 5;
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        forge_take(&c.forge, &c.world);
        c.forge.clock.restart_count = 4;
        judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "restartCount went back");
        end(&c);
}

static void a_layer_that_nobody_released_is_named(void **state) {
        Case c;

        (void) state;
        begin(&c);
        add_layer(&c, "evil", "6", 0x66, 0x66);
        judge_machine(&c);
        assert_refused(&c, CLAIM_LAYERS,
                        "'evil' (root hash 6666666666666666..., record 3) is no release");
        assert_int_equal(state_of(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        end(&c);
}

static void a_layer_under_another_name_than_its_release_is_refused(void **state) {
        static const struct {
                const char *name, *version;
                uint8_t signer;
                const char *words;
        } cases[] = {
                { "toolz", "1.2", 0xcd, "its name differs" },
                { "tools", "1.3", 0xcd, "its version differs" },
                { "tools", "1.2", 0x11, "its signer differs" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Case c;

                begin(&c);
                add_layer(&c, cases[i].name, cases[i].version, 0xab, cases[i].signer);
                judge_machine(&c);
                assert_refused(&c, CLAIM_LAYERS, cases[i].words);
                end(&c);
        }
}

static void a_layer_whose_signature_was_not_checked_is_remarked(void **state) {
        Case c;

        (void) state;
        begin(&c);
        add_layer(&c, "tools", "1.2", 0xab, 0);
        judge_machine(&c);
        assert_int_equal(state_of(&c, CLAIM_LAYERS), CLAIM_PROVEN);
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_LAYERS], "did not check"));
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_LAYERS], "if the running system"));
        end(&c);
}

static void opening(Case *c, const char *kind) {
        const Glass g = {
                .kind = kind, .reason = "disk \"full\"", .caller = { .uid = 0, .user = "ada" }
        };

        assert_int_equal(glass_open(&c->account, &g, NULL), 0);
}

static void an_opening_is_told_with_who_and_why(void **state) {
        Case c;

        (void) state;
        begin(&c);
        opening(&c, "rescue");
        judge_machine(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "rescue by ada: disk \"full\" (record 3)");
        assert_int_equal(state_of(&c, CLAIM_LAYERS), CLAIM_PROVEN);
        end(&c);
}

static void closing_again_does_not_make_it_untouched(void **state) {
        const Glass g = { .caller = { .user = "ada" } };
        Case c;

        (void) state;
        begin(&c);
        opening(&c, "login");
        assert_int_equal(glass_close(&c.account, &g, NULL), 0);
        judge_machine(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "opened 1 time");
        end(&c);
}

static void policy_excuses_by_kind_and_by_name(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.policy.allowed_kinds = 1u << 0; /* login */
        c.policy.allowed_line = 12;
        opening(&c, "login");
        judge_machine(&c);
        assert_int_equal(state_of(&c, CLAIM_UNTOUCHED), CLAIM_EXCUSED);
        assert_string_equal(c.judgement.verdict.by[CLAIM_UNTOUCHED], "line 12, [Glass] Allow=");
        assert_true(verdict_trusted(&c.judgement.verdict));
        opening(&c, "sudo");
        judge_machine(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "opened 2 times");
        end(&c);
}

static void a_baseline_cannot_be_met_without_a_counter(void **state) {
        Case c;

        (void) state;
        begin(&c);
        c.policy.has_baseline = true;
        judge(&c);
        assert_refused(&c, CLAIM_UNTOUCHED, "no counter");
        end(&c);
}

static void malformed_evidence_is_a_verdict_whatever_is_required(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Case c;
        Question q;

        (void) state;
        begin(&c);
        forge_quote(&c.forge);
        forge_bundle(&c.forge, &b);
        q = question(&c);
        for (size_t n = 0; n < b.size; n += n < 200 ? 1 : 97) {
                Judgement j;

                assert_int_equal(appraise((Span){ b.data, n }, &q, &j, NULL), 0);
                assert_false(verdict_trusted(&j.verdict));
                for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                        assert_int_equal(verdict_state(&j.verdict, claim), CLAIM_NOT_PROVEN);
                judgement_done(&j);
        }
        end(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_machine_is_trusted),
                cmocka_unit_test(by_default_every_claim_is_required),
                cmocka_unit_test(another_nonce_is_not_fresh),
                cmocka_unit_test(a_short_nonce_never_counts_even_where_it_is_equal),
                cmocka_unit_test(a_signature_of_another_key_does_not_hold),
                cmocka_unit_test(every_byte_of_the_quote_is_signed),
                cmocka_unit_test(what_no_tpm_made_is_no_quote),
                cmocka_unit_test(values_other_than_the_signed_ones_are_refused),
                cmocka_unit_test(values_of_other_registers_than_the_signed_ones_are_refused),
                cmocka_unit_test(a_key_that_could_sign_anything_is_no_attestation_key),
                cmocka_unit_test(a_key_that_policy_does_not_name_is_unknown),
                cmocka_unit_test(parts_and_manifest_must_agree),
                cmocka_unit_test(a_record_cannot_be_taken_out),
                cmocka_unit_test(no_byte_of_the_log_can_be_changed),
                cmocka_unit_test(a_record_cannot_be_added),
                cmocka_unit_test(a_last_record_that_is_not_extended_yet_is_said_so),
                cmocka_unit_test(silence_fails),
                cmocka_unit_test(a_log_of_another_register_proves_nothing),
                cmocka_unit_test(a_register_without_a_log_is_unexplained),
                cmocka_unit_test(a_quote_without_the_register_proves_nothing),
                cmocka_unit_test(sha1_proves_nothing),
                cmocka_unit_test(a_bank_that_the_log_was_not_extended_into_is_refused),
                cmocka_unit_test(a_broken_log_is_not_proven),
                cmocka_unit_test(a_log_that_begins_late_is_taken_only_where_policy_says_so),
                cmocka_unit_test(the_tpm_must_not_have_been_restarted_since),
                cmocka_unit_test(a_suspend_is_no_restart),
                cmocka_unit_test(a_restart_count_that_went_back_is_refused),
                cmocka_unit_test(a_layer_that_nobody_released_is_named),
                cmocka_unit_test(a_layer_under_another_name_than_its_release_is_refused),
                cmocka_unit_test(a_layer_whose_signature_was_not_checked_is_remarked),
                cmocka_unit_test(an_opening_is_told_with_who_and_why),
                cmocka_unit_test(closing_again_does_not_make_it_untouched),
                cmocka_unit_test(policy_excuses_by_kind_and_by_name),
                cmocka_unit_test(a_baseline_cannot_be_met_without_a_counter),
                cmocka_unit_test(malformed_evidence_is_a_verdict_whatever_is_required),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
