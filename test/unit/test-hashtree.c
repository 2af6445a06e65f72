/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "image/hashtree.h"
#include "support/scratch.h"
#include "support/testdata.h"

enum { BLOCK = 4096 };

#define SALT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define UUID "6e8a1b6e-0000-4000-8000-000000000001"

static const uint8_t uuid[16] = { 0x6e, 0x8a, 0x1b, 0x6e, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0,
        1 };

/* A folder, in it the file "data" in which block i begins with the number i and is filled with its
 * lowest byte; the tree goes behind it. */
typedef struct World {
        Scratch s;
        int fd;
        uint8_t salt[32];
        HashTreeParams p;
} World;

static void world_make(World *w, size_t n) {
        *w = (World){ .s = scratch_new() };
        scratch_write(&w->s, "data", (Span){});
        w->fd = open(scratch_path(&w->s, "data").text, O_RDWR | O_CLOEXEC);
        assert_true(w->fd >= 0);
        for (size_t i = 0; i < n; i++) {
                uint8_t block[BLOCK];

                memset(block, (int) (i & 0xff), sizeof(block));
                assert_int_equal(file_write_at(w->fd, "data", i * BLOCK,
                                                 (Span){ block, sizeof(block) }, NULL),
                                0);
        }
        assert_true(text_unhex(SPAN_LITERAL(SALT), w->salt, sizeof(w->salt)));
        w->p = (HashTreeParams){
                .fd = w->fd,
                .name = "data",
                .data_size = n * BLOCK,
                .tree_at = n * BLOCK,
                .salt = { w->salt, sizeof(w->salt) },
                .n_workers = 2,
        };
        memcpy(w->p.uuid, uuid, sizeof(uuid));
}

static void world_done(World *w) {
        fd_done(&w->fd);
        scratch_done(&w->s);
}

static Span tree_of(const World *w, uint64_t size, Buf *into) {
        uint8_t *bytes = buf_room(into, size);

        assert_non_null(bytes);
        assert_int_equal(file_read_at(w->fd, "data", w->p.tree_at, bytes, size, NULL), 0);
        return buf_span(into);
}

static void assert_equals_veritysetup(size_t n, unsigned n_workers, const char *salt) {
        _cleanup_(world_done) World w;
        _cleanup_(buf_done) Buf root = BUF_UP_TO(256), ours = BUF_UP_TO(1 << 24),
                                theirs = BUF_UP_TO(1 << 24);
        char blocks[32], salt_option[600];
        uint64_t size = 0;
        Digest d;

        world_make(&w, n);
        w.p.n_workers = n_workers;
        w.p.salt.size = strlen(salt) / 2;
        assert_int_equal(hash_tree_make(&w.p, &d, &size, NULL), 0);
        (void) snprintf(blocks, sizeof(blocks), "--data-blocks=%zu", n);
        (void) snprintf(salt_option, sizeof(salt_option), "--salt=%s", salt[0] ? salt : "-");
        assert_int_equal(scratch_tool(&w.s, "veritysetup", "format", salt_option, "--uuid=" UUID,
                                         blocks, "data", "theirs"),
                        0);
        buf_string(&root, "Root hash:      \t");
        text_hex(&root, digest_span(&d));
        buf_bytes(&root, (Span){ (const uint8_t *) "\n", 2 });
        if (!scratch_printed(&w.s, (const char *) root.data))
                fail_msg("%zu blocks: another root hash", n);
        if (!span_equal(tree_of(&w, size, &ours), scratch_read(&w.s, "theirs", &theirs)))
                fail_msg("%zu blocks, %u threads: another tree", n, n_workers);
}

/* One block, one hash block, the steps to two and three levels, what does not fill the last piece,
 * and each with one thread, with two, and with more than there are pieces. */
static void every_size_equals_veritysetup_byte_for_byte(void **state) {
        static const size_t sizes[] = { 1, 2, 15, 16, 17, 127, 128, 129, 255, 256, 257, 300, 16383,
                16384, 16385 };
        static const unsigned workers[] = { 1, 2, 16 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(sizes); i++)
                for (size_t j = 0; j < (sizes[i] > 300 ? 2 : ELEMENTS(workers)); j++)
                        assert_equals_veritysetup(sizes[i], workers[j], SALT);
}

static void every_salt_equals_veritysetup(void **state) {
        (void) state;
        assert_equals_veritysetup(130, 2, "");
        assert_equals_veritysetup(130, 2, "00");
        assert_equals_veritysetup(130, 2, "000102");
}

/* The same bytes wherever data and tree lie, as they do in an image. */
static void data_and_tree_may_lie_anywhere(void **state) {
        _cleanup_(world_done) World w;
        _cleanup_(buf_done) Buf before = BUF_UP_TO(1 << 24), after = BUF_UP_TO(1 << 24);
        uint64_t one_size = 0, other_size = 0;
        Digest one, other;

        (void) state;
        world_make(&w, 300);
        assert_int_equal(hash_tree_make(&w.p, &one, &one_size, NULL), 0);
        (void) tree_of(&w, one_size, &before);
        assert_int_equal(
                        scratch_tool(&w.s, "sh", "-c",
                                        "dd if=data of=data bs=4096 count=300 seek=1000 conv=notrunc"),
                        0);
        w.p.data_at = 1000 * BLOCK;
        w.p.tree_at = 2000 * BLOCK;
        assert_int_equal(hash_tree_make(&w.p, &other, &other_size, NULL), 0);
        assert_true(digest_equal(&one, &other));
        assert_true(span_equal(tree_of(&w, other_size, &after), buf_span(&before)));
}

