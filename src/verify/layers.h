/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/question.h"
#include "verify/story.h"

/* The claim layers: every layer that was activated in this boot is one of the releases that the
 * judge knows, under the name, version, class and signer that the release has. */
void judge_layers(const Story *s, const Question *q, Verdict *v);

/* The release that a layer is; NULL where it is none. */
const Release *layer_release(const StoryLayer *layer, const Releases *releases);

/* What of a record differs from the release that has its hash ("name"); NULL where both agree. */
const char *layer_contradiction(const StoryLayer *layer, const Release *r);
