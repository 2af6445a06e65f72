/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/policy.h"

#include <errno.h>
#include <stdio.h>

#include "base/cursor.h"
#include "base/settings.h"
#include "base/text.h"
#include "wire/event.h"
#include "wire/nvpublic.h"

/* PCRs that anybody with the TPM can reset (PC Client Platform TPM Profile, 4.6.3): they prove
 * nothing. */
#define RESETTABLE ((UINT32_C(1) << 16) | (UINT32_C(1) << 23))

Policy policy_default(void) {
        return (Policy){
                .registers = { { REGISTER_PCR, 8 } },
                .n_registers = 1,
                .required = CLAIMS_ALL,
                .boot = boot_policy_default(),
                .systemd = systemd_policy_default(),
                .allowed_methods = 7, /* tpm2, fido2, pkcs11: what cannot be told to anybody */
        };
}

/* Room for what the file said of lists that have a default. */
typedef struct Reading {
        Policy policy;
        bool required_given, registers_given, methods_given;
} Reading;

void policy_say(PolicyPlace place, char *into, size_t size) {
        if (place.file)
                (void) snprintf(into, size, "line %u of %s", place.line, place.file);
        else
                (void) snprintf(into, size, "policy line %u", place.line);
}

/* nameAlg and digest (TPM 2.0 Library, Part 1, section 16): of SHA-256, or of SHA-384 as systemd's
 * own keys have it. */
static bool read_name(Span text, PolicyKey *key) {
        key->size = text.size / 2;
        if (key->size != 2 + 32u && key->size != 2 + 48u)
                return false;
        return text_unhex(text, key->name, key->size) && key->name[0] == 0x00 &&
               hash_size(key->name[1]) == key->size - 2;
}

static int set_key(void *to, const Assignment *a, Err *e) {
        Reading *r = to;
        Policy *p = &r->policy;
        PolicyKey key = { .by = { p->file, a->line } };

        if (a->value.size == 0) {
                p->n_keys = 0;
                return 0;
        }
        if (p->n_keys == POLICY_KEYS_MAX)
                return setting_wrong(a, "more keys than one policy takes", e);
        if (!read_name(a->value, &key))
                return setting_wrong(a,
                                "the Name of an attestation key is 000b and 64 hex digits, or 000c and 96",
                                e);
        p->keys[p->n_keys++] = key;
        return 0;
}

/* "0x" and up to 16 hex digits. */
static bool read_version(Span text, uint64_t *ret) {
        uint8_t padded[16], bytes[8];
        Cursor c;

        if (!span_starts(text, SPAN_LITERAL("0x")) || text.size < 3 ||
                        text.size > 2 + sizeof(padded))
                return false;
        memset(padded, '0', sizeof(padded));
        memcpy(padded + sizeof(padded) + 2 - text.size, text.data + 2, text.size - 2);
        if (!text_unhex((Span){ padded, sizeof(padded) }, bytes, sizeof(bytes)))
                return false;
        c = cursor_over((Span){ bytes, sizeof(bytes) });
        *ret = cursor_u64be(&c);
        return true;
}

static int refuse_firmware(void *to, const Assignment *a, Err *e) {
        Policy *p = &((Reading *) to)->policy;
        PolicyFirmware f = { .by = { p->file, a->line } };

        if (a->value.size == 0) {
                p->n_refused = 0;
                return 0;
        }
        if (p->n_refused == POLICY_HASHES_MAX)
                return setting_wrong(a, "more versions than one policy takes", e);
        if (!read_version(a->value, &f.version))
                return setting_wrong(a, "a version is 0x and up to 16 hex digits", e);
        p->refused[p->n_refused++] = f;
        return 0;
}

