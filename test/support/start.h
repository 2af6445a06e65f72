/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include <stdio.h>

#include "port/crypto.h"
#include "support/case.h"
#include "support/draftlog.h"
#include "support/firmlog.h"
#include "wire/efievent.h"
#include "wire/leaf.h"

/* A machine that a UKI was started on, and what was said of it. */

static const HashAlg sha256 = HASH_SHA256;

typedef struct Start {
        FirmLog log;
        FirmBoot boot;
        Case c;
        const char *running; /* command line beside the evidence; NULL: none */
} Start;

static inline void start_begin(Start *s) {
        *s = (Start){ .boot.cmdline = "root=x quiet" };
        case_begin(&s->c);
        s->c.policy.required = 1u << CLAIM_KERNEL;
}

static inline void start_done(Start *s) {
        firmlog_done(&s->log);
        case_end(&s->c);
}

/* What a maker would have written of the UKI that firmlog_boot() starts: the machine chooses none
 * of the device trees. */
static inline void add_leaf(Case *c, const char *name, const char *kernel, const char *cmdline,
                const Digest *pcr11) {
        const struct {
                const char *name;
                Span content;
        } sections[] = {
                { ".linux", span_of(kernel) },
                { ".osrel", SPAN_LITERAL("ID=debian\n") },
                { ".cmdline", { (const uint8_t *) cmdline, strlen(cmdline) + 1 } },
                { ".initrd", SPAN_LITERAL("an initrd") },
                { ".dtbauto", SPAN_LITERAL("one tree") },
                { ".dtbauto", SPAN_LITERAL("another tree") },
                { ".pcrsig", SPAN_LITERAL("{}") },
        };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        Leaf leaf = { .type = LEAF_UKI, .name = span_of(name), .version = SPAN_LITERAL("7") };

        for (size_t i = 0; i < ELEMENTS(sections); i++) {
                Digest d;

                assert_int_equal(hash_bytes(HASH_SHA256, sections[i].content, &d, NULL), 0);
                leaf.sections[leaf.n_sections].name = span_of(sections[i].name);
                memcpy(leaf.sections[leaf.n_sections++].sha256, d.bytes, 32);
        }
        if (pcr11) {
                leaf.n_sections = 0;
                leaf.pcrs[leaf.n_pcrs++] = (LeafPcr){ HASH_SHA256,
                        SPAN_LITERAL("enter-initrd:leave-initrd"), *pcr11 };
        }
        leaf_write(&leaf, &text);
        assert_int_equal(releases_add(&c->releases, buf_span(&text), NULL), 0);
}

static inline void lay(Start *s) {
        s->log = firmlog_new(&sha256, 1);
        firmlog_boot(&s->log, &s->boot);
        forge_firmware(&s->c.forge, &s->log);
        if (s->running)
                buf_string(&s->c.forge.line, s->running);
}

static inline void judge(Start *s) {
        s->c.forge.signed_values = s->c.forge.values;
        case_judge(&s->c);
}

#define assert_said(s, claim_state, words)                                                         \
        do {                                                                                       \
                const char *reason_ = (s)->c.judgement.verdict.reasons[CLAIM_KERNEL];              \
                                                                                                   \
                if (case_state(&(s)->c, CLAIM_KERNEL) != (claim_state) || !strstr(reason_, words)) \
                        fail_msg("%s: '%s', not '%s'",                                             \
                                        claim_state_name(case_state(&(s)->c, CLAIM_KERNEL)),       \
                                        reason_, words);                                           \
        } while (0)

/* And nothing after it. */
static inline void assert_said_last(const Start *s, ClaimState state, const char *words) {
        const char *reason = s->c.judgement.verdict.reasons[CLAIM_KERNEL];
        size_t n = strlen(reason), m = strlen(words);

        assert_said(s, state, words);
        if (n < m || strcmp(reason + n - m, words) != 0)
                fail_msg("'%s' does not end with '%s'", reason, words);
}
