/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/question.h"
#include "verify/systemd.h"

/* The claim root: the images of the root file system and of /usr are releases that the judge knows,
 * by the root hash of dm-verity. That hash is on the kernel's command line, or systemd measured it
 * when it set the device up (262). Either is worth as much as the initrd that acts on it: so it
 * leans on the claim kernel. */

/* To be asked after kernel. line: the command line that was measured; empty where it is not known.
 */
int judge_root(const SystemdStory *systemd, Span line, const Question *q, Verdict *v,
                Err *e) _must_check_;
