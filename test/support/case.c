/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/case.h"

static const char leaf_text[] =
                "avouch/release/v1\n"
                "type sysext\n"
                "name tools\n"
                "version 1.2\n"
                "verity-root-hash "
                "sha256:abababababababababababababababababababababababababababababababab\n"
                "signer sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n";

void case_add_layer(Case *c, const char *name, const char *version, uint8_t root, uint8_t signer) {
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

void case_begin(Case *c) {
        memset(c, 0, sizeof(*c));
        world_new(&c->world);
        assert_int_equal(account_open(&c->world.store, &c->world.tpm, pcr8, &c->account, NULL), 0);
        assert_int_equal(measure_phase(&c->account, "ready", NULL), 0);
        case_add_layer(c, "tools", "1.2", 0xab, 0xcd);
        forge_new(&c->forge, &c->world);
        c->policy = policy_default();
        c->policy.required = 1u << CLAIM_SIGNATURE | 1u << CLAIM_KEY | 1u << CLAIM_FRESH |
                             1u << CLAIM_REGISTERS | 1u << CLAIM_LAYERS | 1u << CLAIM_UNTOUCHED;
        assert_int_equal(releases_add(&c->releases, SPAN_LITERAL(leaf_text), NULL), 0);
        memset(c->nonce, 0x5a, sizeof(c->nonce));
        c->nonce_size = 32;
}

void case_end(Case *c) {
        judgement_done(&c->judgement);
        releases_done(&c->releases);
        forge_done(&c->forge);
        world_done(&c->world);
}

Question case_question(const Case *c) {
        return (Question){
                .nonce = { c->nonce, c->nonce_size }, .policy = &c->policy, .releases = &c->releases
        };
}

/* Bundles what lies on the table and judges it; the key is pinned. */
void case_judge_bundle(Case *c) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Question q;
        Span bytes;

        if (c->policy.n_keys == 0) {
                memcpy(c->policy.keys[0].name, c->forge.ak_name, 34);
                c->policy.keys[0].size = 34;
                c->policy.keys[0].by.line = 3;
                c->policy.n_keys = 1;
        }
        q = case_question(c);
        forge_bundle(&c->forge, &b);
        assert_int_equal(buf_end(&b, &bytes), 0);
        judgement_done(&c->judgement);
        assert_int_equal(appraise(bytes, &q, &c->judgement, NULL), 0);
}

void case_judge(Case *c) {
        forge_quote(&c->forge);
        case_judge_bundle(c);
}

/* Takes the machine as it stands now. */
void case_judge_machine(Case *c) {
        forge_take(&c->forge, &c->world);
        case_judge(c);
}

ClaimState case_state(const Case *c, Claim claim) {
        return verdict_state(&c->judgement.verdict, claim);
}
