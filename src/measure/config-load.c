/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "measure/config.h"
#include "port/crypto.h"

/* The files of a configuration, in the order in which they count. */

enum { NAME_BYTES = NAME_MAX + 1 };

/* The names of all drop-ins, each once; sorted in the end. */
typedef struct Names {
        char names[CONFIG_FILES_MAX][NAME_BYTES];
        size_t n;
} Names;

static bool ends_in_conf(const char *name) {
        size_t n = strlen(name);

        return name[0] != '.' && n > strlen(".conf") &&
               strcmp(name + n - strlen(".conf"), ".conf") == 0;
}

static int add_name(Names *names, const char *name, Err *e) {
        for (size_t i = 0; i < names->n; i++)
                if (strcmp(names->names[i], name) == 0)
                        return 0;
        if (names->n == CONFIG_FILES_MAX)
                return err_set(e, -E2BIG, CONFIG_FILE ".d: more than %d files", CONFIG_FILES_MAX);
        (void) snprintf(names->names[names->n++], NAME_BYTES, "%s", name);
        return 0;
}

static int list_folder(const char *folder, Names *names, Err *e) {
        const struct dirent *entry;
        char path[PATH_MAX];
        int rc = 0;
        DIR *d;

        (void) snprintf(path, sizeof(path), "%s/" CONFIG_FILE ".d", folder);
        d = opendir(path);
        if (!d)
                return errno == ENOENT || errno == ENOTDIR
                                       ? 0
                                       : err_set(e, -errno, "%s: %s", path, strerror(errno));
        while (rc == 0 && (entry = readdir(d)))
                if (ends_in_conf(entry->d_name))
                        rc = add_name(names, entry->d_name, e);
        (void) closedir(d);
        return rc;
}

static int by_name(const void *a, const void *b) {
        return strcmp(a, b);
}

/* 1 where the folder has the file and it was applied, 0 where it has none. */
static int apply_file(const char *folder, const char *name, Config *config, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONFIG_MAX);
        char path[PATH_MAX];
        Err why = {};
        int rc;

        (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
        rc = file_read(path, &text, &why);
        if (rc == -ENOENT || rc == -ENOTDIR)
                return 0;
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        rc = config_apply(buf_span(&text), config, e);
        if (rc < 0)
                err_at(e, path);
        return rc < 0 ? rc : 1;
}

/* From the first folder that has it. */
static int apply_first(const char *const *folders, const char *name, Config *config, Err *e) {
        int rc = 0;

        for (; rc == 0 && *folders; folders++)
                rc = apply_file(*folders, name, config, e);
        return rc < 0 ? rc : 0;
}

static int apply_all(const char *const *folders, Names *names, Config *config, Err *e) {
        char name[NAME_BYTES + sizeof(CONFIG_FILE ".d/")];
        int rc;

        rc = apply_first(folders, CONFIG_FILE, config, e);
        for (const char *const *folder = folders; rc == 0 && *folder; folder++)
                rc = list_folder(*folder, names, e);
        if (rc < 0)
                return rc;
        qsort(names->names, names->n, sizeof(names->names[0]), by_name);
        for (size_t i = 0; rc == 0 && i < names->n; i++) {
                (void) snprintf(name, sizeof(name), CONFIG_FILE ".d/%s", names->names[i]);
                rc = apply_first(folders, name, config, e);
        }
        return rc;
}

static int hash_config(Config *c, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONFIG_MAX);
        Digest d;
        int rc;

        config_text(c, &text);
        rc = hash_bytes(HASH_SHA256, buf_span(&text), &d, e);
        if (rc < 0)
                return rc;
        memcpy(c->plan.config, d.bytes, sizeof(c->plan.config));
        c->plan.configured = true;
        return text.failed;
}

int config_load(const char *const *folders, Config *ret, Err *e) {
        Config config = config_default();
        Names names = {};
        int rc;

        rc = apply_all(folders, &names, &config, e);
        if (rc == 0)
                rc = hash_config(&config, e);
        if (rc == 0)
                *ret = config;
        return rc;
}
