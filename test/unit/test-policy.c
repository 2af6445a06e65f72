/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "verify/policy.h"

#define NAME                                                                                       \
        "000b"                                                                                     \
        "1111111111111111111111111111111111111111111111111111111111111111"

static void an_index_may_be_a_register(void **state) {
        Policy p = policy_default();

        (void) state;
        assert_int_equal(
                        policy_apply(SPAN_LITERAL("[Machine]\nRegister=pcr:8\nRegister=nv:0x01806177\n"),
                                        &p, NULL),
                        0);
        assert_int_equal(p.n_registers, 2);
        assert_true(policy_names(&p, (Register){ REGISTER_NV, 0x01806177 }));
        assert_false(policy_names(&p, (Register){ REGISTER_NV, 0x01806178 }));
}

static void a_policy_says_what_it_says(void **state) {
        Policy p = policy_default();
        char said[POLICY_SAID_MAX];

        (void) state;
        p.file = "machine.policy";
        assert_int_equal(policy_apply(SPAN_LITERAL("# mine\n"
                                                   "[Machine]\n"
                                                   "AttestationKey=" NAME "\n"
                                                   "Register=pcr:14\n"
                                                   "Start=any\n"
                                                   "[Verdict]\n"
                                                   "Require=signature key\n"
                                                   "Require=fresh\n"
                                                   "[Release]\n"
                                                   "Leaf=leaves\n"
                                                   "[Glass]\n"
                                                   "Allow=login sudo\n"
                                                   "Baseline=17\n"),
                                         &p, NULL),
                        0);
        assert_int_equal(p.n_keys, 1);
        assert_int_equal(p.keys[0].by.line, 3);
        assert_int_equal(p.keys[0].name[1], 0x0b);
        assert_int_equal(p.n_registers, 1);
        assert_int_equal(p.registers[0].index, 14);
        assert_true(p.any_start);
        assert_int_equal(p.required, 1u << CLAIM_SIGNATURE | 1u << CLAIM_KEY | 1u << CLAIM_FRESH);
        assert_true(span_is(p.leaves[0].path, "leaves"));
        assert_int_equal(p.allowed_kinds, 3);
        assert_int_equal(p.allowed_by[0].line, 12);
        assert_int_equal(p.allowed_by[1].line, 12);
        assert_int_equal(p.allowed_by[2].line, 0);
        policy_say(p.allowed_by[1], said, sizeof(said));
        assert_string_equal(said, "line 12 of machine.policy");
        policy_say((PolicyPlace){ .line = 7 }, said, sizeof(said));
        assert_string_equal(said, "policy line 7");
        assert_true(p.has_baseline);
        assert_int_equal(p.baseline, 17);
}

static void an_empty_policy_requires_everything_of_pcr_8(void **state) {
        Policy p = policy_default();

        (void) state;
        assert_int_equal(policy_apply(SPAN_LITERAL(""), &p, NULL), 0);
        assert_int_equal(p.required, CLAIMS_ALL);
        assert_int_equal(p.n_registers, 1);
        assert_int_equal(p.registers[0].kind, REGISTER_PCR);
        assert_int_equal(p.registers[0].index, 8);
        assert_int_equal(p.n_keys, 0);
        assert_false(p.any_start);
        assert_false(p.has_baseline);
}

static void an_empty_value_clears_a_list(void **state) {
        Policy p = policy_default();

        (void) state;
        assert_int_equal(policy_apply(SPAN_LITERAL("[Machine]\n"
                                                   "AttestationKey=" NAME "\n"
                                                   "AttestationKey=\n"
                                                   "RefuseTPM=0x1\nRefuseTPM=\nRefuseTPM=0x2\n"
                                                   "[Release]\nLeaf=a\nLeaf=\nLeaf=b\n"
                                                   "Golden=a\nGolden=\nGolden=b\nGolden=c\n"
                                                   "Pcrlock=a\nPcrlock=\nPcrlock=d\n"
                                                   "[Glass]\nAllow=login\nAllow=\nAllow=other\n"),
                                         &p, NULL),
                        0);
        assert_int_equal(p.n_keys, 0);
        assert_int_equal(p.n_refused, 1);
        assert_int_equal(p.refused[0].version, 2);
        assert_int_equal(p.n_leaves, 1);
        assert_int_equal(p.n_golden, 2);
        assert_true(span_is(p.golden[1].path, "c"));
        assert_int_equal(p.n_pcrlock, 1);
        assert_true(span_is(p.pcrlock[0].path, "d"));
        assert_int_equal(p.allowed_kinds, 1u << 8);
}

static void a_bank_is_named_once(void **state) {
        Policy p = policy_default();
        Err e = {};

        (void) state;
        assert_int_equal(policy_apply(SPAN_LITERAL("[Machine]\nBank=sha256 sha256 sha512\n"
                                                   "Bank=sha384 sha512\n"),
                                         &p, NULL),
                        0);
        assert_int_equal(p.n_banks, 3);
        assert_int_equal(p.banks[1], HASH_SHA512);
        assert_int_equal(policy_apply(SPAN_LITERAL("[Machine]\nBank=\n"), &p, NULL), 0);
        assert_int_equal(p.n_banks, 0);
        assert_int_equal(policy_apply(SPAN_LITERAL("[Machine]\nBank=sha256 sha1\n"), &p, &e),
                        -EINVAL);
        assert_non_null(strstr(e.text, "banks that prove are sha256, sha384 and sha512"));
}

