/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/tpm-tss2-line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

#include "base/file.h"

enum {
        HEADER = 10,        /* tag, size, code: of each command and answer (Part 1, section 18) */
        ANSWER_MAX = 4096,  /* what Linux and libtss2 take from a TPM */
        CONNECT_PAUSE = 20, /* milliseconds between attempts where swtpm's queue is full */
};

typedef struct Ways {
        TSS2_RC (*send)(Line *l, Span command);
        TSS2_RC (*take)(Line *l, uint8_t *into, size_t *size);
} Ways;

struct Line {
        TSS2_TCTI_CONTEXT_COMMON_V1 tcti; /* first: what libtss2 holds */
        const Ways *ways;
        unsigned patience;
        uint64_t until; /* for the command that was sent last */
        bool silent;
        int fd;                   /* of a device, or of swtpm during one command */
        struct sockaddr_un at;    /* swtpm's */
        TSS2_TCTI_CONTEXT *other; /* what the loader found */
        uint8_t answer[ANSWER_MAX];
        size_t answer_size; /* 0: not there yet */
};

static Line *line_of(TSS2_TCTI_CONTEXT *tcti) {
        return (Line *) (void *) tcti;
}

static uint64_t now_ms(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

/* Until there is something to read or write. */
static TSS2_RC wait_for(Line *l, int fd, short what) {
        struct pollfd p = { .fd = fd, .events = what };

        for (;;) {
                uint64_t now = now_ms();
                int n = poll(&p, 1, now < l->until ? (int) (l->until - now) : 0);

                if (n > 0)
                        return TSS2_RC_SUCCESS;
                if (n < 0 && errno != EINTR)
                        return TSS2_TCTI_RC_IO_ERROR;
                if (n == 0 && now >= l->until) {
                        l->silent = true;
                        return TSS2_TCTI_RC_IO_ERROR;
                }
        }
}

static TSS2_RC write_all(Line *l, Span s) {
        while (s.size > 0) {
                ssize_t n = write(l->fd, s.data, s.size);
                TSS2_RC rc;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN)
                        return TSS2_TCTI_RC_IO_ERROR;
                if (n < 0) {
                        rc = wait_for(l, l->fd, POLLOUT);
                        if (rc != TSS2_RC_SUCCESS)
                                return rc;
                        continue;
                }
                s = span_from(s, (size_t) n);
        }
        return TSS2_RC_SUCCESS;
}

/* As many bytes as come at once. */
static TSS2_RC read_some(Line *l, uint8_t *into, size_t room, size_t *ret) {
        for (;;) {
                TSS2_RC rc = wait_for(l, l->fd, POLLIN);
                ssize_t n;

                if (rc != TSS2_RC_SUCCESS)
                        return rc;
                n = read(l->fd, into, room);
                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n <= 0)
                        return TSS2_TCTI_RC_IO_ERROR;
                *ret = (size_t) n;
                return TSS2_RC_SUCCESS;
        }
}

/* A device hands its answer out whole. */
static TSS2_RC device_take(Line *l, uint8_t *into, size_t *size) {
        return read_some(l, into, *size, size);
}

static const Ways device = { .send = write_all, .take = device_take };

/* What is no device at all is not written to. */
static TSS2_RC device_open(Line *l, const char *path) {
        struct stat st;

        l->ways = &device;
        if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
                return TSS2_TCTI_RC_IO_ERROR;
        l->fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        return l->fd < 0 ? TSS2_TCTI_RC_IO_ERROR : TSS2_RC_SUCCESS;
}

/* swtpm serves one connection after another: each lasts for one command, or others would wait. */
static TSS2_RC swtpm_connect(Line *l) {
        fd_done(&l->fd);
        l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        while (l->fd >= 0 && connect(l->fd, (struct sockaddr *) &l->at, sizeof(l->at)) < 0) {
                if (errno != EAGAIN && errno != EINTR)
                        return TSS2_TCTI_RC_IO_ERROR;
                if (now_ms() >= l->until) {
                        l->silent = true;
                        return TSS2_TCTI_RC_IO_ERROR;
                }
                (void) usleep(CONNECT_PAUSE * 1000);
        }
        return l->fd < 0 ? TSS2_TCTI_RC_IO_ERROR : TSS2_RC_SUCCESS;
}

static TSS2_RC swtpm_send(Line *l, Span command) {
        TSS2_RC rc = swtpm_connect(l);

        return rc == TSS2_RC_SUCCESS ? write_all(l, command) : rc;
}

