/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "measure/activate.h"
#include "port/verity-kernel.h"
#include "tools/extensions.h"
#include "tools/machine.h"
#include "tools/tool.h"

typedef struct Args {
        const char *tpm, *json;
} Args;

static const Option options[] = {
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print what is not active any more as JSON",
                        offsetof(Args, json) },
        {},
};

static const LeafType classes[] = { LEAF_SYSEXT, LEAF_CONFEXT };

typedef struct Run {
        char *const *names;
        Account *account;
        Verity verity;
        Listing listing;
        bool found;
} Run;

/* What stands in a folder, one after the other; a folder that is not there has nothing in it. */
static int each_in(Run *r, LeafType type, const char *folder,
                int (*what)(Run *, LeafType, const char *, const char *, Err *), Err *e) {
        const struct dirent *entry;
        DIR *d = opendir(folder);
        int rc = 0;

        if (!d)
                return errno == ENOENT || errno == ENOTDIR
                                       ? 0
                                       : err_set(e, -errno, "%s: %s", folder, strerror(errno));
        while (rc == 0 && (errno = 0, entry = readdir(d)))
                if (entry->d_name[0] != '.')
                        rc = what(r, type, folder, entry->d_name, e);
        if (rc == 0 && errno != 0)
                rc = err_set(e, -errno, "%s: %s", folder, strerror(errno));
        (void) closedir(d);
        return rc;
}

static int take_off(Run *r, LeafType type, const char *folder, const char *name, Err *e) {
        int rc;

        (void) folder;
        if (!is_named(r->names, name))
                return 0;
        rc = deactivate_extension(r->account, &r->verity, type, name, e);
        if (rc <= 0)
                return rc;
        r->found = true;
        listing_add(&r->listing, type, name, "inactive", NULL, NULL);
        return 0;
}

static bool is_of(char *const *names, LeafType type, const char *file) {
        if (!*names)
                return true;
        for (; *names; names++)
                if (search_is_named(type, file, *names))
                        return true;
        return false;
}

static int show_again(Run *r, LeafType type, const char *folder, const char *file, Err *e) {
        char path[PATH_MAX];
        int rc = 1;

        if (!is_of(r->names, type, file))
                return 0;
        (void) snprintf(path, sizeof(path), "%s/%s", folder, file);
        while (rc > 0) { /* however often it was hidden */
                rc = verity_uncover(&r->verity, path, e);
                r->found = r->found || rc > 0;
        }
        return rc;
}

static int take_all_off(Run *r, Err *e) {
        bool initrd = access("/etc/initrd-release", F_OK) == 0;
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < ELEMENTS(classes); i++)
                rc = each_in(r, classes[i], search_run_folder(classes[i]), take_off, e);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(classes); i++)
                for (const char *const *folder = search_folders(classes[i], initrd);
                                rc == 0 && *folder; folder++)
                        rc = each_in(r, classes[i], *folder, show_again, e);
        if (rc == 0 && r->names[0] && !r->found)
                rc = err_set(e, -ENOENT, "no extension of that name is active");
        return rc;
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        const Args *a = values;
        Run r = { .names = operands, .verity = verity_kernel() };
        int rc;

        rc = machine_open(a->tpm, &m, e);
        if (rc < 0)
                return rc;
        r.account = &m.account;
        listing_begin(a->json, &r.listing);
        rc = take_all_off(&r, e);
        rc = listing_end(&r.listing, rc, e);
        listing_done(&r.listing);
        return rc;
}

static const Verb verbs[] = {
        { "", "[NAME...]", NULL, 0, -1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch deactivate",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
