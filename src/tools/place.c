/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/place.h"

#include <stdlib.h>

#include "log/store.h"

const char *place_log_folder(void) {
        return secure_getenv("AVOUCH_LOG_DIR") ?: LOG_FOLDER;
}

const char *place_tcti(const char *option) {
        return option ?: secure_getenv("TPM2TOOLS_TCTI");
}
