/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "wire/squashfs.h"

/* A file system of 20000 bytes: inodes at 10000, folders at 11000, tails at 12000, owners at 13000.
 */
static Span superblock(Buf *b) {
        buf_le(b, 0x73717368, 4);
        buf_zeros(b, 8);
        buf_le(b, 131072, 4);
        buf_le(b, 3, 4);
        buf_le(b, 1, 2);
        buf_le(b, 17, 2);
        buf_zeros(b, 4);
        buf_le(b, 4, 2);
        buf_le(b, 0, 2);
        buf_le(b, 999 << 16 | 8191, 8);
        buf_le(b, 20000, 8);
        buf_le(b, 13000, 8);
        buf_le(b, UINT64_MAX, 8);
        buf_le(b, 10000, 8);
        buf_le(b, 11000, 8);
        buf_le(b, 12000, 8);
        buf_le(b, UINT64_MAX, 8);
        assert_int_equal(buf_span(b).size, SQUASHFS_SUPERBLOCK_SIZE);
        return buf_span(b);
}

static const SquashfsSuperblock known = {
        .packing = SQUASHFS_GZIP,
        .size = 20000,
        .root = 999 << 16 | 8191,
        .block_size = 131072,
        .n_fragments = 3,
        .inodes = 10000,
        .folders = 11000,
        .fragments = 12000,
        .ends = 12000,
};

static void a_superblock_says_where_its_tables_are(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        Span bytes = superblock(&b);
        SquashfsSuperblock sb;

        (void) state;
        assert_int_equal(squashfs_superblock_parse(bytes, &sb, NULL), 0);
        assert_true(sb.packing == known.packing && sb.size == known.size && sb.root == known.root);
        assert_true(sb.block_size == known.block_size && sb.n_fragments == known.n_fragments);
        assert_true(sb.inodes == known.inodes && sb.folders == known.folders);
        assert_true(sb.fragments == known.fragments && sb.ends == known.ends);
        for (size_t n = 0; n < bytes.size; n++)
                assert_int_equal(squashfs_superblock_parse((Span){ bytes.data, n }, &sb, NULL),
                                -EBADMSG);
}

/* Without tails the folders end where the owners begin. */
static void there_need_be_no_tails(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        SquashfsSuperblock sb;

        (void) state;
        (void) superblock(&b);
        b.data[16] = 0;
        memset(b.data + 80, 0xff, 8);
        assert_int_equal(squashfs_superblock_parse(buf_span(&b), &sb, NULL), 0);
        assert_int_equal(sb.ends, 13000);
}

