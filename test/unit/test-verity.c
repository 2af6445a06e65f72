/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "port/run.h"
#include "port/verity.h"
#include "unit/scratch.h"

enum { BLOCK = 4096 };

#define SALT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define UUID "6e8a1b6e-0000-4000-8000-000000000001"

static const uint8_t uuid[16] = { 0x6e, 0x8a, 0x1b, 0x6e, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0,
        1 };

/* Block i holds nothing but the byte i. */
static void write_blocks(Scratch *s, const char *name, size_t n) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(n * BLOCK);

        for (size_t i = 0; i < n; i++)
                memset(buf_room(&b, BLOCK), (int) (i & 0xff), BLOCK);
        scratch_write(s, name, buf_span(&b));
}

static VerityParams params_for(const char *data, size_t n, const char *hash, uint8_t salt[32]) {
        VerityParams p = { .data = data, .size = n * BLOCK, .hash = hash, .salt = { salt, 32 } };

        assert_true(text_unhex(SPAN_LITERAL(SALT), salt, 32));
        memcpy(p.uuid, uuid, sizeof(uuid));
        return p;
}

static void assert_same_files(const char *a, const char *b) {
        _cleanup_(buf_done) Buf one = BUF_UP_TO(1 << 24), other = BUF_UP_TO(1 << 24);

        assert_int_equal(file_read(a, &one, NULL), 0);
        assert_int_equal(file_read(b, &other, NULL), 0);
        assert_int_equal(one.size, other.size);
        assert_true(span_equal(buf_span(&one), buf_span(&other)));
}

/* One block, one hash block, the step to two levels, and some more. */
static void every_size_equals_veritysetup_byte_for_byte(void **state) {
        static const size_t sizes[] = { 1, 2, 127, 128, 129, 300, 128 * 128 + 1 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                _cleanup_(scratch_done) Scratch s = scratch_new(NULL);
                _cleanup_(buf_done) Buf output = BUF_UP_TO(65536), root = BUF_UP_TO(256);
                char data[128], ours[128], theirs[128];
                uint8_t salt[32];
                Digest d;
                VerityParams p = params_for(data, sizes[i], ours, salt);

                (void) snprintf(data, sizeof(data), "%s/data", s.path);
                (void) snprintf(ours, sizeof(ours), "%s/ours", s.path);
                (void) snprintf(theirs, sizeof(theirs), "%s/theirs", s.path);
                write_blocks(&s, "data", sizes[i]);
                scratch_write(&s, "ours", (Span){});
                assert_int_equal(verity_format(&p, &d, NULL), 0);

                assert_int_equal(run_program((const char *[]){ "veritysetup", "format",
                                                             "--salt=" SALT, "--uuid=" UUID, data,
                                                             theirs, NULL },
                                                 NULL, &output, NULL),
                                0);
                assert_same_files(ours, theirs);

                buf_string(&root, "Root hash:");
                text_hex(&root, digest_span(&d));
                buf_byte(&output, '\0');
                for (char *at = (char *) output.data; (at = strstr(at, "Root hash:"));) {
                        char *value = at + strlen("Root hash:");

                        memmove(value, value + strspn(value, " \t"),
                                        strlen(value + strspn(value, " \t")) + 1);
                        assert_memory_equal(at, root.data, root.size);
                        at = value;
                }
        }
}

/* The same bytes, behind the data in one file, as an image has them. */
static void the_tree_may_follow_the_data_in_its_file(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new(NULL);
        _cleanup_(buf_done) Buf apart = BUF_UP_TO(1 << 24), both = BUF_UP_TO(1 << 24);
        char data[128], hash[128];
        uint8_t salt[32];
        VerityParams p = params_for(data, 300, hash, salt);
        Digest one, other;

        (void) state;
        (void) snprintf(data, sizeof(data), "%s/data", s.path);
        (void) snprintf(hash, sizeof(hash), "%s/hash", s.path);
        write_blocks(&s, "data", 300);
        scratch_write(&s, "hash", (Span){});
        assert_int_equal(verity_format(&p, &one, NULL), 0);

        p.hash = data;
        p.hash_offset = 300 * BLOCK;
        assert_int_equal(verity_format(&p, &other, NULL), 0);
        assert_true(digest_equal(&one, &other));
        assert_int_equal(file_read(hash, &apart, NULL), 0);
        assert_int_equal(file_read(data, &both, NULL), 0);
        assert_int_equal(both.size, 300 * BLOCK + apart.size);
        assert_memory_equal(both.data + 300 * BLOCK, apart.data, apart.size);
}

