/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "image/hashtree.h"

/* hash-tree FILE THREADS: the hash tree over a file, behind it in the file, and nothing else: for
 * test/bench/image. */
int main(int argc, char **argv) {
        _cleanup_(fd_done) int fd = argc == 3 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
        static const uint8_t salt[32] = { 7 };
        HashTreeParams p = { .fd = fd, .salt = { salt, sizeof(salt) } };
        uint64_t threads = 0, size;
        struct stat st;
        Digest root;
        Err e = {};

        if (fd < 0 || fstat(fd, &st) < 0 || !text_number(span_of(argv[2]), WORKERS_MAX, &threads) ||
                        threads == 0) {
                fprintf(stderr, "usage: hash-tree FILE THREADS\n");
                return EXIT_FAILURE;
        }
        p.name = argv[1];
        p.data_size = p.tree_at = (uint64_t) st.st_size;
        p.n_workers = (unsigned) threads;
        if (hash_tree_make(&p, &root, &size, &e) < 0) {
                fprintf(stderr, "%s\n", e.text);
                return EXIT_FAILURE;
        }
        for (unsigned i = 0; i < root.size; i++)
                printf("%02x", root.bytes[i]);
        printf("\n");
        return EXIT_SUCCESS;
}
