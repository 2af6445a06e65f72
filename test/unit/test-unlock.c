/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "support/draftlog.h"
#include "support/sdlog.h"
#include "verify/unlock.h"

/* The claim unlock, by systemd's log and by avouch's. */

typedef struct Bench {
        SdLog l;
        DraftLog before, avouch; /* avouch's own: earlier segments, and the last one */
        Policy policy;
        Verdict verdict;
        bool unproven; /* registers */
} Bench;

static void begin(Bench *b) {
        *b = (Bench){ .policy = policy_default(), .before = draft_log(), .avouch = draft_log() };
        sd_new(&b->l);
        sd_boot(&b->l);
        draft_log_add(&b->avouch, EVENT_PHASE_GENESIS, NULL);
}

static void end(Bench *b) {
        sd_done(&b->l);
        draft_log_done(&b->before);
        draft_log_done(&b->avouch);
}

static ClaimState judge(Bench *b) {
        Question q = { .policy = &b->policy };
        Replay replay = replay_begin(&b->l.pcrs.held);
        UnlockLogs avouch = { draft_log_bytes(&b->before), draft_log_bytes(&b->avouch) };
        SystemdStory s;

        b->verdict = (Verdict){};
        assert_int_equal(
                        systemd_take(buf_span(&b->l.log), (Json){}, &b->verdict, &replay, &s, NULL),
                        0);
        memcpy(s.nv, b->l.nv, sizeof(s.nv));
        s.n_nv = b->l.n_nv;
        assert_int_equal(systemd_judge(&replay, &b->l.pcrs, (Span){}, &b->verdict, &s, NULL), 0);
        if (!b->unproven)
                verdict_prove(&b->verdict, CLAIM_REGISTERS, "as told");
        assert_int_equal(judge_unlock(&s, &avouch, &q, &b->verdict, NULL), 0);
        return verdict_state(&b->verdict, CLAIM_UNLOCK);
}

#define assert_says(b, words)                                                                      \
        do {                                                                                       \
                if (!strstr((b)->verdict.reasons[CLAIM_UNLOCK], words))                            \
                        fail_msg("says '%s'", (b)->verdict.reasons[CLAIM_UNLOCK]);                 \
        } while (0)

static void allow(Bench *b, const char *line) {
        char text[128];

        (void) snprintf(text, sizeof(text), "[Unlock]\n%s\n", line);
        assert_int_equal(policy_apply(span_of(text), &b->policy, NULL), 0);
}

static void unlock(Bench *b, const char *how) {
        char words[256];

        (void) snprintf(words, sizeof(words), "cryptsetup-keyslot:v2:2222:%s", how);
        sd_measure(&b->l, sd_nv(SD_CRYPTSETUP), words, "keyslot");
}

static void hardware_is_allowed_where_policy_says_nothing(void **state) {
        static const char *const good[] = { "tpm2:1", "fido2:2", "pkcs11:", "tpm2:" };
        static const char *const bad[] = { ":0", ":", "newer:1" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(good) + ELEMENTS(bad); i++) {
                bool fits = i < ELEMENTS(good);
                Bench b;

                begin(&b);
                unlock(&b, fits ? good[i] : bad[i - ELEMENTS(good)]);
                assert_int_equal(judge(&b), fits ? CLAIM_PROVEN : CLAIM_NOT_PROVEN);
                assert_says(&b, fits ? "2 unlocked, each as policy allows: \"root\" by tpm2 (slot 1), ..."
                                     : "volume \"v2\" by ");
                end(&b);
        }
}

/* systemd does not say which of three it was: all three must be allowed. */
static void a_passphrase_may_be_a_recovery_key(void **state) {
        static const struct {
                const char *line;
                ClaimState state;
        } lines[] = {
                { "Allow=tpm2 passphrase", CLAIM_NOT_PROVEN },
                { "Allow=tpm2 passphrase recovery", CLAIM_NOT_PROVEN },
                { "Allow=tpm2 keyfile recovery", CLAIM_NOT_PROVEN },
                { "Allow=passphrase recovery keyfile", CLAIM_NOT_PROVEN }, /* root, by TPM */
                { "Allow=", CLAIM_NOT_PROVEN },
                { "Allow=tpm2 passphrase recovery keyfile", CLAIM_PROVEN },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                Bench b;

                begin(&b);
                allow(&b, lines[i].line);
                unlock(&b, ":3");
                assert_int_equal(judge(&b), lines[i].state);
                end(&b);
        }
}

