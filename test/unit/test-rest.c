/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "layer/layer.h"
#include "support/certs.h"
#include "support/image.h"

/* An image that other people's tools have made; what lies where is in "layout". */
static Scratch scratch;
static uint64_t hash, signature, size;

static int make(void **state) {
        struct stat st;

        (void) state;
        scratch = scratch_new();
        certs_make(&scratch, "rsa", "rsa:2048");
        image_make(&scratch, "signed.raw", "", "rsa");
        hash = image_part(&scratch, "hash", NULL);
        signature = image_part(&scratch, "signature", NULL);
        assert_int_equal(stat(scratch_path(&scratch, "signed.raw").text, &st), 0);
        size = (uint64_t) st.st_size;
        return 0;
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

/* 0 where the image can be opened, and all around the data is whole. */
static int check(const char *name, Err *e) {
        _cleanup_(layer_done) Layer l = LAYER_NONE;
        ScratchPath path = scratch_path(&scratch, name);
        int rc;

        rc = layer_open(path.text, &l, e);
        return rc < 0 ? rc : layer_check_rest(&l, e);
}

static void an_untouched_image_is_whole(void **state) {
        Err e = {};

        (void) state;
        if (check("signed.raw", &e) != 0)
                fail_msg("%s", e.text);
        image_make(&scratch, "unsigned.raw", "", NULL);
        assert_int_equal(check("unsigned.raw", NULL), 0);
        image_make(&scratch, "signed.raw", "", "rsa");
}

/* Whatever is flipped outside of the data and its tree, but for the UUID in the superblock: all of
 * what is dense, and a part of what is long. */
static void every_changed_byte_is_seen(void **state) {
        const struct {
                const char *what;
                uint64_t from, to, step;
        } regions[] = {
                { "MBR", 0, 512, 5 },
                { "header", 512, 1024, 5 },
                { "entries", 1024, 1024 + 512, 7 },
                { "entries' end", 1024 + 512, 1024 + 16384, 257 },
                { "gap before the data", 17408, 1048576, 77777 },
                { "gap's end", 1048575, 1048576, 1 },
                { "superblock before the UUID", hash, hash + 16, 1 },
                { "superblock behind it", hash + 32, hash + 512, 3 },
                { "behind the superblock", hash + 512, hash + 4096, 61 },
                { "block's end", hash + 4095, hash + 4096, 1 },
                { "signature", signature, signature + 2048, 2 },
                { "signature's padding", signature + 2048, signature + 16384, 997 },
                { "signature's end", signature + 16383, signature + 16384, 1 },
                { "gap behind it", signature + 16384, size - 33 * 512, 99991 },
                { "gap's end", size - 33 * 512 - 1, size - 33 * 512, 1 },
                { "second entries", size - 33 * 512, size - 512, 257 },
                { "second header", size - 512, size, 5 },
        };
        unsigned unseen = 0;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(regions); i++)
                for (uint64_t at = regions[i].from; at < regions[i].to; at += regions[i].step) {
                        uint8_t bit = (uint8_t) (1u << at % 8);
                        Err e = {};

                        image_flip(&scratch, "signed.raw", at, bit);
                        if (check("signed.raw", &e) == 0 && ++unseen < 20)
                                print_error("%s: byte %llu changed, and nobody saw\n",
                                                regions[i].what,
                                                (unsigned long long) (at - regions[i].from));
                        image_flip(&scratch, "signed.raw", at, bit);
                }
        assert_int_equal(unseen, 0);
}

/* As systemd-repart makes small images: partitions with room behind what is in them. */
static void room_behind_data_and_tree_is_zero(void **state) {
        uint64_t begin = image_part(&scratch, "signature", NULL);
        Err e = {};

        (void) state;
        assert_int_equal(
                        scratch_tool(&scratch, "sh", "-c",
                                        "cp signed.raw wide.raw && old=$(stat -c %s wide.raw) && "
                                        "truncate -s 4M wide.raw && "
                                        "at=$(sed -n 's/^signature \\([0-9]*\\) .*/\\1/p' layout) && "
                                        "change() { sfdisk --no-tell-kernel \"$@\" wide.raw; } && "
                                        "zero() { dd if=/dev/zero of=wide.raw bs=512 count=33 "
                                        "seek=$1 conv=notrunc; } && "
                                        "change --relocate gpt-bak-std && zero $((old / 512 - 33)) && "
                                        "echo 6144,32 | change -N 3 && echo ,2048 | change -N 2 && "
                                        "zero $((at / 512)) && dd if=signature of=wide.raw bs=512 "
                                        "seek=6144 conv=notrunc"),
                        0);
        if (check("wide.raw", &e) != 0)
                fail_msg("%s", e.text);
        image_flip(&scratch, "wide.raw", begin + 5, 1);
        assert_int_equal(check("wide.raw", &e), -EBADMSG);
        assert_non_null(strstr(e.text, "behind the hash tree, is not zero"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_untouched_image_is_whole),
                cmocka_unit_test(room_behind_data_and_tree_is_zero),
                cmocka_unit_test(every_changed_byte_is_seen),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
