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
