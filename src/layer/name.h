/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/leaf.h"

/* What an image is called: "NAME_VERSION", split at the last "_" (UAPI.2, "Partition Names";
 * UAPI.10 has no "_" within a version).
 *
 * From the label of the data partition, or where that is no NAME_VERSION, from the file's name
 * without its suffixes. A label has room for 36 characters only: one that is full gives way to a
 * file's name that begins as it does. Foreign text; version is empty where there is none. */
void layer_name(const char *label, const char *path, char name[NAME_TEXT_MAX + 1],
                char version[NAME_TEXT_MAX + 1]);

/* The type that a file's name tells: LEAF_CONFEXT for X.confext.raw, LEAF_SYSEXT for X.sysext.raw.
 * For others, usr says whether the data is a /usr partition: LEAF_USR then, otherwise LEAF_SYSEXT.
 */
LeafType layer_type_of_path(const char *path, bool usr);
