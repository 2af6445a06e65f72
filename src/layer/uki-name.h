/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/span.h"
#include "wire/limits.h"

/* What a unified kernel image is called, by its own sections: the name is IMAGE_ID= or else ID= of
 * the os-release text ("linux" where there is none), the version IMAGE_VERSION= or else the uname.
 * Foreign text; version is empty where there is none. */
void uki_name(Span os_release, Span uname, char name[NAME_TEXT_MAX + 1],
                char version[NAME_TEXT_MAX + 1]);
