/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sdclaim.h"

#include "verify/devices.h"
#include "verify/login.h"
#include "verify/machineid.h"
#include "wire/leaf.h"

/* The claims machine-id, login and verity, by systemd's log. */

static int machine_id(const SystemdStory *s, const Question *q, Verdict *v) {
        judge_machine_id(s, q, v);
        return 0;
}

static int login(const SystemdStory *s, const Question *q, Verdict *v) {
        return judge_login(s, q, v, NULL);
}

static int verity(const SystemdStory *s, const Question *q, Verdict *v) {
        return judge_devices(s, q, v, NULL);
}

#define OTHER "ffffffffffffffffffffffffffffffff"

static void the_machine_is_the_one_that_policy_names(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_PROVEN,
                        SD_BOOT ", as the system read it; policy does not name one");
        sdclaim_policy(&c, "[Machine]\nMachineId=" SD_BOOT "\n");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_PROVEN,
                        SD_BOOT ", as the system read it");
        sdclaim_policy(&c, "[Machine]\nMachineId=" OTHER "\n");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_NOT_PROVEN,
                        "the machine is " SD_BOOT ", and policy wants " OTHER);
        sdclaim_policy(&c, "[Machine]\nMachineId=\n");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_PROVEN, SD_BOOT);
        sdclaim_end(&c);
}

static void a_second_id_refutes_the_first(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_measure(&c.l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_PROVEN, SD_BOOT);
        sd_measure(&c.l, sd_pcr15, "machine-id:" OTHER, "machine-id");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_NOT_PROVEN,
                        "record 15 of systemd's log has another machine id than record 10");
        sdclaim_end(&c);
}

static void an_id_needs_its_register(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_extend(&c.l, sd_pcr15, "something");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_NOT_PROVEN,
                        "record 10 of systemd's log tells of a machine id, and no proven PCR is over it");
        sd_done(&c.l);
        sd_new(&c.l);
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_ABSENT,
                        "no log tells of a machine id");
        sdclaim_end(&c);
}

/* Root could have changed the words of the first record, and measured another id behind it. */
static void what_stands_before_an_id_could_be_one(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_done(&c.l);
        sd_new(&c.l);
        sd_extend(&c.l, sd_pcr15, "machine-id:" OTHER);
        sd_write(&c.l, sd_pcr15, "machine-id:" OTHER, NULL, "something");
        sd_measure(&c.l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_NOT_PROVEN,
                        "record 0 of systemd's log stands before it in pcr:15, and its words are not");

        sd_done(&c.l); /* a volume's key may stand there, and nobody can say that it does */
        sd_new(&c.l);
        sd_measure(&c.l, sd_pcr9, "in another register", NULL);
        sd_extend(&c.l, sd_pcr15, "the HMAC");
        sd_write(&c.l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
        sd_measure(&c.l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_PROVEN,
                        "; 1 records before it have words that only the key of a volume can prove");
        sd_extend(&c.l, sd_pcr15, "later"); /* what comes later is not in question */
        sd_write(&c.l, sd_pcr15, "later", NULL, "something");
        assert_judged(&c, machine_id, CLAIM_MACHINE_ID, CLAIM_PROVEN, "; 1 records");
        sdclaim_end(&c);
}

static void who_logged_in_is_allowed_by_name(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_NOT_PROVEN,
                        "\"root\" logged in, whom policy does not allow (record 13 of systemd's log)");
        sdclaim_policy(&c, "[Login]\nAllow=alice\nAllow=bob root\n");
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_PROVEN,
                        "1 users logged in, each one that policy allows: \"root\"");
        sd_measure(&c.l, sd_nv(SD_LOGIN), "login:eve:{\"uid\":1000}", "login");
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_NOT_PROVEN, "\"eve\" logged in");
        sdclaim_policy(&c, "[Login]\nAllow=\nAllow=eve root\n");
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_PROVEN, "2 users logged in");
        sdclaim_policy(&c, "[Login]\nAllow=\n");
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_NOT_PROVEN, "\"root\" logged in");
        sdclaim_end(&c);
}

static void nobody_logged_in_where_the_register_says_so(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_done(&c.l);
        sd_new(&c.l);
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_ABSENT, "no proven NvPCR tells of logins");
        sd_nvpcr(&c.l, SD_LOGIN, "login");
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_ABSENT, "no proven NvPCR tells of logins");
        sd_measure(&c.l, sd_pcr9, "nvpcr-separator", "nvpcr-separator");
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_PROVEN, "nobody logged in");
        sd_extend(&c.l, sd_nv(SD_LOGIN), "login:eve:{}"); /* and no record */
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_ABSENT, "no proven NvPCR tells of logins");
        sdclaim_end(&c);
}

