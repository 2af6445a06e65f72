/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-policy.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "port/crypto.h"
#include "port/pcr11.h"
#include "wire/pcrsig.h"

#define INITRD_PHASE "enter-initrd"
#define INITRD_REFERENCE "initrd"

void policy_signers_done(PolicySigners *s) {
        for (size_t i = 0; i < s->n; i++)
                private_key_done(&s->list[i].key);
        buf_done(&s->public_pem);
}

static int add_path(PolicySigner *s, Span path, Err *e) {
        size_t i = s->n_paths;

        if (!pcr11_is_path(path))
                return err_set(e, -EINVAL, "'%.*s' is no list of words with a colon between two",
                                (int) path.size, (const char *) path.data);
        for (size_t k = 0; k < s->n_paths; k++)
                if (span_equal(s->paths[k], path))
                        return 0;
        if (s->n_paths == PHASES_MAX)
                return err_set(e, -EINVAL, "more than %d phase paths", PHASES_MAX);
        for (; i > 0 && span_compare(s->paths[i - 1], path) > 0; i--)
                s->paths[i] = s->paths[i - 1];
        s->paths[i] = path;
        s->n_paths++;
        return 0;
}

static int take_phases(PolicySigner *s, const char *phases, Err *e) {
        static const char between[] = ", \t\n";
        int rc = 0;

        for (size_t i = 0; !phases && pcr11_phase_paths[i]; i++) {
                rc = add_path(s, span_of(pcr11_phase_paths[i]), e);
                if (rc < 0)
                        return rc;
        }
        while (rc == 0 && phases && phases[0]) {
                size_t n = strcspn(phases, between);

                if (n > 0)
                        rc = add_path(s, (Span){ (const uint8_t *) phases, n }, e);
                phases += n;
                phases += strspn(phases, between);
        }
        if (rc == 0 && s->n_paths == 0)
                return err_set(e, -EINVAL, "no boot phase to sign for");
        return rc;
}

static int check_public(const PolicyKey *k, const PolicySigner *s, Buf *pem, Err *e) {
        RsaPublic given;
        int rc;

        rc = file_read(k->public_key, pem, e);
        if (rc == 0)
                rc = rsa_public_read(buf_span(pem), k->public_key, &given, e);
        if (rc == 0 && !digest_equal(&given.fingerprint, &s->public.fingerprint))
                rc = err_set(e, -EKEYREJECTED, "%s: not the private key of %s", k->private_key,
                                k->public_key);
        return rc;
}

/* It stands in JSON as it is. */
static int check_reference(const char *reference, Err *e) {
        for (const char *c = reference; c && *c; c++)
                if (*c < ' ' || *c >= 0x7f || *c == '"' || *c == '\\')
                        return err_set(e, -EINVAL,
                                        "a policy reference is plain ASCII, without "
                                        "quotation marks and backslashes");
        return reference && !reference[0] ? err_set(e, -EINVAL, "an empty policy reference") : 0;
}

static int open_public(const PolicyKey *k, PolicySigners *all, Err *e) {
        _cleanup_(buf_done) Buf pem = BUF_UP_TO(KEY_FILE_MAX);
        int rc;

        rc = file_read(k->public_key, &pem, e);
        if (rc == 0)
                rc = rsa_public_read(buf_span(&pem), k->public_key, &all->list[all->n].public, e);
        if (rc < 0)
                return rc;
        all->n++;
        buf_done(&all->public_pem);
        all->public_pem = pem;
        pem = (Buf){};
        return 0;
}

static int open_signer(const PolicyParams *p, const PolicyKey *k, PolicySigners *all, Err *e) {
        _cleanup_(buf_done) Buf pem = BUF_UP_TO(KEY_FILE_MAX);
        PolicySigner *s = &all->list[all->n];
        int rc;

        s->reference = k->reference;
        rc = take_phases(s, k->phases, e);
        if (rc == 0)
                rc = check_reference(k->reference, e);
        if (rc == 0 && p->key_is_elsewhere)
                return open_public(k, all, e);
        if (rc == 0)
                rc = private_key_load(k->private_key, &p->source, &s->key, e);
        if (rc < 0)
                return rc;
        all->n++;
        rc = rsa_public_of(s->key, &s->public, e);
        if (rc == 0)
                rc = k->public_key ? check_public(k, s, &pem, e) : rsa_public_pem(s->key, &pem, e);
        if (rc < 0 || p->n_keys > 1)
                return rc;
        buf_done(&all->public_pem);
        all->public_pem = pem;
        pem = (Buf){};
        return 0;
}

int policy_signers_open(const PolicyParams *p, PolicySigners *ret, Err *e) {
        _cleanup_(policy_signers_done) PolicySigners all = { .params = p };
        int rc = 0;

        assert(p->n_keys > 0 && p->n_keys <= SIGNERS_MAX);

        for (size_t i = 0; rc == 0 && i < p->n_keys; i++)
                rc = open_signer(p, &p->keys[i], &all, e);
        if (rc == 0 && p->initrd) {
                PolicyKey k = p->keys[0];

                k.phases = INITRD_PHASE;
                k.reference = INITRD_REFERENCE;
                rc = open_signer(p, &k, &all, e);
        }
        if (rc < 0)
                return rc;

        *ret = all;
        all = POLICY_SIGNERS_NONE;
        return 0;
}

