/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/motd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "tools/place.h"
#include "wire/record.h"

enum { WALL_SIZE = 64, SHOWN_MAX = 200 }; /* SHOWN_MAX: bytes of what others chose */

static void put_wall(int64_t wall, FILE *to) {
        time_t seconds = (time_t) (wall / 1000000);
        char text[WALL_SIZE];
        struct tm tm;

        if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
                fprintf(to, ", %s", text);
}

static void put_member(const Content *c, const char *name, const char *before, FILE *to) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(STRING_MAX), quoted = BUF_UP_TO(8 * SHOWN_MAX);

        if (!json_text(content_member(c, name), &text) || text.size == 0)
                return;
        /* quotation marks first, and then what would change how all of it reads */
        text_quote(&quoted, buf_span(&text), SHOWN_MAX);
        fprintf(to, "%s", before);
        text_print(to, buf_span(&quoted));
}

static void put_opening(const Content *c, unsigned openings, FILE *to) {
        Span kind = content_text(c, "kind");

        fprintf(to, "This machine was opened by hand");
        if (openings > 1)
                fprintf(to, " %u times since it started, last", openings);
        fprintf(to, " (%.*s)", (int) kind.size, (const char *) kind.data);
        put_member(c, "user", " by ", to);
        put_member(c, "rhost", " from ", to);
        put_wall(c->wall, to);
        put_member(c, "reason", ": ", to);
        fprintf(to, "\nThat is on record for good: nobody can undo it, nor does a reboot (see avouch glass history).\n");
}

/* False where the record is none of an opening. */
static bool write_message(Span line, unsigned openings, Buf *to) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream;
        Record r;

        if (record_parse(line, &r, NULL) < 0 || r.content.event != EVENT_GLASS_OPEN)
                return false;
        stream = open_memstream(&text, &size);
        if (!stream)
                return false;
        put_opening(&r.content, openings, stream);
        if (fclose(stream) == 0)
                buf_bytes(to, (Span){ (const uint8_t *) text, size });
        free(text);
        return to->size > 0 && to->failed == 0;
}

/* Beside the log where that is not the system's: a test's message is for nobody else. */
static int write_file(Span message, Err *e) {
        const char *log = place_log_folder();
        bool own = strcmp(log, LOG_FOLDER) == 0;
        char path[PATH_MAX];
        int rc;

        rc = own ? dir_make(MOTD_FOLDER, 0755, e) : 0;
        if (rc < 0)
                return rc;
        (void) snprintf(path, sizeof(path), "%s/%s", own ? MOTD_FOLDER : log,
                        own ? "avouch" : "motd");
        return file_write(path, 0644, message, e);
}

void motd_show(const Account *a) {
        /* for everybody to read, however private what records is otherwise */
        mode_t mask = umask(022);
        _cleanup_(buf_done) Buf last = BUF_UP_TO(RECORD_MAX), message = BUF_UP_TO(16 * STRING_MAX);
        Err e = {};
        int rc;

        rc = store_load_from(a->store, a->last_from, &last, &e);
        if (rc == 0 && write_message(buf_span(&last), a->glass.opened, &message))
                rc = write_file(buf_span(&message), &e);
        (void) umask(mask);
        if (rc < 0)
                fprintf(stderr, "avouch: recorded, but not in the message of the day: %s\n",
                                e.text);
}
