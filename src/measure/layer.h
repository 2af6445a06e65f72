/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/layer.h"
#include "measure/account.h"

/* Records that a layer is activated: layer.activate with its class, name, version and root hash.
 * signer is the fingerprint (SHA-256) of the certificate whose signature was found to hold, NULL
 * where none was asked for: what was not verified is not recorded. Whether the layer's bytes hold
 * is the caller's to have checked. */
int measure_layer(Account *a, const Layer *l, const Digest *signer, Err *e) _must_check_;