/* Computed once by veritysetup 2.6.1 and by an independent program. */
static void the_root_hash_of_300_blocks_stays_what_it_was(void **state) {
        _cleanup_(world_done) World w;
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(64);
        uint64_t size;
        Digest d;

        (void) state;
        world_make(&w, 300);
        assert_int_equal(hash_tree_make(&w.p, &d, &size, NULL), 0);
        text_hex(&hex, digest_span(&d));
        assert_true(span_is(buf_span(&hex),
                        "c382722c1ecf53fb069ad2c8daf053944e8583184cd65423f47418e4d5ab59ee"));
}

static void the_hash_device_that_lies_beside_the_tree_comes_out(void **state) {
        _cleanup_(buf_done) Buf ours = BUF_UP_TO(1 << 24), theirs = BUF_UP_TO(1 << 24);
        Span expected = testdata_or_skip("vectors/verity-hash-device.bin", &theirs);
        _cleanup_(world_done) World w;
        uint64_t size;
        Digest d;

        (void) state;
        world_make(&w, 300);
        assert_int_equal(hash_tree_make(&w.p, &d, &size, NULL), 0);
        assert_true(span_equal(tree_of(&w, size, &ours), expected));
}

static int look(void *user, uint64_t done, uint64_t all, Err *e) {
        uint64_t *last = user;

        assert_true(done >= *last && done <= all);
        assert_int_equal(all, 3);
        *last = done;
        return done == 3 ? err_set(e, -EINTR, "enough") : 0;
}

static void the_level_over_the_data_is_watched(void **state) {
        _cleanup_(world_done) World w;
        uint64_t done = 0, size = 99;
        Digest d = { .size = 99 };
        Err e = {};

        (void) state;
        world_make(&w, 300);
        w.p.watcher = (Watcher){ look, &done };
        assert_int_equal(hash_tree_make(&w.p, &d, &size, &e), -EINTR);
        assert_string_equal(e.text, "enough");
        assert_int_equal(done, 3);
        assert_int_equal(d.size, 99);
        assert_int_equal(size, 99);
}

static void what_cannot_be_hashed_is_refused(void **state) {
        _cleanup_(world_done) World w;
        uint8_t long_salt[300] = {};

        (void) state;
        world_make(&w, 2);
        {
                const struct {
                        uint64_t data_at, data_size, tree_at;
                        size_t salt_size;
                        int rc;
                        const char *text;
                } cases[] = {
                        { 0, 0, BLOCK, 32, -EINVAL, "data: 0 bytes of data at 0, tree at 4096" },
                        { 0, 4095, BLOCK, 32, -EINVAL, "data: 4095 bytes of data at 0, tree at" },
                        { 1, BLOCK, BLOCK, 32, -EINVAL, "4096 bytes of data at 1, tree at 4096" },
                        { 0, BLOCK, 512, 32, -EINVAL, "tree at 512: not in steps of 4096" },
                        { 0, BLOCK, BLOCK, 257, -EINVAL, "data: a salt of 257 bytes; at most 256" },
                        { BLOCK, 3 * BLOCK, 8 * BLOCK, 32, -EBADMSG, "data: ends at byte 8192" },
                };

                for (size_t i = 0; i < ELEMENTS(cases); i++) {
                        HashTreeParams p = w.p;
                        Digest d = { .size = 99 };
                        uint64_t size = 99;
                        Err e = {};

                        p.data_at = cases[i].data_at;
                        p.data_size = cases[i].data_size;
                        p.tree_at = cases[i].tree_at;
                        p.salt = (Span){ long_salt, cases[i].salt_size };
                        assert_int_equal(hash_tree_make(&p, &d, &size, &e), cases[i].rc);
                        if (!strstr(e.text, cases[i].text))
                                fail_msg("case %zu: said '%s'", i, e.text);
                        assert_int_equal(d.size, 99);
                        assert_int_equal(size, 99);
                        assert_int_equal(ftruncate(w.fd, 2 * BLOCK), 0);
                }
        }
}

static void a_file_that_cannot_be_written_is_said(void **state) {
        _cleanup_(world_done) World w;
        uint64_t size;
        Digest d;
        Err e = {};

        (void) state;
        world_make(&w, 2);
        fd_done(&w.fd);
        w.fd = w.p.fd = open(scratch_path(&w.s, "data").text, O_RDONLY | O_CLOEXEC);
        assert_int_equal(hash_tree_make(&w.p, &d, &size, &e), -EBADF);
        assert_non_null(strstr(e.text, "data: "));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_size_equals_veritysetup_byte_for_byte),
                cmocka_unit_test(every_salt_equals_veritysetup),
                cmocka_unit_test(data_and_tree_may_lie_anywhere),
                cmocka_unit_test(the_root_hash_of_300_blocks_stays_what_it_was),
                cmocka_unit_test(the_hash_device_that_lies_beside_the_tree_comes_out),
                cmocka_unit_test(the_level_over_the_data_is_watched),
                cmocka_unit_test(what_cannot_be_hashed_is_refused),
                cmocka_unit_test(a_file_that_cannot_be_written_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
