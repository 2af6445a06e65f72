/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/before.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "log/store.h"
#include "quote/evidence.h"

static void dir_done(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

/* Follows a segment to its end; false where it is none that was begun. */
static bool follow(Span bytes, Chain *ret) {
        Segment s = segment_over(bytes);
        Record r;

        while (segment_next(&s, &r, NULL) > 0)
                ;
        *ret = s.chain;
        return s.rest.size == 0 && s.chain.next_seq > 0;
}

static bool starts_at_reset(const Chain *c) {
        for (size_t at = 0; at < c->n_strands; at++)
                if (!strand_starts_at_reset(&c->strands[at]))
                        return false;
        return true;
}

/* In each register. */
static bool leads_to(const Chain *earlier, const Chain *c) {
        for (size_t i = 0; i < c->n_strands; i++) {
                const Strand *before = chain_strand(earlier, c->strands[i].reg);

                if (!before || before->n_banks != c->strands[i].n_banks ||
                                !strand_values_equal(before, before->now, c->strands[i].start))
                        return false;
        }
        return earlier->n_strands == c->n_strands;
}

/* Reads what may be an earlier log. A file that cannot be read, or is too large, is none. */
static int try_file(const char *folder, const char *name, const Chain *c, Buf *ret,
                Chain *ret_chain, Err *e) {
        char path[PATH_MAX];
        Err why = {};
        int rc;

        if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int) sizeof(path))
                return 0;
        buf_done(ret);
        rc = file_read(path, ret, &why);
        if (rc == -ENOMEM)
                return err_set(e, rc, "%s", why.text);
        if (rc < 0)
                return 0;
        return follow(evidence_whole_lines(buf_span(ret)), ret_chain) && leads_to(ret_chain, c);
}

static bool is_log_name(const char *name) {
        size_t n = strlen(name);

        return n > 4 && strcmp(name + n - 4, ".log") == 0 && strcmp(name, LOG_FILE) != 0;
}

/* A folder that is not there has none; but one that is there is read to its end. */
static int try_folder(const char *folder, const Chain *c, Buf *ret, Chain *ret_chain, Err *e) {
        _cleanup_(dir_done) DIR *d = opendir(folder);
        const struct dirent *entry;
        int rc = 0;

        if (!d)
                return 0;
        while (rc == 0 && (errno = 0, entry = readdir(d)))
                if (is_log_name(entry->d_name))
                        rc = try_file(folder, entry->d_name, c, ret, ret_chain, e);
        if (rc == 0 && errno != 0)
                return err_set(e, -errno, "%s: %s", folder, strerror(errno));
        return rc;
}

/* 1 and the segment that leads to where this one starts, 0 where there is none. */
static int find_one(
                const char *const *folders, const Chain *c, Buf *ret, Chain *ret_chain, Err *e) {
        int rc = 0;

        for (; rc == 0 && *folders; folders++)
                rc = try_folder(*folders, c, ret, ret_chain, e);
        return rc;
}

int before_leads(const char *const *folders, const Chain *c, Err *e) {
        _cleanup_(buf_done) Buf unused = BUF_UP_TO(LOG_MAX);
        Chain earlier;

        return find_one(folders, c, &unused, &earlier, e);
}

/* Puts bytes before what is there. */
static void prepend(Buf *to, Span bytes) {
        size_t n = to->size;

        if (!buf_room(to, bytes.size))
                return;
        memmove(to->data + bytes.size, to->data, n);
        memcpy(to->data, bytes.data, bytes.size);
}

int before_find(const char *const *folders, Span log, Buf *to, Err *e) {
        Chain c, earlier;

        if (!follow(evidence_whole_lines(log), &c) || !chain_has_register(&c))
                return 0;
        for (unsigned n = 0; n < SEGMENTS_MAX && !starts_at_reset(&c); n++) {
                _cleanup_(buf_done) Buf found = BUF_UP_TO(LOG_MAX);
                int rc = find_one(folders, &c, &found, &earlier, e);

                if (rc <= 0)
                        return rc;
                prepend(to, evidence_whole_lines(buf_span(&found)));
                if (to->failed < 0)
                        return err_set(e, to->failed, "the earlier segments of the log do not fit");
                c = earlier;
        }
        return 0;
}
