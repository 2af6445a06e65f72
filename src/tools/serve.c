/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "measure/checkpoint.h"
#include "measure/quota.h"
#include "measure/telling.h"
#include "port/host.h"
#include "tools/motd.h"
#include "tools/peer.h"
#include "tools/place.h"
#include "wire/call.h"
#include "wire/limits.h"

enum {
        LISTEN_FD = 3, /* sd_listen_fds(3): SD_LISTEN_FDS_START */
        IDLE_SECONDS = 60,
        TELL_SECONDS = 2,
        NOTE_MILLISECONDS = 50,
        NOTE_RECORDS = 64,
        ANSWER_MAX = 4096,
};

#define INTERFACE "org.avouch.Measure"

static const char description[] =
                "# Records what happens on this machine in its event log, and extends a register of its TPM.\n"
                "interface " INTERFACE "\n\n"
                "# Appends one record: an event of avouch-log-format(5) and its members.\n"
                "method Record(event: string, members: object) -> (seq: int, register: string)\n\n"
                "# Root may record any event, others notes where avouch.conf(5) lists them.\n"
                "error NotPermitted ()\n"
                "# More notes than one user may write; that some were left out is recorded.\n"
                "error TooMany (why: string)\n"
                "# No such event, or not its members.\n"
                "error NotARecord (why: string)\n"
                "# It could not be recorded, or not extended yet.\n"
                "error Failed (why: string)\n";

typedef struct Server {
        Machine *machine;
        Peer peers[CALLERS_MAX];
        Quota quota;
        bool holding;     /* the log */
        unsigned unnoted; /* how often it was let go since a checkpoint was left */
} Server;

int serve_listener(int *ret, Err *e) {
        const char *pid = secure_getenv("LISTEN_PID"), *fds = secure_getenv("LISTEN_FDS");
        uint64_t number;
        int listening = 0;
        socklen_t size = sizeof(listening);

        if (!pid || !fds || !text_number(span_of(pid), INT32_MAX, &number) ||
                        number != (uint64_t) getpid() || strcmp(fds, "1") != 0)
                return err_set(e, -EINVAL,
                                "no socket was handed over: avouch-measure.socket starts this");
        if (getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 || !listening)
                return err_set(e, -EINVAL, "what was handed over is no socket that listens");
        if (fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC) < 0 || fcntl(LISTEN_FD, F_SETFL, O_NONBLOCK) < 0)
                return err_set(e, -errno, "the socket: %s", strerror(errno));
        *ret = LISTEN_FD;
        return 0;
}

static int64_t now(void) {
        Moment m = {};

        return host_moment(&m, NULL) == 0 ? m.boottime : 0;
}

static int hold(Server *s, Err *e) {
        int rc = s->holding ? 0 : account_resume(&s->machine->account, PLACE_LOCK_SECONDS, e);

        s->holding = rc == 0;
        return rc;
}

/* Others may record. A checkpoint for whoever comes next takes as long as a record itself: so it is
 * left when it is quiet, or when there is much that it saves. Whoever comes before that reads the
 * log. */
static void let_go(Server *s) {
        if (!s->holding)
                return;
        if (++s->unnoted >= NOTE_RECORDS) {
                checkpoint_keep(&s->machine->account);
                s->unnoted = 0;
        }
        (void) !account_pause(&s->machine->account, NULL); /* or the log is looked at again */
        s->holding = false;
}

static void note(Server *s) {
        s->unnoted = NOTE_RECORDS;
        (void) !hold(s, NULL);
        let_go(s);
        s->unnoted = 0;
}

/* What was left out is told before anything else is recorded. */
static int record(Server *s, const Telling *t, Err *e) {
        Account *a = &s->machine->account;
        int rc;

        rc = hold(s, e);
        if (rc < 0)
                return rc;
        rc = quota_tell(&s->quota, a, e);
        if (rc == 0 && t)
                rc = account_record(a, t->event, t->members, t->n_members, e);
        return rc;
}

/* An opening by hand, or its end, as avouch-glass(1) records it: the history is held for as long as
 * that takes, and no other process of ours waits for this one with it. */
static int record_counted(Server *s, const Telling *t, Err *e) {
        Machine *m = s->machine;
        Err why = {};
        int rc;

        if (hold(s, &why) == 0)
                (void) !quota_tell(&s->quota, &m->account, NULL); /* or with the next record */
        rc = machine_take_odometer(m, &why, e);
        if (rc < 0)
                return rc;
        s->holding = true;
        rc = odometer_record(&m->odometer, t->event, t->members, t->n_members, e);
        if (rc == 0 || account_is_silent(&m->account))
                motd_show(&m->account);
        machine_close_odometer(m);
        return rc;
}

static void tell_lost(Server *s) {
        if (s->quota.lost > 0)
                (void) !record(s, NULL, NULL); /* otherwise with the next record */
        let_go(s);
}

static void fail(Buf *answer, const char *error, const Err *e) {
        call_write_error(answer, error, "why", span_of(e->text));
}

