/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "layer/versions.h"
#include "wire/limits.h"

typedef struct Search {
        const char *root, *folder;
        LeafType type;
        bool outranks;
        Candidates found;
} Search;

const char *const *search_folders(LeafType type, bool initrd) {
        /* those in /usr are looked into by systemd 252 alone: what it would merge is ours to check
         */
        static const char *const sysext[] = { "/etc/extensions", "/run/extensions",
                "/var/lib/extensions", "/usr/local/lib/extensions", "/usr/lib/extensions", NULL };
        static const char *const sysext_initrd[] = { "/etc/extensions", "/run/extensions",
                "/var/lib/extensions", "/usr/local/lib/extensions", "/usr/lib/extensions",
                "/.extra/sysext", "/.extra/global_sysext", NULL };
        static const char *const confext[] = { "/run/confexts", "/var/lib/confexts",
                "/usr/local/lib/confexts", "/usr/lib/confexts", NULL };
        static const char *const confext_initrd[] = { "/run/confexts", "/var/lib/confexts",
                "/usr/local/lib/confexts", "/usr/lib/confexts", "/.extra/confext",
                "/.extra/global_confext", NULL };

        if (type == LEAF_CONFEXT)
                return initrd ? confext_initrd : confext;
        return initrd ? sysext_initrd : sysext;
}

const char *search_run_folder(LeafType type) {
        return type == LEAF_CONFEXT ? "/run/confexts" : "/run/extensions";
}

static bool cut(char *text, const char *suffix) {
        size_t n = strlen(text), m = strlen(suffix);

        if (n <= m || strcmp(text + n - m, suffix) != 0)
                return false;
        text[n - m] = '\0';
        return true;
}

static const char *class_suffix(LeafType type) {
        return type == LEAF_CONFEXT ? ".confext" : ".sysext";
}

/* True for what systemd takes, by its name and what it is: NAME.raw, a folder NAME, or NAME.raw.v
 * and NAME.v with versions of either (UAPI.10). The class may stand behind the name. */
static bool read_name(Candidate *c, const char *file, mode_t mode) {
        (void) snprintf(c->name, sizeof(c->name), "%s", file);
        c->is_versioned = S_ISDIR(mode) && cut(c->name, ".v");
        c->is_folder = S_ISDIR(mode) && !c->is_versioned;
        if (S_ISREG(mode) || S_ISBLK(mode) || c->is_versioned) {
                bool is_image = cut(c->name, ".raw");

                c->is_folder = c->is_versioned && !is_image;
                if (!is_image && !c->is_versioned)
                        return false;
        } else if (!c->is_folder) {
                return false;
        }
        (void) cut(c->name, class_suffix(c->type));
        return true;
}

bool search_is_named(LeafType type, const char *file, const char *name) {
        char rest[NAME_TEXT_MAX + 1];

        if (strcmp(file, name) == 0)
                return true;
        (void) snprintf(rest, sizeof(rest), "%s", file);
        (void) cut(rest, ".v");
        (void) cut(rest, ".raw");
        (void) cut(rest, class_suffix(type));
        return strcmp(rest, name) == 0;
}

static bool is_proper(const char *name) {
        if (name[0] == '.' || strlen(name) > NAME_TEXT_MAX)
                return false;
        for (; *name; name++)
                if ((uint8_t) *name < ' ' || *name == 0x7f)
                        return false;
        return true;
}

static bool is_known(const Candidates *found, const char *name) {
        for (size_t i = 0; i < found->n; i++)
                if (strcmp(found->items[i].name, name) == 0)
                        return true;
        return false;
}

