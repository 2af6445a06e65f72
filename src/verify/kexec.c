/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/kexec.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "port/crypto.h"
#include "verify/boot.h"
#include "verify/layers.h"

enum { QUOTED_MAX = 120 };

/* Nobody says which kernel runs. */
static void refute_all(Verdict *v) {
        static const Claim first[] = { CLAIM_FIRMWARE, CLAIM_KERNEL, CLAIM_ROOT };

        for (size_t i = 0; i < ELEMENTS(first); i++)
                verdict_refute(v, first[i],
                                "the running kernel was started by kexec: what was measured is of the one before, and no record says which was loaded");
}

/* "UKI 'os' (record 7)" of what runs. */
static const char *put_words(const StoryLayer *k, char into[static 128]) {
        int size = k->name.size < 80 ? (int) k->name.size : 80;

        (void) snprintf(into, 128, "UKI '%.*s' (record %" PRIu64 ")", size,
                        (const char *) k->name.data, k->seq);
        return into;
}

/* The hash of a section .cmdline that is not there. */
static int hash_of_none(uint8_t ret[32], Err *e) {
        Digest d;
        int rc = hash_bytes(HASH_SHA256, (Span){}, &d, e);

        if (rc == 0)
                memcpy(ret, d.bytes, 32);
        return rc;
}

/* It was loaded with the command line that was released. */
static int judge_release(const StoryLayer *k, const Release *r, Verdict *v, Err *e) {
        const uint8_t *released = known_uki_section(&r->uki, ".cmdline");
        const char *differs = layer_contradiction(k, r);
        uint8_t none[32];
        char who[128];
        int rc;

        if (differs)
                verdict_refute(v, CLAIM_KERNEL,
                                "what kexec started is release '%.80s' by its Authenticode digest, but its %s differs in %s",
                                r->name, differs, put_words(k, who));
        rc = released ? 0 : hash_of_none(none, e);
        if (rc == 0 && memcmp(released ?: none, k->line, sizeof(k->line)) != 0)
                verdict_refute(v, CLAIM_KERNEL,
                                "kexec started %s with another command line than that of its release",
                                put_words(k, who));
        return rc;
}

static int line_is(const StoryLayer *k, Span text, bool *ret, Err *e) {
        Digest d = digest_zero(HASH_SHA256);

        memcpy(d.bytes, k->line, sizeof(k->line));
        return boot_text_is(&d, text, ret, e);
}

/* The text of its command line, where evidence or policy has it. */
static int find_line(const Evidence *ev, const Question *q, const StoryLayer *k, Verdict *v,
                Span *ret, Err *e) {
        Span known = span_of(q->policy->boot.command_line);
        Span told = ev->bundle.parts[PART_COMMAND_LINE];
        bool same = true;
        int rc = 0;

        if (told.size > 0 && told.data[told.size - 1] == '\n')
                told.size--;
        *ret = (Span){};
        if (known.size > 0)
                rc = line_is(k, known, &same, e);
        if (rc < 0)
                return rc;
        if (!same)
                verdict_refute(v, CLAIM_KERNEL,
                                "the command line that kexec started its kernel with is not the one of policy");
        else if (known.size > 0)
                *ret = known;
        same = false;
        if (told.size > 0)
                rc = line_is(k, told, &same, e);
        if (rc == 0 && same)
                *ret = told;
        return rc;
}

static void remark(const StoryLayer *k, const Release *r, Span line, Verdict *v) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(REASON_MAX);

        if (line.size > 0)
                text_quote(&text, line, QUOTED_MAX);
        verdict_remark(v, CLAIM_KERNEL,
                        "it started by kexec what runs now: UKI '%.80s' %.40s, a known release (record %" PRIu64
                        ")%s%s",
                        r->name, r->version, k->seq, line.size > 0 ? ", command line " : "",
                        verdict_words(&text));
}

int judge_kexec(const Evidence *ev, const Question *q, const Story *s, Verdict *v, Span *line,
                Err *e) {
        const StoryLayer *k = &s->running;
        const Release *r;
        char who[128];
        int rc;

        if (!s->kexec)
                return 0;
        *line = (Span){};
        if (s->unnamed) {
                refute_all(v);
                return 0;
        }
        r = layer_release(k, q->releases);
        if (!verdict_proven(v, CLAIM_REGISTERS))
                verdict_refute(v, CLAIM_KERNEL,
                                "what kexec started is named by a log that is not proven (registers)");
        if (!r) {
                verdict_refute(v, CLAIM_KERNEL,
                                "what kexec started, %s, is no release that was handed over",
                                put_words(k, who));
                return 0;
        }
        rc = judge_release(k, r, v, e);
        if (rc == 0)
                rc = find_line(ev, q, k, v, line, e);
        if (rc == 0 && verdict_proven(v, CLAIM_KERNEL))
                remark(k, r, *line, v);
        return rc;
}