/* What is signed: the policy, and with a reference its hash behind it (TPM 2.0 Library, Part 3,
 * TPM2_PolicyAuthorize). */
static int take_bytes(const PolicySigner *s, const Digest *policy, Buf *bytes, Err *e) {
        Digest reference;
        int rc = 0;

        buf_bytes(bytes, digest_span(policy));
        if (s->reference) {
                rc = hash_bytes(HASH_SHA256, span_of(s->reference), &reference, e);
                buf_bytes(bytes, digest_span(&reference));
        }
        return rc == 0 && bytes->failed < 0 ? err_set(e, bytes->failed, "no memory for a policy")
                                            : rc;
}

static int make_policy(Span path, const Digest *booted, Digest *policy, Err *e) {
        Digest value = *booted;
        int rc;

        rc = pcr11_phases(&value, path, e);
        return rc < 0 ? rc : pcr11_policy(&value, policy, e);
}

static int put_one(const PolicySigner *s, Span path, HashAlg bank, const Digest *booted, bool first,
                Buf *to, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(2 * DIGEST_MAX);
        _cleanup_(buf_done) Buf signature = BUF_UP_TO(KEY_FILE_MAX);
        _cleanup_(buf_done) Buf text = BUF_UP_TO(2 * KEY_FILE_MAX);
        PcrSignature entry = { .bank = bank, .pcrs = UINT32_C(1) << 11 };
        Digest policy = digest_zero(HASH_SHA256);
        int rc = 0;

        if (!booted)
                buf_zeros(&signature, s->public.size);
        else
                rc = make_policy(path, booted, &policy, e);
        if (rc == 0)
                rc = take_bytes(s, &policy, &bytes, e);
        if (rc == 0 && booted && s->key)
                rc = private_key_sign(s->key, HASH_SHA256, buf_span(&bytes), &signature, e);
        if (rc < 0)
                return rc;
        memcpy(entry.key, s->public.fingerprint.bytes, sizeof(entry.key));
        memcpy(entry.policy, policy.bytes, sizeof(entry.policy));
        entry.reference = s->reference ? span_of(s->reference) : (Span){};
        if (signature.size > 0)
                text_base64(&text, buf_span(&signature));
        else
                text_hex(&text, buf_span(&bytes));
        if (text.failed < 0 || signature.failed < 0)
                return err_set(e, -ENOMEM, "no memory for a policy");
        *(signature.size > 0 ? &entry.signature : &entry.to_sign) = buf_span(&text);
        buf_string(to, first ? "" : ", ");
        pcrsig_write_one(&entry, to);
        return 0;
}

static int put_boot(const PolicySigners *s, HashAlg bank, const Digest *booted, bool *first,
                Buf *to, Err *e) {
        int rc = 0;

        for (size_t i = 0; i < s->n; i++)
                for (size_t p = 0; rc == 0 && p < s->list[i].n_paths; p++) {
                        rc = put_one(&s->list[i], s->list[i].paths[p], bank, booted, *first, to, e);
                        *first = false;
                }
        return rc;
}

int policy_signers_write(const PolicySigners *s, const Digest (*booted)[BANKS_MAX], size_t n,
                Buf *to, Err *e) {
        int rc = 0;

        buf_byte(to, '{');
        for (unsigned b = 0; rc == 0 && b < s->params->n_banks; b++) {
                bool first = true;

                buf_printf(to, "%s\"%s\": [", b > 0 ? ", " : "", hash_name(s->params->banks[b]));
                for (size_t i = 0; rc == 0 && i < n; i++)
                        rc = put_boot(s, s->params->banks[b], booted ? &booted[i][b] : NULL, &first,
                                        to, e);
                buf_byte(to, ']');
        }
        buf_byte(to, '}');
        if (rc == 0 && to->failed < 0)
                rc = err_set(e, to->failed, "the section .pcrsig takes more than %zu bytes",
                                to->max);
        return rc;
}

int policies_gather(Span section, Buf *text, Err *e) {
        PcrSignature *list = calloc(2 * PCR_SIGNATURES_MAX, sizeof(*list));
        _cleanup_(buf_done) Buf before = *text;
        size_t n = 0, more = 0;
        int rc = 0;

        *text = BUF_UP_TO(before.max);
        if (!list)
                return err_set(e, -ENOMEM, "no memory for policies");
        if (before.size > 0)
                rc = pcrsig_parse(buf_span(&before), list, &n, e);
        if (rc == 0)
                rc = pcrsig_parse(section, list + n, &more, e);
        if (rc == 0) {
                n = pcrsig_join(list, n + more);
                pcrsig_write(list, n, text);
                rc = text->failed < 0 ? err_set(e, text->failed, "too many policies") : 0;
        }
        free(list);
        return rc;
}