static int add(Search *s, const char *file, mode_t mode, Err *e) {
        Candidate c = { .type = s->type, .outranks = s->outranks };
        Candidate *more;
        int rc = 0, n;

        if (!is_proper(file) || !read_name(&c, file, mode) || is_known(&s->found, c.name))
                return 0;
        n = snprintf(c.entry, sizeof(c.entry), "%s%s/%s", s->root, s->folder, file);
        if (n < 0 || (size_t) n >= sizeof(c.entry))
                return err_set(e, -ENAMETOOLONG, "%s%s: a path that is too long", s->root,
                                s->folder);
        if (s->found.n == LAYERS_MAX)
                return err_set(e, -E2BIG, "%s: more than %d extensions", c.entry, LAYERS_MAX);
        if (c.is_versioned && !c.is_folder)
                rc = versions_choose(c.entry, c.name, s->type, c.version, e);
        if (rc < 0)
                return rc;
        more = reallocarray(s->found.items, s->found.n + 1, sizeof(*more));
        if (!more)
                return err_set(e, -ENOMEM, "no memory for a list of extensions");
        s->found.items = more;
        more[s->found.n++] = c;
        return 0;
}

static int by_file(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of their names, so that two with one name are always told apart alike. */
static int search_folder(Search *s, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        struct dirent **entries = NULL;
        char path[PATH_MAX];
        int n, rc = 0;

        (void) snprintf(path, sizeof(path), "%s%s", s->root, s->folder);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR
                                       ? 0
                                       : err_set(e, -errno, "%s: %s", path, strerror(errno));
        n = scandirat(fd, ".", &entries, NULL, by_file);
        if (n < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        for (int i = 0; i < n; i++) {
                struct stat st;

                if (rc == 0 && fstatat(fd, entries[i]->d_name, &st, 0) == 0)
                        rc = add(s, entries[i]->d_name, st.st_mode, e);
                free(entries[i]);
        }
        free(entries);
        return rc;
}

/* A folder with nothing in it is no extension, and no choice of one; it hides what has its name. */
static bool is_empty(const Candidate *c) {
        struct dirent *entry;
        bool empty = true;
        DIR *d;

        if (!c->is_folder && !c->is_versioned)
                return false;
        d = opendir(c->entry);
        while (d && empty && (entry = readdir(d)))
                empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (d)
                (void) closedir(d);
        return d && empty;
}

static void drop_empty(Candidates *c) {
        size_t kept = 0;

        for (size_t i = 0; i < c->n; i++)
                if (!is_empty(&c->items[i]))
                        c->items[kept++] = c->items[i];
        c->n = kept;
}

/* As systemd sorts them. */
static int by_version(const void *a, const void *b) {
        const Candidate *c = a, *d = b;
        int rc = version_compare(span_of(c->name), span_of(d->name));

        return rc != 0 ? rc : strcmp(c->name, d->name);
}

int search_extensions(const char *root, LeafType type, Candidates *ret, Err *e) {
        Search s = { .root = root, .type = type, .outranks = true };
        char initrd[PATH_MAX];
        int rc = 0;

        (void) snprintf(initrd, sizeof(initrd), "%s/etc/initrd-release", root);
        for (const char *const *folder = search_folders(type, access(initrd, F_OK) == 0);
                        rc == 0 && *folder; folder++) {
                s.folder = *folder;
                rc = search_folder(&s, e);
                s.outranks = s.outranks && strcmp(*folder, search_run_folder(type)) != 0;
        }
        if (rc < 0) {
                candidates_done(&s.found);
                return rc;
        }
        drop_empty(&s.found);
        if (s.found.n > 0)
                qsort(s.found.items, s.found.n, sizeof(*s.found.items), by_version);
        *ret = s.found;
        return 0;
}

void candidates_done(Candidates *c) {
        free(c->items);
        *c = (Candidates){};
}

void candidate_path(const Candidate *c, char ret[static PATH_MAX]) {
        if (c->is_versioned && !c->is_folder)
                (void) snprintf(ret, PATH_MAX, "%s/%s", c->entry, c->version);
        else
                (void) snprintf(ret, PATH_MAX, "%s", c->entry);
}