static void what_is_wrong_is_refused_with_its_line(void **state) {
        static const struct {
                const char *text, *words;
        } cases[] = {
                { "[Machine]\nRegistre=pcr:8\n",
                                "line 2: [Machine] has no key 'Registre', did you mean 'Register'" },
                { "[Machin]\nRegister=pcr:8\n",
                                "line 1: there is no section [Machin], did you mean [Machine]?" },
                { "Register=pcr:8\n", "line 1: 'Register' stands before any [Section]" },
                { "[Glas]\n", "line 1: there is no section [Glas], did you mean [Glass]?" },
                { "[Machine]\nRegister=pcr:16\n", "line 2: Register=pcr:16: anybody can reset" },
                { "[Machine]\nRegister=pcr:23\n", "anybody can reset" },
                { "[Machine]\nRegister=pcr:24\n", "a register is written as" },
                { "[Machine]\nRegister=none\n", "a register is written as" },
                { "[Machine]\nRegister=\n", "name the register" },
                { "[Machine]\nStart=never\n", "zero, or any" },
                { "[Machine]\nAttestationKey=000c"
                  "1111111111111111111111111111111111111111111111111111111111111111\n",
                                "000b" },
                { "[Machine]\nAttestationKey=000b11\n", "000b" },
                { "[Machine]\nAttestationKey=010b"
                  "1111111111111111111111111111111111111111111111111111111111111111\n",
                                "000b" },
                { "[Machine]\nAttestationKey=000b"
                  "111111111111111111111111111111111111111111111111111111111111111G\n",
                                "000b" },
                { "[Machine]\nRegister=nv:0x01806176\n", "an NV index from 0x01800000" },
                { "[Machine]\nRegister=nv:0x01c00002\n", "an NV index from 0x01800000" },
                { "[Machine]\nRegister=nv:0x017fffff\n", "an NV index from 0x01800000" },
                { "[Verdict]\nRequire=key\nRequire=\n", "asks for nothing" },
                { "[Verdict]\nRequire=signature luck\n", "names a claim that there is not" },
                { "[Verdict]\nRequire=\n", "asks for nothing" },
                { "[Glass]\nAllow=burglary\n", "names a kind of opening" },
                { "[Glass]\nBaseline=-1\n", "is a number" },
                { "[Unlock]\nAllow=tpm2 crowbar\n", "a way to unlock that there is not" },
                { "[Machine]\nNvPolicy=00\n", "64 hex digits" },
                { "[Machine]\nMachineId=00\n", "a machine id is 32 hex digits" },
                { "[Machine]\nRefuseTPM=2024\n", "a version is 0x and up to 16 hex digits" },
                { "[Machine]\nRefuseTPM=0x\n", "a version is 0x and up to 16 hex digits" },
                { "[Machine]\nRefuseTPM=0x00000000000020240\n", "a version is 0x and up" },
                { "[Machine]\nRefuseTPM=0xg\n", "a version is 0x and up to 16 hex digits" },
                { "[Phase]\nAllow=ready steady\n",
                                "line 2: Allow=ready steady: names a phase that" },
                { "[Phase]\nReached=steady\n", "names a phase that systemd does not have" },
                { "[Phase]\nReached=ready final\n", "names a phase that systemd does not have" },
                { "[Machine]\nAttestationKey=" NAME NAME "\n", "000b" },
                { "[Verdict]\nRequire\n", "line 2" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Policy p = policy_default(), before = p;
                Err e = {};

                assert_int_equal(policy_apply(span_of(cases[i].text), &p, &e), -EINVAL);
                if (!strstr(e.text, cases[i].words))
                        fail_msg("says '%s', not '%s'", e.text, cases[i].words);
                assert_memory_equal(&p, &before, sizeof(p));
        }
}

/* It would go far beyond what holds a name. */
static void a_name_of_a_whole_file_is_refused(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(POLICY_MAX);
        Policy p = policy_default();
        Err e = {};

        (void) state;
        buf_string(&text, "[Machine]\nAttestationKey=000b");
        while (text.size < POLICY_MAX - 2)
                buf_string(&text, "00");
        assert_int_equal(policy_apply(buf_span(&text), &p, &e), -EINVAL);
        assert_non_null(strstr(e.text, "the Name of an attestation key"));
        assert_int_equal(p.n_keys, 0);
}

static void ways_to_unlock_are_begun_anew(void **state) {
        Policy p = policy_default();

        (void) state;
        assert_int_equal(policy_apply(SPAN_LITERAL("[Unlock]\nAllow=tpm2\nAllow=\n"), &p, NULL), 0);
        assert_int_equal(p.allowed_methods, 0);
        assert_int_equal(policy_apply(SPAN_LITERAL("[Unlock]\nAllow=tpm2\nAllow=\nAllow=fido2\n"),
                                         &p, NULL),
                        0);
        assert_int_equal(p.allowed_methods, 1u << 1);
}

/* The first line of a file replaces what held; the next one adds to it. */
static void phases_are_begun_anew_by_each_file(void **state) {
        Policy p = policy_default();

        (void) state;
        assert_int_equal(p.systemd.allowed_phases, 0x3f);
        assert_int_equal(policy_apply(SPAN_LITERAL("[Phase]\nAllow=enter-initrd\nAllow=ready\n"),
                                         &p, NULL),
                        0);
        assert_int_equal(p.systemd.allowed_phases, 0x09);
        assert_int_equal(policy_apply(SPAN_LITERAL("[Phase]\nAllow=sysinit\n"), &p, NULL), 0);
        assert_int_equal(p.systemd.allowed_phases, 0x04);
        assert_int_equal(policy_apply(SPAN_LITERAL("[Phase]\nAllow=ready\nAllow=\n"), &p, NULL), 0);
        assert_int_equal(p.systemd.allowed_phases, 0);
}

static void an_empty_value_begins_a_list_anew(void **state) {
        static const char text[] =
                        "[Machine]\nRegister=pcr:9\nRegister=pcr:10\nRegister=\nRegister=pcr:11\n"
                        "[Verdict]\nRequire=signature key\nRequire=\nRequire=fresh\n";
        Policy p = policy_default();

        (void) state;
        assert_int_equal(policy_apply(SPAN_LITERAL(text), &p, NULL), 0);
        assert_int_equal(p.n_registers, 1);
        assert_int_equal(p.registers[0].index, 11);
        assert_int_equal(p.required, 1u << CLAIM_FRESH);
}

static void lists_have_an_end(void **state) {
        static const struct {
                const char *section, *line, *words;
                unsigned most;
        } cases[] = {
                { "Machine", "AttestationKey=" NAME, "more keys than one policy takes",
                                POLICY_KEYS_MAX },
                { "Machine", "Register=pcr:9", "more registers than one policy takes",
                                POLICY_REGISTERS_MAX },
                { "Release", "Leaf=leaves", "more of them than one policy takes",
                                POLICY_LEAVES_MAX },
                { "Release", "Golden=evidence", "more of them than one policy takes", GOLDEN_MAX },
                { "Release", "Pcrlock=folder", "more of them than one policy takes",
                                PCRLOCK_FOLDERS_MAX },
                { "Machine", "RefuseTPM=0x1", "more versions than one policy takes",
                                POLICY_HASHES_MAX },
                { "Login", "Allow=alice", "more users than one policy takes", POLICY_LOGINS_MAX },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(POLICY_MAX);
                Policy p = policy_default();
                Err e = {};

                buf_printf(&text, "[%s]\n", cases[i].section);
                for (unsigned n = 0; n < cases[i].most; n++)
                        buf_printf(&text, "%s\n", cases[i].line);
                assert_int_equal(policy_apply(buf_span(&text), &p, NULL), 0);
                buf_printf(&text, "%s\n", cases[i].line);
                p = policy_default();
                assert_int_equal(policy_apply(buf_span(&text), &p, &e), -EINVAL);
                if (!strstr(e.text, cases[i].words))
                        fail_msg("says '%s', not '%s'", e.text, cases[i].words);
        }
}

static void nothing_is_trusted_by_default(void **state) {
        Verdict v = {};

        (void) state;
        assert_false(verdict_trusted(&v));
        v.required = CLAIMS_ALL;
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++) {
                assert_false(verdict_trusted(&v));
                verdict_prove(&v, claim, "so it is");
        }
        assert_true(verdict_trusted(&v));
        verdict_refute(&v, CLAIM_KEY, "or not");
        assert_false(verdict_trusted(&v));
        verdict_prove(&v, CLAIM_KEY, "yes, it is");
        assert_false(verdict_trusted(&v));
        assert_string_equal(v.reasons[CLAIM_KEY], "or not");
        verdict_excuse(&v, CLAIM_KEY, "line 1");
        assert_true(verdict_trusted(&v));
        assert_int_equal(verdict_state(&v, CLAIM_KEY), CLAIM_EXCUSED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_index_may_be_a_register),
                cmocka_unit_test(a_policy_says_what_it_says),
                cmocka_unit_test(an_empty_policy_requires_everything_of_pcr_8),
                cmocka_unit_test(an_empty_value_clears_a_list),
                cmocka_unit_test(a_bank_is_named_once),
                cmocka_unit_test(what_is_wrong_is_refused_with_its_line),
                cmocka_unit_test(a_name_of_a_whole_file_is_refused),
                cmocka_unit_test(ways_to_unlock_are_begun_anew),
                cmocka_unit_test(phases_are_begun_anew_by_each_file),
                cmocka_unit_test(an_empty_value_begins_a_list_anew),
                cmocka_unit_test(lists_have_an_end),
                cmocka_unit_test(nothing_is_trusted_by_default),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
