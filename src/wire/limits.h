/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/pcr.h"

/* Every cap on untrusted input, on one page; avouch-limits(7) prints the same figures. Bytes where
 * nothing else is said. */
enum {
        /* our records and logs (avouch-log-format(5)) */
        CONTENT_MAX = 8 * 1024,               /* canonical JSON of one record */
        STRING_MAX = 1024,                    /* one string value in a record */
        RECORD_MAX = 12 * 1024,               /* one line of the log */
        LOG_MAX = 16 * 1024 * 1024,           /* one log */
        LOG_RECORDS_MAX = 1024 * 1024,        /* records in one log */
        LOGS_MAX = 1024,                      /* logs of one boot */
        RECORD_TOKENS_MAX = 128,              /* JSON values in one record's content */
        BANKS_MAX = PCR_BANKS_MAX,            /* 4: PCR banks in a record, a quote, a TPM */
        REGISTERS_MAX = 8,                    /* registers of one log */
        UNTRUSTED_CONTENT_MAX = 4 * 1024,     /* a record of somebody whom nobody trusts */
        UNTRUSTED_BURST = 32,                 /* records of one such user at once */
        UNTRUSTED_PER_MINUTE = 60,            /* records of one such user in the long run */
        UNTRUSTED_LOG_MAX = 12 * 1024 * 1024, /* a log above it takes no more of them */
        HISTORY_LINE_MAX = 16 * 1024,   /* one line of the history: a content and its receipt */
        HISTORY_MAX = 16 * 1024 * 1024, /* the whole history */

        /* JSON (wire/json) */
        JSON_DEPTH_MAX = 8,          /* objects and arrays inside one another */
        JSON_FOREIGN_DEPTH_MAX = 16, /* the same in what others write */

        /* evidence (avouch-evidence(5)) */
        BUNDLE_MAX = 32 * 1024 * 1024, /* the whole file */
        BUNDLE_TOKENS_MAX = 2048, /* JSON values in the collection, the manifest or the tpm part */
        BUNDLE_PARTS_MAX = 16,
        TPM_PART_MAX = 64 * 1024, /* the tpm part */
        SEGMENTS_MAX = 16,        /* earlier segments that one evidence brings */
        QUOTES_MAX = BANKS_MAX,   /* quotes in one bundle */
        FIRMWARE_LOG_MAX = 4 * 1024 * 1024,
        FIRMWARE_EVENTS_MAX = 16384,     /* events in one firmware log */
        FIRMWARE_BANKS_MAX = 8,          /* banks that one firmware log lists */
        FIRMWARE_SIGNATURES_MAX = 65536, /* entries in one signature database */
        COMMAND_LINE_MAX = 8 * 1024,     /* the kernel's */
        COMMAND_LINE_WORDS_MAX = 128,    /* words of it that are compared one by one */
        COMMAND_LINE_ADDED_MAX = 8,      /* words in a row that are looked for as added to it */
        BOOT_SECTIONS_MAX = 64,          /* sections of a UKI in one firmware log */
        BOOT_LINES_MAX = 16,             /* command lines beside the UKI */
        AUTHORITIES_MAX = 32,            /* keys that let programs start, in one firmware log */
        IMA_LOG_MAX = 16 * 1024 * 1024,  /* the list of what IMA measured */
        IMA_ENTRIES_MAX = 262144,        /* entries in it */
        IMA_TEMPLATE_MAX = 255,          /* the name of an entry's template */
        IMA_DATA_MAX = 1024 * 1024,      /* what an entry was hashed over */
        SYSTEMD_LOG_MAX = 16 * 1024 * 1024,
        SYSTEMD_RECORD_MAX = 16 * 1024, /* one line of it */
        SYSTEMD_RECORD_TOKENS_MAX = 128,
        SYSREPORT_SIGNATURES_MAX = 8,     /* of a report of systemd */
        SYSREPORT_COMPONENTS_MAX = 24,    /* attestations in one of them */
        SYSREPORT_TOKENS_MAX = 32 * 1024, /* JSON values in one of them */
        NONCE_MIN = 16,
        NONCE_MAX = 32,

