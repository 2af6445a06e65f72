/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sdbench.h"

#include <errno.h>

/* What systemd measured, replayed: which words count, and which do not. */

static void what_systemd_measured_is_proven(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        sd_bench_judge(&b);
        assert_int_equal(b.story.n_records, 14);
        assert_true(b.story.has_log);
        assert_int_equal(b.verdict.refuted, 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_PHASE), 4);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_MACHINE_ID), 1);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_KEYSLOT), 1);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_VERITY), 1);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 1);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_NVPCR_INIT), 4);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_UNKNOWN), 0);
        assert_fault(&b, SD_LOGIN, "none");
        assert_string_equal(systemd_nv(&b.story, SD_LOGIN)->label, "login");
        assert_true(systemd_nv(&b.story, SD_LOGIN)->told);
        assert_false(systemd_nv(&b.story, SD_HARDWARE)->told);
        assert_null(systemd_nv(&b.story, 1));
        sd_bench_end(&b);
}

/* A name that firmware has for what was not measured is one like any other in a record of systemd.
 */
static void every_record_of_systemd_was_measured(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        sd_measure(&b.l, sd_pcr11, "shutdown", "EV_NO_ACTION");
        sd_bench_judge(&b);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_PHASE), 5);
        sd_bench_end(&b);
}

/* Text that has backslashes of its own, as it was measured. */
static void words_may_stand_as_they_were_measured(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        b.l.raw = true;
        sd_measure(&b.l, sd_pcr15, "file-system:/a\\\\b:ext4:u:l:p:t:n", "filesystem");
        sd_bench_judge(&b);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_FILE_SYSTEM), 1);
        sd_bench_end(&b);
}

static void no_log_proves_nothing_and_breaks_nothing(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        buf_done(&b.l.log);
        b.l.n_nv = 0;
        sd_bench_judge(&b);
        assert_false(b.story.has_log);
        assert_int_equal(b.verdict.refuted, 0);
        assert_int_equal(b.replay.told, 0);
        sd_bench_end(&b);
}

/* The n-th line of the log, and what is behind it. */
static Span line_of(const SdBench *b, unsigned n) {
        Span rest = buf_span(&b->l.log), line = {};

        for (unsigned i = 0; i <= n; i++)
                assert_int_equal(systemd_log_next(&rest, &line, NULL), 1);
        return line;
}

static void drop(SdBench *b, unsigned n) {
        Span line = line_of(b, n);
        size_t at = (size_t) (line.data - b->l.log.data);

        memmove(b->l.log.data + at, b->l.log.data + at + line.size, b->l.log.size - at - line.size);
        b->l.log.size -= line.size;
}

static void a_record_cannot_be_left_out(void **state) {
        static const struct {
                unsigned n;
                SystemdKind kind;
                bool nv;
        } dropped[] = {
                { 0, SYSTEMD_PHASE, false },  /* enter-initrd */
                { 11, SYSTEMD_PHASE, false }, /* sysinit */
                { 10, SYSTEMD_MACHINE_ID, false },
                { 7, SYSTEMD_KEYSLOT, true },
                { 13, SYSTEMD_LOGIN, true },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(dropped); i++) {
                SdBench b;

                sd_bench_begin(&b);
                drop(&b, dropped[i].n);
                sd_bench_judge(&b);
                assert_int_equal(sd_bench_proven(&b, dropped[i].kind), 0);
                assert_int_equal(b.verdict.refuted >> CLAIM_REGISTERS & 1, dropped[i].nv);
                sd_bench_end(&b);
        }
}

static void a_record_cannot_be_added(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        sd_write(&b.l, sd_nv(SD_LOGIN), "login:eve:{}", "login", "login:eve:{}");
        sd_write(&b.l, sd_pcr11, "shutdown", "phase", "shutdown");
        sd_bench_judge(&b);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_PHASE), 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_MACHINE_ID), 1);
        assert_fault(&b, SD_LOGIN, "does not replay");
        assert_non_null(strstr(b.verdict.reasons[CLAIM_REGISTERS],
                        "does not replay to the certified NvPCR login 0x01d10203"));
        sd_bench_end(&b);
}

