/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "log/flush.h"
#include "log/store.h"
#include "port/host.h"
#include "quote/systemd.h"
#include "tools/log-follow.h"
#include "tools/log-replay.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/tool.h"
#include "verify/report.h"

typedef struct Args {
        const char *tpm, *json, *format, *folder;
        Strings lanes, events;
        bool follow, replay, flush;
} Args;

static const Option options[] = {
        { "lane", 0, OPTION_REPEATED, "LANE",
                        "Only records of this lane: phase, layer, unlock, glass or note",
                        offsetof(Args, lanes) },
        { "event", 0, OPTION_REPEATED, "EVENT", "Only records of this event, as glass.open",
                        offsetof(Args, events) },
        { "follow", 'f', OPTION_FLAG, NULL, "Go on, and print records as they come",
                        offsetof(Args, follow) },
        { "replay", 0, OPTION_FLAG, NULL,
                        "Say whether the TPM's registers hold what the records lead to",
                        offsetof(Args, replay) },
        { "flush", 0, OPTION_FLAG, NULL, "Copy this boot's log to a disk, or what it gained since",
                        offsetof(Args, flush) },
        { "directory", 'D', OPTION_VALUE, "DIR", "Of --flush: where to (default: " FLUSH_FOLDER ")",
                        offsetof(Args, folder) },
        { "format", 0, OPTION_VALUE, "FORMAT", "cel: all of it as one CEL-JSON array",
                        offsetof(Args, format) },
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Of --replay: which TPM (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print JSON, an object for each record",
                        offsetof(Args, json) },
        {},
};

/* What is printed: a bit for each event. */
typedef struct Filter {
        uint32_t events;
} Filter;

static int unknown(const char *what, const char *word, const char *const *names, Err *e) {
        const char *nearest = text_nearest(span_of(word), names);

        return err_set(e, -EINVAL, "there is no %s '%s'%s%s%s", what, word,
                        nearest ? ", did you mean '" : "", nearest ?: "", nearest ? "'?" : "");
}

static int add_lane(const char *word, Filter *f, Err *e) {
        bool known = false;

        for (Event event = EVENT_INVALID + 1; event < _EVENT_MAX; event++)
                if (strcmp(lane_names[event_lane(event)], word) == 0) {
                        f->events |= UINT32_C(1) << event;
                        known = true;
                }
        return known ? 0 : unknown("lane", word, lane_names, e);
}

static int add_event(const char *word, Filter *f, Err *e) {
        const char *names[_EVENT_MAX] = {};
        Event event = event_of_name(span_of(word));

        for (Event known = EVENT_INVALID + 1; known < _EVENT_MAX; known++)
                names[known - 1] = event_name(known);
        if (event == EVENT_INVALID)
                return unknown("event", word, names, e);
        f->events |= UINT32_C(1) << event;
        return 0;
}

static int read_filter(const Args *a, Filter *ret, Err *e) {
        Filter f = {};
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < a->lanes.n; i++)
                rc = add_lane(a->lanes.values[i], &f, e);
        for (size_t i = 0; rc == 0 && i < a->events.n; i++)
                rc = add_event(a->events.values[i], &f, e);
        if (a->lanes.n + a->events.n == 0)
                f.events = UINT32_MAX;
        *ret = f;
        return rc;
}

/* What is about this machine's log as a whole takes no other wish. */
static int check_whole(const Args *a, const char *option, const char *file, Err *e) {
        if (a->format || a->follow || a->lanes.n + a->events.n > 0 || (a->replay && a->flush))
                return err_set(e, -EINVAL, "'%s' is about the whole log, and ends", option);
        if (file)
                return err_set(e, -EINVAL, "'%s' is about this machine's own log", option);
        return 0;
}

static int check_args(const Args *a, char *const *operands, Err *e) {
        if (a->format && strcmp(a->format, "cel") != 0)
                return err_set(e, -EINVAL, "'--format=%s': the only one is cel", a->format);
        if (a->format && (a->json || a->follow))
                return err_set(e, -EINVAL, "'--format=' stands without --json and --follow");
        if (a->folder && !a->flush)
                return err_set(e, -EINVAL, "'--directory=' is of --flush");
        if (a->flush)
                return check_whole(a, "--flush", operands[0], e);
        return a->replay ? check_whole(a, "--replay", operands[0], e) : 0;
}

