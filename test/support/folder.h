/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"

/* A folder of a test's own, which goes away with all that is in it. */

typedef struct Folder {
        char path[64];
} Folder;

Folder folder_new(void);
void folder_done(Folder *f); /* for _cleanup_ */

/* "folder/name", valid until the next call but three. */
const char *folder_path(const Folder *f, const char *name);

/* The names in it, sorted, each with a blank behind it; hidden ones too. Valid until the next call.
 */
const char *folder_names(const Folder *f);

/* The same, but for a mark ("BOOTID.begun") in the front. */
const char *folder_names_behind_mark(const Folder *f);

/* A file's bytes; the caller frees the Buf. Asserts that it is there. */
Buf folder_read(const Folder *f, const char *name);

/* True where a file holds this text. Asserts that it is there. */
bool folder_holds(const Folder *f, const char *name, const char *text);

/* Puts a file there. */
void folder_write(const Folder *f, const char *name, Span bytes);