static void answer_recorded(const Chain *c, Buf *answer) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(32);
        JsonWriter w = json_writer(answer, JSON_STRICT);

        register_text(c->strands[c->last_at].reg, &name);
        json_put_object(&w, NULL);
        json_put_object(&w, "parameters");
        json_put_integer(&w, "seq", (int64_t) c->next_seq - 1);
        json_put_span(&w, "register", buf_span(&name));
        json_put_end(&w);
        json_put_end(&w);
}

/* -EINVAL where it is no record; texts holds what t borrows. */
static int read_telling(const Call *c, Telling *t, Buf *texts, Err *e) {
        static const char *const names[] = { "event", "members", NULL };
        Json event = call_parameter(c, "event");
        int rc;

        if (!call_has_only(c, names) || json_type(event) != JSON_STRING)
                return err_set(e, -EINVAL, "the parameters are event and members");
        rc = telling_begin(json_raw(event), t, e);
        if (rc < 0)
                return rc;
        if (!buf_room(texts, CALL_MAX))
                return err_set(e, -ENOMEM, "no memory for a record");
        texts->size = 0;
        rc = telling_add_json(t, call_parameter(c, "members"), texts, e);
        return rc < 0 ? rc : telling_check(t, e);
}

static void do_record(Server *s, const Peer *p, const Call *c, Buf *answer) {
        _cleanup_(buf_done) Buf texts = BUF_UP_TO(2 * CALL_MAX);
        const char *why = "";
        Telling t = {};
        Err e = {};
        int rc;

        rc = p->may_note ? read_telling(c, &t, &texts, &e) : 0;
        if (!p->may_note || (p->uid != 0 && t.event != EVENT_NOTE_TEXT && rc == 0)) {
                call_write_error(answer, INTERFACE ".NotPermitted", NULL, (Span){});
                return;
        }
        if (rc < 0) {
                fail(answer, rc == -EINVAL ? INTERFACE ".NotARecord" : INTERFACE ".Failed", &e);
                return;
        }
        if (p->uid != 0 && !quota_admits(&s->quota, p->uid, now(), c->bytes.size,
                                           s->machine->account.size, &why)) {
                call_write_error(answer, INTERFACE ".TooMany", "why", span_of(why));
                return;
        }
        rc = telling_is_counted(&t) ? record_counted(s, &t, &e) : record(s, &t, &e);
        if (rc < 0)
                fail(answer, INTERFACE ".Failed", &e);
        else
                answer_recorded(&s->machine->account.chain, answer);
}

static void do_info(Buf *answer) {
        JsonWriter w = json_writer(answer, JSON_STRICT);

        json_put_object(&w, NULL);
        json_put_object(&w, "parameters");
        json_put_string(&w, "vendor", "avouch");
        json_put_string(&w, "product", "avouch measure");
        json_put_string(&w, "version", AVOUCH_VERSION);
        json_put_string(&w, "url", "https://varlink.org");
        json_put_array(&w, "interfaces");
        json_put_string(&w, NULL, "org.varlink.service");
        json_put_string(&w, NULL, INTERFACE);
        json_put_end(&w);
        json_put_end(&w);
        json_put_end(&w);
}

/* The one text of ours with newlines in it, which records may not have: so they are written here.
 */
static void do_description(const Call *c, Buf *answer) {
        if (!json_is(call_parameter(c, "interface"), INTERFACE)) {
                call_write_error(answer, "org.varlink.service.InterfaceNotFound", "interface",
                                json_raw(call_parameter(c, "interface")));
                return;
        }
        buf_string(answer, "{\"parameters\":{\"description\":\"");
        for (const char *d = description; *d; d++)
                if (*d == '\n')
                        buf_string(answer, "\\n");
                else
                        buf_byte(answer, (uint8_t) *d);
        buf_string(answer, "\"}}");
}

static void do_call(Server *s, const Peer *p, const Call *c, Buf *answer) {
        if (span_is(c->method, INTERFACE ".Record"))
                do_record(s, p, c, answer);
        else if (span_is(c->method, "org.varlink.service.GetInfo"))
                do_info(answer);
        else if (span_is(c->method, "org.varlink.service.GetInterfaceDescription"))
                do_description(c, answer);
        else
                call_write_error(answer, "org.varlink.service.MethodNotFound", "method", c->method);
}

/* False where the peer is to be let go: it does not speak our language, or does not listen. */
static bool serve_call(Server *s, const Peer *p, Span bytes) {
        _cleanup_(buf_done) Buf answer = BUF_UP_TO(ANSWER_MAX);
        Span text;
        Call c;

        if (call_parse(bytes, &c, NULL) < 0)
                return false;
        do_call(s, p, &c, &answer);
        if (c.oneway)
                return true;
        buf_byte(&answer, '\0');
        return buf_end(&answer, &text) == 0 &&
               send(p->fd, text.data, text.size, MSG_DONTWAIT | MSG_NOSIGNAL) ==
                               (ssize_t) text.size;
}

