/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log/store.h"
#include "measure/ledger.h"
#include "measure/unlockconf.h"

const char *place_log_folder(void) {
        return secure_getenv("AVOUCH_LOG_DIR") ?: LOG_FOLDER;
}

const char *place_state_folder(void) {
        const char *set = secure_getenv("AVOUCH_STATE_DIR");

        /* systemd's own mark of an initrd */
        if (!set && access("/etc/initrd-release", F_OK) == 0)
                return NULL;
        return set ?: HISTORY_FOLDER;
}

void place_config_folders(const char *ret[static PLACE_FOLDERS_MAX]) {
        static const char *const folders[PLACE_FOLDERS_MAX] = { "/etc/avouch", "/run/avouch",
                "/usr/local/lib/avouch", "/usr/lib/avouch", NULL };
        const char *only = secure_getenv("AVOUCH_CONFIG_DIR");

        for (size_t i = 0; i < PLACE_FOLDERS_MAX; i++)
                ret[i] = only ? NULL : folders[i];
        if (only)
                ret[0] = only;
}

void place_unlock_conf(char *ret, size_t size) {
        const char *folder = secure_getenv("AVOUCH_CONFIG_DIR");

        (void) snprintf(ret, size, "%s/" UNLOCK_CONF_FILE, folder ?: "/etc/avouch");
}

const char *place_tcti(const char *option) {
        return option ?: secure_getenv("TPM2TOOLS_TCTI");
}
