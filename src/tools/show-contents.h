/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/contents.h"
#include "wire/json.h"

/* What an image says of itself inside, shown; or why it was not looked at. */

/* As the member "extensionRelease" or "osRelease", where it is that. */
void show_contents_json(JsonWriter *w, const char *member, const Contents *c);

/* As the member "unread", where it was not looked at. */
void show_unread_json(JsonWriter *w, const Contents *c);

void show_contents(const Contents *c);