/* Every whole call that came. */
static bool serve_calls(Server *s, Peer *p) {
        size_t at = 0;

        for (;;) {
                const uint8_t *end = memchr(p->in.data + at, '\0', p->in.size - at);
                size_t size = end ? (size_t) (end - (p->in.data + at)) : 0;

                if (!end)
                        break;
                if (!serve_call(s, p, (Span){ p->in.data + at, size }))
                        return false;
                at += size + 1;
        }
        memmove(p->in.data, p->in.data + at, p->in.size - at);
        p->in.size -= at;
        return true;
}

static bool serve_peer(Server *s, Peer *p) {
        uint8_t bytes[4096];
        size_t room = p->in.max - p->in.size;
        ssize_t n;

        n = recv(p->fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return true;
        if (n <= 0)
                return false;
        buf_bytes(&p->in, (Span){ bytes, (size_t) n });
        if (p->in.failed < 0 || !serve_calls(s, p))
                return false;
        return p->in.size < p->in.max; /* more than a call may be */
}

static void accept_peer(Server *s, int listener) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        Peer *place = NULL, p;
        unsigned same = 0, others = 0;

        if (fd < 0)
                return;
        if (peer_open(fd, &s->machine->config, &p, NULL) < 0) {
                fd_done(&fd);
                return;
        }
        for (size_t i = 0; i < CALLERS_MAX; i++) {
                same += s->peers[i].fd >= 0 && s->peers[i].uid == p.uid;
                others += s->peers[i].fd >= 0 && s->peers[i].uid != 0;
                if (s->peers[i].fd < 0)
                        place = &s->peers[i];
        }
        if (place && (p.uid == 0 || (same < CALLERS_OF_ONE_MAX && others < CALLERS_NOT_ROOT_MAX)))
                *place = p;
        else
                peer_done(&p);
}

/* What is waited for: SIGTERM, who comes, and who is there. */
typedef struct Polls {
        struct pollfd signals, listener, peers[CALLERS_MAX];
} Polls;

/* True where anybody is there. */
static bool fill_polls(const Server *s, Polls *p) {
        bool busy = false;

        for (size_t i = 0; i < CALLERS_MAX; i++) {
                p->peers[i] = (struct pollfd){ .fd = s->peers[i].fd, .events = POLLIN };
                busy = busy || s->peers[i].fd >= 0;
        }
        return busy;
}

static void serve_ready(Server *s, const Polls *p) {
        for (size_t i = 0; i < CALLERS_MAX; i++) {
                if (p->peers[i].revents && s->peers[i].fd >= 0 && !serve_peer(s, &s->peers[i]))
                        peer_done(&s->peers[i]);
                let_go(s);
        }
        if (p->listener.revents)
                accept_peer(s, p->listener.fd);
}

/* How long nobody has to come before there is something to do, in milliseconds. */
static int patience(const Server *s) {
        if (s->unnoted > 0)
                return NOTE_MILLISECONDS;
        return 1000 * (s->quota.lost > 0 ? TELL_SECONDS : IDLE_SECONDS);
}

/* 1 to go on, 0 to end. */
static int turn(Server *s, int listener, int signals, Err *e) {
        Polls p = { .signals = { .fd = signals, .events = POLLIN },
                .listener = { .fd = listener, .events = POLLIN } };
        bool busy = fill_polls(s, &p);
        int n;

        n = poll((struct pollfd *) &p, sizeof(p) / sizeof(struct pollfd), patience(s));
        if (n < 0)
                return errno == EINTR ? 1
                                      : err_set(e, -errno, "cannot wait for calls: %s",
                                                        strerror(errno));
        if (p.signals.revents)
                return 0;
        if (n == 0 && s->unnoted > 0)
                note(s);
        else if (n == 0 && s->quota.lost > 0)
                tell_lost(s); /* it is quiet again */
        else if (n == 0 && !busy)
                return 0;
        serve_ready(s, &p);
        return 1;
}

int serve(Machine *m, Err *e) {
        _cleanup_(fd_done) int signals = -1;
        Server *s;
        sigset_t set;
        int listener, rc;

        rc = serve_listener(&listener, e);
        if (rc < 0)
                return rc;
        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
                        (signals = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
                return err_set(e, -errno, "cannot wait for SIGTERM: %s", strerror(errno));
        checkpoint_keep(&m->account);
        rc = account_pause(&m->account, e);
        if (rc < 0)
                return rc;
        s = calloc(1, sizeof(*s));
        if (!s)
                return err_set(e, -ENOMEM, "no memory for a server");
        s->machine = m;
        for (size_t i = 0; i < CALLERS_MAX; i++)
                s->peers[i].fd = -1;
        while ((rc = turn(s, listener, signals, e)) > 0)
                continue;
        tell_lost(s);
        if (s->unnoted > 0)
                note(s);
        for (size_t i = 0; i < CALLERS_MAX; i++)
                peer_done(&s->peers[i]);
        free(s);
        return rc;
}
