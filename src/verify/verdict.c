/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/verdict.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[_CLAIM_MAX] = {
        [CLAIM_SIGNATURE] = "signature",
        [CLAIM_KEY] = "key",
        [CLAIM_FRESH] = "fresh",
        [CLAIM_BOUND] = "bound",
        [CLAIM_ATOMIC] = "atomic",
        [CLAIM_REGISTERS] = "registers",
        [CLAIM_FIRMWARE] = "firmware",
        [CLAIM_KERNEL] = "kernel",
        [CLAIM_ROOT] = "root",
        [CLAIM_LAYERS] = "layers",
        [CLAIM_VERITY] = "verity",
        [CLAIM_UNLOCK] = "unlock",
        [CLAIM_PHASE] = "phase",
        [CLAIM_MACHINE_ID] = "machine-id",
        [CLAIM_LOGIN] = "login",
        [CLAIM_REPORT] = "report",
        [CLAIM_UNTOUCHED] = "untouched",
        [CLAIM_TOGETHER] = "together",
};

static uint32_t bit(Claim claim) {
        return UINT32_C(1) << claim;
}

const char *claim_name(Claim claim) {
        return names[claim];
}

Claim claim_of_name(Span name) {
        Claim claim = 0;

        while (claim < _CLAIM_MAX && !span_is(name, names[claim]))
                claim++;
        return claim;
}

const char *claim_state_name(ClaimState state) {
        static const char *const states[] = {
                [CLAIM_ABSENT] = "absent",
                [CLAIM_NOT_PROVEN] = "not-proven",
                [CLAIM_PROVEN] = "proven",
                [CLAIM_EXCUSED] = "excused",
        };

        return states[state];
}

static void put_reason(char *text, size_t at, const char *format, va_list ap)
                __attribute__((__format__(__printf__, 3, 0)));
static void set_reason(Verdict *v, Claim claim, const char *reason, va_list ap)
                __attribute__((__format__(__printf__, 3, 0)));

/* Writes a reason, or what is added to one, from an offset on; what is too long says so. */
static void put_reason(char *text, size_t at, const char *format, va_list ap) {
        int n = vsnprintf(text + at, REASON_MAX - at, format, ap);

        if ((size_t) n >= REASON_MAX - at)
                memcpy(text + REASON_MAX - 4, "...", 4);
}

static void set_reason(Verdict *v, Claim claim, const char *reason, va_list ap) {
        put_reason(v->reasons[claim], 0, reason, ap);
}

void verdict_prove(Verdict *v, Claim claim, const char *reason, ...) {
        va_list ap;

        if (v->refuted & bit(claim))
                return;
        v->proven |= bit(claim);
        va_start(ap, reason);
        set_reason(v, claim, reason, ap);
        va_end(ap);
}

void verdict_refute(Verdict *v, Claim claim, const char *reason, ...) {
        va_list ap;

        if (v->refuted & bit(claim)) /* the first reason stays */
                return;
        v->refuted |= bit(claim);
        va_start(ap, reason);
        set_reason(v, claim, reason, ap);
        va_end(ap);
}

void verdict_excuse(Verdict *v, Claim claim, const char *by) {
        v->excused |= bit(claim);
        (void) snprintf(v->by[claim], sizeof(v->by[claim]), "%s", by);
}

void verdict_leave(Verdict *v, Claim claim, const char *reason, ...) {
        va_list ap;

        if ((v->proven | v->refuted) & bit(claim))
                return;
        va_start(ap, reason);
        set_reason(v, claim, reason, ap);
        va_end(ap);
}

void verdict_remark(Verdict *v, Claim claim, const char *remark, ...) {
        char *text = v->reasons[claim];
        size_t n = strlen(text);
        va_list ap;

        if (n > 0)
                n += (size_t) snprintf(text + n, REASON_MAX - n, "; ");
        n = n < REASON_MAX ? n : REASON_MAX - 1;
        va_start(ap, remark);
        put_reason(text, n, remark, ap);
        va_end(ap);
}

const char *verdict_words(Buf *text) {
        buf_byte(text, '\0');
        return text->failed < 0 ? "..." : (const char *) text->data;
}

ClaimState verdict_state(const Verdict *v, Claim claim) {
        if (v->proven & ~v->refuted & bit(claim))
                return CLAIM_PROVEN;
        if (v->excused & bit(claim))
                return CLAIM_EXCUSED;
        return v->refuted & bit(claim) ? CLAIM_NOT_PROVEN : CLAIM_ABSENT;
}

bool verdict_trusted(const Verdict *v) {
        uint32_t proven = v->proven & ~v->refuted;

        return v->required != 0 && (v->required & ~(proven | v->excused)) == 0;
}