static void what_policy_does_not_allow_is_named(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        unlock(&b, ":3");
        (void) judge(&b);
        assert_says(&b, "volume \"v2\" by passphrase, recovery key or key file (slot 3), which policy "
                        "does not allow (record 14 of systemd's log)");
        end(&b);
}

static void where_nothing_is_told_nothing_is_claimed(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_done(&b.l);
        sd_new(&b.l);
        assert_int_equal(judge(&b), CLAIM_ABSENT);
        assert_says(&b, "no log tells of an unlock");
        end(&b);
}

/* The register that tells of unlocks holds something that nobody can read. */
static void words_that_are_not_proven_refute(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_extend(&b.l, sd_nv(SD_CRYPTSETUP), "cryptsetup-keyslot:v2:2222::0");
        sd_write(&b.l, sd_nv(SD_CRYPTSETUP), "cryptsetup-keyslot:v2:2222::0", NULL,
                        "cryptsetup-keyslot:v2:2222:tpm2:0");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "record 14 of systemd's log tells of an unlock, and its words are not what was measured");
        end(&b);

        begin(&b); /* nor does it help to tell nothing at all of it */
        sd_extend(&b.l, sd_nv(SD_CRYPTSETUP), "cryptsetup-keyslot:v2:2222::0");
        sd_write(&b.l, sd_nv(SD_CRYPTSETUP), "cryptsetup-keyslot:v2:2222::0", NULL,
                        "something else");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        end(&b);

        begin(&b); /* an event of that type in another register */
        sd_measure(&b.l, sd_nv(SD_LOGIN), "something else", "keyslot");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "its words are not what was measured");
        end(&b);

        begin(&b); /* or as an event alone, or by words alone, in a register that is not certified
                    */
        b.l.n_nv = 2;
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "no proven NvPCR is over it");
        end(&b);
}

static void a_volume_key_without_a_key_slot_refutes(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_extend(&b.l, sd_pcr15, "the HMAC");
        sd_write(&b.l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "volume \"v2\" was unlocked, and no proven record says how (record 14");
        unlock(&b, "tpm2:1");
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        sd_extend(&b.l, sd_pcr15, "the HMAC");
        sd_write(&b.l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:3333");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        end(&b);
}

/* The words beside an HMAC are the log's: one volume's record can be given another's. */
static void each_volume_key_needs_a_key_slot_of_its_own(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        for (int i = 0; i < 2; i++) {
                unlock(&b, "tpm2:1");
                sd_extend(&b.l, sd_pcr15, "the HMAC");
                sd_write(&b.l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
                assert_int_equal(judge(&b), CLAIM_PROVEN);
        }
        sd_extend(&b.l, sd_pcr15, "of another volume");
        sd_write(&b.l, sd_pcr15, "of another volume", "volume-key", "cryptsetup:v2:2222");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "volume \"v2\" was unlocked, and no proven record says how (record 18");
        end(&b);
}

/* Nor does it help to give it any other words: true ones too, as an HMAC is a hash like others for
 * who has its key. */
static void what_stands_where_volume_keys_do_can_be_one(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        sd_measure(&b.l, sd_pcr9, "in another register", NULL);
        sd_measure(&b.l, sd_pcr15, "file-system:/home:1:2:3:4:5:6", "filesystem");
        buf_string(&b.l.log,
                        "\x1e{\"pcr\":15,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" SD_ROOT
                        "\"}],\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":\"EV_NO_ACTION\"}}\n");
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        sd_extend(&b.l, sd_pcr15, "the HMAC");
        sd_write(&b.l, sd_pcr15, "the HMAC", "filesystem", "file-system:/var:1:2:3:4:5:6");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "record 17 of systemd's log put something into pcr:15 that systemd does not");
        end(&b);

        begin(&b);
        sd_measure(&b.l, sd_pcr15, "what an HMAC is the hash of", NULL);
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "it can be the key of a volume that was unlocked");
        end(&b);
}

static void where_no_quote_is_over_volume_keys_it_is_said(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        assert_null(strstr(b.verdict.reasons[CLAIM_UNLOCK], "pcr:15"));
        for (size_t i = 0; i < b.l.pcrs.held.n_banks; i++)
                b.l.pcrs.held.banks[i].mask &= ~(UINT32_C(1) << 15);
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        assert_says(&b, "; whether systemd unlocked other volumes is not known, as pcr:15 is not");
        end(&b);
}

