/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/x509.h"

/* Whether a certificate may be believed: a chain of certificates leads from it to one that was
 * configured (RFC 5280, section 6), none of them has expired or is not valid yet, those between are
 * of issuers, its keys are strong enough, and it is for signing data. systemd asks none of this: to
 * it every certificate in verity.d is good for ever, and for everything. */

/* pkcs7 (DER): whose other certificates may stand between; may be empty. anchors: what is trusted,
 * be it an issuer or the signer itself. now: seconds since 1970. *ret_why is NULL where it may be
 * believed, else says why not: a constant. Negative only where OpenSSL could not work. */
int chain_judge(Span pkcs7, const Certificate *signer, const Certificate *anchors, size_t n_anchors,
                int64_t now, const char **ret_why, Err *e) _must_check_;

/* Whether firmware that has this one certificate (DER) in db lets a program in for the signature in
 * pkcs7, which holds: as EDK2's Pkcs7Verify() asks it, to which an issuer, one in the midst of a
 * chain and the signer itself are all the same, and for which nothing expires and every use is
 * right. What is no certificate lets nothing in. */
int chain_admits(Span pkcs7, Span certificate, bool *ret, Err *e) _must_check_;

/* The certificate (DER) of the one who made the signature in pkcs7; none where it has not just
 * one. */
int chain_signer(Span pkcs7, Buf *to, Err *e) _must_check_;
