/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/policy.h"

#include <errno.h>

#include "base/ini.h"
#include "base/text.h"
#include "wire/event.h"

/* PCRs that anybody with the TPM can reset (PC Client Platform TPM Profile, 4.6.3): they prove
 * nothing. */
#define RESETTABLE ((UINT32_C(1) << 16) | (UINT32_C(1) << 23))

Policy policy_default(void) {
        return (Policy){
                .registers = { { REGISTER_PCR, 8 } },
                .n_registers = 1,
                .required = CLAIMS_ALL,
        };
}

/* Room for what the file said of lists that have a default. */
typedef struct Reading {
        Policy policy;
        bool required_given, registers_given;
} Reading;

static int wrong(const Assignment *a, const char *what, Err *e) {
        return err_set(e, -EINVAL, "line %u: %.*s=%.*s: %s", a->line, (int) a->key.size,
                        (const char *) a->key.data, (int) (a->value.size < 80 ? a->value.size : 80),
                        (const char *) a->value.data, what);
}

/* Takes the next blank-separated word off a value; empty at its end. */
static Span next_word(Span *rest) {
        Span word;
        size_t n = 0;

        while (rest->size > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t'))
                *rest = (Span){ rest->data + 1, rest->size - 1 };
        while (n < rest->size && rest->data[n] != ' ' && rest->data[n] != '\t')
                n++;
        word = (Span){ rest->data, n };
        *rest = (Span){ rest->data + n, rest->size - n };
        return word;
}

static int set_key(Reading *r, const Assignment *a, Err *e) {
        Policy *p = &r->policy;
        PolicyKey key = { .line = a->line };

        if (a->value.size == 0) {
                p->n_keys = 0;
                return 0;
        }
        if (p->n_keys == POLICY_KEYS_MAX)
                return wrong(a, "more keys than one policy takes", e);
        if (!text_unhex(a->value, key.name, sizeof(key.name)) || key.name[0] != 0x00 ||
                        key.name[1] != 0x0b)
                return wrong(a, "the Name of an attestation key is 000b and 64 hex digits", e);
        p->keys[p->n_keys++] = key;
        return 0;
}

static int set_register(Reading *r, const Assignment *a, Err *e) {
        Policy *p = &r->policy;
        Register reg;

        if (!r->registers_given || a->value.size == 0)
                p->n_registers = 0;
        r->registers_given = true;
        if (a->value.size == 0)
                return 0;
        if (p->n_registers == POLICY_REGISTERS_MAX)
                return wrong(a, "more registers than one policy takes", e);
        if (!register_parse(a->value, &reg) || reg.kind == REGISTER_NONE)
                return wrong(a, "a register is written as pcr:8", e);
        if (reg.kind == REGISTER_NV)
                return wrong(a, "NV registers are not judged by this version", e);
        if (RESETTABLE >> reg.index & 1)
                return wrong(a, "anybody can reset PCR 16 and 23: they prove nothing", e);
        p->registers[p->n_registers++] = reg;
        return 0;
}

static int set_start(Reading *r, const Assignment *a, Err *e) {
        if (!span_is(a->value, "zero") && !span_is(a->value, "any"))
                return wrong(a, "zero, or any", e);
        r->policy.any_start = span_is(a->value, "any");
        return 0;
}

static int set_required(Reading *r, const Assignment *a, Err *e) {
        Policy *p = &r->policy;
        Span rest = a->value;

        if (!r->required_given || rest.size == 0)
                p->required = 0;
        r->required_given = true;
        for (Span word = next_word(&rest); word.size > 0; word = next_word(&rest)) {
                Claim claim = claim_of_name(word);

                if (claim == _CLAIM_MAX)
                        return wrong(a, "names a claim that there is not (see avouch-policy(5))",
                                        e);
                p->required |= UINT32_C(1) << claim;
        }
        return 0;
}

static int add_leaf(Reading *r, const Assignment *a, Err *e) {
        Policy *p = &r->policy;

        if (a->value.size == 0)
                p->n_leaves = 0;
        else if (p->n_leaves == POLICY_LEAVES_MAX)
                return wrong(a, "more leaves than one policy takes; name a folder", e);
        else
                p->leaves[p->n_leaves++] = a->value;
        return 0;
}

static int set_allowed(Reading *r, const Assignment *a, Err *e) {
        Policy *p = &r->policy;
        Span rest = a->value;

        if (rest.size == 0)
                p->allowed_kinds = 0;
        for (Span word = next_word(&rest); word.size > 0; word = next_word(&rest)) {
                unsigned i = 0;

                while (event_kinds[i] && !span_is(word, event_kinds[i]))
                        i++;
                if (!event_kinds[i])
                        return wrong(a, "names a kind of opening that there is not", e);
                p->allowed_kinds |= UINT32_C(1) << i;
                p->allowed_lines[i] = a->line;
        }
        return 0;
}

static int set_baseline(Reading *r, const Assignment *a, Err *e) {
        if (!text_number(a->value, UINT64_MAX, &r->policy.baseline))
                return wrong(a, "a counter's value is a number", e);
        r->policy.has_baseline = true;
        return 0;
}

static const struct {
        const char *section, *key;
        int (*set)(Reading *r, const Assignment *a, Err *e);
} settings[] = {
        { "Machine", "AttestationKey", set_key },
        { "Machine", "Register", set_register },
        { "Machine", "Start", set_start },
        { "Verdict", "Require", set_required },
        { "Release", "Leaf", add_leaf },
        { "Glass", "Allow", set_allowed },
        { "Glass", "Baseline", set_baseline },
};

static int unknown(const Assignment *a, Err *e) {
        const char *names[ELEMENTS(settings) + 1] = {};
        const char *nearest;

        for (size_t i = 0; i < ELEMENTS(settings); i++)
                names[i] = settings[i].key;
        nearest = text_nearest(a->key, names);
        return err_set(e, -EINVAL, "line %u: [%.*s] has no key '%.*s'%s%s%s", a->line,
                        (int) (a->section.size < 40 ? a->section.size : 40),
                        (const char *) a->section.data, (int) (a->key.size < 40 ? a->key.size : 40),
                        (const char *) a->key.data, nearest ? ", did you mean '" : "",
                        nearest ?: "", nearest ? "'?" : "");
}

static int apply(Reading *r, const Assignment *a, Err *e) {
        for (size_t i = 0; i < ELEMENTS(settings); i++)
                if (span_is(a->section, settings[i].section) && span_is(a->key, settings[i].key))
                        return settings[i].set(r, a, e);
        return unknown(a, e);
}

int policy_apply(Span text, Policy *policy, Err *e) {
        Reading r = { .policy = *policy };
        Ini ini = ini_over(text);
        Assignment a;
        int rc;

        while ((rc = ini_next(&ini, &a, e)) > 0) {
                rc = apply(&r, &a, e);
                if (rc < 0)
                        return rc;
        }
        if (rc < 0)
                return -EINVAL;
        if (r.policy.required == 0)
                return err_set(e, -EINVAL,
                                "[Verdict] Require= is empty: a policy that asks for nothing trusts everything");
        if (r.policy.n_registers == 0)
                return err_set(e, -EINVAL, "[Machine] Register= is empty: name the register");
        *policy = r.policy;
        return 0;
}