        /* what a TPM hands out (TPM 2.0 Library, Part 2) */
        ATTEST_MAX = 2048,        /* TPMS_ATTEST */
        TPM_NAME_MAX = 2 + 64,    /* TPM2B_NAME: algorithm and digest */
        TPM_DATA_MAX = 64,        /* TPM2B_DATA, as qualifyingData is */
        TPM_PUBLIC_MAX = 1024,    /* TPMT_PUBLIC */
        TPM_SIGNATURE_MAX = 1024, /* TPMT_SIGNATURE */
        TPM_CONTEXT_MAX = 4096,   /* the object in a TPMS_CONTEXT */
        RSA_BYTES_MAX = 512,      /* 4096 bits */
        ECC_BYTES_MAX = 66,       /* P-521 */
        NV_CONTENTS_MAX = 2048,
        NV_CERTIFIED_MAX = 8,                            /* NV attestations in one bundle */
        NV_PUBLIC_MAX = 4 + 2 + 4 + 2 + 64 + 2,          /* TPMS_NV_PUBLIC */
        PCR_SELECTION_MAX = 4 + BANKS_MAX * (2 + 1 + 4), /* TPML_PCR_SELECTION */

        /* unified kernel images */
        PE_SECTIONS_MAX = 128,        /* sections of a PE file */
        PE_HEAD_MAX = 128 * 1024,     /* of a PE file, read for its headers */
        STUB_MAX = 16 * 1024 * 1024,  /* systemd-stub, and what stands in its place */
        STUB_VERSION_MAX = 128,       /* what it says of its own version */
        UKI_TEXT_MAX = 256 * 1024,    /* a section that holds text: .cmdline, .osrel and the like */
        UKI_MAX = 1024 * 1024 * 1024, /* the whole file */
        PE_CERTIFICATES_MAX = 1024 * 1024, /* the signatures at the end of a PE file */
        HWIDS_FILES_MAX = 1024,            /* descriptions of devices */
        HWIDS_FILE_MAX = 64 * 1024,        /* one of them */
        HWIDS_PER_FILE_MAX = 512,          /* hardware ids in one of them */
        PCR_SIGNATURES_MAX = 1024,         /* signed policies of one image, or its profile */
        PROFILES_MAX = 16,                 /* of one image */
        PHASES_MAX = 16,                   /* phase paths that one prediction is for */
        COMPANIONS_MAX = 64,               /* addons, credentials, extensions beside an image */
        LOADERS_MAX = 8,                   /* programs that are started before an image */
        COURSE_STEPS_MAX = 512,            /* measurements that one prediction is made of */

        /* images, leaves, keys */
        GPT_ENTRIES_MAX = 128, /* of a partition table, used or not */
        GPT_SECTOR_MAX = 4096, /* one sector of a disk */
        VERITY_SALT_MAX = 256,
        VERITY_LEVELS_MAX = 32,
        VERITY_SIGNATURE_MAX =
                        4 * 1024 * 1024,   /* the signature partition, as systemd's reader has it */
        VERITY_SIGNATURE_TOKENS_MAX = 256, /* JSON values in it, unknown members' too */
        CMS_MAX = 64 * 1024,               /* one PKCS#7 signature, DER */
        LEAF_MAX = 64 * 1024,
        LEAF_LINE_MAX = 1024,
        LEAF_SECTIONS_MAX = PE_SECTIONS_MAX,
        LEAF_PCRS_MAX = 64, /* expected PCR 11 values */
        LEAVES_MAX = 4096,  /* leaves handed to one verification */
        EXTENSION_RELEASE_MAX = 64 * 1024,
        EXTENSION_RELEASE_KEYS_MAX = 128,
        PEM_MAX = 256 * 1024,        /* a key or certificate file */
        CERTIFICATE_MAX = 64 * 1024, /* one certificate, DER */
        SIGNERS_MAX = 16,            /* of one thing */
        NAME_TEXT_MAX = 255,         /* a file name, a layer's name */
        LAYERS_MAX = 128,            /* extensions of one class that a system has */
        ANCHORS_MAX = 64,            /* certificates that they may be signed with */

