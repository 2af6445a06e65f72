/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/versions.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "layer/gpt-types.h"
#include "wire/limits.h"

/* One file's name, taken apart. Borrows from it. */
typedef struct Versioned {
        Span version, architecture;
        bool counts_tries;
        uint64_t left, done;
} Versioned;

static bool cut(Span *s, const char *tail) {
        Span t = span_of(tail);

        if (s->size <= t.size || !span_ends(*s, t))
                return false;
        s->size -= t.size;
        return true;
}

/* Splits at the last of a mark; false where there is none. */
static bool split(Span *s, uint8_t mark, Span *ret_behind) {
        for (size_t i = s->size; i > 0; i--)
                if (s->data[i - 1] == mark) {
                        *ret_behind = span_from(*s, i);
                        s->size = i - 1;
                        return true;
                }
        return false;
}

static bool read_tries(Span *s, Versioned *v) {
        Span tries, done = {};

        if (!split(s, '+', &tries))
                return true;
        v->counts_tries = true;
        if (split(&tries, '-', &done) && !text_number(done, UINT32_MAX, &v->done))
                return false;
        return text_number(tries, UINT32_MAX, &v->left);
}

/* False for what is no version of this name. */
static bool read_file_name(const char *file, const char *name, LeafType type, Versioned *ret) {
        Span s = span_of(file), prefix = span_of(name);
        Versioned v = {};

        if (!cut(&s, ".raw"))
                return false;
        (void) cut(&s, type == LEAF_CONFEXT ? ".confext" : ".sysext");
        if (!span_starts(s, prefix) || s.size <= prefix.size + 1 || s.data[prefix.size] != '_')
                return false;
        s = (Span){ s.data + prefix.size + 1, s.size - prefix.size - 1 };
        if (!read_tries(&s, &v))
                return false;
        if (split(&s, '_', &v.architecture) && !gpt_types_of(v.architecture))
                return false;
        v.version = s;
        *ret = v;
        return s.size > 0;
}

static bool is_for_us(const Versioned *v) {
        const GptTypes *native = gpt_types_native();

        return v->architecture.size == 0 ||
               (native && span_is(v->architecture, native->architecture));
}

/* Below 0 where a is the worse choice. */
static int compare(const Versioned *a, const Versioned *b) {
        bool a_lives = !a->counts_tries || a->left > 0, b_lives = !b->counts_tries || b->left > 0;
        int rc = (int) a_lives - (int) b_lives;

        if (rc == 0)
                rc = version_compare(a->version, b->version);
        if (rc == 0)
                rc = (int) (a->architecture.size > 0) - (int) (b->architecture.size > 0);
        if (rc == 0 && a->left != b->left)
                rc = a->left < b->left ? -1 : 1;
        if (rc == 0 && a->done != b->done)
                rc = a->done > b->done ? -1 : 1;
        return rc;
}

int versions_choose(const char *folder, const char *name, LeafType type,
                char ret[static NAME_TEXT_MAX + 1], Err *e) {
        char best_file[NAME_TEXT_MAX + 1] = "";
        const struct dirent *entry;
        Versioned best = {}, v;
        struct stat st;
        DIR *d;

        ret[0] = '\0';
        d = opendir(folder);
        if (!d)
                return err_set(e, -errno, "%s: %s", folder, strerror(errno));
        while ((entry = readdir(d))) {
                if (!read_file_name(entry->d_name, name, type, &v) || !is_for_us(&v) ||
                                fstatat(dirfd(d), entry->d_name, &st, 0) < 0 ||
                                !S_ISREG(st.st_mode))
                        continue;
                if (best_file[0] != '\0') {
                        int rc = compare(&v, &best);

                        if (rc < 0 || (rc == 0 && strcmp(entry->d_name, best_file) < 0))
                                continue;
                }
                (void) snprintf(best_file, sizeof(best_file), "%s", entry->d_name);
                (void) read_file_name(best_file, name, type, &best);
        }
        (void) closedir(d);
        memcpy(ret, best_file, sizeof(best_file));
        return 0;
}
