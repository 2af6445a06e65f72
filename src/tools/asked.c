/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/asked.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define INTERFACE "org.avouch.Quote"

enum { ANSWER_AROUND = 256, CHUNK = 4096 };

static int send_all(int fd, Span bytes, Err *e) {
        while (bytes.size > 0) {
                ssize_t n = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_set(e, -errno, "whoever asked takes no answer: %s",
                                        strerror(errno));
                bytes = span_from(bytes, (size_t) n);
        }
        return 0;
}

static int send_buf(int fd, Buf *answer, Err *e) {
        Span text;

        buf_byte(answer, '\0');
        if (buf_end(answer, &text) < 0)
                return err_set(e, -E2BIG, "the answer does not fit");
        return send_all(fd, text, e);
}

static int refuse(int fd, const char *error, const char *key, Span text, Err *e) {
        _cleanup_(buf_done) Buf answer = BUF_UP_TO(CALL_MAX);

        call_write_error(&answer, error, key, text);
        return send_buf(fd, &answer, e);
}

/* Up to the first NUL; what is behind it is nobody's. */
static int read_call(int fd, Buf *to, Span *ret, Err *e) {
        for (;;) {
                uint8_t bytes[CHUNK];
                const uint8_t *end;
                ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_set(e, -errno, "the connection: %s", strerror(errno));
                if (n == 0)
                        return err_set(e, -EPROTO, "whoever connected left without a question");
                end = memchr(bytes, '\0', (size_t) n);
                buf_bytes(to, (Span){ bytes, end ? (size_t) (end - bytes) : (size_t) n });
                if (to->failed < 0)
                        return err_set(e, to->failed, "no call is longer than %d bytes", CALL_MAX);
                if (end)
                        break;
        }
        *ret = buf_span(to);
        return 0;
}

/* Its digits are looked at by who takes the quote. */
static bool read_question(const Call *c, Asked *ret) {
        static const char *const names[] = { "nonce", NULL };
        Json nonce = call_parameter(c, "nonce");
        Span text = json_raw(nonce);

        if (!call_has_only(c, names) || json_type(nonce) != JSON_STRING ||
                        text.size >= sizeof(ret->nonce))
                return false;
        *ret = (Asked){ .oneway = c->oneway };
        memcpy(ret->nonce, text.data, text.size);
        return true;
}

int asked_read(int fd, Asked *ret, Err *e) {
        static const Span words = SPAN_LITERAL("the one parameter is the nonce, in hex");
        _cleanup_(buf_done) Buf in = BUF_UP_TO(CALL_MAX);
        Span bytes;
        Call c;
        int rc;

        rc = read_call(fd, &in, &bytes, e);
        if (rc == 0)
                rc = call_parse(bytes, &c, e);
        if (rc < 0)
                return rc;
        if (!span_is(c.method, INTERFACE ".Take"))
                return refuse(fd, "org.varlink.service.MethodNotFound", "method", c.method, e);
        return read_question(&c, ret) ? 1 : refuse(fd, INTERFACE ".NotANonce", "why", words, e);
}

int asked_answer(int fd, const Asked *a, Span evidence, const Err *why, Err *e) {
        _cleanup_(buf_done) Buf answer = BUF_UP_TO(BUNDLE_MAX + ANSWER_AROUND);

        if (a->oneway)
                return 0;
        if (evidence.size == 0)
                return refuse(fd,
                                why->code == -EINVAL ? INTERFACE ".NotANonce" : INTERFACE ".Failed",
                                "why", span_of(why->text), e);
        /* a bundle is JSON that our own writer made: it stands in ours as it is */
        buf_string(&answer, "{\"parameters\":{\"evidence\":");
        buf_bytes(&answer, evidence);
        buf_string(&answer, "}}");
        return send_buf(fd, &answer, e);
}
