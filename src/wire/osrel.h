/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/span.h"

/* What an os-release text says under a key (os-release(5)): one line KEY=value, the value a plain
 * word or a text in quotes, without anything in it that a shell would replace. Empty where the key
 * is missing, stands twice, or has a value that is not so plain: nobody shall see another value
 * than we. Borrowed from the text. */
Span osrel_value(Span text, const char *key);

/* The same for what is shown to people and stands for nothing else (TITLE= of a profile): words may
 * have blanks between them without quotes, as systemd-boot and parse_env_file() of systemd read it.
 */
Span osrel_words(Span text, const char *key);
