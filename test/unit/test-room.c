/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <string.h>

#include "image/room.h"
#include "support/scratch.h"

enum { MIB = 1024 * 1024 };

/* On a disk, where blocks can be shifted as a rule, and in memory, where they cannot; by copying
 * too. Longer than the room, shorter, and no multiple of what is copied at once. */
static void what_was_there_stands_behind_the_room(void **state) {
        static const size_t sizes[] = { 4096, MIB - 4096, MIB, 3 * MIB + 12288 };
        static const char *const folders[] = { "/var/tmp", "/dev/shm" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(sizes) * ELEMENTS(folders) * 2; i++) {
                size_t size = sizes[i / 4];
                _cleanup_(scratch_done) Scratch s = scratch_under(folders[i % 4 / 2]);
                _cleanup_(buf_done) Buf before = BUF_UP_TO(4 * MIB), after = BUF_UP_TO(8 * MIB);
                _cleanup_(fd_done) int fd = -1;
                Span all;

                for (size_t n = 0; n < size / 4; n++)
                        buf_le(&before, n * 2654435761u & 0xffffffff, 4);
                scratch_write(&s, "file", buf_span(&before));
                fd = open(scratch_path(&s, "file").text, O_RDWR | O_CLOEXEC);
                assert_int_equal(room_make(fd, "file", MIB, i % 2 == 1, NULL), 0);

                all = scratch_read(&s, "file", &after);
                assert_int_equal(all.size, MIB + size);
                assert_true(span_is_zero((Span){ all.data, MIB }));
                assert_memory_equal(all.data + MIB, before.data, size);
        }
}

static void a_file_that_cannot_be_written_is_said(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(fd_done) int fd = -1;
        Err e = {};

        (void) state;
        scratch_sparse(&s, "file", 4096);
        fd = open(scratch_path(&s, "file").text, O_RDONLY | O_CLOEXEC);
        assert_true(room_make(fd, "file", MIB, false, &e) < 0);
        assert_non_null(strstr(e.text, "file: "));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_there_stands_behind_the_room),
                cmocka_unit_test(a_file_that_cannot_be_written_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
