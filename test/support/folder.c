/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/folder.h"

#include <assert.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_MAX = 32 * 1024 * 1024 };

/* In $TMPDIR, else in memory where that can be: these files are synced often. */
Folder folder_new(void) {
        const char *const places[] = { getenv("TMPDIR"), "/dev/shm", "/tmp" };
        Folder f = {};

        for (size_t i = 0; i < ELEMENTS(places); i++) {
                int n = snprintf(f.path, sizeof(f.path), "%s/avouch-test-XXXXXX", places[i] ?: "");

                if (places[i] && n > 0 && (size_t) n < sizeof(f.path) && mkdtemp(f.path))
                        return f;
        }
        assert(false);
        return f;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *where) {
        (void) st, (void) type, (void) where;
        return remove(path);
}

void folder_done(Folder *f) {
        (void) nftw(f->path, drop, 16, FTW_DEPTH | FTW_PHYS);
}

const char *folder_path(const Folder *f, const char *name) {
        static char paths[4][512];
        static unsigned next;
        char *path = paths[next++ % ELEMENTS(paths)];

        (void) snprintf(path, sizeof(paths[0]), "%s/%s", f->path, name);
        return path;
}

const char *folder_names(const Folder *f) {
        static char names[4096];
        struct dirent **entries = NULL;
        int n = scandir(f->path, &entries, NULL, alphasort);
        size_t at = 0;

        names[0] = '\0';
        for (int i = 0; i < n; i++) {
                const char *name = entries[i]->d_name;

                if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
                        at += (size_t) snprintf(names + at, sizeof(names) - at, "%s ", name);
                assert(at < sizeof(names));
                free(entries[i]);
        }
        free(entries);
        return names;
}

const char *folder_names_behind_mark(const Folder *f) {
        static const char mark[] = ".begun ";
        const char *names = folder_names(f), *marked = strstr(names, mark);

        return marked ? marked + strlen(mark) : names;
}

Buf folder_read(const Folder *f, const char *name) {
        FILE *file = fopen(folder_path(f, name), "re");
        Buf b = BUF_UP_TO(READ_MAX);
        uint8_t chunk[4096];
        size_t n;

        assert(file);
        while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
                buf_bytes(&b, (Span){ chunk, n });
        (void) fclose(file);
        return b;
}

bool folder_holds(const Folder *f, const char *name, const char *text) {
        _cleanup_(buf_done) Buf b = folder_read(f, name);

        return span_is(buf_span(&b), text);
}

void folder_write(const Folder *f, const char *name, Span bytes) {
        FILE *file = fopen(folder_path(f, name), "we");

        assert(file);
        if (fwrite(bytes.data, 1, bytes.size, file) != bytes.size || fclose(file) != 0)
                assert(false);
}
