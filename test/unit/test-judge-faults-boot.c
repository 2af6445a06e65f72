/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/start.h"

#include <errno.h>

#include "support/judgefaults.h"
#include "support/libc.h"
#include "support/sdlog.h"
#include "verify/against.h"

/* How a machine was started is judged while every step of judging fails in turn: each of these has
 * the verifier look further than an honest machine does. */

static void with_a_known_line(Start *s) {
        s->running = "root=x quiet debug\n";
        s->boot.appended = "debug";
        (void) snprintf(s->c.policy.boot.command_line, sizeof(s->c.policy.boot.command_line), "%s",
                        "root=x quiet");
        (void) snprintf(s->c.policy.boot.appended, sizeof(s->c.policy.boot.appended), "%s",
                        "debug");
        add_leaf(&s->c, "linux", "a kernel", "root=x quiet", NULL);
}

static void with_another_line(Start *s) {
        s->running = "root=x quiet";
        s->boot.cmdline = "root=x quiet";
        (void) snprintf(s->c.policy.boot.command_line, sizeof(s->c.policy.boot.command_line), "%s",
                        "root=x loud");
        add_leaf(&s->c, "linux", "a kernel", "root=x loud", NULL);
}

static void with_another_appended_line(Start *s) {
        s->running = "root=x quiet single";
        s->boot.appended = "single";
        add_leaf(&s->c, "linux", "a kernel", "root=x quiet", NULL);
}

static void with_a_line_that_got_longer(Start *s) {
        s->running = "root=x quiet";
        add_leaf(&s->c, "linux", "a kernel", "root=x", NULL);
}

static void with_a_credential(Start *s) {
        s->running = "root=x quiet";
        s->boot.credentials = s->c.policy.boot.companions = true;
        add_leaf(&s->c, "linux", "a kernel", "root=x quiet", NULL);
}

static void with_a_kernel_that_nobody_released(Start *s) {
        s->running = "root=x quiet";
        add_leaf(&s->c, "linux", "another kernel", "root=x", NULL);
}

static void with_keys_that_policy_names(Start *s) {
        static uint8_t der[FIRM_DATA_MAX];
        _cleanup_(buf_done) Buf certificate = BUF_UP_TO(sizeof(der));
        BootPolicy *p = &s->c.policy.boot;

        firmlog_certificate(&certificate, "vendor");
        memcpy(der, buf_span(&certificate).data, certificate.size);
        s->boot.secure_boot = true;
        s->boot.certificate = (Span){ der, certificate.size };
        p->n_platform_keys = p->n_authorities = 1;
}

/* What systemd extends when it wrote no log. */
static void run_without_a_log(Start *s) {
        static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit", "ready" };

        for (size_t i = 0; i < ELEMENTS(phases); i++)
                firmlog_extend(&s->c.forge.values, 11, phases[i]);
        for (unsigned pcr = 0; pcr < 8; pcr++)
                firmlog_extend(&s->c.forge.values, pcr, "os-separator");
}

static void judge_all(Start *s) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Question q;
        Verdict v;

        judge(s);
        forge_bundle(&s->c.forge, &b);
        q = case_question(&s->c);
        judge_with_faults(&q, buf_span(&b), false, &v);
        judge_with_bad_hashes(&q, buf_span(&b));
}

static void whatever_was_started_is_judged_or_not(void **state) {
        static void (*const starts[])(Start *) = { with_a_known_line, with_another_line,
                with_another_appended_line, with_a_line_that_got_longer, with_a_credential,
                with_a_kernel_that_nobody_released, with_keys_that_policy_names };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(starts); i++) {
                Start s;

                start_begin(&s);
                starts[i](&s);
                lay(&s);
                run_without_a_log(&s);
                judge_all(&s);
                start_done(&s);
        }
}

