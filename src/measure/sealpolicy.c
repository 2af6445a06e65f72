/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/sealpolicy.h"

#include <assert.h>
#include <errno.h>

#include "port/crypto.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"
#include "wire/tpmkey.h"

enum {
        CC_POLICY_NV = 0x149,
        CC_POLICY_AUTHORIZE = 0x16a,
        CC_POLICY_PCR = 0x17f,
        EO_UNSIGNED_LE = 9,
        ALG_NULL = 0x0010,
};

/* with its NUL */
#define REF ((Span){ (const uint8_t *) "avouch-seal/v1", sizeof("avouch-seal/v1") })

/* Puts big-endian numbers and bytes into an array whose size is known. */
typedef struct Out {
        uint8_t *at;
} Out;

static void put(Out *o, uint64_t v, unsigned n_bytes) {
        for (unsigned i = 0; i < n_bytes; i++)
                *o->at++ = (uint8_t) (v >> (8 * (n_bytes - 1 - i)));
}

static void put_number(Out *o, const uint8_t number[static SEALED_NUMBER]) {
        put(o, SEALED_NUMBER, 2);
        memcpy(o->at, number, SEALED_NUMBER);
        o->at += SEALED_NUMBER;
}

void seal_key_public(const Sealed *s, uint8_t ret[static SEAL_KEY_PUBLIC]) {
        Out o = { ret };

        put(&o, TPM_KEY_ECC, 2);
        put(&o, HASH_SHA256, 2);
        put(&o, TPM_SIGN | TPM_USER_WITH_AUTH, 4);
        put(&o, 0, 2);        /* policy */
        put(&o, ALG_NULL, 2); /* symmetric */
        put(&o, ALG_NULL, 2); /* scheme */
        put(&o, TPM_CURVE_P256, 2);
        put(&o, ALG_NULL, 2); /* kdf */
        put_number(&o, s->x);
        put_number(&o, s->y);
        assert(o.at == ret + SEAL_KEY_PUBLIC);
}

int seal_ref(const Sealed *s, Digest *ret, Err *e) {
        return hash_parts(HASH_SHA256, (Span[]){ REF, { s->id, sizeof(s->id) } }, 2, ret, e);
}

/* H(old || code || rest) */
static int step(Digest *policy, uint32_t code, const Span rest[2], Err *e) {
        uint8_t number[4];
        Out o = { number };

        put(&o, code, 4);
        return hash_parts(HASH_SHA256,
                        (Span[]){ digest_span(policy), { number, 4 }, rest[0], rest[1] }, 4, policy,
                        e);
}

int seal_object_policy(const Sealed *s, Digest *ret, Err *e) {
        uint8_t public[SEAL_KEY_PUBLIC], name[TPM_NAME_SHA256];
        Digest d, ref, policy = digest_zero(HASH_SHA256);
        int rc;

        seal_key_public(s, public);
        rc = hash_bytes(HASH_SHA256, (Span){ public, sizeof(public) }, &d, e);
        if (rc == 0)
                rc = seal_ref(s, &ref, e);
        if (rc < 0)
                return rc;
        tpm_name(&d, name);
        rc = step(&policy, CC_POLICY_AUTHORIZE, (Span[]){ { name, sizeof(name) }, {} }, e);
        if (rc == 0)
                rc = hash_parts(HASH_SHA256, (Span[]){ digest_span(&policy), digest_span(&ref) }, 2,
                                &policy, e);
        if (rc == 0)
                *ret = policy;
        return rc;
}

static int step_pcrs(Digest *policy, const Sealed *s, Err *e) {
        _cleanup_(buf_done) Buf selection = BUF_UP_TO(PCR_SELECTION_MAX);

        pcr_selection_write(&s->pcrs, &selection);
        if (selection.failed < 0)
                return err_set(e, selection.failed, "no memory for a policy");
        return step(policy, CC_POLICY_PCR,
                        (Span[]){ buf_span(&selection), digest_span(&s->pcr_digest) }, e);
}

/* The counter's Name is that of an index that has a value. */
static int counter_name(uint8_t ret[static TPM_NAME_SHA256], Err *e) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(NV_PUBLIC_MAX);
        NvPublic p = nv_counter();
        Digest d;
        int rc;

        p.attributes |= NV_WRITTEN;
        nv_public_write(&p, &public);
        if (public.failed < 0)
                return err_set(e, public.failed, "no memory for a policy");
        rc = hash_bytes(HASH_SHA256, buf_span(&public), &d, e);
        if (rc == 0)
                tpm_name(&d, ret);
        return rc;
}

static int step_counter(Digest *policy, uint64_t count, Err *e) {
        uint8_t name[TPM_NAME_SHA256], bytes[8 + 2 + 2];
        Out o = { bytes };
        Digest args;
        int rc;

        put(&o, count, 8);
        put(&o, 0, 2); /* offset */
        put(&o, EO_UNSIGNED_LE, 2);
        rc = hash_bytes(HASH_SHA256, (Span){ bytes, sizeof(bytes) }, &args, e);
        if (rc == 0)
                rc = counter_name(name, e);
        if (rc < 0)
                return rc;
        return step(policy, CC_POLICY_NV, (Span[]){ digest_span(&args), { name, sizeof(name) } },
                        e);
}

int seal_approved_policy(const Sealed *s, uint64_t count, Digest *ret, Err *e) {
        Digest policy = digest_zero(HASH_SHA256);
        int rc;

        rc = step_pcrs(&policy, s, e);
        if (rc == 0)
                rc = step_counter(&policy, count, e);
        if (rc == 0)
                *ret = policy;
        return rc;
}

/* aHash: what the key signs. */
static int to_be_signed(const Sealed *s, uint64_t count, Digest *ret, Err *e) {
        Digest policy, ref;
        int rc;

        rc = seal_approved_policy(s, count, &policy, e);
        if (rc == 0)
                rc = seal_ref(s, &ref, e);
        if (rc < 0)
                return rc;
        return hash_parts(HASH_SHA256, (Span[]){ digest_span(&policy), digest_span(&ref) }, 2, ret,
                        e);
}

int seal_approve(Sealed *s, SigningKey *key, uint64_t count, Err *e) {
        Sealed now = *s;
        Digest d;
        int rc;

        rc = to_be_signed(s, count, &d, e);
        if (rc == 0)
                rc = signing_key_sign(key, &d, now.r, now.s, e);
        if (rc < 0)
                return rc;
        now.count = count;
        now.approved = true;
        *s = now;
        return 0;
}

int seal_check_approval(const Sealed *s, Err *e) {
        PublicKey key = {
                .type = PUBLIC_KEY_P256, .x = { s->x, SEALED_NUMBER }, .y = { s->y, SEALED_NUMBER }
        };
        bool holds = false;
        Digest d;
        int rc;

        if (!s->approved)
                return err_set(e, -ENOKEY,
                                "nobody has approved it yet (avouch renew --first, with the key)");
        rc = to_be_signed(s, s->count, &d, e);
        if (rc == 0)
                rc = signature_judge_ecdsa(&key, &d, (Span){ s->r, SEALED_NUMBER },
                                (Span){ s->s, SEALED_NUMBER }, &holds, e);
        if (rc < 0)
                return rc;
        return holds ? 0
                     : err_set(e, -EBADMSG,
                                       "its approval is not one by its key: the file was changed");
}
