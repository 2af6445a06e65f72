/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/text.h"
#include "support/scratch.h"
#include "support/testdata.h"
#include "wire/veritysb.h"

#define SALT SPAN_LITERAL("\1\2\3\4")

/* A good superblock over 300 blocks. */
static Span sample(Buf *b) {
        VeritySuperblock sb = { .uuid = { 0x6e, 0x8a }, .data_blocks = 300, .salt = SALT };

        verity_superblock_write(&sb, b);
        assert_int_equal(buf_span(b).size, VERITY_SUPERBLOCK_SIZE);
        return buf_span(b);
}

static void what_is_written_is_read_again(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SUPERBLOCK_SIZE);
        VeritySuperblock sb;

        (void) state;
        assert_int_equal(verity_superblock_parse(sample(&b), &sb, NULL), 0);
        assert_int_equal(sb.data_blocks, 300);
        assert_int_equal(sb.uuid[0], 0x6e);
        assert_int_equal(sb.uuid[1], 0x8a);
        assert_true(span_equal(sb.salt, SALT));
}

/* One byte changed, and what is said about it. */
static const struct {
        const char *what;
        size_t at;
        uint8_t byte;
        const char *said; /* NULL: still good */
} cases[] = {
        { "as it is", 0, 'v', NULL },
        { "magic", 0, 'V', "malformed at byte 0 of 512: not a verity superblock" },
        { "magic's last NUL", 7, '0', "malformed at byte 0 of 512: not a verity superblock" },
        { "version 2", 8, 2, "malformed at byte 8 of 512: not version 1" },
        { "version 257", 9, 1, "malformed at byte 8 of 512: not version 1" },
        { "Chrome OS's hash type", 12, 0, "malformed at byte 12 of 512: not hash type 1" },
        { "another UUID", 31, 0xff, NULL },
        { "sha356", 35, '3', "malformed at byte 32 of 512: the hash is not sha256" },
        { "sha256x", 38, 'x', "malformed at byte 38 of 512: the hash is not sha256" },
        { "text after the hash's NUL", 63, 'x', "at byte 38 of 512: the hash is not sha256" },
        { "data blocks of 8192", 65, 0x20, "at byte 64 of 512: data blocks are not of 4096" },
        { "hash blocks of 8192", 69, 0x20, "at byte 68 of 512: hash blocks are not of 4096" },
        { "44 data blocks", 73, 0, NULL },
        { "too many data blocks", 79, 1, "at byte 72 of 512: more data blocks than can be" },
        { "a salt of 260", 81, 1, "at byte 80 of 512: the salt is longer than its field" },
        { "a salt of 3", 80, 3, "at byte 91 of 512: bytes after the end of the salt" },
        { "a salt of 5", 80, 5, NULL },
        { "padding before the salt", 82, 1, "at byte 82 of 512: padding that is not zero" },
        { "padding before the salt, end", 87, 1, "at byte 82 of 512: padding that is not zero" },
        { "another salt", 91, 5, NULL },
        { "after the salt", 92, 1, "at byte 92 of 512: bytes after the end of the salt" },
        { "after the salt, end", 343, 1, "at byte 92 of 512: bytes after the end of the salt" },
        { "padding at the end", 344, 1, "at byte 344 of 512: padding that is not zero" },
        { "the last byte", 511, 1, "at byte 344 of 512: padding that is not zero" },
};

static void one_byte_changed(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SUPERBLOCK_SIZE);
                Span bytes = sample(&b);
                VeritySuperblock sb;
                Err e = {};
                int rc;

                b.data[cases[i].at] = cases[i].byte;
                rc = verity_superblock_parse(bytes, &sb, &e);
                if (rc != (cases[i].said ? -EBADMSG : 0))
                        fail_msg("%s: %d, %s", cases[i].what, rc, e.text);
                if (cases[i].said && !strstr(e.text, cases[i].said))
                        fail_msg("%s: said '%s'", cases[i].what, e.text);
        }
}