/* The admin may choose another NvPCR (tpm2-measure-keyslot-nvpcr=), and systemd's type may change.
 */
static void a_key_slot_counts_in_any_nvpcr(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_measure(&b.l, sd_nv(SD_VERITY), "cryptsetup-keyslot:v2:2222::0", NULL);
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "volume \"v2\" by passphrase");
        end(&b);
}

static void a_broken_log_of_avouch_is_no_failure(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        buf_string(&b.avouch.bytes, "x");
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        end(&b);
}

static void unlocks_are_bounded(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        for (int i = 1; i < UNLOCKS_MAX; i++)
                unlock(&b, "tpm2:1");
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        unlock(&b, "tpm2:1");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "more than 64");
        end(&b);
}

static void avouchs_own_log_is_heard_too(void **state) {
        static const DraftChange by_passphrase[] = { { "method", "\"passphrase\"" }, {} };
        Bench b;

        (void) state;
        begin(&b);
        sd_done(&b.l);
        sd_new(&b.l);
        draft_log_add(&b.avouch, EVENT_UNLOCK_OPEN, NULL);
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        assert_says(&b, "1 unlocked, each as policy allows: \"text\" by tpm2");
        b.unproven = true;
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "the logs are not proven");
        b.unproven = false;
        draft_log_add(&b.avouch, EVENT_UNLOCK_OPEN, by_passphrase);
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "volume \"text\" by passphrase, which policy does not allow (record 2 of avouch's log)");
        allow(&b, "Allow=passphrase tpm2");
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        end(&b);
}

/* Whoever is root can begin another segment. */
static void earlier_segments_are_heard_too(void **state) {
        static const DraftChange by_passphrase[] = { { "method", "\"passphrase\"" }, {} };
        Bench b;

        (void) state;
        begin(&b);
        draft_log_add(&b.before, EVENT_PHASE_GENESIS, NULL);
        draft_log_add(&b.before, EVENT_UNLOCK_OPEN, NULL);
        draft_log_add(&b.avouch, EVENT_UNLOCK_OPEN, NULL);
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        assert_says(&b, "3 unlocked, each as policy allows");
        draft_log_add(&b.before, EVENT_UNLOCK_OPEN, by_passphrase);
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "by passphrase, which policy does not allow (record 2 of an earlier segment of avouch's log)");
        end(&b);
}

static void what_was_left_out_refutes(void **state) {
        static const char *const lanes[] = { "unlock", "newer", "note", "phase", "glass", "layer" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(lanes); i++) {
                char lane[16];
                Bench b;

                (void) snprintf(lane, sizeof(lane), "\"%s\"", lanes[i]);
                begin(&b);
                draft_log_add(&b.avouch, EVENT_NOTE_LOST, (DraftChange[]){ { "lane", lane }, {} });
                assert_int_equal(judge(&b), i < 2 ? CLAIM_NOT_PROVEN : CLAIM_PROVEN);
                if (i < 2)
                        assert_says(&b, "the log says that records of unlocks were left out (record 1 of avouch's log)");
                end(&b);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hardware_is_allowed_where_policy_says_nothing),
                cmocka_unit_test(a_passphrase_may_be_a_recovery_key),
                cmocka_unit_test(what_policy_does_not_allow_is_named),
                cmocka_unit_test(where_nothing_is_told_nothing_is_claimed),
                cmocka_unit_test(words_that_are_not_proven_refute),
                cmocka_unit_test(a_volume_key_without_a_key_slot_refutes),
                cmocka_unit_test(each_volume_key_needs_a_key_slot_of_its_own),
                cmocka_unit_test(what_stands_where_volume_keys_do_can_be_one),
                cmocka_unit_test(where_no_quote_is_over_volume_keys_it_is_said),
                cmocka_unit_test(a_key_slot_counts_in_any_nvpcr),
                cmocka_unit_test(a_broken_log_of_avouch_is_no_failure),
                cmocka_unit_test(unlocks_are_bounded),
                cmocka_unit_test(avouchs_own_log_is_heard_too),
                cmocka_unit_test(earlier_segments_are_heard_too),
                cmocka_unit_test(what_was_left_out_refutes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
