/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/seal.h"

#include <errno.h>

#include "base/text.h"
#include "measure/counter.h"
#include "port/crypto.h"
#include "wire/nvpublic.h"

enum { OPEN_ATTEMPTS = 10 };

/* SHA-256 of the PCRs' values, as TPM2_PolicyPCR has it. */
static int read_pcrs(Tpm *t, const PcrSelection *pcrs, Digest *ret, Err *e) {
        Span values[PCR_VALUES_MAX];
        PcrValues v;
        size_t n;
        int rc;

        rc = tpm_read(t, pcrs, &v, e);
        if (rc < 0)
                return rc;
        n = pcr_values_in_order(&v, pcrs, values);
        if (n == 0)
                return err_set(e, -EBADMSG, "the TPM has not all of these PCRs");
        return hash_parts(HASH_SHA256, values, n, ret, e);
}

static int add_object(Tpm *t, Sealed *s, Span secret, Err *e) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(SEALED_PUBLIC_MAX),
                                private = BUF_UP_TO(SEALED_PRIVATE_MAX);
        Digest policy;
        int rc;

        rc = seal_object_policy(s, &policy, e);
        if (rc == 0)
                rc = tpm_seal(t, &policy, secret, &public, &private, e);
        if (rc < 0)
                return err_set(e, rc, "the TPM made an object that is too large");
        memcpy(s->public, public.data, public.size);
        memcpy(s->private, private.data, private.size);
        s->public_size = public.size;
        s->private_size = private.size;
        return 0;
}

/* A secret that is too large for the TPM: a key of its own, and that to the TPM. */
static int add_data(Tpm *t, Sealed *s, Span secret, Buf *hex, Err *e) {
        _cleanup_(buf_done) Buf data = BUF_UP_TO(SEALED_SECRET_MAX);
        _cleanup_(secret_done) Secret key = {};
        uint8_t *into = buf_room(&data, secret.size);
        int rc;

        if (!into)
                return err_set(e, data.failed, "no memory for what is sealed");
        rc = secret_new(GCM_KEY, &key, e);
        if (rc == 0)
                rc = random_bytes(key.data, GCM_KEY, e);
        if (rc == 0)
                rc = random_bytes(s->nonce, SEALED_NONCE, e);
        if (rc < 0)
                return rc;
        key.size = GCM_KEY;
        rc = gcm_seal(secret_span(&key), s->nonce, (Span){ s->id, SEALED_ID }, secret, into, s->tag,
                        e);
        if (rc < 0)
                return rc;
        text_hex(hex, buf_span(&data));
        s->data = buf_span(hex);
        s->has_data = true;
        return add_object(t, s, secret_span(&key), e);
}

static int begin(Tpm *t, const SealWish *w, Sealed *s, Counter *counter, Err *e) {
        int rc;

        if (w->secret.size == 0 || w->secret.size > SEALED_SECRET_MAX)
                return err_set(e, -EINVAL, "a secret is 1 to %d bytes, not %zu", SEALED_SECRET_MAX,
                                w->secret.size);
        for (size_t i = 0; i < s->pcrs.n_banks; i++)
                if (!hash_proves(s->pcrs.banks[i].alg))
                        return err_set(e, -EINVAL,
                                        "values in bank 0x%04x prove nothing: choose another",
                                        s->pcrs.banks[i].alg);
        rc = random_bytes(s->id, SEALED_ID, e);
        if (rc == 0)
                rc = read_pcrs(t, &s->pcrs, &s->pcr_digest, e);
        return rc < 0 ? rc : counter_define(t, counter, e);
}

int seal_make(Tpm *t, const SealWish *w, Buf *to, Err *e) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * (size_t) SEALED_SECRET_MAX);
        Sealed s = { .pcrs = w->pcrs };
        Counter counter;
        int rc;

        memcpy(s.x, w->key.x, sizeof(s.x));
        memcpy(s.y, w->key.y, sizeof(s.y));
        rc = begin(t, w, &s, &counter, e);
        if (rc < 0)
                return rc;
        rc = w->secret.size <= SEALED_DIRECT_MAX ? add_object(t, &s, w->secret, e)
                                                 : add_data(t, &s, w->secret, &hex, e);
        if (rc >= 0 && w->approver)
                rc = seal_approve(&s, w->approver, counter.value, e);
        if (rc < 0)
                return rc;
        sealed_write(&s, to);
        return to->failed < 0 ? err_set(e, to->failed, "the TPM made an object that no file holds")
                              : 0;
}

