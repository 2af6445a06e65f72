/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "wire/limits.h"

/* The attribute certificate table at the end of a signed PE file (Microsoft, "PE Format", "The
 * Attribute Certificate Table"; UEFI, 32.2.4): one WIN_CERTIFICATE behind the other,
 *
 *      u32 length (of these eight bytes too), u16 revision, u16 type, the certificate
 *
 * little-endian, each padded with zeros to a multiple of eight. As EDK2 does, no other end than
 * that of the last one's padding is taken. */
enum { WINCERT_REVISION_2 = 0x0200, WINCERT_PKCS7 = 0x0002 };

typedef struct WinCert {
        uint16_t revision, type; /* others than the two above are carried */
        Span bytes;              /* borrowed from the table */
} WinCert;

typedef struct WinCerts {
        WinCert list[SIGNERS_MAX];
        size_t n;
} WinCerts;

/* An empty table has none. */
int wincerts_parse(Span table, WinCerts *ret, Err *e) _must_check_;

/* Appends one PKCS#7 signature, DER, to a table. */
void wincert_put(Buf *table, Span pkcs7);