static int set_register(void *to, const Assignment *a, Err *e) {
        Reading *r = to;
        Policy *p = &r->policy;
        Register reg;

        if (!r->registers_given || a->value.size == 0)
                p->n_registers = 0;
        r->registers_given = true;
        if (a->value.size == 0)
                return 0;
        if (p->n_registers == POLICY_REGISTERS_MAX)
                return setting_wrong(a, "more registers than one policy takes", e);
        if (!register_parse(a->value, &reg) || reg.kind == REGISTER_NONE)
                return setting_wrong(a, "a register is written as pcr:8, or nv:0x01806177", e);
        if (reg.kind == REGISTER_NV && !nv_may_be_register(reg.index))
                return setting_wrong(a,
                                "a register is an NV index from 0x01800000 to 0x01bfffff, and not the counter (0x01806176)",
                                e);
        if (reg.kind == REGISTER_PCR && (RESETTABLE >> reg.index & 1))
                return setting_wrong(a, "anybody can reset PCR 16 and 23: they prove nothing", e);
        p->registers[p->n_registers++] = reg;
        return 0;
}

static bool takes_bank(const Policy *p, uint16_t alg) {
        for (size_t i = 0; i < p->n_banks; i++)
                if (p->banks[i] == alg)
                        return true;
        return p->n_banks == 0;
}

void policy_leave_banks(const Policy *p, PcrValues *values) {
        size_t n = 0;

        for (size_t b = 0; b < values->held.n_banks; b++) {
                if (!takes_bank(p, values->held.banks[b].alg))
                        continue;
                values->held.banks[n] = values->held.banks[b];
                memmove(values->digests[n++], values->digests[b], sizeof(values->digests[b]));
        }
        values->held.n_banks = n;
}

static int set_banks(void *to, const Assignment *a, Err *e) {
        Policy *p = &((Reading *) to)->policy;
        Span rest = a->value;

        if (rest.size == 0)
                p->n_banks = 0;
        for (Span word = setting_word(&rest); word.size > 0; word = setting_word(&rest)) {
                HashAlg alg = hash_of_name(word);

                if (!hash_proves(alg))
                        return setting_wrong(
                                        a, "banks that prove are sha256, sha384 and sha512", e);
                if (p->n_banks == 0 || !takes_bank(p, (uint16_t) alg))
                        p->banks[p->n_banks++] = alg;
        }
        return 0;
}

static int set_start(void *to, const Assignment *a, Err *e) {
        Reading *r = to;
        if (!span_is(a->value, "zero") && !span_is(a->value, "any"))
                return setting_wrong(a, "zero, or any", e);
        r->policy.any_start = span_is(a->value, "any");
        return 0;
}

static int set_required(void *to, const Assignment *a, Err *e) {
        Reading *r = to;
        Policy *p = &r->policy;
        Span rest = a->value;

        if (!r->required_given || rest.size == 0)
                p->required = 0;
        r->required_given = true;
        for (Span word = setting_word(&rest); word.size > 0; word = setting_word(&rest)) {
                Claim claim = claim_of_name(word);

                if (claim == _CLAIM_MAX)
                        return setting_wrong(a,
                                        "names a claim that there is not (see avouch-policy(5))",
                                        e);
                p->required |= UINT32_C(1) << claim;
        }
        return 0;
}

static int add_path(PolicyLeaf *list, size_t *n, size_t max, const char *file, const Assignment *a,
                Err *e) {
        if (a->value.size == 0)
                *n = 0;
        else if (*n == max)
                return setting_wrong(a, "more of them than one policy takes", e);
        else
                list[(*n)++] = (PolicyLeaf){ a->value, file };
        return 0;
}

static int add_leaf(void *to, const Assignment *a, Err *e) {
        Policy *p = &((Reading *) to)->policy;

        return add_path(p->leaves, &p->n_leaves, POLICY_LEAVES_MAX, p->file, a, e);
}

static int add_golden(void *to, const Assignment *a, Err *e) {
        Policy *p = &((Reading *) to)->policy;

        return add_path(p->golden, &p->n_golden, GOLDEN_MAX, p->file, a, e);
}

static int add_pcrlock(void *to, const Assignment *a, Err *e) {
        Policy *p = &((Reading *) to)->policy;

        return add_path(p->pcrlock, &p->n_pcrlock, PCRLOCK_FOLDERS_MAX, p->file, a, e);
}