static void zero_data_blocks_are_refused(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SUPERBLOCK_SIZE);
        Span bytes = sample(&b);
        VeritySuperblock sb;
        Err e = {};

        (void) state;
        memset(b.data + 72, 0, 8);
        assert_int_equal(verity_superblock_parse(bytes, &sb, &e), -EBADMSG);
        assert_string_equal(
                        e.text, "verity superblock: malformed at byte 72 of 512: no data blocks");
}

static void the_longest_salt_fits(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SUPERBLOCK_SIZE);
        uint8_t salt[VERITY_SALT_MAX];
        VeritySuperblock sb = { .data_blocks = VERITY_DATA_BLOCKS_MAX,
                .salt = { salt, sizeof(salt) } };

        (void) state;
        memset(salt, 0xaa, sizeof(salt));
        verity_superblock_write(&sb, &b);
        assert_int_equal(verity_superblock_parse(buf_span(&b), &sb, NULL), 0);
        assert_int_equal(sb.salt.size, sizeof(salt));
        assert_true(sb.data_blocks == VERITY_DATA_BLOCKS_MAX);
}

static void every_shorter_input_is_refused_and_writes_nothing(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SUPERBLOCK_SIZE);
        Span bytes = sample(&b);
        VeritySuperblock sb = { .data_blocks = 77 };

        (void) state;
        for (size_t n = 0; n < bytes.size; n++)
                assert_int_equal(verity_superblock_parse((Span){ bytes.data, n }, &sb, NULL),
                                -EBADMSG);
        assert_int_equal(sb.data_blocks, 77);
}

static void what_follows_is_not_looked_at(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_BLOCK);
        VeritySuperblock sb;

        (void) state;
        (void) sample(&b);
        buf_byte(&b, 'x');
        assert_int_equal(verity_superblock_parse(buf_span(&b), &sb, NULL), 0);
}

static void no_tree_over_nothing_or_over_too_much(void **state) {
        VerityLayout l = { .total = 77 };

        (void) state;
        assert_int_equal(verity_layout(0, &l, NULL), -EBADMSG);
        assert_int_equal(verity_layout(VERITY_DATA_BLOCKS_MAX + 1, &l, NULL), -EBADMSG);
        assert_int_equal(l.total, 77);
        assert_int_equal(verity_layout(VERITY_DATA_BLOCKS_MAX, &l, NULL), 0);
        assert_int_equal(l.n_levels, 8);
        assert_int_equal(l.at[7], 1);
        assert_int_equal(l.blocks[7], 1);
}

/* The figures are those that veritysetup 2.6.1 makes. */
static const struct {
        uint64_t data_blocks;
        unsigned n_levels;
        uint64_t lowest_at, total;
} layouts[] = {
        { 1, 0, 0, 1 },
        { 2, 1, 1, 2 },
        { 128, 1, 1, 2 },
        { 129, 2, 2, 4 },
        { 16384, 2, 2, 130 },
        { 16385, 3, 4, 133 },
};

static void levels_lie_where_dm_verity_has_them(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(layouts); i++) {
                VerityLayout l;

                assert_int_equal(verity_layout(layouts[i].data_blocks, &l, NULL), 0);
                assert_int_equal(l.n_levels, layouts[i].n_levels);
                assert_int_equal(l.at[0], layouts[i].lowest_at);
                assert_int_equal(l.total, layouts[i].total);
        }
}

static bool veritysetup_formats(const Scratch *s, uint64_t blocks, const char *salt) {
        scratch_sparse(s, "data", blocks * VERITY_BLOCK);
        (void) unlink(scratch_path(s, "hash").text);
        return scratch_tool(s, "veritysetup", "format", "--salt", salt, "data", "hash") == 0;
}

