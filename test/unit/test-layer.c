/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "layer/kinds.h"
#include "layer/layer.h"
#include "support/certs.h"
#include "support/image.h"

static Scratch scratch;

static int make(void **state) {
        (void) state;
        scratch = scratch_new();
        certs_make(&scratch, "rsa", "rsa:2048");
        certs_make(&scratch, "ec", "ec");
        image_make(&scratch, "signed.raw", "", "rsa");
        return 0;
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

static int open_image(const char *name, Layer *ret, Err *e) {
        static ScratchPath path; /* a Layer borrows it */

        path = scratch_path(&scratch, name);
        return layer_open(path.text, ret, e);
}

static void assert_root_hash(const Layer *l) {
        _cleanup_(buf_done) Buf expected = BUF_UP_TO(64), hex = BUF_UP_TO(64);

        text_hex(&hex, digest_span(&l->root_hash));
        assert_true(span_equal(buf_span(&hex), scratch_read(&scratch, "root-hash", &expected)));
}

static void a_signed_image_is_recognised(void **state) {
        _cleanup_(certificate_done) Certificate rsa = CERTIFICATE_NONE, ec = CERTIFICATE_NONE;
        _cleanup_(layer_done) Layer l = LAYER_NONE;
        uint64_t size;
        bool holds;

        (void) state;
        assert_int_equal(open_image("signed.raw", &l, NULL), 0);
        assert_ptr_equal(l.kind, &layer_ddi);
        assert_int_equal(l.type, LEAF_SYSEXT);
        assert_string_equal(l.name, "sample");
        assert_string_equal(l.version, "1.0");
        assert_string_equal(l.architecture, "x86-64");
        assert_false(l.usr);
        assert_string_equal(l.filesystem, "erofs");
        assert_root_hash(&l);
        assert_int_equal(l.n_parts, 3);
        assert_string_equal(l.parts[0].what, "data");
        assert_int_equal(l.parts[0].offset, image_part(&scratch, "data", &size));
        assert_int_equal(l.parts[0].size, size);
        assert_int_equal(l.parts[1].offset, image_part(&scratch, "hash", &size));
        assert_int_equal(l.parts[2].offset, image_part(&scratch, "signature", &size));
        assert_int_equal(layer_check(&l, NULL, NULL), 0);

        certs_load(&scratch, "rsa", &rsa);
        certs_load(&scratch, "ec", &ec);
        assert_true(l.has_signature && l.has_fingerprint);
        assert_memory_equal(l.fingerprint, rsa.fingerprint.bytes, 32);
        assert_int_equal(layer_signed_by(&l, &rsa, &holds, NULL), 0);
        assert_true(holds);
        assert_int_equal(layer_signed_by(&l, &ec, &holds, NULL), 0);
        assert_false(holds);
}

static void an_unsigned_image_is_signed_by_nobody(void **state) {
        _cleanup_(certificate_done) Certificate rsa = CERTIFICATE_NONE;
        _cleanup_(layer_done) Layer l = LAYER_NONE;
        bool holds = true;

        (void) state;
        image_make(&scratch, "unsigned.confext.raw", "LABEL=root-x86-64 PART=usr", NULL);
        assert_int_equal(open_image("unsigned.confext.raw", &l, NULL), 0);
        assert_int_equal(l.type, LEAF_CONFEXT);
        assert_string_equal(l.name, "unsigned");
        assert_string_equal(l.version, "");
        assert_true(l.usr);
        assert_root_hash(&l);
        assert_int_equal(l.n_parts, 2);
        assert_false(l.has_signature || l.has_fingerprint);
        certs_load(&scratch, "rsa", &rsa);
        assert_int_equal(layer_signed_by(&l, &rsa, &holds, NULL), 0);
        assert_false(holds);
        assert_int_equal(layer_check(&l, NULL, NULL), 0);
}

/* The edges of a level, up to three. */
static void trees_of_every_shape_hold(void **state) {
        static const char *const blocks[] = { "1", "2", "128", "129", "16385" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(blocks); i++) {
                _cleanup_(layer_done) Layer l = LAYER_NONE;
                char environment[64];

                (void) snprintf(environment, sizeof(environment), "ARCH=arm64 SALT=%s BLOCKS=%s",
                                i == 0 ? "-" : "ab", blocks[i]);
                image_make(&scratch, "shape.raw", environment, NULL);
                assert_int_equal(open_image("shape.raw", &l, NULL), 0);
                assert_string_equal(l.architecture, "arm64");
                assert_string_equal(l.filesystem, "");
                assert_root_hash(&l);
                assert_int_equal(layer_check(&l, NULL, NULL), 0);
        }
}

/* One byte changed in a part, and what is said of it; whole: only reading all of it shows. */
static const struct {
        const char *what, *part;
        uint64_t at;
        uint8_t bits;
        bool whole;
        const char *said; /* NULL: nothing; it is not covered by the root hash and means nothing */
} changes[] = {
        { "superblock: magic", "hash", 0, 1, false, "not a verity superblock" },
        { "superblock: UUID", "hash", 16, 1, false, NULL },
        { "superblock: hash", "hash", 32, 1, false, "the hash is not sha256" },
        { "superblock: data blocks, more", "hash", 72, 2, false, "the data partition has 593920" },
        { "superblock: data blocks, fewer", "hash", 72, 1, false,
                        "more than the 144 data blocks of" },
        { "superblock: salt", "hash", 88, 1, false, "signature partition is about another root" },
        { "superblock: salt's size", "hash", 80, 16, false, "bytes after the end of the salt" },
        { "behind the superblock", "hash", 512, 1, false, NULL },
        { "tree: top", "hash", 4096, 1, false, "signature partition is about another root hash" },
        { "tree: top's padding", "hash", 8191, 1, false, "signature partition is about another" },
        { "tree: first of the lowest", "hash", 8192, 1, true,
                        "hash tree block 2, at byte 1650688 of the file, is not what its hash says" },
        { "tree: last of the lowest", "hash", 12288, 1, false,
                        "hash tree block 3, at byte 1654784 of the file, is not what its hash says" },
        { "data: first byte", "data", 0, 1, true,
                        "data block 0, at byte 1048576 of the file, is not what its hash says" },
        { "data: in the middle", "data", 300000, 0x80, true,
                        "data block 73, at byte 1347584 of the file, is not what its hash says" },
        { "data: last byte", "data", 593919, 1, false,
                        "data block 144, at byte 1638400 of the file, is not what its hash says" },
        { "signature: root hash", "signature", 13, 1, false, "about another root hash" },
        { "signature: form", "signature", 0, 1, false, "verity signature" },
        { "signature: padding", "signature", 16383, 1, false, "bytes other than NUL" },
        { "table: data's label", NULL, 1024 + 56, 1, false, NULL },
        { "table: data's type", NULL, 1024, 1, false, NULL }, /* its copy is taken instead */
};

static void changes_of_one_byte_are_seen(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(changes); i++) {
                _cleanup_(layer_done) Layer l = LAYER_NONE;
                uint64_t at = changes[i].at;
                Err e = {};
                int rc;

                if (changes[i].part)
                        at += image_part(&scratch, changes[i].part, NULL);
                image_flip(&scratch, "signed.raw", at, changes[i].bits);
                rc = open_image("signed.raw", &l, &e);
                if (changes[i].said && !changes[i].whole) {
                        if (rc != -EBADMSG)
                                fail_msg("%s: opened, %d", changes[i].what, rc);
                } else {
                        if (rc != 0)
                                fail_msg("%s: not opened, %d %s", changes[i].what, rc, e.text);
                        rc = layer_check(&l, NULL, &e);
                        if (rc != (changes[i].said ? -EBADMSG : 0))
                                fail_msg("%s: checked, %d %s", changes[i].what, rc, e.text);
                }
                if (changes[i].said && (!strstr(e.text, "signed.raw: ") ||
                                                       !strstr(e.text, changes[i].said)))
                        fail_msg("%s: said '%s'", changes[i].what, e.text);
                image_flip(&scratch, "signed.raw", at, changes[i].bits);
        }
}

