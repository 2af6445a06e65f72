/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/kernel.h"

#include <errno.h>

#include "base/text.h"
#include "verify/boot.h"
#include "verify/commandline.h"
#include "wire/efievent.h"

enum { PCR_KERNEL = 9, PCR_UKI = 11, PCR_CONFIG = 12, PCR_EXTENSIONS = 13, QUOTED_MAX = 120 };

/* What is judged, and by what. */
typedef struct Bench {
        const Question *q;
        const Explained *x;
        const Vouched *vouched; /* what reference values say */
        Boot boot;
        HashAlg alg;
        Span line;       /* the kernel's command line, by the machine's word */
        bool line_holds; /* and by what was measured */
        Verdict *v;
} Bench;

/* A bank that proves, and in which the UKI's PCRs are quoted and explained. */
static HashAlg choose_bank(const Evidence *ev, const Explained *x) {
        static const unsigned needed[] = { PCR_UKI, PCR_CONFIG, PCR_EXTENSIONS };
        const PcrSelection *held = &ev->tpm.pcrs.held;

        for (size_t b = 0; b < held->n_banks; b++) {
                uint16_t alg = held->banks[b].alg;
                size_t n = 0;

                while (n < ELEMENTS(needed) && pcr_selected(&x->which, alg, needed[n]))
                        n++;
                if (hash_proves(alg) && n == ELEMENTS(needed))
                        return (HashAlg) alg;
        }
        return HASH_NONE;
}

/* The release that this is; otherwise the one that is most like it, or NULL. */
static const Release *find_release(const Bench *b, const Digest *value, bool *ret_is_it) {
        const Release *best = NULL;
        size_t most = 0;

        *ret_is_it = false;
        for (size_t i = 0; i < b->q->releases->n; i++) {
                const Release *r = &b->q->releases->list[i];
                size_t likeness = known_uki_likeness(&r->uki, &b->boot);

                if (r->type != LEAF_UKI)
                        continue;
                if (known_uki_has_sections(&r->uki, &b->boot) ||
                                known_uki_foretells(&r->uki, b->x->phases, value)) {
                        *ret_is_it = true;
                        return r;
                }
                if (likeness > most) {
                        most = likeness;
                        best = r;
                }
        }
        return best;
}

/* In which word the command line differs from the one that was released, as far as it can be told:
 * of that one the hash alone is known, or policy has it in full. */
static int tell_line(const Bench *b, const Release *r, Buf *to, Err *e) {
        const uint8_t *hash = known_uki_section(&r->uki, ".cmdline");
        const char *known = b->q->policy->boot.command_line;
        Digest expected;
        bool found = false;
        Span added = {};
        int rc;

        if (!b->line_holds)
                return 0;
        buf_string(to, ": ");
        if (known[0] != '\0') {
                command_line_difference(span_of(known), b->line, to);
                return 0;
        }
        if (hash && digest_from(HASH_SHA256, (Span){ hash, 32 }, &expected)) {
                rc = command_line_added(b->line, &expected, &found, &added, e);
                if (rc < 0)
                        return rc;
        }
        text_quote(to, found ? added : b->line, QUOTED_MAX);
        buf_string(to, found ? " was added" : "");
        return 0;
}

static int refute_unknown(const Bench *b, const Release *nearest, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(REASON_MAX);
        const char *differs = nearest ? known_uki_first_difference(&nearest->uki, &b->boot) : NULL;
        int rc;

        if (!differs) {
                verdict_refute(b->v, CLAIM_KERNEL,
                                "the UKI that was started is no release that was handed over");
                return 0;
        }
        if (strcmp(differs, ".cmdline") == 0) {
                rc = tell_line(b, nearest, &text, e);
                if (rc < 0)
                        return rc;
        }
        verdict_refute(b->v, CLAIM_KERNEL, "the UKI is not release '%.80s' %.40s: its %s differs%s",
                        nearest->name, nearest->version,
                        strcmp(differs, ".cmdline") == 0 ? "command line" : differs,
                        verdict_words(&text));
        return 0;
}

/* Whether a text is the section .cmdline; where there are two, the last one. */
static int is_own_line(const Bench *b, Span text, bool *ret, Err *e) {
        *ret = false;
        for (size_t i = 0; i < b->boot.n_sections; i++)
                if (strcmp(b->boot.sections[i].name, ".cmdline") == 0) {
                        int rc = boot_text_is(&b->boot.sections[i].digest, text, ret, e);

                        if (rc < 0)
                                return rc;
                }
        return 0;
}