static void order_counts_within_a_register_alone(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        sd_measure(&b.l, sd_nv(SD_LOGIN), "login:eve:{}", "login");
        sd_bench_judge(&b);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 2);
        sd_bench_end(&b);

        /* two records of one register swapped; then of two registers */
        sd_bench_begin(&b);
        sd_extend(&b.l, sd_nv(SD_LOGIN), "login:adam:{}");
        sd_extend(&b.l, sd_nv(SD_LOGIN), "login:eve:{}");
        sd_extend(&b.l, sd_pcr15, "file-system:/::::::");
        sd_write(&b.l, sd_pcr15, "file-system:/::::::", NULL, "file-system:/::::::");
        sd_write(&b.l, sd_nv(SD_LOGIN), "login:adam:{}", "login", "login:adam:{}");
        sd_write(&b.l, sd_nv(SD_LOGIN), "login:eve:{}", "login", "login:eve:{}");
        sd_bench_judge(&b);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 3);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_FILE_SYSTEM), 1);
        drop(&b, 15);
        sd_write(&b.l, sd_nv(SD_LOGIN), "login:adam:{}", "login", "login:adam:{}");
        sd_bench_judge(&b);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 0);
        sd_bench_end(&b);
}

/* The digest is honest, and the words are not: the register holds, the words do not. */
static void words_that_were_not_measured_do_not_count(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        sd_extend(&b.l, sd_pcr15, "file-system:/::::::");
        sd_write(&b.l, sd_pcr15, "file-system:/::::::", NULL, "file-system:/x::::::");
        sd_bench_judge(&b);
        assert_int_equal(b.verdict.refuted, 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_FILE_SYSTEM), 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_MACHINE_ID), 1);
        sd_bench_end(&b);
}

/* Each digest of a record must be over its words, of a bank that nobody quotes too. */
static void digests_of_one_record_agree(void **state) {
        static const char mark[] = "{\"hashAlg\":\"sha1\",\"digest\":\"";
        SdBench b;

        (void) state;
        for (int spoiled = 0; spoiled < 2; spoiled++) {
                uint8_t *at;

                sd_bench_begin(&b);
                b.l.banks = "sha1 sha256";
                sd_measure(&b.l, sd_pcr15, "file-system:/::::::", NULL);
                at = memmem(b.l.log.data, b.l.log.size, mark, strlen(mark));
                assert_non_null(at);
                if (spoiled)
                        at[strlen(mark)] = at[strlen(mark)] == '0' ? '1' : '0';
                sd_bench_judge(&b);
                assert_int_equal(sd_bench_proven(&b, SYSTEMD_FILE_SYSTEM), !spoiled);
                assert_int_equal(b.verdict.refuted, 0);
                sd_bench_end(&b);
        }
}

/* Quoted is sha256; what has a digest of another bank alone is in no register that is quoted. */
static void a_record_of_another_bank_is_not_covered(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        for (unsigned pcr = 0; pcr < 16; pcr++)
                b.l.pcrs.held.banks[1].mask = 0; /* sha384 is not quoted */
        b.l.pcrs.held.n_banks = 1;
        b.l.banks = "sha384";
        sd_write(&b.l, sd_pcr15, "file-system:/::::::", NULL, "file-system:/::::::");
        sd_write(&b.l, sd_nv(SD_LOGIN), "login:eve:{}", NULL, "login:eve:{}");
        sd_bench_judge(&b);
        assert_int_equal(b.verdict.refuted, 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_FILE_SYSTEM), 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 1);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_MACHINE_ID), 1);
        sd_bench_end(&b);
}

