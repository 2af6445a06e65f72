/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/policies.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static const HashAlg all_banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

/* "SHA256" too, as systemd-measure takes it. */
static HashAlg bank_of(Span name) {
        char lower[16];

        for (size_t i = 0; i < name.size && i < sizeof(lower); i++)
                lower[i] = (char) tolower(name.data[i]);
        return name.size > sizeof(lower)
                               ? HASH_NONE
                               : hash_of_name((Span){ (const uint8_t *) lower, name.size });
}

static int take_banks(const char *text, PolicyParams *p, Err *e) {
        static const char between[] = ", \t\n";
        bool asked[ELEMENTS(all_banks)] = {};

        for (size_t n; text && *text; text += n + strspn(text + n, between)) {
                HashAlg alg;

                n = strcspn(text, between);
                alg = bank_of((Span){ (const uint8_t *) text, n });
                if (n > 0 && alg == HASH_NONE)
                        return err_set(e, -EINVAL,
                                        "'--pcr-banks=': '%.*s' is none of sha1, sha256, sha384, "
                                        "sha512",
                                        (int) n, text);
                for (size_t k = 0; k < ELEMENTS(all_banks); k++)
                        asked[k] = asked[k] || all_banks[k] == alg;
        }
        for (size_t k = 0; k < ELEMENTS(all_banks); k++)
                if (asked[k] || !text)
                        p->banks[p->n_banks++] = all_banks[k];
        return p->n_banks == 0 ? err_set(e, -EINVAL, "'--pcr-banks=' is empty") : 0;
}

/* None, or one for each key. */
static int check_number(const char *option, const Strings *s, size_t n, Err *e) {
        if (s->n == 0 || s->n == n)
                return 0;
        return err_set(e, -EINVAL, "'--%s=' is given %zu times, and '--pcr-private-key=' %zu times",
                        option, s->n, n);
}

/* What is to be signed by a key that is elsewhere. */
static int check_digest(const PolicyArgs *a, Err *e) {
        if (a->private_keys.n > 0)
                return err_set(e, -EINVAL, "'--policy-digest' is for a key that is elsewhere");
        if (a->public_keys.n != 1)
                return err_set(e, -EINVAL, "'--policy-digest' needs one '--pcr-public-key='");
        return a->phases.n > 1 || a->references.n > 1
                               ? err_set(e, -EINVAL,
                                                 "'--policy-digest' is of one key, and so are "
                                                 "'--phases=' and '--policyref='")
                               : 0;
}

static int check(const PolicyArgs *a, Err *e) {
        size_t n = a->private_keys.n;
        int rc;

        if (a->digest)
                return check_digest(a, e);
        if (n == 0 && (a->phases.n > 0 || a->references.n > 0 || a->banks || a->initrd ||
                                      a->public_keys.n > 1))
                return err_set(e, -EINVAL, "'--pcr-private-key=' is missing");
        if (n > SIGNERS_MAX)
                return err_set(e, -EINVAL, "%zu keys; %d are the most", n, SIGNERS_MAX);
        rc = n > 0 ? check_number("pcr-public-key", &a->public_keys, n, e) : 0;
        if (rc == 0)
                rc = check_number("phases", &a->phases, n, e);
        if (rc == 0)
                rc = check_number("policyref", &a->references, n, e);
        return rc;
}

static const char *nth(const Strings *s, size_t i) {
        return i < s->n ? s->values[i] : NULL;
}

int policies_take(const PolicyArgs *a, const KeySource *source, PolicyParams *p,
                const PolicyParams **ret, const char **ret_embedded, Err *e) {
        int rc;

        *p = (PolicyParams){ .source = *source, .initrd = a->initrd };
        rc = check(a, e);
        if (rc == 0)
                rc = take_banks(a->banks, p, e);
        if (rc < 0)
                return rc;
        p->key_is_elsewhere = a->digest;
        for (; p->n_keys < a->private_keys.n + a->digest; p->n_keys++)
                p->keys[p->n_keys] = (PolicyKey){
                        .private_key = nth(&a->private_keys, p->n_keys),
                        .public_key = nth(&a->public_keys, p->n_keys),
                        .phases = nth(&a->phases, p->n_keys),
                        .reference = nth(&a->references, p->n_keys),
                };

        *ret = p->n_keys > 0 ? p : NULL;
        *ret_embedded = a->embedded ?: a->public_keys.n == 1 ? a->public_keys.values[0] : NULL;
        return 0;
}