static void what_is_no_superblock_of_ours_is_refused(void **state) {
        static const char
                        disorder[] = "squashfs superblock: its tables are in disorder",
                        sizes[] = "squashfs superblock: two sizes of a block, or one that is none",
                        tails[] = "squashfs superblock: the table of tails lies outside";
        static const struct {
                size_t at;
                uint64_t value;
                unsigned size;
                const char *said;
        } cases[] = {
                { 0, 0, 1, "squashfs superblock: not one" },
                { 28, 3, 2, "squashfs superblock: of version 3.0, and not 4.0" },
                { 30, 1, 2, "squashfs superblock: of version 4.1, and not 4.0" },
                { 12, 131073, 4, sizes },
                { 22, 21, 2, sizes },
                { 20, 0, 2, "squashfs superblock: packed as nothing known (0)" },
                { 20, 7, 2, "squashfs superblock: packed as nothing known (7)" },
                { 64, 95, 8, disorder },
                { 64, 11000, 8, disorder },
                { 72, 12000, 8, disorder },
                { 72, UINT64_MAX, 8, disorder },
                { 40, 11999, 8, disorder },
                { 80, 19993, 8, tails },
                { 80, UINT64_MAX, 8, tails },
                { 32, (uint64_t) 1000 << 16, 8,
                                "squashfs: block 1000, byte 0 lies outside of its table" },
                { 32, 8192, 8, "squashfs: block 0, byte 8192 lies outside of its table" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                SquashfsSuperblock sb;
                Err e = {};

                (void) superblock(&b);
                for (unsigned k = 0; k < cases[i].size; k++)
                        b.data[cases[i].at + k] = (uint8_t) (cases[i].value >> 8 * k);
                assert_int_equal(squashfs_superblock_parse(buf_span(&b), &sb, &e), -EBADMSG);
                assert_string_equal(e.text, cases[i].said);
        }
}

static void blocks_are_of_4096_bytes_to_a_mebibyte(void **state) {
        (void) state;
        for (unsigned bits = 11; bits <= 21; bits++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                SquashfsSuperblock sb;

                (void) superblock(&b);
                b.data[22] = (uint8_t) bits;
                for (unsigned k = 0; k < 4; k++)
                        b.data[12 + k] = (uint8_t) ((1u << bits) >> 8 * k);
                assert_int_equal(squashfs_superblock_parse(buf_span(&b), &sb, NULL),
                                bits == 11 || bits == 21 ? -EBADMSG : 0);
        }
}

static void a_reference_leads_into_the_table(void **state) {
        uint64_t block;
        uint32_t offset;

        (void) state;
        assert_int_equal(squashfs_inode_at(&known, known.root, &block, &offset, NULL), 0);
        assert_int_equal(block, 10999);
        assert_int_equal(offset, 8191);
        assert_int_equal(squashfs_inode_at(&known, 0, &block, &offset, NULL), 0);
        assert_int_equal(block, 10000);
        assert_int_equal(squashfs_inode_at(&known, 1000 << 16, &block, &offset, NULL), -EBADMSG);
        assert_int_equal(squashfs_inode_at(&known, 8192, &block, &offset, NULL), -EBADMSG);
}

static void a_metadata_block_has_a_head(void **state) {
        static const struct {
                uint64_t at;
                uint16_t word;
                bool good, packed;
        } cases[] = {
                { 10000, 100, true, true },
                { 10000, 0x8000 | 100, true, false },
                { 10000, 8192, true, true },
                { 10000, 8193, false, false },
                { 10000, 0, false, false },
                { 10000, 0x8000, false, false },
                { 19000, 998, true, true },
                { 19000, 999, false, false },
                { UINT64_MAX - 2, 100, false, false },
                { 19999, 1, false, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(16);
                SquashfsBlock block;

                buf_le(&b, cases[i].word, 2);
                assert_int_equal(squashfs_meta_parse(
                                                 &known, cases[i].at, buf_span(&b), &block, NULL),
                                cases[i].good ? 0 : -EBADMSG);
                if (!cases[i].good)
                        continue;
                assert_int_equal(block.at, cases[i].at + 2);
                assert_int_equal(block.size, cases[i].word & 0x7fff);
                assert_int_equal(block.packed, cases[i].packed);
                for (size_t n = 0; n < 2; n++)
                        assert_int_equal(squashfs_meta_parse(&known, 10000, (Span){ b.data, n },
                                                         &block, NULL),
                                        -EBADMSG);
                buf_byte(&b, 0);
                assert_int_equal(squashfs_meta_parse(&known, 10000, buf_span(&b), &block, NULL),
                                -EBADMSG);
        }
}

static void head_of_inode(Buf *b, unsigned type) {
        buf_done(b);
        buf_le(b, type, 2);
        buf_le(b, 0644, 2);
        buf_zeros(b, 12);
}

/* Every prefix of it is refused, and what stands behind it does not matter. */
static void takes(Buf *b, SquashfsInode *inode) {
        size_t whole = buf_span(b).size;
        SquashfsInode other;

        assert_int_equal(squashfs_inode_parse(&known, buf_span(b), inode, NULL), 0);
        for (size_t n = 0; n < whole; n++) {
                Err e = {};

                assert_int_equal(squashfs_inode_parse(&known, (Span){ b->data, n }, &other, &e),
                                -EBADMSG);
                assert_string_equal(e.text, "squashfs: an inode is cut short");
        }
        buf_le(b, UINT64_MAX, 8);
        assert_int_equal(squashfs_inode_parse(&known, buf_span(b), &other, NULL), 0);
        assert_true(other.mode == inode->mode && other.size == inode->size);
}

static Span folder(Buf *b, bool is_long, uint32_t block, uint32_t size, uint16_t offset) {
        head_of_inode(b, is_long ? 8 : 1);
        if (is_long) {
                buf_le(b, 2, 4);
                buf_le(b, size, 4);
                buf_le(b, block, 4);
                buf_zeros(b, 6);
                buf_le(b, offset, 2);
                buf_le(b, UINT32_MAX, 4);
        } else {
                buf_le(b, block, 4);
                buf_le(b, 2, 4);
                buf_le(b, size, 2);
                buf_le(b, offset, 2);
                buf_le(b, 1, 4);
        }
        return buf_span(b);
}

static void a_folder_says_where_its_list_is(void **state) {
        (void) state;
        for (int is_long = 0; is_long < 2; is_long++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                SquashfsInode n;

                (void) folder(&b, is_long, 999, 103, 8191);
                takes(&b, &n);
                assert_int_equal(n.mode, S_IFDIR | 0644);
                assert_int_equal(n.size, 100);
                assert_int_equal(n.list_block, 11999);
                assert_int_equal(n.list_offset, 8191);
                assert_int_equal(squashfs_inode_parse(&known, folder(&b, is_long, 999, 4, 8192), &n,
                                                 NULL),
                                -EBADMSG);
                assert_int_equal(squashfs_inode_parse(
                                                 &known, folder(&b, is_long, 1000, 4, 0), &n, NULL),
                                -EBADMSG);
                assert_int_equal(squashfs_inode_parse(
                                                 &known, folder(&b, is_long, 0, 2, 0), &n, NULL),
                                -EBADMSG);
                /* an empty one has no list, wherever that is said to be */
                assert_int_equal(squashfs_inode_parse(
                                                 &known, folder(&b, is_long, 1000, 3, 0), &n, NULL),
                                0);
                assert_int_equal(n.size, 0);
        }
}

static Span file(Buf *b, bool is_long, uint64_t size, uint32_t tail, uint32_t offset) {
        head_of_inode(b, is_long ? 9 : 2);
        buf_le(b, 96, is_long ? 8 : 4);
        if (is_long) {
                buf_le(b, size, 8);
                buf_zeros(b, 12);
        }
        buf_le(b, tail, 4);
        buf_le(b, offset, 4);
        buf_le(b, is_long ? UINT32_MAX : size, 4);
        return buf_span(b);
}

static void a_file_says_where_its_bytes_are(void **state) {
        static const struct {
                uint64_t size;
                uint32_t tail, offset;
                uint64_t n_blocks;
        } cases[] = {
                { 0, UINT32_MAX, 0, 0 },
                { 100, UINT32_MAX, 0, 1 },
                { 131072, UINT32_MAX, 0, 1 },
                { 131073, UINT32_MAX, UINT32_MAX, 2 },
                { 100, 2, 131071, 0 },
                { 131172, 0, 0, 1 },
        };

        (void) state;
        for (size_t i = 0; i < 2 * ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                bool is_long = i % 2 != 0;
                SquashfsInode n;

                (void) file(&b, is_long, cases[i / 2].size, cases[i / 2].tail, cases[i / 2].offset);
                takes(&b, &n);
                assert_int_equal(n.mode, S_IFREG | 0644);
                assert_int_equal(n.size, cases[i / 2].size);
                assert_int_equal(n.blocks, 96);
                assert_int_equal(n.n_blocks, cases[i / 2].n_blocks);
                assert_int_equal(n.sizes_at, is_long ? 56 : 32);
                assert_int_equal(n.has_tail, cases[i / 2].tail != UINT32_MAX);
                if (n.has_tail) {
                        assert_int_equal(n.tail, cases[i / 2].tail);
                        assert_int_equal(n.tail_offset, cases[i / 2].offset);
                }
        }
}

static void where_no_tails_are_an_inode_is_cut_short_all_the_same(void **state) {
        SquashfsSuperblock none = known;
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        Span whole = file(&b, false, 5, UINT32_MAX, 0);

        (void) state;
        none.n_fragments = 0;
        for (size_t n = 0; n < whole.size; n++) {
                SquashfsInode inode;
                Err e = {};

                assert_int_equal(squashfs_inode_parse(&none, (Span){ b.data, n }, &inode, &e),
                                -EBADMSG);
                assert_string_equal(e.text, "squashfs: an inode is cut short");
        }
}

static void a_tail_that_is_not_there_is_refused(void **state) {
        static const uint32_t cases[][2] = { { 3, 0 }, { 0, 131072 }, { UINT32_MAX - 1, 0 } };

        (void) state;
        for (size_t i = 0; i < 2 * ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                SquashfsInode n;

                assert_int_equal(squashfs_inode_parse(&known,
                                                 file(&b, i % 2 != 0, 5, cases[i / 2][0],
                                                                 cases[i / 2][1]),
                                                 &n, NULL),
                                -EBADMSG);
        }
}

static void others_are_known_for_what_they_are(void **state) {
        static const mode_t modes[] = { S_IFLNK, S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK };

        (void) state;
        for (unsigned type = 3; type <= 14; type = type == 7 ? 10 : type + 1) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                SquashfsInode n;

                head_of_inode(&b, type);
                takes(&b, &n);
                assert_int_equal(n.mode, modes[(type - 3) % 7] | 0644);
        }
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                SquashfsInode n;

                head_of_inode(&b, i * 15);
                assert_int_equal(squashfs_inode_parse(&known, buf_span(&b), &n, NULL), -EBADMSG);
        }
}