static void sha1_proves_nothing(void **state) {
        SdBench b;

        (void) state;
        sd_new(&b.l);
        b = (SdBench){ .l = b.l };
        b.l.pcrs = (PcrValues){};
        assert_true(pcr_set(&b.l.pcrs, 15, &(Digest){ HASH_SHA1, 20, {} }));
        b.l.banks = "sha1";
        sd_measure(&b.l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        sd_bench_judge(&b);
        assert_int_equal(replay_compare(&b.replay, &b.l.pcrs, 15), REPLAY_NOT_HELD);
        assert_int_equal(b.story.covered.n_banks, 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_MACHINE_ID), 0);
        sd_bench_end(&b);
}

/* A value of a bank that nobody extended, beside one that fits. */
static void every_bank_that_is_quoted_must_fit(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        b.l.pcrs.digests[1][15].bytes[0] ^= 1;
        sd_bench_judge(&b);
        assert_int_equal(replay_compare(&b.replay, &b.l.pcrs, 15), REPLAY_DIFFERS);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_MACHINE_ID), 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_PHASE), 4);
        sd_bench_end(&b);
}

/* Quoted of sha384 is another register; and of one that firmware or nobody resets to ones. */
static void only_what_is_quoted_must_fit(void **state) {
        const PcrSelection sha256 = { .banks = { { .alg = HASH_SHA256 } }, .n_banks = 1 };
        Digest ones = digest_zero(HASH_SHA256);
        PcrValues held = {};
        Replay r;
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        b.l.pcrs.held.banks[1].mask = 1;
        sd_bench_judge(&b);
        assert_int_equal(replay_compare(&b.replay, &b.l.pcrs, 15), REPLAY_EQUAL);
        sd_bench_end(&b);

        r = replay_begin(&sha256);
        memset(ones.bytes, 0xff, ones.size);
        assert_true(pcr_set(&held, 17, &ones));
        assert_int_equal(replay_compare(&r, &held, 17), REPLAY_EQUAL);
        assert_int_equal(replay_compare(&r, &held, 16), REPLAY_NOT_HELD);
}

static void a_log_alone_is_replayed(void **state) {
        const PcrSelection sha256 = { .banks = { { .alg = HASH_SHA256 } }, .n_banks = 1 };
        _cleanup_(systemd_walk_done) SystemdWalk w = {}, over = {};
        size_t n = 0;
        SdBench b;
        Replay r;

        (void) state;
        sd_bench_begin(&b);
        buf_string(&b.l.log,
                        "\x1e{\"pcr\":15,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" SD_ROOT
                        "\"}],\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":"
                        "\"EV_NO_ACTION\"}}\n");
        r = replay_begin(&sha256);
        w = systemd_walk_log(buf_span(&b.l.log));
        assert_int_equal(systemd_replay(&w, &r, &n, NULL), 0);
        assert_int_equal(n, 15);
        assert_int_equal(replay_compare(&r, &b.l.pcrs, 15), REPLAY_DIFFERS); /* sha384, too */
        assert_true(digest_equal(&r.pcrs.digests[0][15], &b.l.pcrs.digests[0][15]));
        for (uint32_t i = 0; i < NVPCRS_MAX; i++)
                sd_write(&b.l, sd_nv(0x1d10300 + i), "x", NULL, "x");
        r = replay_begin(&sha256);
        over = systemd_walk_log(buf_span(&b.l.log));
        assert_true(systemd_replay(&over, &r, &n, NULL) < 0);
        sd_bench_end(&b);
}

static void what_is_not_signed_proves_nothing(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        b.is_unsigned = true;
        sd_bench_judge(&b);
        for (SystemdKind kind = 1; kind < _SYSTEMD_KIND_MAX; kind++)
                assert_int_equal(sd_bench_proven(&b, kind), 0);
        sd_bench_end(&b);
}

