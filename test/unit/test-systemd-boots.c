/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "base/cursor.h"
#include "base/text.h"
#include "support/testdata.h"
#include "verify/systemd.h"

/* Genuine boots: firmware's and systemd's records together, as systemd-pcrlock joins them, replay
 * to every PCR that the kernel showed, but PCR 10, which is IMA's; and to every NvPCR. */

enum { TOKENS = 8192 };

static Json records_of(const char *boot, Buf *text, JsonToken *tokens) {
        char path[256];
        Json v = {};

        (void) snprintf(path, sizeof(path), "boots/%s/pcrlock-cel.json", boot);
        assert_int_equal(json_parse(testdata_or_skip(path, text), JSON_FOREIGN, tokens, TOKENS,
                                         "cel", &v, NULL),
                        0);
        return v;
}

/* Lines of bank, number, value in upper case. */
static PcrValues shown_values(const char *boot) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024);
        PcrValues values = {};
        char path[256], bank[16], hex[129], line[256];
        unsigned pcr;
        Cursor c;

        (void) snprintf(path, sizeof(path), "boots/%s/pcrs-sysfs", boot);
        (void) testdata_or_skip(path, &text);
        c = cursor_over(buf_span(&text));
        while (cursor_left(&c) > 0) {
                _cleanup_(buf_done) Buf value = BUF_UP_TO(DIGEST_MAX);
                Span s = cursor_until(&c, '\n', sizeof(line) - 1);
                Digest d;

                (void) snprintf(line, sizeof(line), "%.*s", (int) s.size, (const char *) s.data);
                if (sscanf(line, "%15s %u %128s", bank, &pcr, hex) != 3 || pcr == 10)
                        continue;
                assert_true(text_unhex_buf(span_of(hex), true, &value));
                assert_true(digest_from(hash_of_name(span_of(bank)), buf_span(&value), &d));
                assert_true(pcr_set(&values, pcr, &d));
        }
        return values;
}

/* {"nvindex" : N, ..., "value" : "HEX"} */
static size_t shown_nv(const char *boot, uint8_t values[NVPCRS_MAX][32], NvPcr nv[NVPCRS_MAX]) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024);
        JsonToken tokens[256];
        char path[256];
        size_t n = 0;
        Json v;

        (void) snprintf(path, sizeof(path), "boots/%s/an-nvpcrs.json", boot);
        if (!testdata_read(path, &text) || text.size == 0)
                return 0;
        assert_int_equal(json_parse(buf_span(&text), JSON_STRICT, tokens, 256, "nv", &v, NULL), 0);
        for (Json x = json_first(v); json_type(x) != JSON_NONE; x = json_next(v, x)) {
                int64_t index;

                assert_true(json_integer(json_member(x, "nvindex"), 0, UINT32_MAX, &index));
                assert_true(json_hex(json_member(x, "value"), values[n], 32));
                nv[n] = (NvPcr){ .index = (uint32_t) index, .value = { values[n], 32 } };
                n++;
        }
        return n;
}

static void every_register_replays(void **state) {
        static const struct {
                const char *boot;
                unsigned pcrs;
                size_t nv;
        } boots[] = {
                { "257-clean-sysext", 8, 0 },
                { "257-tampered-cmdline-signed", 8, 0 },
                { "262-clean-first", 13, 4 },
                { "262-luks-logins-report", 13, 4 },
                { "262-stub-extras", 13, 4 },
                { "262-sysext-refresh", 13, 4 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(boots); i++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(SYSTEMD_LOG_MAX);
                static JsonToken tokens[TOKENS];
                uint8_t values[NVPCRS_MAX][32];
                Json records = records_of(boots[i].boot, &text, tokens);
                PcrValues shown = shown_values(boots[i].boot);
                Replay replay = replay_begin(&shown.held);
                SystemdStory s;
                Verdict v = {};
                unsigned equal = 0;

                assert_int_equal(systemd_take((Span){}, records, &v, &replay, &s, NULL), 0);
                s.n_nv = shown_nv(boots[i].boot, values, s.nv);
                assert_int_equal(systemd_judge(&replay, &shown, (Span){}, &v, &s, NULL), 0);
                if (v.refuted != 0)
                        fail_msg("%s: %s", boots[i].boot, v.reasons[CLAIM_REGISTERS]);
                assert_int_equal(s.n_nv, boots[i].nv);
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        ReplayResult result = replay_compare(&replay, &shown, pcr);

                        if (pcr != 10 && result != REPLAY_EQUAL)
                                fail_msg("%s: PCR %u", boots[i].boot, pcr);
                        equal += result == REPLAY_EQUAL && (replay.told >> pcr & 1);
                }
                if (equal < boots[i].pcrs)
                        fail_msg("%s: %u PCRs that were extended", boots[i].boot, equal);
        }
}

/* What happened, by name. */
static void unlocks_and_logins_are_named(void **state) {
        static const char *const expected[] = { "v2", "v3", "root", "nobody" };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(SYSTEMD_LOG_MAX);
        Span log = testdata_or_skip("boots/262-luks-logins-report/tpm2-measure.log", &text);
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk_log(log);
        SystemdEntry entry;
        size_t n = 0, keyed = 0;

        (void) state;
        while (systemd_walk_next(&w, &entry, NULL) > 0) {
                keyed += entry.proof == SYSTEMD_KEYED;
                assert_int_not_equal(entry.proof, SYSTEMD_UNPROVEN);
                if (entry.words.kind != SYSTEMD_KEYSLOT && entry.words.kind != SYSTEMD_LOGIN)
                        continue;
                assert_true(n < ELEMENTS(expected) && span_is(entry.words.name, expected[n]));
                n++;
        }
        assert_int_equal(n, ELEMENTS(expected));
        assert_int_equal(keyed, 2);
}

/* A log of 262 with what pcrextend cut, escaped and was given no type for. */
static void the_interoperability_log_is_proven_but_for_what_was_cut(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(SYSTEMD_LOG_MAX);
        Span log = testdata_or_skip("systemd-262/tpm2-measure-262.1-interop.log", &text);
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk_log(log);
        SystemdEntry entry;

        (void) state;
        while (systemd_walk_next(&w, &entry, NULL) > 0) {
                assert_int_equal(entry.proof, entry.n == 3 ? SYSTEMD_UNPROVEN : SYSTEMD_PROVEN);
                assert_int_equal(entry.cut, entry.n == 3);
                if (entry.n == 6)
                        assert_true(span_equal(entry.measured, SPAN_LITERAL("\0\1\2\377")));
        }
        assert_int_equal(w.n, 7);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_register_replays),
                cmocka_unit_test(unlocks_and_logins_are_named),
                cmocka_unit_test(the_interoperability_log_is_proven_but_for_what_was_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
