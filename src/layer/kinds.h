/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/layer.h"

/* The kinds of layer that can be recognised. One file for each, one table of them: to add a kind,
 * write NAME.c and one line in layer.c. */
struct LayerKind {
        bool (*matches)(Span head);         /* the file's first bytes, LAYER_HEAD at most */
        int (*recognise)(Layer *l, Err *e); /* fd, path and kind are set */
        int (*check)(const Layer *l, const Watcher *watcher, Err *e); /* all of it */
        int (*check_rest)(const Layer *l, Err *e); /* NULL where the identity covers every byte */
};

extern const LayerKind layer_ddi, layer_uki;