static void a_block_of_a_file_has_a_size(void **state) {
        static const struct {
                uint64_t at;
                uint32_t word;
                bool good;
        } cases[] = {
                { 96, 0, true },
                { 96, 1000, true },
                { 96, 1 << 24 | 1000, true },
                { 96, 2 << 24 | 1000, false },
                { 19000, 1000, true },
                { 19000, 1001, false },
                { 20000, 0, true },
                { 20001, 0, false },
                { UINT64_MAX, 1, false },
                { 0, 131073, false },
                { 0, 19999, true },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(32), f = BUF_UP_TO(32);
                SquashfsBlock one, two;
                int rc = cases[i].good ? 0 : -EBADMSG;

                buf_le(&b, cases[i].word, 4);
                buf_le(&f, cases[i].at, 8);
                buf_le(&f, cases[i].word, 4);
                buf_le(&f, 0, 4);
                assert_int_equal(squashfs_size_parse(&known, cases[i].at, buf_span(&b), &one, NULL),
                                rc);
                assert_int_equal(squashfs_fragment_parse(&known, buf_span(&f), &two, NULL), rc);
                if (rc < 0)
                        continue;
                assert_true(one.at == cases[i].at && one.size == (cases[i].word & 0xffffff) &&
                                one.packed == ((cases[i].word >> 24) == 0));
                assert_true(one.at == two.at && one.size == two.size && one.packed == two.packed);
                for (size_t n = 0; n < 4; n++)
                        assert_int_equal(squashfs_size_parse(&known, 96, (Span){ b.data, n }, &one,
                                                         NULL),
                                        -EBADMSG);
                for (size_t n = 0; n < 16; n++)
                        assert_int_equal(squashfs_fragment_parse(
                                                         &known, (Span){ f.data, n }, &two, NULL),
                                        -EBADMSG);
                buf_byte(&b, 0);
                buf_byte(&f, 0);
                assert_true(squashfs_size_parse(&known, 96, buf_span(&b), &one, NULL) < 0);
                assert_true(squashfs_fragment_parse(&known, buf_span(&f), &two, NULL) < 0);
        }
}

