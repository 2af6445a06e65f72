/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "port/key-rsa.h"
#include "wire/limits.h"

/* Signed PCR policies (the section .pcrsig, systemd-measure(1)): secrets that were sealed to a key
 * open where PCR 11 has a value that this key signed, so an image that comes later can open them,
 * too. */

typedef struct PolicyKey {
        const char *private_key; /* a PEM file, or what the source knows it by */
        const char *public_key;  /* a PEM file; NULL: what the private key says */
        const char *phases; /* boot phase paths, with blanks or commas between; NULL: the usual */
        const char *reference; /* NULL: none; else who asks for the secret must name it */
} PolicyKey;

typedef struct PolicyParams {
        KeySource source;
        PolicyKey keys[SIGNERS_MAX];
        size_t n_keys;
        bool key_is_elsewhere; /* the one key is public: what it is to sign is said, with room for
                                * the signatures (image/uki-join.h) */
        bool initrd; /* one more, by the first key: for the initrd, with the reference "initrd" */
        HashAlg banks[BANKS_MAX]; /* ascending */
        unsigned n_banks;
} PolicyParams;

typedef struct PolicySigner {
        PrivateKey *key; /* NULL: it is elsewhere */
        RsaPublic public;
        const char *reference;
        Span paths[PHASES_MAX]; /* ascending, each once; borrowed */
        size_t n_paths;
} PolicySigner;

/* Owner: policy_signers_done(). */
typedef struct PolicySigners {
        const PolicyParams *params; /* borrowed */
        PolicySigner list[SIGNERS_MAX + 1];
        size_t n;
        Buf public_pem; /* of the one key; empty where there are several */
} PolicySigners;

#define POLICY_SIGNERS_NONE ((PolicySigners){})

/* -EKEYREJECTED where two halves of a key do not belong together, -EINVAL for phases that are
 * none. */
int policy_signers_open(const PolicyParams *p, PolicySigners *ret, Err *e) _must_check_;
void policy_signers_done(PolicySigners *s);

/* The section. booted: for each boot that is signed for, PCR 11 as the stub leaves it, in the banks
 * of the params; NULL: as long a text that says nothing, for its size is known before the values
 * are. */
int policy_signers_write(const PolicySigners *s, const Digest (*booted)[BANKS_MAX], size_t n,
                Buf *to, Err *e) _must_check_;

/* Puts what one section says is to be signed behind what others said, in one text. */
int policies_gather(Span section, Buf *text, Err *e) _must_check_;
