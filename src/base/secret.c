/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int secret_new(size_t room, Secret *ret, Err *e) {
        /* one byte more, to see that a file goes on */
        uint8_t *data = calloc(1, room + 1);

        if (!data)
                return err_set(e, -ENOMEM, "no memory for a secret");
        *ret = (Secret){ .data = data, .room = room };
        return 0;
}

void secret_done(Secret *s) {
        if (s->data)
                explicit_bzero(s->data, s->room + 1);
        free(s->data);
        *s = (Secret){};
}

int secret_set(Secret *s, Span bytes, Err *e) {
        if (bytes.size > s->room)
                return err_set(e, -E2BIG, "a secret of more than %zu bytes", s->room);
        if (bytes.size > 0)
                memmove(s->data, bytes.data, bytes.size);
        s->size = bytes.size;
        return 0;
}

int secret_read_fd(int fd, const char *name, Secret *s, Err *e) {
        s->size = 0;
        for (;;) {
                ssize_t n = read(fd, s->data + s->size, s->room + 1 - s->size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_set(e, -errno, "%s: %s", name, strerror(errno));
                if (n == 0)
                        return 0;
                s->size += (size_t) n;
                if (s->size > s->room)
                        return err_set(e, -E2BIG, "%s: larger than the %zu bytes that are read",
                                        name, s->room);
        }
}