/* The section .cmdline is the text that policy names. */
static int judge_known_line(const Bench *b, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(REASON_MAX);
        Span known = span_of(b->q->policy->boot.command_line);
        bool same = true;
        int rc = 0;

        if (known.size > 0)
                rc = is_own_line(b, known, &same, e);
        if (rc < 0)
                return rc;
        if (same)
                return 0;
        if (b->line_holds)
                command_line_difference(known, b->line, &text);
        verdict_refute(b->v, CLAIM_KERNEL, "the kernel's command line is not the one of policy%s%s",
                        text.size > 0 ? ": " : "", verdict_words(&text));
        return 0;
}

/* Text that came beside the UKI, in clear. */
static int judge_appended(const Bench *b, Err *e) {
        _cleanup_(buf_done) Buf all = BUF_UP_TO(COMMAND_LINE_MAX), text = BUF_UP_TO(REASON_MAX);

        for (size_t i = 0; i < b->boot.n_lines; i++) {
                buf_string(&all, i > 0 ? " " : "");
                efi_text(b->boot.lines[i].text, &all);
        }
        if (all.failed == -ENOMEM)
                return err_set(e, -ENOMEM, "no memory for a command line");
        if (b->boot.n_lines == 0 ||
                        (all.failed == 0 && span_is(buf_span(&all), b->q->policy->boot.appended)))
                return 0;
        text_quote(&text, buf_span(&all), QUOTED_MAX);
        verdict_refute(b->v, CLAIM_KERNEL,
                        "event %zu: %s was added to the command line from outside of the UKI",
                        b->boot.lines[0].number, verdict_words(&text));
        return 0;
}

/* The whole line that was measured is the UKI's own, and what may be appended to it. */
static int judge_whole_line(const Bench *b, Err *e) {
        Span own = b->line, appended = span_of(b->q->policy->boot.appended);
        bool same = false;
        int rc;

        if (b->boot.n_lines > 0 && own.size > appended.size)
                own.size -= appended.size + 1;
        rc = is_own_line(b, own, &same, e);
        if (rc < 0)
                return rc;
        if (!same)
                verdict_refute(b->v, CLAIM_KERNEL,
                                "the kernel was not started with the command line of its UKI");
        return 0;
}

/* What came beside the UKI and was measured as a digest alone. A changed log can call a command
 * line a credential: so where such things may be there, the whole line has to be known. */
static int judge_companions(const Bench *b, Err *e) {
        if (b->boot.companions == 0)
                return 0;
        if (!b->q->policy->boot.companions)
                verdict_refute(b->v, CLAIM_KERNEL,
                                "event %zu: something came beside the UKI that policy does not take (credentials, extensions, device trees: PCRs 12 and 13)",
                                b->boot.first_companion);
        else if (!b->line_holds)
                verdict_refute(b->v, CLAIM_KERNEL,
                                "event %zu: whether it is a credential or a command line cannot be told, as the kernel's command line is not proven",
                                b->boot.first_companion);
        else
                return judge_whole_line(b, e);
        return 0;
}

/* The line that was measured: as a whole (PCR 9); or as that of a UKI to which nothing was added
 * (PCRs 11 to 13), whose text the evidence has, or policy. */
static int find_line(const Bench *b, Span *ret, Err *e) {
        const Span texts[] = { b->line, span_of(b->q->policy->boot.command_line) };
        bool same = b->line_holds;

        if (b->line_holds)
                *ret = b->line;
        for (size_t i = 0; !same && i < ELEMENTS(texts); i++) {
                int rc = 0;

                if (texts[i].size > 0 && b->boot.n_lines == 0 && b->boot.companions == 0)
                        rc = is_own_line(b, texts[i], &same, e);
                if (rc < 0)
                        return rc;
                if (same)
                        *ret = texts[i];
        }
        return 0;
}

/* What came with the UKI: where reference values vouch for that too, policy need not. */
static int judge_beside(const Bench *b, bool is_release, Err *e) {
        int rc;

        if (!is_release && b->vouched->whole)
                return 0;
        rc = judge_appended(b, e);
        if (rc < 0)
                return rc;
        return judge_companions(b, e);
}