static void take_log(Start *s, SdLog *l) {
        Forge *f = &s->c.forge;

        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (pcr != WORLD_PCR)
                        f->values.digests[0][pcr] = l->pcrs.digests[0][pcr];
        buf_bytes(&f->systemd_log, buf_span(&l->log));
        for (size_t i = 0; i < l->n_nv; i++)
                forge_nvpcr(f,
                                (NvPublic){ .index = l->nv[i].index,
                                                .name_alg = HASH_SHA256,
                                                .attributes = l->nv[i].attributes,
                                                .policy = l->nv[i].policy,
                                                .size = l->nv[i].size },
                                l->nv[i].value);
}

/* systemd's log, NvPCRs, an unlock, a root image, and one audit over all. */
static void whatever_systemd_measured_is_judged_or_not(void **state) {
        Start s;
        SdLog l;

        (void) state;
        start_begin(&s);
        s.running = "quiet roothash=" SD_ROOT;
        s.boot.cmdline = "quiet roothash=" SD_ROOT;
        add_leaf(&s.c, "linux", "a kernel", "quiet roothash=" SD_ROOT, NULL);
        lay(&s);
        sd_new(&l);
        l.boot = NULL;
        l.name_nvpcr = sd_name_nvpcr;
        memcpy(l.pcrs.digests[0], s.c.forge.values.digests[0], 16 * sizeof(l.pcrs.digests[0][0]));
        sd_boot(&l);
        sd_extend(&l, sd_pcr15, "the HMAC");
        sd_write(&l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
        take_log(&s, &l);
        s.c.forge.audited = true;
        judge_all(&s);
        sd_done(&l);
        start_done(&s);
}

static void what_firmware_measured_is_told_whole_or_not(void **state) {
        Question q;
        Start s;

        (void) state;
        start_begin(&s);
        lay(&s);
        judge(&s);
        q = case_question(&s.c);
        report_with_faults(&s.c.judgement, &q);
        start_done(&s);
}

/* Two words of a line that are told as two changes: none of them gets lost. */
static void what_changed_is_told_or_not(void **state) {
        int failed = 1, n = 0;
        Judgement before;
        Start s;

        (void) state;
        start_begin(&s);
        s.running = "root=x quiet";
        lay(&s);
        judge(&s);
        before = s.c.judgement;
        s.c.judgement = (Judgement){};
        buf_done(&s.c.forge.line);
        buf_string(&s.c.forge.line, "root=y quiet debug");
        judge(&s);
        for (; failed > 0; n++) {
                Against a;
                int rc;

                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = against_take(&before, &s.c.judgement, &a, NULL);
                failed = libc_heal();
                assert_int_equal(rc, failed == 0 ? 0 : -ENOMEM);
                if (rc < 0)
                        continue;
                assert_int_equal(a.n, 2);
                against_done(&a);
        }
        assert_true(n > 10);
        judgement_done(&before);
        start_done(&s);
}

static void a_fact_is_taken_or_something_is_said(void **state) {
        static const int codes[] = { 0, -E2BIG, -EINVAL };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(codes); i++) {
                _cleanup_(facts_done) Facts f = { .text = BUF_UP_TO(FACTS_TEXT_MAX) };
                _cleanup_(buf_done) Buf words = BUF_UP_TO(16);
                int rc;

                buf_string(&words, "words");
                if (codes[i] < 0)
                        buf_fail(&words, codes[i]);
                else
                        libc_fail_after(LIBC_MEMORY, 0, ENOMEM, false);
                rc = facts_add_words(&f, FACT_PROGRAM, true, (Span){}, &words, NULL, NULL);
                assert_int_equal(libc_heal(), codes[i] == 0);
                assert_int_equal(rc, codes[i] == 0 ? -ENOMEM : codes[i] == -E2BIG ? 0 : -EINVAL);
                assert_int_equal(f.n, 0);
                assert_int_equal(f.fault[0] != '\0', codes[i] == -E2BIG);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(whatever_was_started_is_judged_or_not),
                cmocka_unit_test(whatever_systemd_measured_is_judged_or_not),
                cmocka_unit_test(what_firmware_measured_is_told_whole_or_not),
                cmocka_unit_test(what_changed_is_told_or_not),
                cmocka_unit_test(a_fact_is_taken_or_something_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
