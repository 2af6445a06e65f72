/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/signed-policies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "port/crypto.h"
#include "port/key-rsa.h"
#include "tools/print.h"

enum { POLICY_SIZE = 32, SIGNED_MAX = 2 * POLICY_SIZE, PCRS = 24, PCR_BOOT = 11 };

void signed_policies_done(SignedPolicies *p) {
        for (size_t i = 0; i < ELEMENTS(p->texts); i++)
                buf_done(&p->texts[i]);
        free(p->list);
        *p = (SignedPolicies){};
}

static int read_section(const Uki *u, const PeSection *s, SignedPolicies *p, Err *e) {
        Buf *text = &p->texts[s - u->pe.sections];
        PcrSignature list[PCR_SIGNATURES_MAX];
        SignedPolicy *more;
        size_t n = 0;
        int rc;

        *text = BUF_UP_TO(UKI_TEXT_MAX);
        rc = uki_section_text(u, s, text, e);
        if (rc < 0)
                return rc;
        rc = pcrsig_parse(buf_span(text), list, &n, e);
        if (rc < 0) {
                err_at(e, u->path);
                return rc;
        }
        if (n == 0)
                return 0;
        more = reallocarray(p->list, p->n + n, sizeof(*more));
        if (!more)
                return err_set(e, -ENOMEM, "no memory for signed policies");
        p->list = more;
        for (size_t i = 0; i < n; i++)
                p->list[p->n++] = (SignedPolicy){ .entry = list[i], .section = s };
        return 0;
}

int signed_policies_read(const Uki *u, SignedPolicies *ret, Err *e) {
        int rc = 0;

        *ret = (SignedPolicies){};
        for (unsigned i = 0; rc == 0 && i < u->pe.n_sections; i++)
                if (strcmp(u->pe.sections[i].name, ".pcrsig") == 0 &&
                                u->pe.sections[i].virtual_size > 0)
                        rc = read_section(u, &u->pe.sections[i], ret, e);
        if (rc < 0)
                signed_policies_done(ret);
        return rc;
}

void signed_policies_banks(const SignedPolicies *p, Strings *banks) {
        for (size_t i = 0; i < p->n; i++) {
                const char *name = hash_name(p->list[i].entry.bank);
                bool is_known = false;

                for (size_t k = 0; k < banks->n; k++)
                        is_known = is_known || strcmp(banks->values[k], name) == 0;
                if (!is_known && banks->n < BANKS_MAX)
                        banks->values[banks->n++] = name;
        }
}

/* The boot phase in which PCR 11 is what the policy asks for. */
static bool match(SignedPolicy *s, const Profile *p) {
        const Forecast *f = &p->forecast;

        for (unsigned b = 0; p->no_forecast.code == 0 && b < f->n_banks; b++)
                for (size_t i = 0; f->banks[b] == s->entry.bank && i < f->n_paths; i++)
                        if (memcmp(p->policies[i][b].bytes, s->entry.policy, POLICY_SIZE) == 0) {
                                s->phase = f->paths[i];
                                return true;
                        }
        return false;
}

/* A policy names its PCRs twice, and the digest is what counts. */
static void find_phase(SignedPolicy *s, const Profiles *profiles) {
        if (s->entry.pcrs != UINT32_C(1) << PCR_BOOT)
                return;
        for (unsigned i = 0; i < profiles->n; i++)
                if (match(s, &profiles->list[i])) {
                        s->profile = (int) i;
                        return;
                }
}

/* What is signed, as TPM2_PolicyAuthorize has it (TPM 2.0 Library, Part 3). */
static int judge(SignedPolicy *s, Span pem, const RsaPublic *key, Err *e) {
        _cleanup_(buf_done) Buf signature = BUF_UP_TO(KEY_FILE_MAX);
        Span reference = s->entry.reference;
        uint8_t bytes[SIGNED_MAX];
        Digest hash;
        int rc;

        if (s->entry.signature.size == 0) {
                s->why = "it is still to be signed";
                return 0;
        }
        if (memcmp(key->fingerprint.bytes, s->entry.key, sizeof(s->entry.key)) != 0) {
                s->why = "it is by another key";
                return 0;
        }
        memcpy(bytes, s->entry.policy, POLICY_SIZE);
        rc = hash_bytes(HASH_SHA256, reference, &hash, e);
        if (rc < 0)
                return rc;
        memcpy(bytes + POLICY_SIZE, hash.bytes, POLICY_SIZE);
        s->is_judged = true;
        s->why = "it is not that key's, of this policy";
        return text_unbase64(s->entry.signature, &signature)
                               ? rsa_public_judge(pem,
                                                 (Span){ bytes, reference.size > 0 ? SIGNED_MAX
                                                                                   : POLICY_SIZE },
                                                 buf_span(&signature), &s->holds, e)
                               : 0;
}