/* Why the TPM will refuse, where it will. */
static int look(Tpm *t, const Sealed *s, Err *e) {
        Counter counter;
        Digest now;
        int rc;

        rc = seal_check_approval(s, e);
        if (rc == 0)
                rc = read_pcrs(t, &s->pcrs, &now, e);
        if (rc < 0)
                return rc;
        if (!digest_equal(&now, &s->pcr_digest)) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(256);

                pcr_selection_text(&s->pcrs, &text);
                return err_set(e, -EACCES, "PCRs %.*s hold other values than when it was sealed",
                                (int) text.size, text.data ? (char *) text.data : "");
        }
        rc = counter_state(t, &counter, e);
        if (rc == 0 || (rc > 0 && !counter.written))
                return err_set(e, -EACCES, "the odometer's counter is gone from this TPM");
        if (rc > 0 && counter.value > s->count)
                return err_set(e, -EACCES,
                                "the machine was opened by hand: its odometer is at %llu, approved up to %llu (avouch renew)",
                                (unsigned long long) counter.value, (unsigned long long) s->count);
        return rc < 0 ? rc : 0;
}

static int assert_policy(Tpm *t, const Sealed *s, Err *e) {
        uint8_t key[SEAL_KEY_PUBLIC];
        TpmPolicy p = { .pcrs = s->pcrs,
                .pcr_digest = s->pcr_digest,
                .counter = NV_COUNTER_INDEX,
                .count = s->count,
                .key = { key, sizeof(key) },
                .r = { s->r, SEALED_NUMBER },
                .s = { s->s, SEALED_NUMBER } };
        Digest ref, reached;
        int rc;

        seal_key_public(s, key);
        rc = seal_ref(s, &ref, e);
        if (rc == 0)
                rc = seal_approved_policy(s, s->count, &p.approved, e);
        p.ref = digest_span(&ref);
        return rc < 0 ? rc : tpm_policy(t, &p, &reached, e);
}

static int open_data(const Sealed *s, const Secret *key, Secret *ret, Err *e) {
        _cleanup_(buf_done) Buf data = BUF_UP_TO(SEALED_SECRET_MAX);

        if (key->size != GCM_KEY)
                return err_set(e, -EBADMSG, "what is sealed was changed");
        if (!text_unhex_buf(s->data, false, &data))
                return err_set(e, -ENOMEM, "no memory for what is sealed");
        return gcm_open(secret_span(key), s->nonce, (Span){ s->id, SEALED_ID }, buf_span(&data),
                        s->tag, ret, e);
}

/* Anybody who records something between the policy and the opening extends a PCR, and both have to
 * be done again; so has the look at the counter. */
static int open_object(Tpm *t, const Sealed *s, Secret *held, Err *e) {
        Err why = {};
        int rc = -EAGAIN;

        for (unsigned i = 0; rc == -EAGAIN && i < OPEN_ATTEMPTS; i++) {
                why = (Err){};
                rc = look(t, s, &why);
                if (rc == 0)
                        rc = assert_policy(t, s, &why);
                if (rc == 0)
                        rc = tpm_unseal(t, (Span){ s->public, s->public_size },
                                        (Span){ s->private, s->private_size }, held, &why);
        }
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 0;
}

int seal_open(Tpm *t, Span file, Secret *ret, Err *e) {
        _cleanup_(secret_done) Secret held = {};
        Sealed s;
        int rc;

        rc = sealed_parse(file, &s, e);
        if (rc == 0)
                rc = secret_new(SEALED_DIRECT_MAX, &held, e);
        if (rc == 0)
                rc = open_object(t, &s, &held, e);
        if (rc < 0)
                return rc;
        return s.has_data ? open_data(&s, &held, ret, e) : secret_set(ret, secret_span(&held), e);
}
