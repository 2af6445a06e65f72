/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
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

/* What the managers of containers leave in them, as systemd-detect-virt(1) looks for it. */
static bool is_container(const char *root) {
        static const char *const marks[] = { "/run/systemd/container",
                "/run/host/container-manager", "/run/.containerenv", "/.dockerenv" };

        for (size_t i = 0; i < ELEMENTS(marks); i++)
                if (is_there(root, marks[i]))
                        return true;
        return false;
}

bool host_has_tpm(const char *root) {
        if (is_there(root, "/dev/tpmrm0"))
                return true;
        return !is_container(root) &&
               (has_entry(root, "/sys/class/tpmrm") ||
                               is_there(root, "/sys/firmware/acpi/tables/TPM2"));
}

/* "tpmrm0", of a TCTI of devices; NULL of another one. */
static const char *device_name(const char *tcti) {
        static const char device[] = "device:/dev/";

        if (!tcti || strcmp(tcti, "device") == 0)
                return "tpmrm0";
        if (strncmp(tcti, device, strlen(device)) != 0)
                return NULL;
        tcti += strlen(device);
        return strchr(tcti, '/') ? NULL : tcti;
}

bool host_tpm_is_program(const char *root, const char *tcti) {
        static const char *const classes[] = { "tpmrm", "tpm" };
        const char *name = device_name(tcti);
        bool is_virtual = false;

        /* each other driver's device stands on a bus, or on what firmware told of it */
        for (size_t i = 0; name && i < ELEMENTS(classes); i++) {
                char path[PATH_MAX], target[PATH_MAX] = "";

                (void) snprintf(path, sizeof(path), "%s/sys/class/%s/%s", root, classes[i], name);
                if (readlink(path, target, sizeof(target) - 1) > 0)
                        is_virtual = is_virtual || strstr(target, "/devices/virtual/");
        }
        return is_virtual;
}