/* Made once with veritysetup 2.6.1, and equal to an independent computation. */
static void the_root_hash_of_300_blocks_stays_what_it_was(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new(NULL);
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(64);
        const char *vector = "../shared/testdata/vectors/verity-hash-device.bin";
        char data[128], hash[128];
        uint8_t salt[32];
        VerityParams p = params_for(data, 300, hash, salt);
        Digest d;

        (void) state;
        (void) snprintf(data, sizeof(data), "%s/data", s.path);
        (void) snprintf(hash, sizeof(hash), "%s/hash", s.path);
        write_blocks(&s, "data", 300);
        scratch_write(&s, "hash", (Span){});
        assert_int_equal(verity_format(&p, &d, NULL), 0);
        text_hex(&hex, digest_span(&d));
        assert_true(span_is(buf_span(&hex),
                        "c382722c1ecf53fb069ad2c8daf053944e8583184cd65423f47418e4d5ab59ee"));
        if (access(vector, R_OK) == 0)
                assert_same_files(hash, vector);
}

static void what_cannot_be_hashed_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new(NULL);
        char data[128], hash[128], folder[128];
        uint8_t salt[32], long_salt[300] = {};
        VerityParams good = params_for(data, 2, hash, salt);
        struct {
                const char *path;
                uint64_t size, hash_offset;
                Span salt;
                const char *text;
        } cases[] = {
                { data, 0, 0, good.salt, "0 bytes of data, tree at 0: not in steps of 4096" },
                { data, 4095, 0, good.salt, "4095 bytes of data, tree at 0: not in steps of 4096" },
                { data, 4096, 512, good.salt, "4096 bytes of data, tree at 512: not in steps" },
                { data, 4096, 0, { long_salt, 257 }, "a salt of 257 bytes; at most 256 fit" },
                { data, 3 * BLOCK, 0, good.salt, "no hash tree could be made: " },
                { "/nowhere/data", BLOCK, 0, good.salt, "no hash tree could be made: " },
                { folder, BLOCK, 0, good.salt, "no hash tree could be made: " },
        };

        (void) state;
        (void) snprintf(folder, sizeof(folder), "%s", s.path);
        (void) snprintf(data, sizeof(data), "%s/data", s.path);
        (void) snprintf(hash, sizeof(hash), "%s/hash", s.path);
        write_blocks(&s, "data", 2);
        scratch_write(&s, "hash", (Span){});
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                VerityParams p = good;
                Digest d = { .size = 99 };
                Err e = {};

                p.data = cases[i].path;
                p.size = cases[i].size;
                p.hash_offset = cases[i].hash_offset;
                p.salt = cases[i].salt;
                assert_true(verity_format(&p, &d, &e) < 0);
                assert_non_null(strstr(e.text, cases[i].text));
                assert_non_null(strstr(e.text, cases[i].path));
                assert_int_equal(d.size, 99);
        }
}

static void a_place_for_the_tree_that_is_not_there_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new(NULL);
        char data[128];
        uint8_t salt[32];
        VerityParams p = params_for(data, 2, "/nowhere/hash", salt);
        Digest d;
        Err e = {};

        (void) state;
        (void) snprintf(data, sizeof(data), "%s/data", s.path);
        write_blocks(&s, "data", 2);
        assert_true(verity_format(&p, &d, &e) < 0);
        assert_non_null(strstr(e.text, "/nowhere/hash"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_size_equals_veritysetup_byte_for_byte),
                cmocka_unit_test(the_tree_may_follow_the_data_in_its_file),
                cmocka_unit_test(the_root_hash_of_300_blocks_stays_what_it_was),
                cmocka_unit_test(what_cannot_be_hashed_is_refused),
                cmocka_unit_test(a_place_for_the_tree_that_is_not_there_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