static void veritysetup_makes_the_same_layout_and_superblock(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();

        (void) state;
        for (size_t i = 0; i < ELEMENTS(layouts); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SUPERBLOCK_SIZE);
                uint8_t head[VERITY_SUPERBLOCK_SIZE];
                _cleanup_(fd_done) int fd = -1;
                VeritySuperblock sb;
                struct stat st;

                assert_true(veritysetup_formats(&s, layouts[i].data_blocks, "0123456789abcdef"));
                fd = open(scratch_path(&s, "hash").text, O_RDONLY | O_CLOEXEC);
                assert_int_equal(fstat(fd, &st), 0);
                assert_int_equal(st.st_size, layouts[i].total * VERITY_BLOCK);

                assert_int_equal(file_read_at(fd, "hash", 0, head, sizeof(head), NULL), 0);
                assert_int_equal(verity_superblock_parse((Span){ head, sizeof(head) }, &sb, NULL),
                                0);
                assert_int_equal(sb.data_blocks, layouts[i].data_blocks);
                assert_int_equal(sb.salt.size, 8);
                verity_superblock_write(&sb, &b);
                assert_memory_equal(b.data, head, sizeof(head));
        }
}

static void dump_line(Buf *to, const char *key, Span value) {
        buf_printf(to, "%s", key);
        text_hex(to, value);
        buf_byte(to, '\n');
        buf_byte(to, 0);
}

/* Whatever byte is changed: what we take, veritysetup takes, and with the same values. */
static void veritysetup_takes_what_we_take(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        unsigned taken = 0;

        (void) state;
        for (size_t at = 0; at < VERITY_SUPERBLOCK_SIZE; at++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_BLOCK), line = BUF_UP_TO(1024);
                Span bytes = sample(&b);
                VeritySuperblock sb;

                b.data[at] ^= 1;
                if (verity_superblock_parse(bytes, &sb, NULL) < 0)
                        continue;
                taken++;
                dump_line(&line, "Salt:            \t", sb.salt);
                scratch_write(&s, "hash", bytes);
                assert_int_equal(scratch_tool(&s, "veritysetup", "dump", "hash"), 0);
                assert_true(scratch_printed(&s, (const char *) line.data));
                buf_done(&line);
                buf_printf(&line, "Data blocks:     \t%llu\n", (unsigned long long) sb.data_blocks);
                buf_byte(&line, 0);
                assert_true(scratch_printed(&s, (const char *) line.data));
        }
        assert_int_equal(taken, 16 + 7 + 1 + 4); /* uuid, data blocks, salt size, salt */
}

static void the_known_vector_reads(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64 * 1024), again = BUF_UP_TO(VERITY_SUPERBLOCK_SIZE);
        Span bytes = testdata_or_skip("vectors/verity-hash-device.bin", &b);
        VeritySuperblock sb;
        VerityLayout l;

        (void) state;
        assert_int_equal(verity_superblock_parse(bytes, &sb, NULL), 0);
        assert_int_equal(sb.data_blocks, 300);
        assert_int_equal(sb.salt.size, 32);
        verity_superblock_write(&sb, &again);
        assert_memory_equal(again.data, bytes.data, VERITY_SUPERBLOCK_SIZE);
        assert_int_equal(verity_layout(sb.data_blocks, &l, NULL), 0);
        assert_int_equal(l.total * VERITY_BLOCK, bytes.size);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read_again),
                cmocka_unit_test(one_byte_changed),
                cmocka_unit_test(zero_data_blocks_are_refused),
                cmocka_unit_test(the_longest_salt_fits),
                cmocka_unit_test(every_shorter_input_is_refused_and_writes_nothing),
                cmocka_unit_test(what_follows_is_not_looked_at),
                cmocka_unit_test(no_tree_over_nothing_or_over_too_much),
                cmocka_unit_test(levels_lie_where_dm_verity_has_them),
                cmocka_unit_test(veritysetup_makes_the_same_layout_and_superblock),
                cmocka_unit_test(veritysetup_takes_what_we_take),
                cmocka_unit_test(the_known_vector_reads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