/* One answer is all that comes over this connection, mostly at once. */
static TSS2_RC swtpm_take(Line *l, uint8_t *into, size_t *size) {
        size_t have = 0, whole = HEADER, n = 0;
        TSS2_RC rc = TSS2_RC_SUCCESS;

        while (rc == TSS2_RC_SUCCESS && have < whole) {
                if (whole > *size)
                        return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
                rc = read_some(l, into + have, *size - have, &n);
                have += n;
                if (rc == TSS2_RC_SUCCESS && have >= HEADER)
                        whole = (size_t) into[2] << 24 | (size_t) into[3] << 16 |
                                (size_t) into[4] << 8 | into[5];
        }
        fd_done(&l->fd);
        if (rc == TSS2_RC_SUCCESS && (whole < HEADER || have > whole))
                rc = TSS2_TCTI_RC_MALFORMED_RESPONSE;
        *size = have;
        return rc;
}

static const Ways swtpm = { .send = swtpm_send, .take = swtpm_take };

static TSS2_RC other_send(Line *l, Span command) {
        return Tss2_Tcti_Transmit(l->other, command.size, command.data);
}

/* Where it says what to wait for, we wait; where not, it is told how long, which not all heed. */
static TSS2_RC other_take(Line *l, uint8_t *into, size_t *size) {
        TSS2_TCTI_POLL_HANDLE handles[4];
        size_t n = ELEMENTS(handles);
        TSS2_RC rc = TSS2_RC_SUCCESS;

        if (Tss2_Tcti_GetPollHandles(l->other, handles, &n) == TSS2_RC_SUCCESS && n == 1)
                rc = wait_for(l, handles[0].fd, POLLIN);
        if (rc == TSS2_RC_SUCCESS)
                rc = Tss2_Tcti_Receive(l->other, size, into, (int32_t) l->patience);
        if (rc != TSS2_TCTI_RC_TRY_AGAIN)
                return rc;
        l->silent = true;
        return TSS2_TCTI_RC_IO_ERROR;
}

static const Ways other = { .send = other_send, .take = other_take };

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *tcti, size_t size, const uint8_t *command) {
        Line *l = line_of(tcti);

        l->answer_size = 0;
        l->until = now_ms() + l->patience;
        return l->ways->send(l, (Span){ command, size });
}

/* libtss2 asks how large the answer is (no response), and then for the answer. How long it would
 * wait is for ever, and is passed over. */
static TSS2_RC receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *response, int32_t timeout) {
        Line *l = line_of(tcti);
        size_t n = ANSWER_MAX;
        TSS2_RC rc;

        (void) timeout;
        if (l->answer_size == 0) {
                rc = l->ways->take(l, l->answer, &n);
                if (rc != TSS2_RC_SUCCESS)
                        return rc;
                l->answer_size = n;
        }
        if (response && *size < l->answer_size)
                return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
        *size = l->answer_size;
        if (response) {
                memcpy(response, l->answer, l->answer_size);
                l->answer_size = 0;
        }
        return TSS2_RC_SUCCESS;
}

void line_wait(Line *l, unsigned patience) {
        l->patience = patience;
}

bool line_is_silent(const Line *l) {
        return l->silent;
}

TSS2_TCTI_CONTEXT *line_tcti(Line *l) {
        return (TSS2_TCTI_CONTEXT *) (void *) l;
}

static TSS2_RC connect_to(Line *l, const char *name) {
        static const Span to_device = SPAN_LITERAL("device:"),
                          to_swtpm = SPAN_LITERAL("swtpm:path=");
        Span s = span_of(name);

        if (span_starts(s, to_device) && s.size > to_device.size)
                return device_open(l, name + to_device.size);
        if (span_starts(s, to_swtpm) && !strchr(name, ',') &&
                        s.size - to_swtpm.size < sizeof(l->at.sun_path)) {
                l->ways = &swtpm;
                l->at.sun_family = AF_UNIX;
                memcpy(l->at.sun_path, name + to_swtpm.size, s.size - to_swtpm.size);
                return swtpm_connect(l);
        }
        l->ways = &other;
        return Tss2_TctiLdr_Initialize(name, &l->other);
}

TSS2_RC line_open(const char *name, unsigned patience, Line **ret) {
        Line *l = calloc(1, sizeof(*l));
        TSS2_RC rc;

        if (!l)
                return TSS2_TCTI_RC_MEMORY;
        l->tcti = (TSS2_TCTI_CONTEXT_COMMON_V1){
                .version = 1, .transmit = transmit, .receive = receive
        };
        l->fd = -1;
        l->patience = patience;
        l->until = now_ms() + patience;
        rc = connect_to(l, name);
        if (l->ways == &swtpm)
                fd_done(&l->fd); /* it is there: more was not to be learned */
        if (rc != TSS2_RC_SUCCESS)
                line_close(&l);
        *ret = l;
        return rc;
}

void line_close(Line **l) {
        if (!*l)
                return;
        if ((*l)->other)
                Tss2_TctiLdr_Finalize(&(*l)->other);
        if (!(*l)->silent || (*l)->ways != &device)
                fd_done(&(*l)->fd);
        free(*l);
        *l = NULL;
}
