/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void folder_done(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

static int feed(const char *folder, const char *name) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64 * 1024 * 1024);
        char path[4096];
        Err e = {};

        if ((size_t) snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
                return -ENAMETOOLONG;
        if (file_read(path, &b, &e) < 0) {
                fprintf(stderr, "%s\n", e.text);
                return e.code;
        }
        (void) LLVMFuzzerTestOneInput(b.data, b.size);
        return 0;
}

/* Stands in for libFuzzer: feeds each file of the folders named on the command line to the target
 * once. A folder without files is an error: nothing would have been tested. */
int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                _cleanup_(folder_done) DIR *d = opendir(argv[i]);
                size_t n = 0;

                for (struct dirent *f = d ? readdir(d) : NULL; f; f = readdir(d)) {
                        if (f->d_name[0] == '.')
                                continue;
                        if (feed(argv[i], f->d_name) < 0)
                                return 1;
                        n++;
                }
                if (n == 0) {
                        fprintf(stderr, "%s: no corpus here\n", argv[i]);
                        return 1;
                }
        }
        return 0;
}
