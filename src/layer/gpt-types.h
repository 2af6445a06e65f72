/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/span.h"

/* The partition types that an image of each architecture has (UAPI.2, "Discoverable Partitions
 * Specification", "Defined Partition Type UUIDs"): one table for those who write images and those
 * who read them. GUIDs as text, lower case. */
typedef struct GptTypes {
        const char *architecture; /* as systemd and UAPI.4 have it: "x86-64" */
        const char *root, *root_verity, *root_verity_sig;
        const char *usr, *usr_verity, *usr_verity_sig;
} GptTypes;

/* Ends with a NULL architecture. */
extern const GptTypes gpt_types[];

/* NULL for an architecture that has no row. */
const GptTypes *gpt_types_of(Span architecture);

/* What this program was built for; NULL for an architecture that has no row. */
const GptTypes *gpt_types_native(void);