/* What stands between 0x1E and 0x0A. */
static Span inner(Span line) {
        return (Span){ line.data + 1, line.size - 2 };
}

/* Prints records as they are taken. */
typedef struct Printer {
        const Args *args;
        Filter filter;
        bool opened;
        uint64_t printed;
} Printer;

static void print_one(Printer *p, const Record *r, Span line) {
        bool doubtful = p->opened;

        p->opened = p->opened || r->content.event == EVENT_GLASS_OPEN;
        if (!(p->filter.events >> r->content.event & 1))
                return;
        if (p->args->format) {
                printf("%s", p->printed > 0 ? "," : "[\n");
                print_json("short", inner(line));
        } else if (p->args->json) {
                print_json(p->args->json, inner(line));
        } else {
                report_line(&r->content, NULL, doubtful, stdout);
        }
        p->printed++;
}

static int print_all(LogReader *reader, Printer *p, Err *e) {
        Record r;
        int rc;

        for (;;) {
                const uint8_t *at = reader->segment.rest.data;

                rc = log_reader_next(reader, &r, e);
                if (rc <= 0)
                        return rc;
                print_one(p, &r, (Span){ at, (size_t) (reader->segment.rest.data - at) });
        }
}

static int follow(LogReader *reader, Printer *p, Err *e) {
        int rc;

        for (;;) {
                Err why = {};

                rc = log_reader_more(reader, &why);
                if (rc > 0)
                        rc = print_all(reader, p, &why);
                if (rc < 0)
                        return log_judge(rc, &why, e);
                if (fflush(stdout) != 0)
                        return EXIT_YES; /* the frame says that nobody reads any more */
                rc = log_reader_wait(reader, e);
                if (rc < 0)
                        return rc;
        }
}

static int print(LogReader *reader, Printer *p, Err *e) {
        Err why = {};
        int rc;

        if (p->args->follow)
                return follow(reader, p, e);
        rc = log_reader_more(reader, e);
        if (rc < 0)
                return rc;
        if (rc == 0)
                return log_missing(e);
        rc = print_all(reader, p, &why);
        if (p->args->format)
                printf("%s]\n", p->printed > 0 ? "" : "[");
        return log_judge(rc, &why, e);
}

static int run_flush(const Args *a, Err *e) {
        const char *from = place_log_folder(), *to = a->folder ?: FLUSH_FOLDER;
        uint8_t boot[16];
        Flushed f = {};
        int rc;

        rc = host_boot_id(boot, e);
        if (rc == 0)
                rc = log_flush(from, to, boot, PLACE_LOCK_SECONDS, &f, e);
        /* which belongs to this machine's own log, and to no other */
        if (rc == 0 && strcmp(from, LOG_FOLDER) == 0)
                rc = systemd_log_keep(SYSTEMD_LOG_FOLDER, SYSTEMD_LOG_FILE, to, boot,
                                PLACE_LOCK_SECONDS, e);
        if (rc < 0)
                return rc;
        if (a->json)
                printf("{\"bytes\":%" PRIu64 ",\"segments\":%u}\n", f.bytes, f.segments);
        else
                printf("%u segment%s in %s, %" PRIu64 " bytes of them new\n", f.segments,
                                f.segments == 1 ? "" : "s", to, f.bytes);
        return EXIT_YES;
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(log_reader_done) LogReader reader =
                        LOG_READER_OF(operands[0], place_log_folder());
        const Args *a = values;
        Printer p = { .args = a };
        int rc;

        rc = check_args(a, operands, e);
        if (rc == 0)
                rc = read_filter(a, &p.filter, e);
        if (rc < 0)
                return rc;
        if (a->flush)
                return run_flush(a, e);
        return a->replay ? log_replay(a->tpm, a->json, e) : print(&reader, &p, e);
}

static const Verb verbs[] = {
        { "", "[FILE]", NULL, 0, 1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch log",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
