/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/* Shows in one folder what another holds, by mounting each of its entries there: whoever reads them
 * there reads them themselves, at no cost for each file. Symbolic links, which nothing can be
 * mounted on, are made again.
 *
 * from: a folder, opened in the mount namespace that the process is in. except: an entry that is
 * left out, of which there may be none. name: of from, for e. All that is mounted in from is shown,
 * too. Needs the right to mount; what was shown until something failed is left. */
int graft(int to, int from, const char *except, const char *name, Err *e) _must_check_;
