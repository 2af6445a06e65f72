/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "port/host.h"

static bool is_there(const char *root, const char *path) {
        char whole[PATH_MAX];

        (void) snprintf(whole, sizeof(whole), "%s%s", root, path);
        return access(whole, F_OK) == 0;
}

static bool has_entry(const char *root, const char *path) {
        char whole[PATH_MAX];
        const struct dirent *entry;
        bool found = false;
        DIR *d;

        (void) snprintf(whole, sizeof(whole), "%s%s", root, path);
        d = opendir(whole);
        while (d && !found && (entry = readdir(d)))
                found = entry->d_name[0] != '.';
        if (d)
                (void) closedir(d);
        return found;
}

bool host_has_tpm(const char *root) {
        return is_there(root, "/dev/tpmrm0") || has_entry(root, "/sys/class/tpmrm") ||
               is_there(root, "/sys/firmware/acpi/tables/TPM2");
}
