/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/draft.h"
#include "verify/report.h"

/* One record of each kind, as drafts have it, in words. */
static void every_event_is_told(void **state) {
        static const struct {
                Event event;
                const char *words, *short_words;
        } cases[] = {
                { EVENT_PHASE_GENESIS,
                                "recording begins (boot) in pcr:8, machine 0123456789abcdef...",
                                "recording begins (boot) in pcr:8, machine 0123456789abcdef..." },
                { EVENT_PHASE_BROKEN,
                                "the register held what the log does not name: somebody else extended it",
                                "the register held what the log does not name: somebody else extended it" },
                { EVENT_PHASE_ENTER, "the machine enters \"text\"", "the machine enters \"text\"" },
                { EVENT_LAYER_ACTIVATE,
                                "sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\", NO KNOWN RELEASE",
                                "sysext \"text\", root hash fedcba9876543210..." },
                { EVENT_LAYER_DEACTIVATE,
                                "sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\", NO KNOWN RELEASE",
                                "sysext \"text\", root hash fedcba9876543210..." },
                { EVENT_LAYER_REFUSE,
                                "sysext \"text\" version \"text\", root hash fedcba9876543210...: \"text\", NO KNOWN RELEASE",
                                "sysext \"text\", root hash fedcba9876543210...: \"text\"" },
                { EVENT_UNLOCK_OPEN, "volume \"text\" by tpm2", "volume \"text\" by tpm2" },
                { EVENT_UNLOCK_FAIL, "volume \"text\" by tpm2", "volume \"text\" by tpm2" },
                { EVENT_GLASS_BEGIN, "the count of openings begins at 7",
                                "the count of openings begins at 7" },
                { EVENT_GLASS_OPEN, "login by \"text\" (uid 7) on \"text\": \"text\"",
                                "login by \"text\" (uid 7)" },
                { EVENT_GLASS_CLOSE, "login by \"text\" (uid 7) on \"text\": \"text\"",
                                "login by \"text\" (uid 7)" },
                { EVENT_GLASS_LOST, "openings without a record: crash",
                                "openings without a record: crash" },
                { EVENT_NOTE_TEXT, "\"text\"", "\"text\"" },
                { EVENT_NOTE_LOST, "records left out: 7", "records left out: 7" },
        };
        const Question q = { .releases = &(Releases){} };

        (void) state;
        assert_int_equal(ELEMENTS(cases), _EVENT_MAX - 1);
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                for (unsigned brief = 0; brief < 2; brief++) {
                        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(CONTENT_MAX),
                                                words = BUF_UP_TO(CONTENT_MAX);
                        Content content;

                        if (brief)
                                draft_content_short(cases[i].event, NULL, &bytes);
                        else
                                draft_content(cases[i].event, NULL, &bytes);
                        assert_int_equal(content_parse(buf_span(&bytes), &content, NULL), 0);
                        report_record(&content, brief ? NULL : &q, &words);
                        buf_byte(&words, '\0');
                        assert_string_equal((const char *) buf_span(&words).data,
                                        brief ? cases[i].short_words : cases[i].words);
                }
}

/* What a genesis says of a machine that has no TPM, or had none until now. */
static void what_no_tpm_holds_is_told_so(void **state) {
        static const struct {
                DraftChange changes[9];
                const char *words;
        } cases[] = {
                { { { "unmeasured", "1" }, {} },
                                "recording begins (boot) in pcr:8, after records without a TPM, machine 0123456789abcdef..." },
                { { { "software", "1" }, { "unmeasured", "0" }, {} },
                                "recording begins (boot) in pcr:8 of a TPM that is a program, machine 0123456789abcdef..." },
                { { { "unmeasured", "0" }, {} },
                                "recording begins (boot) in pcr:8, machine 0123456789abcdef..." },
                { { { "register", "\"none\"" }, { "start", "{}" }, { "others", NULL },
                                  { "blinded", NULL }, { "count", NULL }, { "missing", NULL },
                                  { "skipped", NULL }, { "software", NULL }, {} },
                                "recording begins (boot) without a TPM: in no register, and proven by nothing, machine 0123456789abcdef..." },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf bytes = BUF_UP_TO(CONTENT_MAX),
                                        words = BUF_UP_TO(CONTENT_MAX);
                Content content;

                draft_content_short(EVENT_PHASE_GENESIS, cases[i].changes, &bytes);
                assert_int_equal(content_parse(buf_span(&bytes), &content, NULL), 0);
                report_record(&content, NULL, &words);
                buf_byte(&words, '\0');
                assert_string_equal((const char *) buf_span(&words).data, cases[i].words);
        }
}

static void a_kernel_has_no_root_hash(void **state) {
        static const DraftChange uki[] = { { "class", "\"uki\"" }, { "rootHash", NULL },
                { "identity", "\"" HEX_64 "\"" }, { "reason", NULL }, {} };
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(CONTENT_MAX), words = BUF_UP_TO(CONTENT_MAX);
        const Question q = { .releases = &(Releases){} };
        Content content;

        (void) state;
        draft_content(EVENT_LAYER_ACTIVATE, uki, &bytes);
        assert_int_equal(content_parse(buf_span(&bytes), &content, NULL), 0);
        report_record(&content, &q, &words);
        buf_byte(&words, '\0');
        assert_string_equal((const char *) buf_span(&words).data,
                        "uki \"text\" version \"text\", Authenticode digest fedcba9876543210..., NO KNOWN RELEASE");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_event_is_told),
                cmocka_unit_test(what_no_tpm_holds_is_told_so),
                cmocka_unit_test(a_kernel_has_no_root_hash),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