/* Whichever block of data or tree is changed, reading all of it shows. */
static void a_change_in_any_block_is_seen(void **state) {
        uint64_t size = 0, data = image_part(&scratch, "data", &size);
        uint64_t hash = image_part(&scratch, "hash", NULL);

        (void) state;
        for (uint64_t i = 0; i < size / 4096 + 3; i++) {
                uint64_t at = i < size / 4096 ? data + i * 4096 + i % 4096
                                              : hash + (i - size / 4096 + 1) * 4096 + 7;
                _cleanup_(layer_done) Layer l = LAYER_NONE;

                image_flip(&scratch, "signed.raw", at, 0x10);
                if (open_image("signed.raw", &l, NULL) == 0)
                        assert_int_equal(layer_check(&l, NULL, NULL), -EBADMSG);
                image_flip(&scratch, "signed.raw", at, 0x10);
        }
}

/* Makes t.raw, as signed.raw but for what the command does. */
static void repartition(const char *command) {
        char both[512];

        (void) snprintf(both, sizeof(both), "cp signed.raw t.raw && %s", command);
        assert_int_equal(scratch_tool(&scratch, "sh", "-c", both), 0);
}

static const struct {
        const char *what, *command;
        int rc;
        const char *said;
} tables[] = {
        { "data's UUID",
                        "sfdisk --no-tell-kernel --part-uuid t.raw 1 6e8a1b6e-0000-4000-8000-00000000000a",
                        -EBADMSG,
                        "the data partition's UUID is 6e8a1b6e-0000-4000-8000-00000000000a; the" },
        { "hash's UUID",
                        "sfdisk --no-tell-kernel --part-uuid t.raw 2 6e8a1b6e-0000-4000-8000-00000000000b",
                        -EBADMSG,
                        "the hash partition's UUID is 6e8a1b6e-0000-4000-8000-00000000000b; the" },
        { "signature's UUID",
                        "sfdisk --no-tell-kernel --part-uuid t.raw 3 6e8a1b6e-0000-4000-8000-00000000000c",
                        0, "" },
        { "no hash", "sfdisk --no-tell-kernel --delete t.raw 2", -ENODATA,
                        "a disk image without dm-verity" },
        { "no data", "sfdisk --no-tell-kernel --delete t.raw 1", -ENODATA,
                        "no root or /usr partition" },
        { "no signature", "sfdisk --no-tell-kernel --delete t.raw 3", 0, "" },
        { "nothing", "sfdisk --no-tell-kernel --delete t.raw", -ENODATA,
                        "no root or /usr partition" },
        { "hash is usr's",
                        "sfdisk --no-tell-kernel --part-type t.raw 2 77ff5f63-e7b6-4633-acf4-1565b864c0e6",
                        -ENODATA, "a disk image without dm-verity" },
        { "hash is another architecture's",
                        "sfdisk --no-tell-kernel --part-type t.raw 2 df3300ce-d69f-4c92-978c-9bfb0f38d820",
                        -ENODATA, "a disk image without dm-verity" },
        { "two of a type",
                        "sfdisk --no-tell-kernel --part-type t.raw 3 2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
                        -EBADMSG, "two partitions of type 2c7357ed-ebd2-46d9-aec1-23d437ec2bf5" },
        { "two of a type, one unfinished",
                        "sfdisk --no-tell-kernel --part-type t.raw 3 2c7357ed-ebd2-46d9-aec1-23d437ec2bf5 && "
                        "sfdisk --no-tell-kernel --part-label t.raw 3 'PRT#sample_2_verity'",
                        0, "" },
        { "unfinished", "sfdisk --no-tell-kernel --part-label t.raw 1 'PND#sample_1.0'", -ENODATA,
                        "no root or /usr partition" },
        { "two sets",
                        "echo ',8,8484680C-9521-48C6-9C11-B0720656F69E' | sfdisk --no-tell-kernel --append t.raw && "
                        "echo ',8,77FF5F63-E7B6-4633-ACF4-1565B864C0E6' | sfdisk --no-tell-kernel --append t.raw",
                        -EBADMSG, "more than one root or /usr partition with a hash tree" },
        { "data smaller by a block", "echo 2048,1152 | sfdisk --no-tell-kernel -N 1 t.raw",
                        -EBADMSG, "the hash tree is over 145 blocks of 4096 bytes, the data" },
        { "hash smaller by a block", "echo 3208,24 | sfdisk --no-tell-kernel -N 2 t.raw", -EBADMSG,
                        "the hash tree takes 4 blocks of 4096 bytes, its partition has 12288" },
        { "hash of a sector", "echo 3208,1 | sfdisk --no-tell-kernel -N 2 t.raw", -EBADMSG,
                        "a hash partition of 512 bytes" },
        { "signature too large",
                        "truncate -s 9M t.raw && sfdisk --no-tell-kernel --relocate gpt-bak-std t.raw && "
                        "echo 3240,8193 | sfdisk --no-tell-kernel -N 3 t.raw",
                        -EBADMSG, "a signature partition of 4194816 bytes; at most 4194304" },
        { "signature as large as may be",
                        "truncate -s 9M t.raw && sfdisk --no-tell-kernel --relocate gpt-bak-std t.raw && "
                        "dd if=/dev/zero of=t.raw bs=512 seek=3272 count=8160 conv=notrunc && "
                        "echo 3240,8192 | sfdisk --no-tell-kernel -N 3 t.raw",
                        0, "" },
};

