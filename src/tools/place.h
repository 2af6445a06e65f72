/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Where this machine's log and TPM are, by option, environment and default. */

/* How long a program waits for another that records. */
enum { PLACE_LOCK_SECONDS = 10 };

/* $AVOUCH_LOG_DIR (ignored under AT_SECURE), or LOG_FOLDER. */
const char *place_log_folder(void);

/* Where the break-glass history is at home: $AVOUCH_STATE_DIR (ignored under AT_SECURE), or
 * HISTORY_FOLDER; NULL in the initrd, whose own folder of that name is gone once the machine has
 * started. */
const char *place_state_folder(void);

/* Where avouch.conf(5) is looked for, the first one counts most; NULL ends them. $AVOUCH_CONFIG_DIR
 * (ignored under AT_SECURE) stands for all of them. Filled into ret. */
enum { PLACE_FOLDERS_MAX = 5 };
void place_config_folders(const char *ret[static PLACE_FOLDERS_MAX]);

/* Which volumes avouch unlocks: unlock.conf(5) in $AVOUCH_CONFIG_DIR (ignored under AT_SECURE), or
 * in /etc/avouch; what is in /usr is nobody's word for a machine's disks. */
void place_unlock_conf(char *ret, size_t size);

/* --tpm=, else $TPM2TOOLS_TCTI, else NULL: the default device. */
const char *place_tcti(const char *option);
