/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/unpack.h"

/* "abc", as python3's zlib and lzma pack it; of RFC 8878 a frame with one raw block. */
static const uint8_t in_zlib[] = { 0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d, 0x01,
        0x27 };
static const uint8_t in_xz[] = { 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde,
        0x36, 0x02, 0x00, 0x21, 0x01, 0x02, 0x00, 0x00, 0x00, 0xbc, 0xef, 0x9e, 0x7c, 0x01, 0x00,
        0x02, 0x61, 0x62, 0x63, 0x00, 0x00, 0xc2, 0x41, 0x24, 0x35, 0x00, 0x01, 0x17, 0x03, 0x07,
        0x60, 0x0c, 0xbc, 0x90, 0x42, 0x99, 0x0d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a };
static const uint8_t in_zstd[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x03, 0x19, 0x00, 0x00, 'a', 'b',
        'c' };

static const struct {
        const char *name;
        Unpack *unpack;
        Span packed;
} ways[] = {
        { "zlib", unpack_zlib, { in_zlib, sizeof(in_zlib) } },
        { "xz", unpack_xz, { in_xz, sizeof(in_xz) } },
        { "zstd", unpack_zstd, { in_zstd, sizeof(in_zstd) } },
};

static void refused(size_t way, Span packed, size_t room) {
        char words[96];
        uint8_t into[8];
        size_t size = 77;
        Err e = {};

        (void) snprintf(words, sizeof(words), "what is packed with %s there cannot be unpacked",
                        ways[way].name);
        assert_int_equal(ways[way].unpack(packed, into, room, &size, &e), -EBADMSG);
        assert_string_equal(e.text, words);
        assert_int_equal(size, 77);
}

static void what_was_packed_comes_out(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(ways); i++)
                for (size_t room = 3; room <= 8; room++) {
                        uint8_t into[8] = {};
                        size_t size = 0;

                        assert_int_equal(
                                        ways[i].unpack(ways[i].packed, into, room, &size, NULL), 0);
                        assert_int_equal(size, 3);
                        assert_memory_equal(into, "abc", 3);
                }
}

static void no_more_comes_out_than_there_is_room(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(ways); i++)
                for (size_t room = 0; room < 3; room++)
                        refused(i, ways[i].packed, room);
}

static void what_is_cut_short_or_goes_on_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(ways); i++) {
                uint8_t longer[2 * sizeof(in_xz)] = {};
                Span all = ways[i].packed;

                for (size_t n = 0; n < all.size; n++)
                        refused(i, (Span){ all.data, n }, 8);
                memcpy(longer, all.data, all.size);
                refused(i, (Span){ longer, all.size + 1 }, 8);
                refused(i, (Span){ longer, all.size + 4 }, 8);
                memcpy(longer + all.size, all.data, all.size);
                refused(i, (Span){ longer, 2 * all.size }, 8);
        }
}

static void none_is_taken_for_another(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(ways); i++)
                for (size_t other = 0; other < ELEMENTS(ways); other++)
                        if (other != i)
                                refused(i, ways[other].packed, 8);
}

/* The same stream, whose head asks for a dictionary of 4 GiB. */
static void an_xz_that_asks_for_much_memory_is_refused(void **state) {
        uint8_t greedy[sizeof(in_xz)];

        (void) state;
        memcpy(greedy, in_xz, sizeof(greedy));
        greedy[16] = 0x28;
        memcpy(greedy + 20, (const uint8_t[]){ 0xe6, 0xa0, 0x11, 0xb3 }, 4); /* CRC-32 */
        refused(1, (Span){ greedy, sizeof(greedy) }, 8);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_packed_comes_out),
                cmocka_unit_test(no_more_comes_out_than_there_is_room),
                cmocka_unit_test(what_is_cut_short_or_goes_on_is_refused),
                cmocka_unit_test(none_is_taken_for_another),
                cmocka_unit_test(an_xz_that_asks_for_much_memory_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
