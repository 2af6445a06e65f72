/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "support/edge.h"
#include "wire/erofs.h"

/* Bytes up to a multiple of 4096 and a whole file system of ten blocks, its inodes in the first. */
static Span superblock(Buf *b) {
        buf_le(b, 0xe0f5e1e2, 4);
        buf_zeros(b, 8);
        buf_byte(b, 12);
        buf_byte(b, 0);
        buf_le(b, 36, 2);
        buf_zeros(b, 20);
        buf_le(b, 10, 4);
        buf_le(b, 0, 4);
        buf_zeros(b, 36);
        buf_le(b, 0x01, 4);
        buf_zeros(b, 44);
        assert_int_equal(buf_span(b).size, EROFS_SUPERBLOCK_SIZE);
        return buf_span(b);
}

static const ErofsSuperblock ten_blocks = { .root = 36 * 32, .blocks = 10, .meta = 0 };

static void a_superblock_says_where_its_root_is(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        Span bytes = superblock(&b);
        ErofsSuperblock sb;

        (void) state;
        assert_int_equal(erofs_superblock_parse(bytes, &sb, NULL), 0);
        assert_int_equal(sb.root, 36 * 32);
        assert_int_equal(sb.blocks, 10);
        assert_int_equal(sb.meta, 0);
        for (size_t n = 0; n < bytes.size; n++)
                assert_int_equal(erofs_superblock_parse((Span){ bytes.data, n }, &sb, NULL),
                                -EBADMSG);
}

