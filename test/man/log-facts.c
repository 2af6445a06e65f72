/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "log/chain.h"

/* What the code knows of the log's format, for a test that compares it with the page: without an
 * argument every event's members and every limit, with a log's path what it leads to. */

static void print_members(const char *event, const MemberRule *rules) {
        for (; rules->name; rules++) {
                printf("%s %s %s\n", event, rules->name, rules->optional ? "optional" : "always");
                for (size_t i = 0; rules->words && rules->words[i]; i++)
                        printf("%s %s %s\n", event, rules->name, rules->words[i]);
        }
}

static void print_format(void) {
        print_members("common", event_common_members);
        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++)
                print_members(event_name(event), event_members(event));
}

static void print_limits(void) {
        static const struct {
                int value;
                const char *unit, *what;
        } limits[] = {
                { CONTENT_MAX, "bytes", "a content" },
                { STRING_MAX, "bytes", "a string of type" },
                { RECORD_MAX, "bytes", "a record, with 0x1E and 0x0A" },
                { LOG_MAX, "bytes", "a log" },
                { LOG_RECORDS_MAX, "records", "a log" },
                { RECORD_TOKENS_MAX, "values", "a content" },
                { BANKS_MAX, "banks", "a record" },
                { REGISTERS_MAX, "registers", "a segment" },
                { HISTORY_LINE_MAX, "bytes", "a line of the history" },
                { HISTORY_MAX, "bytes", "the history" },
        };

        for (size_t i = 0; i < ELEMENTS(limits); i++)
                printf("limit %d %s %s\n", limits[i].value, limits[i].unit, limits[i].what);
}

static int print_log(const char *path, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        Segment s;
        Record r;
        int rc;

        rc = file_read(path, &log, e);
        if (rc < 0)
                return rc;
        s = segment_over(buf_span(&log));
        while ((rc = segment_next(&s, &r, e)) > 0)
                ;
        if (rc < 0)
                return rc;
        printf("%" PRIu64 " records\n", s.chain.next_seq);
        for (size_t i = 0; i < s.chain.strands[0].n_banks; i++) {
                printf("%s ", hash_name(s.chain.strands[0].now[i].alg));
                for (size_t j = 0; j < s.chain.strands[0].now[i].size; j++)
                        printf("%02x", s.chain.strands[0].now[i].bytes[j]);
                printf("\n");
        }
        return 0;
}

int main(int argc, char **argv) {
        Err e = {};

        if (argc < 2) {
                print_format();
                print_limits();
                return 0;
        }
        if (print_log(argv[1], &e) < 0) {
                fprintf(stderr, "%s: %s\n", argv[1], e.text);
                return 1;
        }
        return 0;
}
