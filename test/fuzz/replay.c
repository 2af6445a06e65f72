/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 32 * 1024 * 1024 };

static int replay(const char *path) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(INPUT_MAX);
        Err e = {};

        if (file_read(path, &b, &e) < 0) {
                (void) fprintf(stderr, "%s\n", e.text);
                return 1;
        }
        return LLVMFuzzerTestOneInput(b.data, b.size);
}

/* Stands in for libFuzzer: feeds every file of each folder on the command line to the target. A
 * folder without files fails: a target that saw nothing has shown nothing. */
int main(int argc, char **argv) {
        unsigned n = 0;

        for (int i = 1; i < argc; i++) {
                DIR *folder = opendir(argv[i]);

                if (!folder) {
                        perror(argv[i]);
                        return 1;
                }
                for (struct dirent *d; (d = readdir(folder));) {
                        char path[PATH_MAX];

                        if (d->d_name[0] == '.')
                                continue;
                        (void) snprintf(path, sizeof(path), "%s/%s", argv[i], d->d_name);
                        if (replay(path) != 0)
                                return 1;
                        n++;
                }
                (void) closedir(folder);
        }
        return n > 0 ? 0 : 1;
}