/* The key that the stub hands out with these policies, or the one that was given. */
static int judge_one(SignedPolicy *s, const Uki *u, Span given, const char *path, Err *e) {
        _cleanup_(buf_done) Buf inside = BUF_UP_TO(UKI_TEXT_MAX);
        int profile = uki_profile_of(u, s->section), rc = 0;
        const PeSection *section = uki_section(u, profile < 0 ? 0 : (unsigned) profile, ".pcrpkey");
        Span pem = given;
        Err no_key = {};
        RsaPublic key;

        if (!path && section) {
                rc = uki_section_text(u, section, &inside, e);
                pem = buf_span(&inside);
        }
        if (rc < 0)
                return rc;
        rc = pem.size > 0 ? rsa_public_read(pem, path ?: ".pcrpkey", &key, &no_key) : 0;
        if (rc == 0 && pem.size > 0)
                return judge(s, pem, &key, e);
        if (rc < 0 && rc != -EBADMSG && rc != -EOPNOTSUPP)
                return err_set(e, rc, "%s", no_key.text);
        s->why = rc < 0 ? "the key in the image is none that is known"
                        : "its key is not in the image";
        return 0;
}

int signed_policies_judge(SignedPolicies *p, const Uki *u, const Profiles *profiles,
                const char *key, Err *e) {
        _cleanup_(buf_done) Buf pem = BUF_UP_TO(KEY_FILE_MAX);
        RsaPublic parsed;
        Err no_key = {};
        int rc = 0;

        if (key)
                rc = file_read(key, &pem, e);
        if (rc == 0 && key) {
                rc = rsa_public_read(buf_span(&pem), key, &parsed, &no_key);
                if (rc < 0) /* which is not the image's fault */
                        return err_set(e, rc == -EBADMSG ? -EKEYREJECTED : rc, "%s", no_key.text);
        }
        for (size_t i = 0; rc == 0 && i < p->n; i++) {
                find_phase(&p->list[i], profiles);
                rc = judge_one(&p->list[i], u, buf_span(&pem), key, e);
        }
        return rc;
}

bool signed_policies_hold(const SignedPolicies *p) {
        size_t n = 0, n_holding = 0;

        for (size_t i = 0; i < p->n; i++) {
                n += p->list[i].is_judged;
                n_holding += p->list[i].holds;
        }
        return n > 0 && n == n_holding;
}

void signed_policies_put(JsonWriter *w, const SignedPolicies *p) {
        json_put_array(w, "policies");
        for (size_t i = 0; i < p->n; i++) {
                const SignedPolicy *s = &p->list[i];

                json_put_object(w, NULL);
                json_put_string(w, "bank", hash_name(s->entry.bank));
                if (s->is_judged)
                        json_put_integer(w, "holds", s->holds);
                json_put_hex(w, "key", (Span){ s->entry.key, sizeof(s->entry.key) });
                json_put_array(w, "pcrs");
                for (unsigned pcr = 0; pcr < PCRS; pcr++)
                        if (s->entry.pcrs & (UINT32_C(1) << pcr))
                                json_put_integer(w, NULL, pcr);
                json_put_end(w);
                if (s->phase)
                        json_put_string(w, "phase", s->phase);
                json_put_hex(w, "policy", (Span){ s->entry.policy, sizeof(s->entry.policy) });
                if (s->phase)
                        json_put_integer(w, "profile", s->profile);
                if (s->entry.reference.size > 0)
                        json_put_foreign(w, "reference", s->entry.reference);
                if (!s->holds)
                        json_put_string(w, "why", s->why);
                json_put_end(w);
        }
        json_put_end(w);
}

static void print_one(const SignedPolicy *s, bool many) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(UKI_TEXT_MAX);

        buf_printf(&line, "%s, ", hash_name(s->entry.bank));
        if (s->phase && many)
                buf_printf(&line, "profile %d, ", s->profile);
        buf_string(&line, s->phase ?: "no PCR 11 that is foretold here");
        if (s->entry.reference.size > 0) {
                buf_string(&line, ", reference ");
                text_quote(&line, s->entry.reference, NAME_TEXT_MAX);
        }
        buf_string(&line, s->holds       ? ": holds, by the key"
                          : s->is_judged ? ": DOES NOT HOLD: "
                                         : ": not judged: ");
        buf_string(&line, s->holds ? "" : s->why);
        print_line("signed policy", buf_span(&line));
        print_hex("", (Span){ s->entry.key, sizeof(s->entry.key) });
}

void signed_policies_print(const SignedPolicies *p) {
        bool many = false;

        for (size_t i = 0; i < p->n; i++)
                many = many || p->list[i].profile > 0;
        for (size_t i = 0; i < p->n; i++)
                print_one(&p->list[i], many);
}
