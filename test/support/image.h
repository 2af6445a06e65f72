/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Verity images that other people's tools make (support/make-image), and bytes changed in them.
 * Include after unit/suite.h. */

#include "base/cursor.h"
#include "base/text.h"
#include "support/scratch.h"

/* environment: "LABEL=x_1 BLOCKS=2" or ""; signer: the name that certs_make() was called with, or
 * NULL. Makes NAME, with its parts beside it. */
static inline void image_make(
                const Scratch *s, const char *name, const char *environment, const char *signer) {
        const char *support = getenv("AVOUCH_SUPPORT");
        char command[1024], signing[256] = "";

        if (!support)
                fail_msg("$AVOUCH_SUPPORT is not set: run this through meson test");
        if (signer)
                (void) snprintf(signing, sizeof(signing), "%s.pem %s.key", signer, signer);
        (void) snprintf(command, sizeof(command), "%s \"%s/make-image\" %s %s", environment,
                        support, name, signing);
        assert_int_equal(scratch_tool(s, "sh", "-c", command), 0);
}

/* Where a part ("data") begins in the image that was made last, and its size. */
static inline uint64_t image_part(const Scratch *s, const char *part, uint64_t *ret_size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        Cursor c = cursor_over(scratch_read(s, "layout", &b));

        while (cursor_left(&c) > 0) {
                Span name = cursor_until(&c, ' ', 64);
                uint64_t at, size;

                assert_true(text_number(cursor_until(&c, ' ', 20), UINT64_MAX, &at));
                assert_true(text_number(cursor_until(&c, '\n', 20), UINT64_MAX, &size));
                if (!span_is(name, part))
                        continue;
                if (ret_size)
                        *ret_size = size;
                return at;
        }
        fail_msg("no part %s", part);
        return 0;
}

/* Flips a bit of one byte; twice is as before. */
static inline void image_flip(const Scratch *s, const char *name, uint64_t at, uint8_t bits) {
        _cleanup_(fd_done) int fd = open(scratch_path(s, name).text, O_RDWR | O_CLOEXEC);
        uint8_t byte;

        assert_int_equal(file_read_at(fd, name, at, &byte, 1, NULL), 0);
        byte ^= bits;
        assert_int_equal(file_write_at(fd, name, at, (Span){ &byte, 1 }, NULL), 0);
}

static inline void image_put(const Scratch *s, const char *name, uint64_t at, Span bytes) {
        _cleanup_(fd_done) int fd = open(scratch_path(s, name).text, O_RDWR | O_CLOEXEC);

        assert_int_equal(file_write_at(fd, name, at, bytes, NULL), 0);
}
