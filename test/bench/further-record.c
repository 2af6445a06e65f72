/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "measure/checkpoint.h"
#include "measure/words.h"
#include "tools/machine.h"

/* further-record ROUNDS FILE [ours|bare]: what a further record costs a process that stays, and
 * what the bare command and a synced write do, for test/bench/measure.
 *
 * Ours takes the log back, records a note, and lets the log go for others, with a checkpoint after
 * so many, as "avouch measure serve" does it. Bare is TPM2_PCR_Extend of as many banks, written to
 * swtpm and read back by plain system calls over a connection of its own (swtpm serves one after
 * another), and as many bytes written to FILE as a record has, and synced. They take turns; each
 * line has the nanoseconds of both. */

enum {
        ROUNDS_MAX = 100000,
        NOTE_RECORDS = 64,
        ROOM = 4096,
        QUIET = 50 * 1000, /* nanoseconds, in which swtpm falls asleep */
};

typedef struct Bare {
        Buf command;
        struct sockaddr_un at;
        int file;
        size_t size; /* of a record */
} Bare;

static int ours(Machine *m, uint64_t round, Err *e) {
        int rc;

        rc = account_resume(&m->account, 5, e);
        if (rc == 0)
                rc = measure_note(&m->account, "bench", e);
        if (rc < 0)
                return rc;
        if ((round + 1) % NOTE_RECORDS == 0)
                checkpoint_keep(&m->account);
        return account_pause(&m->account, e);
}

/* TPM 2.0 Library, Part 3, section 22.2; the handle of PCR 16, an empty password. */
static void write_command(const Strand *s, Buf *to) {
        static const uint8_t head[] = { 0x80, 0x02 }, body[] = { 0, 0, 1, 0x82, 0, 0, 0, 16, 0, 0,
                0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0 };
        size_t size = sizeof(head) + 4 + sizeof(body) + 4;

        for (size_t i = 0; i < s->n_banks; i++)
                size += 2 + (size_t) s->start[i].size;
        buf_bytes(to, (Span){ head, sizeof(head) });
        buf_be(to, size, 4);
        buf_bytes(to, (Span){ body, sizeof(body) });
        buf_be(to, s->n_banks, 4);
        for (size_t i = 0; i < s->n_banks; i++) {
                buf_be(to, s->start[i].alg, 2);
                buf_bytes(to, digest_span(&s->now[i]));
        }
}

static int bare(Bare *b, Err *e) {
        _cleanup_(fd_done) int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        static const uint8_t record[ROOM] = { 'x' };
        static const uint8_t good[4];
        uint8_t answer[ROOM];

        if (write(b->file, record, b->size) != (ssize_t) b->size || fdatasync(b->file) < 0)
                return err_set(e, -EIO, "the file: %s", strerror(errno));
        if (line < 0 || connect(line, (const struct sockaddr *) &b->at, sizeof(b->at)) < 0 ||
                        write(line, b->command.data, b->command.size) !=
                                        (ssize_t) b->command.size ||
                        read(line, answer, sizeof(answer)) < 10 ||
                        memcmp(answer + 6, good, sizeof(good)) != 0)
                return err_set(e, -EIO, "swtpm did not extend: %s", strerror(errno));
        return 0;
}

static int begin(const char *file, Machine *m, Bare *b, Err *e) {
        static const Span prefix = SPAN_LITERAL("swtpm:path=");
        Span tcti = span_of(getenv("TPM2TOOLS_TCTI") ?: "");
        int rc;

        if (!span_starts(tcti, prefix) || tcti.size - prefix.size >= sizeof(b->at.sun_path))
                return err_set(e, -EINVAL, "$TPM2TOOLS_TCTI is not swtpm:path=PATH");
        rc = machine_open(NULL, m, e);
        if (rc == 0)
                rc = measure_note(&m->account, "bench", e);
        if (rc < 0)
                return rc;
        b->size = m->account.size - m->account.last_from;
        write_command(&m->account.chain.strands[0], &b->command);
        b->at.sun_family = AF_UNIX;
        memcpy(b->at.sun_path, tcti.data + prefix.size, tcti.size - prefix.size);
        b->file = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (b->file < 0 || b->size > ROOM || b->command.failed < 0)
                return err_set(e, -EIO, "%s: %s", file, strerror(errno));
        return account_pause(&m->account, e);
}

static uint64_t now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

/* The time after a while without any command: whoever came right behind another would find swtpm
 * awake. */
static uint64_t after_quiet(void) {
        uint64_t first = now(), t;

        do
                t = now();
        while (t < first + QUIET);
        return t;
}

static int run(Machine *m, Bare *b, uint64_t rounds, const char *only, Err *e) {
        int rc = 0;

        for (uint64_t i = 0; rc == 0 && i < rounds; i++) {
                uint64_t first = after_quiet(), ours_took, bare_took;

                if (!only || strcmp(only, "ours") == 0)
                        rc = ours(m, i, e);
                ours_took = now() - first;
                first = after_quiet();
                if (rc == 0 && (!only || strcmp(only, "bare") == 0))
                        rc = bare(b, e);
                bare_took = now() - first;
                printf("%" PRIu64 " %" PRIu64 "\n", ours_took, bare_took);
        }
        return rc;
}

int main(int argc, char **argv) {
        _cleanup_(machine_done) Machine m = {};
        Bare b = { .command = BUF_UP_TO(ROOM), .file = -1 };
        uint64_t rounds = 0;
        Err e = {};
        int rc;

        if (argc < 3 || argc > 4 || !text_number(span_of(argv[1]), ROUNDS_MAX, &rounds)) {
                fprintf(stderr, "usage: further-record ROUNDS FILE [ours|bare]\n");
                return EXIT_FAILURE;
        }
        rc = begin(argv[2], &m, &b, &e);
        if (rc == 0)
                rc = run(&m, &b, rounds, argv[3], &e);
        if (rc < 0)
                fprintf(stderr, "further-record: %s\n", e.text);
        buf_done(&b.command);
        fd_done(&b.file);
        return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
