/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/filesystem.h"

#include <errno.h>
#include <string.h>

#include "image/maker.h"
#include "port/run.h"

enum { COMPRESSION_MAX = 32 };

static const FilesystemMaker *const makers[] = { &maker_erofs, &maker_ext4, &maker_squashfs };

static const FilesystemMaker *find_maker(const char *type) {
        for (size_t i = 0; i < ELEMENTS(makers); i++)
                if (strcmp(makers[i]->type, type) == 0)
                        return makers[i];
        return NULL;
}

/* A word, and perhaps a number: it becomes a part of a program's argument. */
static bool is_compression(const char *text) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
        size_t n = strspn(text, letters);

        if (n == 0 || strlen(text) > COMPRESSION_MAX)
                return false;
        if (text[n] == '\0')
                return true;
        text += n + 1;
        n = strspn(text, "0123456789");
        return text[-1] == ',' && n > 0 && text[n] == '\0';
}

int filesystem_check(const FilesystemParams *p, Err *e) {
        const FilesystemMaker *m = find_maker(p->type);

        if (!m)
                return err_set(e, -EINVAL,
                                "file systems of type '%s' are not made; erofs, squashfs and ext4 are",
                                p->type);
        if (p->compression && !is_compression(p->compression))
                return err_set(e, -EINVAL,
                                "the compression '%s' is not a name, or NAME,LEVEL: lz4hc,9",
                                p->compression);
        if (p->compression && m->systems_only)
                return err_set(e, -EINVAL, "files in %s are not compressed", p->type);
        if (p->file_contexts && !m->file_contexts)
                return err_set(e, -EINVAL,
                                "SELinux labels can be given to files in an erofs alone, not in %s",
                                p->type);
        if (p->extension && m->systems_only)
                return err_set(e, -EINVAL,
                                "an extension is not made as an %s, in which nobody looks for its "
                                "extension-release; erofs and squashfs serve",
                                p->type);
        return 0;
}

int filesystem_make(const FilesystemParams *p, uint64_t *ret_size, Err *e) {
        int rc = filesystem_check(p, e);

        return rc < 0 ? rc : find_maker(p->type)->make(p, ret_size, e);
}

int maker_help(const char *program, const char *package, Buf *help, Err *e) {
        Err why = {};
        int rc;

        rc = run_program((const char *[]){ program, "--help", NULL }, NULL, help, &why);
        if (rc == -ENOENT)
                return err_set(e, rc, "%s is not on PATH; it comes with %s", program, package);
        if (rc < 0 && rc != -EIO) /* with which status it ends then does not matter */
                return err_set(e, rc, "%s", why.text);
        return 0;
}

bool maker_mentions(const Buf *help, const char *option) {
        return help->size > 0 && memmem(help->data, help->size, option, strlen(option)) != NULL;
}