/* Anybody can have anything measured: it counts where systemd measures it. */
static void words_count_only_where_systemd_measures_them(void **state) {
        static const struct {
                Register reg;
                const char *words;
                SystemdKind kind;
                unsigned n;
        } strays[] = {
                { { REGISTER_PCR, 15 }, "ready", SYSTEMD_PHASE, 4 },
                { { REGISTER_NV, SD_LOGIN }, "ready", SYSTEMD_PHASE, 4 },
                { { REGISTER_PCR, 11 }, "machine-id:" SD_BOOT, SYSTEMD_MACHINE_ID, 1 },
                { { REGISTER_PCR, 15 }, "cryptsetup-keyslot:v:1:tpm2:1", SYSTEMD_KEYSLOT, 1 },
                { { REGISTER_PCR, 15 }, "login:eve:{}", SYSTEMD_LOGIN, 1 },
                { { REGISTER_PCR, 15 }, "verity:root:" SD_ROOT ":", SYSTEMD_VERITY, 1 },
                { { REGISTER_PCR, 12 }, "product-id:missing", SYSTEMD_PRODUCT_ID, 0 },
                { { REGISTER_PCR, 11 }, "imds-userdata:x", SYSTEMD_IMDS, 0 },
                { { REGISTER_PCR, 12 }, "imds-userdata:x", SYSTEMD_IMDS, 1 },
                { { REGISTER_PCR, 8 }, "os-separator", SYSTEMD_OS_SEPARATOR, 1 },
                { { REGISTER_PCR, 11 }, "os-separator", SYSTEMD_OS_SEPARATOR, 1 },
                { { REGISTER_PCR, 0 }, "os-separator", SYSTEMD_OS_SEPARATOR, 2 },
                { { REGISTER_PCR, 14 }, "os-separator", SYSTEMD_OS_SEPARATOR, 2 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(strays); i++) {
                SdBench b;

                sd_bench_begin(&b);
                sd_measure(&b.l, strays[i].reg, strays[i].words, NULL);
                sd_bench_judge(&b);
                if (sd_bench_proven(&b, strays[i].kind) != strays[i].n)
                        fail_msg("%zu: %u", i, sd_bench_proven(&b, strays[i].kind));
                assert_int_equal(b.verdict.refuted, 0);
                sd_bench_end(&b);
        }
}

static void a_log_that_is_none_refutes_and_tells_nothing(void **state) {
        static const struct {
                const char *tail, *said;
        } tails[] = {
                { "x", "record 14: systemd's log: a record begins with byte 0x1e" },
                { "\x1e{\"pcr\":11", "record 14: systemd's log: the last record is not finished" },
                { "\x1e{}\n", "record 14: systemd's log: malformed" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(tails); i++) {
                SdBench b;

                sd_bench_begin(&b);
                buf_string(&b.l.log, tails[i].tail);
                sd_bench_judge(&b);
                assert_true(b.story.has_log);
                assert_int_equal(b.story.n_records, 0);
                assert_int_equal(sd_bench_proven(&b, SYSTEMD_PHASE), 0);
                if (!strstr(b.verdict.reasons[CLAIM_REGISTERS], tails[i].said))
                        fail_msg("%s", b.verdict.reasons[CLAIM_REGISTERS]);
                sd_bench_end(&b);
        }
}

static void boots_are_told_apart(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        sd_bench_judge(&b);
        assert_true(b.story.has_boot && !b.story.several_boots);
        assert_int_equal(b.story.boot[0], 0xe7);
        b.l.boot = NULL;
        sd_measure(&b.l, sd_pcr15, "file-system:/::::::", NULL);
        sd_bench_judge(&b);
        assert_true(b.story.has_boot && !b.story.several_boots);
        b.l.boot = "f72a1999f6bf4f39be061813d3920b23";
        sd_measure(&b.l, sd_pcr15, "file-system:/::::::", NULL);
        sd_bench_judge(&b);
        assert_true(b.story.several_boots);
        sd_bench_end(&b);
}

/* What systemd cut off, and what is an HMAC, is told apart from what was changed. */
static void what_cannot_be_proven_says_why(void **state) {
        _cleanup_(systemd_walk_done) SystemdWalk w = {};
        SystemdEntry entry;
        char words[1100];
        SdBench b;

        (void) state;
        b = (SdBench){};
        sd_new(&b.l);
        memset(words, 'x', sizeof(words));
        (void) snprintf(words + 1024, sizeof(words) - 1024, "...");
        sd_write(&b.l, sd_pcr15, "what is longer", NULL, words);
        sd_write(&b.l, sd_pcr15, "HMAC", "volume-key", "cryptsetup:v2:1111");
        sd_write(&b.l, sd_pcr15, "a\\b", NULL, "a\\b");
        b.l.raw = true;
        sd_write(&b.l, sd_pcr15, "c\\x3ad", NULL, "c\\x3ad");
        b.l.raw = false;
        sd_write(&b.l, sd_pcr15, "changed", NULL, "before");
        w = systemd_walk_log(buf_span(&b.l.log));
        assert_int_equal(systemd_walk_next(&w, &entry, NULL), 1);
        assert_true(entry.cut && entry.proof == SYSTEMD_UNPROVEN);
        assert_int_equal(systemd_walk_next(&w, &entry, NULL), 1);
        assert_true(!entry.cut && entry.proof == SYSTEMD_KEYED);
        assert_int_equal(systemd_walk_next(&w, &entry, NULL), 1);
        assert_true(entry.proof == SYSTEMD_PROVEN && span_is(entry.measured, "a\\b"));
        assert_int_equal(systemd_walk_next(&w, &entry, NULL), 1);
        assert_true(entry.proof == SYSTEMD_PROVEN && span_is(entry.measured, "c\\x3ad"));
        assert_int_equal(systemd_walk_next(&w, &entry, NULL), 1);
        assert_true(!entry.cut && entry.proof == SYSTEMD_UNPROVEN);
        assert_true(span_is(entry.measured, "before"));
        assert_int_equal(systemd_walk_next(&w, &entry, NULL), 0);
        sd_bench_end(&b);
}

static void half_a_record_is_malformed(void **state) {
        SystemdEntry entry;
        SdBench b;
        int n = 0, rc;

        (void) state;
        sd_bench_begin(&b);
        b.l.log.size--;
        {
                _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk_log(buf_span(&b.l.log));

                while ((rc = systemd_walk_next(&w, &entry, NULL)) > 0)
                        n++;
        }
        assert_int_equal(rc, -EBADMSG);
        assert_int_equal(n, 13);
        sd_bench_end(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_systemd_measured_is_proven),
                cmocka_unit_test(every_record_of_systemd_was_measured),
                cmocka_unit_test(words_may_stand_as_they_were_measured),
                cmocka_unit_test(no_log_proves_nothing_and_breaks_nothing),
                cmocka_unit_test(half_a_record_is_malformed),
                cmocka_unit_test(a_record_cannot_be_left_out),
                cmocka_unit_test(a_record_cannot_be_added),
                cmocka_unit_test(order_counts_within_a_register_alone),
                cmocka_unit_test(words_that_were_not_measured_do_not_count),
                cmocka_unit_test(a_record_of_another_bank_is_not_covered),
                cmocka_unit_test(sha1_proves_nothing),
                cmocka_unit_test(every_bank_that_is_quoted_must_fit),
                cmocka_unit_test(only_what_is_quoted_must_fit),
                cmocka_unit_test(a_log_alone_is_replayed),
                cmocka_unit_test(what_is_not_signed_proves_nothing),
                cmocka_unit_test(words_count_only_where_systemd_measures_them),
                cmocka_unit_test(a_log_that_is_none_refutes_and_tells_nothing),
                cmocka_unit_test(boots_are_told_apart),
                cmocka_unit_test(what_cannot_be_proven_says_why),
                cmocka_unit_test(digests_of_one_record_agree),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