static void what_is_no_superblock_of_ours_is_refused(void **state) {
        static const struct {
                size_t at;
                uint8_t byte;
                const char *said;
        } cases[] = {
                { 0, 0, "erofs superblock: not one" },
                { 12, 9, "erofs superblock: blocks are not of 4096 bytes" },
                { 80, 0x80, "erofs superblock: has features that are not known (0x80)" },
                { 83, 1, "erofs superblock: has features that are not known (0x1000001)" },
                { 15, 5, "erofs: inode 1316 lies outside of the file system" },
                { 40, 10, "erofs: inode 36 lies outside of the file system" },
                { 40, 11, "erofs: inode 36 lies outside of the file system" },
                { 36, 0, "erofs: inode 36 lies outside of the file system" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                ErofsSuperblock sb;
                Err e = {};

                (void) superblock(&b);
                b.data[cases[i].at] = cases[i].byte;
                assert_int_equal(erofs_superblock_parse(buf_span(&b), &sb, &e), -EBADMSG);
                assert_string_equal(e.text, cases[i].said);
        }
}

static void inodes_lie_in_the_file_system(void **state) {
        const ErofsSuperblock late = { .blocks = 10, .meta = 9 * 4096 };
        uint64_t at;

        (void) state;
        assert_int_equal(erofs_inode_at(&ten_blocks, 1279, &at, NULL), 0);
        assert_int_equal(at, 40928);
        assert_int_equal(erofs_inode_at(&ten_blocks, 1280, &at, NULL), -EBADMSG);
        assert_int_equal(erofs_inode_at(&late, 127, &at, NULL), 0);
        assert_int_equal(erofs_inode_at(&late, 128, &at, NULL), -EBADMSG);
        assert_int_equal(erofs_inode_at(&ten_blocks, UINT64_MAX, &at, NULL), -EBADMSG);
        assert_int_equal(erofs_inode_at(&ten_blocks, UINT64_MAX / 32 + 1, &at, NULL), -EBADMSG);
}

/* struct erofs_inode_compact, or _extended */
static Span inode(Buf *b, bool extended, unsigned layout, unsigned attributes, uint64_t size,
                uint32_t block) {
        buf_done(b);
        buf_le(b, (extended ? 1u : 0) | layout << 1, 2);
        buf_le(b, attributes, 2);
        buf_le(b, S_IFREG | 0644, 2);
        buf_le(b, 1, 2);
        buf_le(b, size, extended ? 8 : 4);
        if (!extended)
                buf_le(b, 0, 4);
        buf_le(b, block, 4);
        buf_zeros(b, extended ? 44 : 12);
        assert_int_equal(buf_span(b).size, extended ? 64 : 32);
        return buf_span(b);
}

static void an_inode_says_where_its_bytes_are(void **state) {
        static const struct {
                bool extended;
                unsigned layout, attributes;
                uint64_t size;
                uint32_t block;
                uint64_t whole, whole_size, tail; /* tail: behind the inode */
        } cases[] = {
                { false, 0, 0, 5000, 2, 8192, 5000, 32 },
                { false, 2, 0, 100, 0, 0, 0, 32 },
                { true, 2, 0, 5000, 2, 8192, 4096, 64 },
                { true, 2, 1, 100, 0, 0, 0, 64 + 12 },
                { false, 2, 5, 8192, 8, 32768, 8192, 32 + 28 },
                { false, 0, 0, 0, 0xffffffff, 0, 0, 32 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                Span bytes = inode(&b, cases[i].extended, cases[i].layout, cases[i].attributes,
                                cases[i].size, cases[i].block);
                ErofsInode n;

                assert_int_equal(erofs_inode_parse(&ten_blocks, 4096, bytes, &n, NULL), 0);
                assert_true(n.plain);
                assert_int_equal(n.mode, S_IFREG | 0644);
                assert_int_equal(n.size, cases[i].size);
                assert_int_equal(n.whole_size, cases[i].whole_size);
                if (n.whole_size > 0)
                        assert_int_equal(n.whole, cases[i].whole);
                assert_int_equal(n.tail, 4096 + cases[i].tail);
                for (size_t k = 0; k < bytes.size; k++)
                        assert_int_equal(erofs_inode_parse(&ten_blocks, 4096,
                                                         (Span){ bytes.data, k }, &n, NULL),
                                        -EBADMSG);
        }
}

static void files_outside_of_the_file_system_are_refused(void **state) {
        static const struct {
                unsigned layout;
                uint64_t at, size;
                uint32_t block;
                bool good;
        } cases[] = {
                { 0, 0, 4096, 9, true },
                { 0, 0, 4097, 9, false },
                { 0, 0, 1, 10, false },
                { 0, 0, UINT64_MAX, 0, false },
                { 0, 0, UINT64_MAX - 4096, 2, false },
                { 2, 40960 - 64 - 100, 100, 0, true },
                { 2, 40960 - 64 - 100, 101, 0, false },
                { 2, 40960 - 64 - 100, 4096 + 100, 10, false },
                { 1, 0, UINT64_MAX, 0xffffffff, true },
                { 3, 0, 100, 0xffffffff, true },
                { 4, 0, 100, 0xffffffff, true },
                { 5, 0, 100, 0, false },
                { 7, 0, 100, 0, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                ErofsInode n;
                int rc = erofs_inode_parse(&ten_blocks, cases[i].at,
                                inode(&b, true, cases[i].layout, 0, cases[i].size, cases[i].block),
                                &n, NULL);

                assert_int_equal(rc, cases[i].good ? 0 : -EBADMSG);
                if (cases[i].good)
                        assert_int_equal(n.plain, cases[i].layout == 0 || cases[i].layout == 2);
        }
}

static void put_entry(Buf *b, uint64_t number, unsigned name_at) {
        buf_le(b, number, 8);
        buf_le(b, name_at, 2);
        buf_le(b, 1, 2);
}

static void a_folder_lists_names(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(EROFS_BLOCK);
        ErofsEntry entry;
        size_t at = 0;

        (void) state;
        put_entry(&b, 36, 24);
        put_entry(&b, 1 << 20, 26);
        buf_string(&b, "..usr");
        assert_int_equal(erofs_entry_next(buf_span(&b), &at, &entry, NULL), 1);
        assert_true(span_is(entry.name, ".."));
        assert_int_equal(entry.inode, 36);
        assert_int_equal(erofs_entry_next(buf_span(&b), &at, &entry, NULL), 1);
        assert_true(span_is(entry.name, "usr"));
        assert_int_equal(entry.inode, 1 << 20);
        assert_int_equal(erofs_entry_next(buf_span(&b), &at, &entry, NULL), 0);

        buf_zeros(&b, EROFS_BLOCK - b.size); /* a whole block is padded */
        at = 12;
        assert_int_equal(erofs_entry_next(buf_span(&b), &at, &entry, NULL), 1);
        assert_true(span_is(entry.name, "usr"));
}

static void a_folder_that_contradicts_itself_is_refused(void **state) {
        static const struct {
                unsigned first, second;
                const char *names;
        } cases[] = {
                { 0, 26, "..usr" },
                { 11, 26, "..usr" },
                { 25, 26, "..usr" },
                { 36, 26, "..usr" },
                { 4096, 26, "..usr" },
                { 24, 24, "..usr" },
                { 24, 23, "..usr" },
                { 24, 29, "..usr" },
                { 24, 400, "..usr" },
                { 24, 26, "a/usr" },
                { 24, 26, "..u/r" },
                { 23, 26, "..usr" },
                { 24, 30, "..usr" },
                { 24, 26, ".\0usr" },
                { 24, 26, "..\0sr" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(EROFS_BLOCK);
                ErofsEntry entry;
                size_t at = 0;
                int rc;

                put_entry(&b, 36, cases[i].first);
                put_entry(&b, 37, cases[i].second);
                buf_bytes(&b, (Span){ (const uint8_t *) cases[i].names, 5 });
                while ((rc = erofs_entry_next(buf_span(&b), &at, &entry, NULL)) == 1)
                        ;
                assert_int_equal(rc, -EBADMSG);
        }
}

/* Of the entry that is asked for: one before it may be sound. */
static void an_entry_is_not_read_beyond_its_block(void **state) {
        static const uint8_t short_block[11] = { [8] = 12 };
        static const struct {
                unsigned first, second;
                size_t at, size;
        } cases[] = {
                { 24, 12, 12, 29 }, /* a name among the entries */
                { 24, 23, 12, 29 },
                { 24, 4000, 0, 29 }, /* one that ends behind the block */
                { 25, 27, 0, 29 },   /* no whole number of entries */
                { 36, 36, 0, 29 },   /* more entries than bytes */
                { 36, 36, 24, 29 },
                { 24, 26, 0, EROFS_BLOCK + 1 },
        };
        ErofsEntry entry;
        size_t at = 0;

        (void) state;
        for (size_t n = 0; n <= sizeof(short_block); n++) {
                _cleanup_(edge_done) Edge block = edge_of((Span){ short_block, n });

                assert_int_equal(erofs_entry_next(block.bytes, &at, &entry, NULL), -EBADMSG);
        }
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * EROFS_BLOCK);
                _cleanup_(edge_done) Edge block = {};

                put_entry(&b, 36, cases[i].first);
                put_entry(&b, 37, cases[i].second);
                buf_string(&b, "..usr");
                while (b.size < EROFS_BLOCK + 1)
                        buf_byte(&b, 'x');
                block = edge_of((Span){ b.data, cases[i].size });
                at = cases[i].at;
                if (erofs_entry_next(block.bytes, &at, &entry, NULL) != -EBADMSG)
                        fail_msg("case %zu is taken", i);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_superblock_says_where_its_root_is),
                cmocka_unit_test(what_is_no_superblock_of_ours_is_refused),
                cmocka_unit_test(inodes_lie_in_the_file_system),
                cmocka_unit_test(an_inode_says_where_its_bytes_are),
                cmocka_unit_test(files_outside_of_the_file_system_are_refused),
                cmocka_unit_test(a_folder_lists_names),
                cmocka_unit_test(a_folder_that_contradicts_itself_is_refused),
                cmocka_unit_test(an_entry_is_not_read_beyond_its_block),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
