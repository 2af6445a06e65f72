/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/question.h"
#include "verify/systemd.h"

/* The claim verity: every dm-verity device that systemd set up (system, extensions, portable
 * services, containers) is over an image that the judge knows, by its root hash. systemd 260 and
 * later measures each into the NvPCR "verity". A signer that a record names says nothing: systemd
 * writes it down whether or not it could check the signature. What has no hash tree, such as a
 * folder, is not told. */
int judge_devices(const SystemdStory *systemd, const Question *q, Verdict *v, Err *e) _must_check_;
