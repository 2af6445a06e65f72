/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "image/uki-part.h"
#include "image/uki-write.h"
#include "wire/limits.h"

/* What a section holds: parts, one behind the other. */
typedef struct UkiContent {
        const UkiPart *parts; /* borrowed */
        size_t n_parts;
        unsigned padded_to;        /* what each part is padded to a multiple of; 1 where none is */
        Digest digests[BANKS_MAX]; /* of all of it, once it is written */
} UkiContent;

uint64_t uki_content_size(const UkiContent *c);

/* Reads it once, for the image and for its hashes in these banks. -EINTR where a held signal came
 * (port/interrupt.h). */
int uki_content_write(UkiContent *c, const HashAlg *banks, unsigned n_banks, UkiWriter *w,
                Err *e) _must_check_;
