/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/layer.h"
#include "measure/account.h"

/* Records that a layer is activated: layer.activate with its class, name, version and root hash.
 * signer is the fingerprint (SHA-256) of the certificate whose signature was found to hold, NULL
 * where none was asked for: what was not verified is not recorded. Whether the layer's bytes hold
 * is the caller's to have checked. */
int measure_layer(Account *a, const Layer *l, const Digest *signer, Err *e) _must_check_;

/* What else there is to tell of a layer. */
typedef struct LayerTelling {
        Event event;
        LeafType class;
        const char *name, *version; /* version: NULL or empty where none is known */
        const Digest *identity;     /* NULL where it is not known: of what was refused unread */
        const Digest *signer;       /* NULL where no signature was found to hold */
        const Digest *command_line; /* SHA-256 of a UKI's .cmdline; NULL where it is not loaded */
        const char *reason;         /* NULL for none; foreign text may be in it */
        bool has_order;             /* of what is activated together, from 0 on: */
        unsigned order;
} LayerTelling;

int measure_layer_telling(Account *a, const LayerTelling *t, Err *e) _must_check_;