static void a_table_that_contradicts_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(tables); i++) {
                _cleanup_(layer_done) Layer l = LAYER_NONE;
                Err e = {};
                int rc;

                repartition(tables[i].command);
                rc = open_image("t.raw", &l, &e);
                if (rc != tables[i].rc)
                        fail_msg("%s: %d, not %d: %s", tables[i].what, rc, tables[i].rc, e.text);
                if (!strstr(e.text, tables[i].said))
                        fail_msg("%s: said '%s'", tables[i].what, e.text);
        }
}

/* The superblock is covered by no hash. One that is over fewer blocks, in a partition that was made
 * to fit, has the same root hash. */
static void a_superblock_over_fewer_blocks_is_seen(void **state) {
        _cleanup_(layer_done) Layer l = LAYER_NONE;
        Err e = {};

        (void) state;
        repartition("echo 2048,1152 | sfdisk --no-tell-kernel -N 1 t.raw");
        image_put(&scratch, "t.raw", image_part(&scratch, "hash", NULL) + 72,
                        SPAN_LITERAL("\x90")); /* 144 of 145 */
        assert_int_equal(open_image("t.raw", &l, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "more than the 144 data blocks of the superblock"));
}

static void what_is_no_image_is_no_layer(void **state) {
        static const struct {
                const char *command;
                int rc;
                const char *said;
        } cases[] = {
                { "rm -f t.raw", -ENOENT, "t.raw: No such file or directory" },
                { "rm -f t.raw && : >t.raw", -ENODATA, "t.raw: no layer: not a disk image" },
                { "echo text >t.raw", -ENODATA, "t.raw: no layer: not a disk image" },
                { "truncate -s 1M t.raw", -ENODATA, "t.raw: no layer: not a disk image" },
                { "rm t.raw && mkfifo t.raw", -ESPIPE, "t.raw: Illegal seek" },
                { "rm t.raw && mkdir t.raw", -EISDIR, "t.raw: Is a directory" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Layer l = LAYER_NONE;
                Err e = {};
                int rc;

                assert_int_equal(scratch_tool(&scratch, "sh", "-c", cases[i].command), 0);
                rc = open_image("t.raw", &l, &e);
                if (rc != cases[i].rc || !strstr(e.text, cases[i].said))
                        fail_msg("%s: %d '%s'", cases[i].command, rc, e.text);
                assert_int_equal(l.fd, -1);
        }
        assert_int_equal(rmdir(scratch_path(&scratch, "t.raw").text), 0);
}

/* Wherever the image is cut, it is refused; the copy of the table at its end is needed by nobody.
 */
static void an_image_that_was_cut_is_refused(void **state) {
        uint64_t size = 0, end = image_part(&scratch, "signature", &size);

        (void) state;
        end += size;
        assert_int_equal(scratch_tool(&scratch, "cp", "signed.raw", "t.raw"), 0);
        for (uint64_t n = end - 1; n > 4608; n -= 4608) {
                _cleanup_(layer_done) Layer l = LAYER_NONE;

                assert_int_equal(truncate(scratch_path(&scratch, "t.raw").text, (off_t) n), 0);
                if (open_image("t.raw", &l, NULL) >= 0)
                        fail_msg("opened, cut at %llu", (unsigned long long) n);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_signed_image_is_recognised),
                cmocka_unit_test(changes_of_one_byte_are_seen),
                cmocka_unit_test(a_change_in_any_block_is_seen),
                cmocka_unit_test(a_table_that_contradicts_is_refused),
                cmocka_unit_test(a_superblock_over_fewer_blocks_is_seen),
                cmocka_unit_test(an_image_that_was_cut_is_refused),
                cmocka_unit_test(what_is_no_image_is_no_layer),
                cmocka_unit_test(an_unsigned_image_is_signed_by_nobody),
                cmocka_unit_test(trees_of_every_shape_hold),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
