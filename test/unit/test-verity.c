/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "port/verity.h"
#include "support/scratch.h"
#include "support/testdata.h"

enum { BLOCK = 4096 };

#define SALT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define UUID "6e8a1b6e-0000-4000-8000-000000000001"

static const uint8_t uuid[16] = { 0x6e, 0x8a, 0x1b, 0x6e, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0,
        1 };

/* A folder, in it the file "data" in which block i holds nothing but the byte i, and an empty file
 * "hash". */
typedef struct World {
        Scratch s;
        ScratchPath data, hash;
        uint8_t salt[32];
        VerityParams p;
} World;

static void world_make(World *w, size_t n) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(n * BLOCK);

        *w = (World){ .s = scratch_new() };
        w->data = scratch_path(&w->s, "data");
        w->hash = scratch_path(&w->s, "hash");
        assert_true(text_unhex(SPAN_LITERAL(SALT), w->salt, sizeof(w->salt)));
        w->p = (VerityParams){
                .data = w->data.text,
                .size = n * BLOCK,
                .hash = w->hash.text,
                .salt = { w->salt, sizeof(w->salt) },
        };
        memcpy(w->p.uuid, uuid, sizeof(uuid));

        for (size_t i = 0; i < n; i++)
                memset(buf_room(&b, BLOCK), (int) (i & 0xff), BLOCK);
        scratch_write(&w->s, "data", buf_span(&b));
        scratch_write(&w->s, "hash", (Span){});
}

static void world_done(World *w) {
        scratch_done(&w->s);
}

/* One block, one hash block, the step to two levels, and some more. */
static void every_size_equals_veritysetup_byte_for_byte(void **state) {
        static const size_t sizes[] = { 1, 2, 127, 128, 129, 300, 128 * 128 + 1 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                _cleanup_(world_done) World w;
                _cleanup_(buf_done) Buf root = BUF_UP_TO(256);
                Digest d;

                world_make(&w, sizes[i]);
                assert_int_equal(verity_format(&w.p, &d, NULL), 0);
                assert_int_equal(scratch_tool(&w.s, "veritysetup", "format", "--salt=" SALT,
                                                 "--uuid=" UUID, "data", "theirs"),
                                0);
                buf_string(&root, "Root hash:      \t");
                text_hex(&root, digest_span(&d));
                buf_bytes(&root, (Span){ (const uint8_t *) "\n", 2 });
                assert_true(scratch_printed(&w.s, (const char *) root.data));
                assert_int_equal(scratch_tool(&w.s, "cmp", "hash", "theirs"), 0);
        }
}

/* The same bytes, behind the data in one file, as an image has them. */
static void the_tree_may_follow_the_data_in_its_file(void **state) {
        _cleanup_(world_done) World w;
        _cleanup_(buf_done) Buf apart = BUF_UP_TO(1 << 24), both = BUF_UP_TO(1 << 24);
        Digest one, other;

        (void) state;
        world_make(&w, 300);
        assert_int_equal(verity_format(&w.p, &one, NULL), 0);
        w.p.hash = w.p.data;
        w.p.hash_offset = 300 * BLOCK;
        assert_int_equal(verity_format(&w.p, &other, NULL), 0);
        assert_true(digest_equal(&one, &other));
        (void) scratch_read(&w.s, "hash", &apart);
        (void) scratch_read(&w.s, "data", &both);
        assert_int_equal(both.size, 300 * BLOCK + apart.size);
        assert_memory_equal(both.data + 300 * BLOCK, apart.data, apart.size);
}

/* Computed once by veritysetup 2.6.1 and by an independent program. */
static void the_root_hash_of_300_blocks_stays_what_it_was(void **state) {
        _cleanup_(world_done) World w;
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(64);
        Digest d;

        (void) state;
        world_make(&w, 300);
        assert_int_equal(verity_format(&w.p, &d, NULL), 0);
        text_hex(&hex, digest_span(&d));
        assert_true(span_is(buf_span(&hex),
                        "c382722c1ecf53fb069ad2c8daf053944e8583184cd65423f47418e4d5ab59ee"));
}

static void the_hash_device_that_lies_beside_the_tree_comes_out(void **state) {
        _cleanup_(buf_done) Buf ours = BUF_UP_TO(1 << 24), theirs = BUF_UP_TO(1 << 24);
        Span expected = testdata_or_skip("vectors/verity-hash-device.bin", &theirs);
        _cleanup_(world_done) World w;
        Digest d;

        (void) state;
        world_make(&w, 300);
        assert_int_equal(verity_format(&w.p, &d, NULL), 0);
        assert_true(span_equal(scratch_read(&w.s, "hash", &ours), expected));
}

static void what_cannot_be_hashed_is_refused(void **state) {
        _cleanup_(world_done) World w;
        uint8_t long_salt[300] = {};

        (void) state;
        world_make(&w, 2);
        {
                const struct {
                        const char *data, *hash;
                        uint64_t size, hash_offset;
                        size_t salt_size;
                        const char *text, *about;
                } cases[] = {
                        { w.data.text, w.hash.text, 0, 0, 32,
                                        "0 bytes of data, tree at 0: not in steps of 4096",
                                        "data" },
                        { w.data.text, w.hash.text, 4095, 0, 32,
                                        "4095 bytes of data, tree at 0: not in steps of 4096",
                                        "data" },
                        { w.data.text, w.hash.text, 4096, 512, 32,
                                        "4096 bytes of data, tree at 512: not in steps of 4096",
                                        "data" },
                        { w.data.text, w.hash.text, 4096, 0, 257,
                                        "a salt of 257 bytes; at most 256 fit", "data" },
                        { w.data.text, w.hash.text, 3 * BLOCK, 0, 32,
                                        "no hash tree could be made: ", "data" },
                        { "/nowhere/data", w.hash.text, BLOCK, 0, 32,
                                        "no hash tree could be made: ", "/nowhere/data" },
                        { w.s.folder, w.hash.text, BLOCK, 0, 32,
                                        "no hash tree could be made: ", w.s.folder },
                        { w.data.text, "/nowhere/hash", BLOCK, 0, 32,
                                        "no hash tree could be made: ", "/nowhere/hash" },
                };

                for (size_t i = 0; i < ELEMENTS(cases); i++) {
                        VerityParams p = w.p;
                        Digest d = { .size = 99 };
                        Err e = {};

                        p.data = cases[i].data;
                        p.hash = cases[i].hash;
                        p.size = cases[i].size;
                        p.hash_offset = cases[i].hash_offset;
                        p.salt = (Span){ long_salt, cases[i].salt_size };
                        assert_true(verity_format(&p, &d, &e) < 0);
                        assert_non_null(strstr(e.text, cases[i].text));
                        assert_non_null(strstr(e.text, cases[i].about));
                        assert_int_equal(d.size, 99);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_size_equals_veritysetup_byte_for_byte),
                cmocka_unit_test(the_tree_may_follow_the_data_in_its_file),
                cmocka_unit_test(the_root_hash_of_300_blocks_stays_what_it_was),
                cmocka_unit_test(the_hash_device_that_lies_beside_the_tree_comes_out),
                cmocka_unit_test(what_cannot_be_hashed_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
