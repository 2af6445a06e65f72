/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/pcrlock.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

enum { PATH_LENGTH_MAX = 4096 };

static const char file_end[] = ".pcrlock", folder_end[] = ".pcrlock.d";

static void dir_done(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

/* Whether something stands before this end. */
static bool ends(const char *name, const char *end) {
        size_t n = strlen(name), m = strlen(end);

        return n > m && strcmp(name + n - m, end) == 0;
}

static Span name_before(const char *name, const char *end) {
        return (Span){ (const uint8_t *) name, strlen(name) - strlen(end) };
}

static int no_memory(Err *e) {
        return err_set(e, -ENOMEM, "no memory for a component");
}

static int join(char into[PATH_LENGTH_MAX], const char *folder, const char *name, Err *e) {
        int n = snprintf(into, PATH_LENGTH_MAX, "%s/%s", folder, name);

        if ((size_t) n >= PATH_LENGTH_MAX)
                return err_set(e, -ENAMETOOLONG, "%.150s: a path is too long", folder);
        return 0;
}

/* The next entry: 1, 0 at the end. What is left out would not be expected of a machine. */
static int next_entry(DIR *folder, const char *path, const char **ret, Err *e) {
        const struct dirent *entry;

        errno = 0;
        entry = readdir(folder);
        if (!entry && errno != 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        *ret = entry ? entry->d_name : NULL;
        return entry ? 1 : 0;
}

static int take_records(Json records, PcrlockVariant *v, Err *e) {
        int rc = 0;

        v->records = calloc(json_count(records) + 1, sizeof(*v->records));
        if (!v->records)
                return no_memory(e);
        for (Json r = json_first(records); rc == 0 && json_type(r) != JSON_NONE;
                        r = json_next(records, r))
                rc = pcrlock_record(r, &v->records[v->n++], e);
        return rc;
}

static int read_file(const char *path, PcrlockVariant *v, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);
        JsonToken *tokens;
        Json records;
        int rc;

        rc = file_read(path, &text, e);
        if (rc < 0)
                return rc;
        tokens = calloc(PCRLOCK_TOKENS_MAX, sizeof(*tokens));
        if (!tokens)
                return no_memory(e);
        rc = pcrlock_parse(buf_span(&text), tokens, PCRLOCK_TOKENS_MAX, &records, e);
        if (rc == 0)
                rc = take_records(records, v, e);
        free(tokens);
        if (rc < 0)
                err_at(e, path);
        return rc;
}

static int add_variant(PcrlockComponent *c, Span name, const char *path, Err *e) {
        PcrlockVariant *list;

        if (c->n == PCRLOCK_VARIANTS_MAX)
                return err_set(e, -E2BIG, "%s: more than %d variants", path, PCRLOCK_VARIANTS_MAX);
        list = reallocarray(c->variants, c->n + 1, sizeof(*list));
        if (!list)
                return no_memory(e);
        c->variants = list;
        list[c->n] = (PcrlockVariant){ .name = strndup((const char *) name.data, name.size) };
        if (!list[c->n].name)
                return no_memory(e);
        return read_file(path, &list[c->n++], e);
}

static int by_variant(const void *a, const void *b) {
        return strcmp(((const PcrlockVariant *) a)->name, ((const PcrlockVariant *) b)->name);
}

static int read_variants(PcrlockComponent *c, const char *path, Err *e) {
        _cleanup_(dir_done) DIR *folder = opendir(path);
        const char *entry = NULL;
        int rc;

        if (!folder)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        while ((rc = next_entry(folder, path, &entry, e)) > 0) {
                char file[PATH_LENGTH_MAX];

                if (!ends(entry, file_end))
                        continue;
                rc = join(file, path, entry, e);
                if (rc == 0)
                        rc = add_variant(c, name_before(entry, file_end), file, e);
                if (rc < 0)
                        return rc;
        }
        if (rc < 0)
                return rc;
        if (c->n == 0)
                return err_set(e, -EBADMSG, "%s: a component without any variant", path);
        qsort(c->variants, c->n, sizeof(*c->variants), by_variant);
        return 0;
}

static int by_name(const void *a, const void *b) {
        return strcmp(((const PcrlockComponent *) a)->name, ((const PcrlockComponent *) b)->name);
}

/* A component more. */
static int add_component(Pcrlock *p, Span name, const char *path, PcrlockComponent **ret, Err *e) {
        PcrlockComponent *list;

        for (size_t i = 0; i < p->n; i++)
                if (span_is(name, p->list[i].name))
                        return err_set(e, -EBADMSG, "%s: component '%.80s' stands twice", path,
                                        p->list[i].name);
        if (p->n == PCRLOCK_COMPONENTS_MAX)
                return err_set(e, -E2BIG, "%s: more than %d components", path,
                                PCRLOCK_COMPONENTS_MAX);
        list = reallocarray(p->list, p->n + 1, sizeof(*list));
        if (!list)
                return no_memory(e);
        p->list = list;
        list[p->n] = (PcrlockComponent){ .name = strndup((const char *) name.data, name.size) };
        if (!list[p->n].name)
                return no_memory(e);
        *ret = &list[p->n++];
        return 0;
}

static int load_entry(Pcrlock *p, const char *folder, const char *entry, Err *e) {
        bool single = ends(entry, file_end);
        char path[PATH_LENGTH_MAX];
        PcrlockComponent *c = NULL;
        int rc;

        if (!single && !ends(entry, folder_end))
                return 0;
        rc = join(path, folder, entry, e);
        if (rc == 0)
                rc = add_component(
                                p, name_before(entry, single ? file_end : folder_end), path, &c, e);
        if (rc < 0)
                return rc;
        return single ? add_variant(c, SPAN_LITERAL(""), path, e) : read_variants(c, path, e);
}

int pcrlock_load(Pcrlock *p, const char *path, Err *e) {
        _cleanup_(dir_done) DIR *folder = opendir(path);
        const char *entry = NULL;
        int rc;

        if (!folder)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        while ((rc = next_entry(folder, path, &entry, e)) > 0) {
                rc = load_entry(p, path, entry, e);
                if (rc < 0)
                        break;
        }
        if (p->n > 0)
                qsort(p->list, p->n, sizeof(*p->list), by_name);
        if (rc == 0 && p->n == 0)
                return err_set(e, -EBADMSG, "%s: no .pcrlock component lies there", path);
        return rc;
}

void pcrlock_done(Pcrlock *p) {
        for (size_t i = 0; i < p->n; i++) {
                for (size_t v = 0; v < p->list[i].n; v++) {
                        free(p->list[i].variants[v].name);
                        free(p->list[i].variants[v].records);
                }
                free(p->list[i].variants);
                free(p->list[i].name);
        }
        free(p->list);
        *p = (Pcrlock){};
}