static int set_allowed(void *to, const Assignment *a, Err *e) {
        Reading *r = to;
        Policy *p = &r->policy;
        Span rest = a->value;

        if (rest.size == 0)
                p->allowed_kinds = 0;
        for (Span word = setting_word(&rest); word.size > 0; word = setting_word(&rest)) {
                unsigned i = 0;

                while (event_kinds[i] && !span_is(word, event_kinds[i]))
                        i++;
                if (!event_kinds[i])
                        return setting_wrong(a, "names a kind of opening that there is not", e);
                p->allowed_kinds |= UINT32_C(1) << i;
                p->allowed_by[i] = (PolicyPlace){ p->file, a->line };
        }
        return 0;
}

static int set_methods(void *to, const Assignment *a, Err *e) {
        Reading *r = to;
        Policy *p = &r->policy;
        Span rest = a->value;

        if (!r->methods_given || rest.size == 0)
                p->allowed_methods = 0;
        r->methods_given = true;
        for (Span word = setting_word(&rest); word.size > 0; word = setting_word(&rest)) {
                unsigned i = 0;

                while (event_methods[i] && !span_is(word, event_methods[i]))
                        i++;
                if (!event_methods[i])
                        return setting_wrong(a, "names a way to unlock that there is not", e);
                p->allowed_methods |= UINT32_C(1) << i;
        }
        return 0;
}

static int set_nv_policy(void *to, const Assignment *a, Err *e) {
        Reading *r = to;
        Policy *p = &r->policy;

        p->has_nv_policy = a->value.size > 0;
        if (p->has_nv_policy && !text_unhex(a->value, p->nv_policy, sizeof(p->nv_policy)))
                return setting_wrong(a, "the authPolicy of an NV index is 64 hex digits", e);
        return 0;
}

static int set_baseline(void *to, const Assignment *a, Err *e) {
        Reading *r = to;
        if (!text_number(a->value, UINT64_MAX, &r->policy.baseline))
                return setting_wrong(a, "a counter's value is a number", e);
        r->policy.has_baseline = true;
        return 0;
}

static int set_boot(void *to, const Assignment *a, Err *e) {
        Reading *r = to;

        return boot_policy_apply(&r->policy.boot, r->policy.file, a, e);
}

static int set_systemd(void *to, const Assignment *a, Err *e) {
        return systemd_policy_apply(&((Reading *) to)->policy.systemd, a, e);
}

static const Setting settings[] = {
        { "Machine", "AttestationKey", set_key },
        { "Machine", "RefuseTPM", refuse_firmware },
        { "Machine", "Register", set_register },
        { "Machine", "Start", set_start },
        { "Machine", "Bank", set_banks },
        { "Machine", "NvPolicy", set_nv_policy },
        { "Machine", "MachineId", set_systemd },
        { "Verdict", "Require", set_required },
        { "Firmware", "SecureBoot", set_boot },
        { "Firmware", "PlatformKey", set_boot },
        { "Firmware", "Authority", set_boot },
        { "Firmware", "Revoked", set_boot },
        { "Firmware", "OptionROMs", set_boot },
        { "Kernel", "CommandLine", set_boot },
        { "Kernel", "AppendedCommandLine", set_boot },
        { "Kernel", "Companions", set_boot },
        { "Release", "Leaf", add_leaf },
        { "Release", "Golden", add_golden },
        { "Release", "Pcrlock", add_pcrlock },
        { "Release", "RootHash", set_boot },
        { "Unlock", "Allow", set_methods },
        { "Phase", "Allow", set_systemd },
        { "Phase", "Reached", set_systemd },
        { "Login", "Allow", set_systemd },
        { "Glass", "Allow", set_allowed },
        { "Glass", "Baseline", set_baseline },
        {},
};

int policy_apply(Span text, Policy *policy, Err *e) {
        Reading r = { .policy = *policy };
        int rc;

        r.policy.systemd.phases_given = false;
        rc = settings_read(text, settings, &r, e);
        if (rc < 0)
                return rc;
        if (r.policy.required == 0)
                return err_set(e, -EINVAL,
                                "[Verdict] Require= is empty: a policy that asks for nothing trusts everything");
        if (r.policy.n_registers == 0)
                return err_set(e, -EINVAL, "[Machine] Register= is empty: name the register");
        *policy = r.policy;
        return 0;
}

bool policy_names(const Policy *p, Register reg) {
        for (size_t i = 0; i < p->n_registers; i++)
                if (register_equal(p->registers[i], reg))
                        return true;
        return false;
}
