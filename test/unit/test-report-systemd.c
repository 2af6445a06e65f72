/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sdbench.h"

#include <stdlib.h>

#include "verify/releases.h"
#include "verify/report-systemd.h"

/* What people and programs are told of systemd's log, each line with what it is worth. */

#define LONG_WORDS                                                                                 \
        "a phase that is longer than a line of the report has room for, which is sixty-four bytes"

/* A boot, and after it a record of each kind of worth. */
static void begin(SdBench *b) {
        char cut[1024 + 4];

        memset(cut, 'a', 1024);
        memcpy(cut + 1024, "...", 4);
        sd_bench_begin(b);
        sd_measure(&b->l, sd_nv(SD_CRYPTSETUP), "cryptsetup-keyslot:var:1e03::", "keyslot");
        sd_measure(&b->l, sd_nv(SD_VERITY), "verity:usr:" SD_BOOT SD_BOOT ":somebody", "dm-verity");
        sd_measure(&b->l, sd_pcr15, "login:eve:{}", "login");
        sd_extend(&b->l, sd_pcr15, "the HMAC");
        sd_write(&b->l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:root:1e02");
        sd_measure(&b->l, sd_pcr11, LONG_WORDS, "phase");
        sd_extend(&b->l, sd_pcr11, "shutdown");
        sd_write(&b->l, sd_pcr11, "shutdown", "phase", "final");
        sd_extend(&b->l, sd_pcr15, "as long as this");
        sd_write(&b->l, sd_pcr15, "as long as this", "login", cut);
        sd_define(&b->l, 0x1d10220);
        sd_measure(&b->l, sd_nv(0x1d10220), "something", NULL);
        sd_bench_judge(b);
}

static char *told_to_people(const SdBench *b, const Question *q) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        report_systemd_people(&b->story, q, f);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void assert_tells(const char *text, const char *words) {
        if (!strstr(text, words))
                fail_msg("not told: '%s', but: %s", words, text);
}

static void each_line_says_what_it_is_worth(void **state) {
        static const char *const lines[] = {
                "pcr:11        phase           enter-initrd\n",
                "pcr:9         os-separator    what firmware measured into PCR 9 ends here\n",
                " is NV index 0x01d10202, Name 000b",
                "nv:cryptsetup keyslot         volume \"root\" unlocked by \"tpm2\", slot 1\n",
                "volume \"var\" unlocked by passphrase, recovery key or key file\n",
                "dm-verity device \"root\", root hash abababababababab...\n",
                "dm-verity device \"usr\", root hash e72a1999f6bf4f39..., names a signer (whose signature may not have been checked)\n",
                "first login of user \"root\"\n",
                "first login of user \"eve\" [measured, but not where systemd measures such]\n",
                "key of volume \"root\", LUKS \"1e02\" [an HMAC with that key: whether the words are true cannot be seen]\n",
                "final [these words are NOT what was measured]\n",
                "aaa...\" [cut short by systemd: these words are not proven]\n",
                "nv:0x01d10220",
                "\"something\" [not proven: no proven register holds it]\n",
                "  NvPCR 0x01d10201 cryptsetup: the records replay to its certified value\n",
                "  NvPCR 0x01d10200 hardware: nothing was measured into it\n",
                "  NvPCR 0x01d10220 proves nothing: its Name is not in PCR 9",
        };
        char *text;
        SdBench b;

        (void) state;
        begin(&b);
        text = told_to_people(&b, NULL);
        for (size_t i = 0; i < ELEMENTS(lines); i++)
                assert_tells(text, lines[i]);
        free(text);
        sd_bench_end(&b);
}

static void a_log_alone_is_told_as_far_as_its_words_match(void **state) {
        char *text = NULL;
        size_t size;
        SdBench b;
        FILE *f;

        (void) state;
        begin(&b);
        f = open_memstream(&text, &size);
        assert_non_null(f);
        report_systemd_log(buf_span(&b.l.log), f);
        assert_int_equal(fclose(f), 0);
        assert_tells(text, "nv:0x01d10201 keyslot         volume \"root\"");
        assert_tells(text, "first login of user \"eve\"\n"); /* where, is not judged */
        assert_null(strstr(text, "[not proven"));
        free(text);
        sd_bench_end(&b);
}

static void a_log_alone_is_told_as_json(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(1024 * 1024);
        JsonWriter w = json_writer(&text, JSON_STRICT);
        SdBench b;

        (void) state;
        begin(&b);
        json_put_object(&w, NULL);
        report_systemd_log_json(buf_span(&b.l.log), &w);
        json_put_end(&w);
        assert_int_equal(text.failed, 0);
        buf_byte(&text, '\0');
        assert_tells((const char *) text.data, "{\"records\":[{\"record\":0,");
        assert_tells((const char *) text.data, "\"first login of user \\\"eve\\\"\"");
        assert_null(strstr((const char *) text.data, "\"not covered\""));
        sd_bench_end(&b);
}

static void a_release_is_named(void **state) {
        static const char leaf[] = "avouch/release/v1\ntype root\nname system\nversion 7\n"
                                   "verity-root-hash sha256:" SD_ROOT "\n";
        Releases releases = {};
        Question q = { .releases = &releases };
        char *text;
        SdBench b;

        (void) state;
        assert_int_equal(releases_add(&releases, SPAN_LITERAL(leaf), NULL), 0);
        begin(&b);
        text = told_to_people(&b, &q);
        assert_tells(text,
                        "dm-verity device \"root\", root hash abababababababab..., release \"system\" version \"7\"\n");
        assert_tells(text, "dm-verity device \"usr\", root hash e72a1999f6bf4f39..., names");
        free(text);
        sd_bench_end(&b);
        releases_done(&releases);
}

static void programs_are_told_the_same(void **state) {
        static const char *const parts[] = {
                "\"machineId\":\"" SD_BOOT "\",\"phase\":\"ready\",\"nvpcrs\":[",
                "{\"index\":30474752,\"name\":\"hardware\",\"proven\":1,\"policy\":",
                "{\"index\":30474784,\"name\":\"\",\"proven\":0,\"reason\":\"its Name is not in PCR 9",
                "\"register\":\"nv:cryptsetup\",\"kind\":\"keyslot\",\"says\":\"volume \\\"root\\\" unlocked by \\\"tpm2\\\", slot 1\",\"standing\":\"proven\"}",
                "\"standing\":\"elsewhere\"}",
                "\"standing\":\"keyed\"}",
                "\"standing\":\"unproven\"}",
                "\"standing\":\"not covered\"}",
        };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024);
        JsonWriter w = json_writer(&text, JSON_STRICT);
        SdBench b;

        (void) state;
        begin(&b);
        json_put_object(&w, NULL);
        report_systemd_json(&b.story, NULL, &w);
        json_put_end(&w);
        buf_byte(&text, '\0');
        assert_int_equal(text.failed, 0);
        for (size_t i = 0; i < ELEMENTS(parts); i++)
                assert_tells((const char *) text.data, parts[i]);
        sd_bench_end(&b);
}

static void a_machine_that_proves_nothing_has_no_facts(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024);
        JsonWriter w = json_writer(&text, JSON_STRICT);
        SdBench b;

        (void) state;
        begin(&b);
        b.is_unsigned = true;
        sd_bench_judge(&b);
        json_put_object(&w, NULL);
        report_systemd_json(&b.story, NULL, &w);
        json_put_end(&w);
        buf_byte(&text, '\0');
        assert_int_equal(text.failed, 0);
        assert_null(strstr((const char *) text.data, "machineId"));
        assert_null(strstr((const char *) text.data, "\"phase\":"));
        sd_bench_end(&b);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_line_says_what_it_is_worth),
                cmocka_unit_test(a_log_alone_is_told_as_far_as_its_words_match),
                cmocka_unit_test(a_log_alone_is_told_as_json),
                cmocka_unit_test(a_release_is_named),
                cmocka_unit_test(programs_are_told_the_same),
                cmocka_unit_test(a_machine_that_proves_nothing_has_no_facts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
