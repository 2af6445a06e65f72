/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cursor.h"
#include "wire/limits.h"

/* Signature databases of Secure Boot as the variables PK, KEK, db and dbx hold them (UEFI 2.10,
 * section 32.4.1): EFI_SIGNATURE_LISTs one behind the other, each with entries of one kind. */

typedef enum EfiSignatureKind {
        EFI_SIGNATURE_OTHER,
        EFI_SIGNATURE_X509,        /* a certificate, DER */
        EFI_SIGNATURE_SHA256,      /* of a program (Authenticode) */
        EFI_SIGNATURE_X509_SHA256, /* of a certificate's signed part, with a time (32.4.1) */
        EFI_SIGNATURE_X509_SHA384,
        EFI_SIGNATURE_X509_SHA512,
} EfiSignatureKind;

typedef struct EfiSignature {
        EfiSignatureKind kind;
        Span type;  /* GUID of the kind */
        Span owner; /* GUID of whoever put it there, by its own word */
        Span data;
} EfiSignature;

typedef struct EfiSignatures {
        Cursor lists, entries;
        Span type;
        size_t entry_size; /* 0: no list is open */
        size_t n;
} EfiSignatures;

EfiSignatures efi_signatures_over(Span variable);

/* 1 and the next entry, 0 at the end, -EBADMSG. */
int efi_signature_next(EfiSignatures *it, EfiSignature *ret, Err *e) _must_check_;