/* Leaves and other reference values are alternatives: which of them it was is said. */
static int judge_uki(const Bench *b, const Digest *value, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(REASON_MAX), name = BUF_UP_TO(REASON_MAX);
        const Release *r;
        bool is_it;
        int rc = 0;

        r = find_release(b, value, &is_it);
        if (is_it || b->vouched->same)
                rc = judge_known_line(b, e);
        else if (b->vouched->asked)
                verdict_refute(b->v, CLAIM_KERNEL, "%s", b->vouched->words);
        else
                rc = refute_unknown(b, r, e);
        if (rc == 0)
                rc = judge_beside(b, is_it, e);
        if (rc < 0)
                return rc;
        if (b->line_holds)
                text_quote(&text, b->line, QUOTED_MAX);
        if (is_it) {
                buf_printf(&name, "UKI '%.80s' %.40s, a known release", r->name, r->version);
                known_uki_choices(&r->uki, &b->boot, &name);
        } else {
                buf_printf(&name, "the UKI is %s", b->vouched->words);
        }
        verdict_prove(b->v, CLAIM_KERNEL, "%s%s%s; PCR 11 shows %s", verdict_words(&name),
                        b->line_holds ? ", command line " : "", verdict_words(&text),
                        strcmp(b->x->phases, ":") == 0 ? "no phase" : b->x->phases);
        return 0;
}

/* What was started is no UKI, or nothing that can be judged: said plainly. */
static bool refute_others(const Bench *b) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(REASON_MAX);

        if (b->boot.wrong[0] != '\0') {
                verdict_refute(b->v, CLAIM_KERNEL, "%s", b->boot.wrong);
        } else if (b->boot.n_sections == 0 && b->boot.grub) {
                text_quote(&text, b->boot.grub_line, QUOTED_MAX);
                verdict_refute(b->v, CLAIM_KERNEL,
                                "GRUB started a kernel%s%s: of what GRUB starts there are no releases",
                                b->boot.grub_line.size > 0 ? " by the line " : "",
                                b->boot.grub_line.size > 0 ? verdict_words(&text) : "");
        } else if (b->boot.n_sections == 0) {
                verdict_refute(b->v, CLAIM_KERNEL, "no UKI was measured in PCR 11");
        } else {
                return false;
        }
        return true;
}

static int judge_boot(const Evidence *ev, Bench *b, Span *ret_line, Err *e) {
        const Digest *value = pcr_value(&ev->tpm.pcrs, (uint16_t) b->alg, PCR_UKI);
        Err why = {};
        int rc;

        /* it was read before: it explains that bank */
        rc = boot_read(ev->bundle.parts[PART_FIRMWARE_LOG], b->alg, &b->boot, e);
        if (rc < 0)
                return rc;
        b->boot.has_options &= pcr_selected(&b->x->which, (uint16_t) b->alg, PCR_KERNEL);
        b->line = ev->bundle.parts[PART_COMMAND_LINE];
        if (b->line.size > 0 && b->line.data[b->line.size - 1] == '\n')
                b->line.size--;
        rc = boot_line_is(&b->boot, b->line, &b->line_holds, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (refute_others(b))
                return 0;
        rc = judge_uki(b, value, e);
        return rc < 0 ? rc : find_line(b, ret_line, e);
}

static void refute_unexplained(const Evidence *ev, const Explained *x, Verdict *v) {
        for (unsigned pcr = PCR_UKI; pcr <= PCR_EXTENSIONS; pcr++)
                if (!explained_anywhere(x, &ev->tpm.pcrs.held, pcr))
                        verdict_refute(v, CLAIM_KERNEL, "%s",
                                        explained_fault(x, &ev->tpm.pcrs.held, pcr).text);
        verdict_refute(v, CLAIM_KERNEL, "PCRs 11 to 13 are not quoted in a bank that proves");
}

int judge_kernel(const Evidence *ev, const Question *q, const Explained *x, const Vouched *vouched,
                Verdict *v, Span *ret_line, Err *e) {
        Bench b = { .q = q, .x = x, .vouched = vouched, .v = v };

        *ret_line = (Span){};
        if (!x->has_log) {
                verdict_leave(v, CLAIM_KERNEL, "the evidence has no firmware log");
                return 0;
        }
        if (!verdict_proven(v, CLAIM_SIGNATURE))
                verdict_refute(v, CLAIM_KERNEL, "the quoted values are not signed");
        b.alg = choose_bank(ev, x);
        if (b.alg == HASH_NONE) {
                refute_unexplained(ev, x, v);
                return 0;
        }
        return judge_boot(ev, &b, ret_line, e);
}
