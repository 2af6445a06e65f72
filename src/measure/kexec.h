/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/loadable.h"
#include "measure/account.h"
#include "port/kexec.h"

/* Loads the kernel that is to be started next, in this order:
 *
 *     unload what lies ready -> record and extend -> load
 *
 * What lies ready afterwards is what was recorded last, or nothing: by that record the kernel that
 * is started will be known. Where loading fails, the record is taken back. */

/* signer: the fingerprint of the certificate whose signature was found to hold, NULL for none. why:
 * the reason where it could not be loaded, and 0 is returned. Negative where it could not be
 * recorded. Nothing is loaded in both cases. */
int kexec_use(Account *a, Kexec *k, const Loadable *l, const Digest *signer, Err *why,
                Err *e) _must_check_;
