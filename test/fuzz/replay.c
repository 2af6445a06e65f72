/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

enum { INPUT_MAX = 32 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stands in for libFuzzer: feeds each file that is named, or that stands in a folder that is named,
 * to the target once. A folder without a file is a failure: nobody looked. */
static int feed_file(const char *path) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(INPUT_MAX);
        Err e = {};
        uint8_t *exact;

        if (file_read(path, &b, &e) < 0) {
                fprintf(stderr, "%s\n", e.text);
                return -1;
        }
        /* A Buf has room behind its end. Here the sanitizer shall see the first byte too many. */
        exact = malloc(b.size);
        if (!exact && b.size > 0)
                return -1;
        if (b.size > 0)
                memcpy(exact, b.data, b.size);
        (void) LLVMFuzzerTestOneInput(exact, b.size);
        free(exact);
        return 1;
}

/* Returns how many files were fed, -1 where one could not be. */
static int feed_folder(const char *path) {
        struct dirent **entries = NULL;
        int n = scandir(path, &entries, NULL, alphasort), fed = 0;

        for (int i = 0; i < n; i++) {
                char file[4096];
                struct stat st;

                (void) snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
                free(entries[i]);
                if (fed < 0 || stat(file, &st) < 0 || !S_ISREG(st.st_mode))
                        continue;
                fed = feed_file(file) < 0 ? -1 : fed + 1;
        }
        free(entries);
        if (fed == 0)
                fprintf(stderr, "%s: no file to feed\n", path);
        return fed > 0 ? fed : -1;
}

int main(int argc, char **argv) {
        int total = 0;

        for (int i = 1; i < argc; i++) {
                struct stat st;
                int fed;

                fed = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? feed_folder(argv[i])
                                                                     : feed_file(argv[i]);
                if (fed < 0)
                        return 1;
                total += fed;
        }
        printf("%d fed\n", total);
        return total > 0 ? 0 : 1;
}
