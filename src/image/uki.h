/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "image/sign-pe.h"
#include "image/uki-policy.h"
#include "wire/limits.h"

/* Builds a unified kernel image (UAPI.5) out of systemd-stub, a kernel and what goes with it, and
 * the release leaf that names it. The same input gives the same bytes. What ukify builds of the
 * same input has the same sections with the same contents in the same order, and so the same PCR
 * 11. */
enum { UKI_INITRDS_MAX = 64 };

/* Texts are themselves, or "@FILE"; NULL where the option was not given, "" for no such section. */
typedef struct UkiParams {
        const char *stub, *linux_image; /* paths */
        const char *const *initrds;     /* paths; joined, each padded to 4 bytes */
        size_t n_initrds;
        const char *cmdline;
        const char *os_release;                      /* NULL: this host's */
        const char *uname;                           /* NULL: what the kernel says */
        const char *devicetree, *splash, *microcode; /* paths; NULL where there is none */
        const char *name;                            /* NULL: IMAGE_ID= or ID= of the os-release */
        const char *version;                         /* NULL: IMAGE_VERSION=, or the uname */
        const char *output, *leaf;                   /* paths; leaf NULL: none is written */
        bool has_epoch;
        uint64_t epoch;      /* for the leaf */
        const char *pcr_key; /* path of the public key inside; NULL: that of the one that signs */
        const PolicyParams *policy; /* PCR policies to be signed; NULL: none */
        const SignParams *sign;     /* for Secure Boot; NULL: not signed */
        bool sign_kernel;           /* the kernel inside, too, with the same key */
        bool digest_only; /* output is to hold the bytes that are to be signed, and no image */
} UkiParams;

typedef struct UkiBuilt {
        char name[NAME_TEXT_MAX + 1], version[NAME_TEXT_MAX + 1];
        char stub_version[STUB_VERSION_MAX + 1]; /* "257.13-1~deb13u1" */
        unsigned stub_generation;                /* 257 */
        const char *architecture;                /* "x86-64"; a constant */
        bool has_uname;
        Digest authenticode; /* SHA-256 */
        uint64_t size;
        Digest signer; /* fingerprint of the certificate; of no size where it is not signed */
        char subject[256];
        bool reproducible; /* building it again gives the same bytes */
} UkiBuilt;

/* Image and leaf appear when both are whole, the leaf last; on any failure neither does. -EINVAL
 * where the parameters contradict one another; -EINTR where a held signal came
 * (port/interrupt.h). */
int uki_build(const UkiParams *p, UkiBuilt *ret, Err *e) _must_check_;
