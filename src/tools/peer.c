/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/peer.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/text.h"

static bool is_user(uint32_t uid, const char *name) {
        const struct passwd *user;
        uint64_t number;

        if (text_number(span_of(name), UINT32_MAX, &number))
                return number == uid;
        user = getpwnam(name);
        return user && user->pw_uid == uid;
}

/* The unit that a process is in, by its control group ("0::/system.slice/smartd.service"); empty
 * where it is in none. A process id may be another's by the time that it is looked up: whoever
 * lists units trusts those who run as root or in units, and lists users otherwise. */
static Span unit_in(Span cgroup) {
        Span rest = cgroup;

        while (rest.size > 0) {
                const uint8_t *slash = memchr(rest.data, '/', rest.size);
                Span part = { rest.data, slash ? (size_t) (slash - rest.data) : rest.size };
                Span ending = SPAN_LITERAL(".service");

                while (part.size > 0 && part.data[part.size - 1] == '\n')
                        part.size--;
                if (part.size > ending.size && span_ends(part, ending))
                        return part;
                rest = slash ? (Span){ slash + 1, rest.size - (size_t) (slash + 1 - rest.data) }
                             : (Span){};
        }
        return (Span){};
}

static bool is_listed(const struct ucred *who, const Config *c) {
        _cleanup_(buf_done) Buf cgroup = BUF_UP_TO(4096);
        char path[64];
        Span unit;

        for (size_t i = 0; i < c->n_note_users; i++)
                if (is_user(who->uid, c->note_users[i]))
                        return true;
        if (c->n_note_units == 0)
                return false;
        (void) snprintf(path, sizeof(path), "/proc/%d/cgroup", (int) who->pid);
        if (file_read(path, &cgroup, NULL) < 0)
                return false;
        unit = unit_in(buf_span(&cgroup));
        for (size_t i = 0; i < c->n_note_units; i++)
                if (span_is(unit, c->note_units[i]))
                        return true;
        return false;
}

int peer_open(int fd, const Config *config, Peer *ret, Err *e) {
        struct ucred who = {};
        socklen_t size = sizeof(who);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
                return err_set(e, -errno, "cannot know who speaks: %s", strerror(errno));
        *ret = (Peer){
                .fd = fd,
                .uid = who.uid,
                .may_note = who.uid == 0 || is_listed(&who, config),
                .in = BUF_UP_TO(CALL_MAX + 1),
        };
        return 0;
}

void peer_done(Peer *p) {
        fd_done(&p->fd);
        buf_done(&p->in);
        p->fd = -1;
}
