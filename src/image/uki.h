/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "image/sign-pe.h"
#include "image/uki-policy.h"
#include "wire/limits.h"

/* Builds a unified kernel image (UAPI.5) out of systemd-stub, a kernel and what goes with it; or an
 * addon, or a profile for another image, where there is no kernel; and the release leaf that names
 * it. The same input gives the same bytes. What ukify builds of the same input has the same
 * sections with the same contents in the same order, and so the same PCR 11. */
enum { UKI_INITRDS_MAX = 64 };

typedef struct UkiWords {
        const char *const *list;
        size_t n;
} UkiWords;

/* Texts are themselves, or "@FILE"; NULL where the option was not given, "" for no such section. */
typedef struct UkiParams {
        const char *stub;        /* a path; NULL: that of the kernel's machine */
        const char *efi_arch;    /* "x64"; NULL: the kernel's, or this host's */
        const char *linux_image; /* a path; NULL: an addon, or a profile */
        UkiWords initrds;        /* paths; joined, each padded to 4 bytes */
        const char *cmdline;
        const char *os_release; /* NULL: this host's, where there is a kernel */
        const char *uname;      /* NULL: what the kernel says */
        const char *devicetree, *splash, *microcode; /* paths; NULL where there is none */
        UkiWords devicetrees;                        /* paths, of which the stub chooses one */
        UkiWords firmwares;        /* folders with a file each, of which the stub chooses one */
        const char *hwids;         /* a folder (image/uki-hwids.h) */
        UkiWords sbat;             /* texts; in place of what names the image */
        UkiWords sections;         /* "NAME:TEXT" each: others, which the stub does not know */
        const char *profile;       /* a text */
        UkiWords join_profiles;    /* paths of images: profiles behind the first */
        UkiWords sign_profiles;    /* whose policies are signed, by ID=; none: all */
        const char *name;          /* NULL: IMAGE_ID= or ID= of the os-release */
        const char *version;       /* NULL: IMAGE_VERSION=, or the uname */
        const char *output, *leaf; /* paths; leaf NULL: none is written */
        bool has_epoch;
        uint64_t epoch;             /* for the leaf */
        const char *pcr_key;        /* path of the public key inside; NULL: that of the one that
                                     * signs */
        const PolicyParams *policy; /* PCR policies to be signed; NULL: none */
        Buf *to_sign;               /* takes those for a key that is elsewhere */
        const SignParams *sign;     /* for Secure Boot; NULL: not signed */
        bool sign_kernel;           /* the kernel inside, too, with the same key */
        bool no_authenticode;       /* UkiBuilt need not say it; a signature and a leaf do */
        bool digest_only; /* output is to hold the bytes that are to be signed, and no image */
} UkiParams;

typedef struct UkiBuilt {
        char name[NAME_TEXT_MAX + 1], version[NAME_TEXT_MAX + 1];
        char stub_version[STUB_VERSION_MAX + 1]; /* "257.13-1~deb13u1" */
        unsigned stub_generation;                /* 257 */
        const char *architecture;                /* "x86-64"; a constant */
        bool has_kernel, has_uname;
        unsigned n_profiles; /* 0 where it has none to choose from */
        Digest authenticode; /* SHA-256; of no size where it was not computed */
        uint64_t size;
        Digest signer; /* fingerprint of the certificate; of no size where it is not signed */
        char subject[256];
        bool reproducible; /* building it again gives the same bytes */
} UkiBuilt;

/* Image and leaf appear when both are whole, the leaf last; on any failure neither does. -EINVAL
 * where the parameters contradict one another; -EINTR where a held signal came
 * (port/interrupt.h). */
int uki_build(const UkiParams *p, UkiBuilt *ret, Err *e) _must_check_;