        /* the socket (wire/call) */
        CALL_MAX = 16 * 1024, /* one call, without its NUL */
        CALL_TOKENS_MAX = 128,
        CALL_METHOD_MAX = 128,     /* a method's name */
        CALLERS_MAX = 64,          /* connections at a time */
        CALLERS_OF_ONE_MAX = 16,   /* of one user other than root */
        CALLERS_NOT_ROOT_MAX = 48, /* of all such users: the rest is root's */

        /* logins (wire/sshauth) */
        SSH_AUTH_MAX = 64 * 1024, /* what sshd says of one login */
        SSH_METHODS_MAX = 8,      /* methods that it passed */
        SSH_WORD_MAX = 64,        /* a method's name, the type of a key */

        /* configuration (measure/config) */
        CONFIG_MAX = 64 * 1024, /* one file */
        CONFIG_FILES_MAX = 64,  /* drop-ins */
        CONFIG_NAMES_MAX = 32,  /* users, or units, in one list */
        CONFIG_NAME_MAX = 255,  /* one of them */

        /* sealed secrets (wire/sealed) */
        SEALED_SECRET_MAX = 1024 * 1024, /* the secret itself */
        SEALED_DIRECT_MAX = 128,         /* one that the TPM holds whole */
        SEALED_MAX = 3 * 1024 * 1024,    /* the file */
        SEALED_PUBLIC_MAX = 256,         /* TPMT_PUBLIC of the sealed object */
        SEALED_PRIVATE_MAX = 512,        /* the contents of its TPM2B_PRIVATE */

        /* unlocking volumes (measure/unlock) */
        UNLOCK_CONF_MAX = 64 * 1024, /* unlock.conf */
        UNLOCK_NAME_MAX = 127,       /* a volume's name: DM_NAME_LEN without its NUL */
        UNLOCK_WORD_MAX = 1023,      /* a path, or the value of an option */

        /* judgement (verify/) */
        POLICY_MAX = 256 * 1024,           /* one policy file */
        POLICY_KEYS_MAX = 64,              /* attestation keys in a policy */
        POLICY_REGISTERS_MAX = 8,          /* registers in a policy */
        POLICY_HASHES_MAX = 64,            /* of each kind of certificate or hash in a policy */
        POLICY_LOGINS_MAX = 64,            /* users that a policy lets log in */
        POLICY_LEAVES_MAX = 256,           /* Leaf= lines in a policy */
        GOLDEN_MAX = 16,                   /* golden evidences in one verification */
        PCRLOCK_FOLDERS_MAX = 16,          /* folders of pcrlock components */
        PCRLOCK_MAX = 1024 * 1024,         /* one file of them */
        PCRLOCK_TOKENS_MAX = 32 * 1024,    /* JSON values in it */
        PCRLOCK_RECORDS_MAX = 1024,        /* records in it */
        PCRLOCK_COMPONENTS_MAX = 256,      /* components in all folders */
        PCRLOCK_VARIANTS_MAX = 64,         /* of one component */
        PCRLOCK_TRIES_MAX = 100000,        /* combinations of variants that are looked at */
        STORY_LAYERS_MAX = 256,            /* layers that one log activates */
        STORY_PHASES_MAX = 32,             /* phases that systemd's log tells of one boot */
        NVPCRS_MAX = 16,                   /* NvPCRs in one evidence */
        FACTS_MAX = 100000,                /* things that one evidence tells, to be compared */
        FACTS_TEXT_MAX = 32 * 1024 * 1024, /* their words */
        UNLOCKS_MAX = 64, /* volumes of which one log says how they were unlocked */
        REASON_MAX = 400, /* why a claim is proven or not, in words */
};