/* Nor is one longer than a block is unpacked. */
static void a_block_of_a_file_is_not_too_long(void **state) {
        static const SquashfsSuperblock large = { .size = 1 << 20, .block_size = 4096 };
        static const uint8_t most[] = { 0, 0x10, 0, 0 }, more[] = { 1, 0x10, 0, 0 };
        SquashfsBlock b;

        (void) state;
        assert_int_equal(squashfs_size_parse(&large, 0, (Span){ most, 4 }, &b, NULL), 0);
        assert_int_equal(squashfs_size_parse(&large, 0, (Span){ more, 4 }, &b, NULL), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_superblock_says_where_its_tables_are),
                cmocka_unit_test(there_need_be_no_tails),
                cmocka_unit_test(what_is_no_superblock_of_ours_is_refused),
                cmocka_unit_test(blocks_are_of_4096_bytes_to_a_mebibyte),
                cmocka_unit_test(a_reference_leads_into_the_table),
                cmocka_unit_test(a_metadata_block_has_a_head),
                cmocka_unit_test(a_folder_says_where_its_list_is),
                cmocka_unit_test(a_file_says_where_its_bytes_are),
                cmocka_unit_test(where_no_tails_are_an_inode_is_cut_short_all_the_same),
                cmocka_unit_test(a_tail_that_is_not_there_is_refused),
                cmocka_unit_test(others_are_known_for_what_they_are),
                cmocka_unit_test(a_block_of_a_file_has_a_size),
                cmocka_unit_test(a_block_of_a_file_is_not_too_long),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
