/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/tree.h"

/* Extended attributes that an extension may not have. */

/* -EBADMSG for a folder with an attribute of overlayfs (Documentation/filesystems/overlayfs.rst):
 * when the extension is merged into a host, which is done with an overlay, it would hide or replace
 * what the host has there. entry: a folder that is left. name is that of the tree, for e; what: "a
 * system extension". */
int attributes_check(
                const TreeEntry *entry, const char *name, const char *what, Err *e) _must_check_;