static void a_login_that_is_not_proven_refutes(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sdclaim_policy(&c, "[Login]\nAllow=root\n");
        sd_extend(&c.l, sd_nv(SD_LOGIN), "login:eve:{}");
        sd_write(&c.l, sd_nv(SD_LOGIN), "login:eve:{}", NULL, "login:root:{}");
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_NOT_PROVEN,
                        "record 14 of systemd's log tells of a login, and its words are not what was measured");
        sdclaim_end(&c);

        sdclaim_begin(&c); /* in a register that nobody certified */
        sdclaim_policy(&c, "[Login]\nAllow=root\n");
        c.l.n_nv = 3;
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_NOT_PROVEN, "no proven NvPCR is over it");
        sdclaim_end(&c);
}

/* By its event alone, where no register is there to tell what it is about. */
static void an_event_is_enough_to_ask(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_done(&c.l);
        sd_new(&c.l);
        sd_measure(&c.l, sd_pcr9, "somebody", "login");
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_NOT_PROVEN,
                        "record 0 of systemd's log tells of a login, and its words are not");
        sd_measure(&c.l, sd_pcr9, "something", "dm-verity");
        assert_judged(&c, verity, CLAIM_VERITY, CLAIM_NOT_PROVEN,
                        "record 1 of systemd's log tells");
        sdclaim_end(&c);
}

static void cut_words_are_said_to_be_cut(void **state) {
        char words[1200] = "login:root:{", told[1200];
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sdclaim_policy(&c, "[Login]\nAllow=root\n");
        memset(words + strlen(words), 'x', 1100);
        memcpy(told, words, sizeof(told));
        memcpy(told + 1024, "...", 4);
        sd_extend(&c.l, sd_nv(SD_LOGIN), words);
        sd_write(&c.l, sd_nv(SD_LOGIN), words, "login", told);
        assert_judged(&c, login, CLAIM_LOGIN, CLAIM_NOT_PROVEN,
                        "record 14 of systemd's log tells of a login, and systemd wrote down no more than its first 1024 bytes");
        sdclaim_end(&c);
}

static void add_release(SdClaim *c, LeafType type) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        Leaf leaf = { .type = type,
                .name = SPAN_LITERAL("debian"),
                .version = SPAN_LITERAL("12"),
                .architecture = SPAN_LITERAL("x86-64"),
                .has_root_hash = true };

        memset(leaf.root_hash, 0xab, sizeof(leaf.root_hash));
        leaf_write(&leaf, &text);
        assert_int_equal(releases_add(&c->releases, buf_span(&text), NULL), 0);
}

static void devices_are_over_releases(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        assert_judged(&c, verity, CLAIM_VERITY, CLAIM_NOT_PROVEN,
                        "the device \"root\" (root hash abababababababab..., record 8 of systemd's log) is over no release");
        add_release(&c, LEAF_ROOT);
        assert_judged(&c, verity, CLAIM_VERITY, CLAIM_PROVEN,
                        "1 devices, each over a known image: 'debian' 12");
        sd_measure(&c.l, sd_nv(SD_VERITY), "verity:loop0p1-verity:" OTHER OTHER ":", "dm-verity");
        assert_judged(&c, verity, CLAIM_VERITY, CLAIM_NOT_PROVEN,
                        "the device \"loop0p1-verity\" (root hash ffffffffffffffff..., record 14");
        sdclaim_policy(&c, "[Release]\nRootHash=" OTHER OTHER "\n");
        assert_judged(&c, verity, CLAIM_VERITY, CLAIM_PROVEN, "'debian' 12, one that policy names");
        sd_extend(&c.l, sd_nv(SD_VERITY), "verity:x:" OTHER OTHER ":");
        sd_write(&c.l, sd_nv(SD_VERITY), "verity:x:" OTHER OTHER ":", NULL, "something");
        assert_judged(&c, verity, CLAIM_VERITY, CLAIM_NOT_PROVEN,
                        "record 15 of systemd's log tells of a device, and its words are not what was measured");
        sdclaim_end(&c);
}

static void no_device_is_said_by_the_register(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_done(&c.l);
        sd_new(&c.l);
        assert_judged(&c, verity, CLAIM_VERITY, CLAIM_ABSENT, "no proven NvPCR tells of dm-verity");
        sd_nvpcr(&c.l, SD_VERITY, "verity");
        sd_measure(&c.l, sd_pcr9, "nvpcr-separator", "nvpcr-separator");
        assert_judged(&c, verity, CLAIM_VERITY, CLAIM_PROVEN, "no device was set up");
        sdclaim_end(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_machine_is_the_one_that_policy_names),
                cmocka_unit_test(a_second_id_refutes_the_first),
                cmocka_unit_test(an_id_needs_its_register),
                cmocka_unit_test(what_stands_before_an_id_could_be_one),
                cmocka_unit_test(who_logged_in_is_allowed_by_name),
                cmocka_unit_test(nobody_logged_in_where_the_register_says_so),
                cmocka_unit_test(a_login_that_is_not_proven_refutes),
                cmocka_unit_test(an_event_is_enough_to_ask),
                cmocka_unit_test(cut_words_are_said_to_be_cut),
                cmocka_unit_test(devices_are_over_releases),
                cmocka_unit_test(no_device_is_said_by_the_register),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
