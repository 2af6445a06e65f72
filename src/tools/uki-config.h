/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "tools/policies.h"
#include "tools/tool.h"

/* build-uki's options out of a file: ukify's uki.conf, in the form that Python's configparser
 * takes, with the keys of ukify(1). [UKI] has the names of options; each [PCRSignature:NAME] is one
 * key that signs policies, behind those of the command line. What an option says comes first, and
 * what it lists comes behind what the file lists.
 *
 * Stricter than ukify: a key that is unknown, or given twice, is refused. */

/* options and values: the program's; keys: the part of values that is about policies. What is taken
 * borrows from text. -EBADMSG names the line. */
int uki_config_take(const char *path, const Option *options, void *values, PolicyArgs *keys,
                Buf *text, Err *e) _must_check_;
