/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/gpt.h"
#include "support/scratch.h"

enum { MIB = 1024 * 1024 };

#define ROOT "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
#define VERITY "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5"
#define DISK "00112233-4455-4677-8899-aabbccddeeff"

static const GptPartition two[] = {
        { .type = ROOT,
                        .uuid = "11111111-2222-3333-4444-555555555555",
                        .label = "jq_1.6",
                        .offset = GPT_HEAD,
                        .size = 12288,
                        .read_only = true },
        { .type = VERITY,
                        .uuid = "66666666-7777-8888-9999-aaaaaaaaaaaa",
                        .label = "jq_1.6_verity",
                        .offset = GPT_HEAD + 12288,
                        .size = 4096 },
};

static int open_image(const Scratch *s) {
        int fd;

        scratch_sparse(s, "image", 2 * MIB);
        fd = open(scratch_path(s, "image").text, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

static void sfdisk_reads_back_what_was_given(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(fd_done) int fd = open_image(&s);

        (void) state;
        assert_int_equal(gpt_write(fd, "image", DISK, two, 2, NULL), 0);
        assert_int_equal(scratch_tool(&s, "sfdisk", "--json", "image"), 0);
        assert_true(scratch_printed(&s, "\"label\": \"gpt\""));
        assert_true(scratch_printed(&s, "\"id\": \"00112233-4455-4677-8899-AABBCCDDEEFF\""));
        assert_true(scratch_printed(&s, "\"sectorsize\": 512"));
        assert_true(scratch_printed(&s,
                        "\"start\": 2048,\n            \"size\": 24,\n"
                        "            \"type\": \"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709\",\n"
                        "            \"uuid\": \"11111111-2222-3333-4444-555555555555\",\n"
                        "            \"name\": \"jq_1.6\",\n            \"attrs\": \"GUID:60\"\n"));
        assert_true(scratch_printed(&s,
                        "\"start\": 2072,\n            \"size\": 8,\n"
                        "            \"type\": \"2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5\",\n"
                        "            \"uuid\": \"66666666-7777-8888-9999-AAAAAAAAAAAA\",\n"
                        "            \"name\": \"jq_1.6_verity\"\n"));

        assert_int_equal(scratch_tool(&s, "sfdisk", "--verify", "image"), 0);
        assert_true(scratch_printed(&s, "No errors detected"));
}

static void libblkid_reads_the_same(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(fd_done) int fd = open_image(&s);

        (void) state;
        assert_int_equal(gpt_write(fd, "image", DISK, two, 2, NULL), 0);
        assert_int_equal(scratch_tool(&s, "partx", "--raw", "--noheadings", "--output",
                                         "NR,START,SECTORS,NAME,UUID,TYPE,FLAGS", "image"),
                        0);
        assert_true(scratch_printed(&s,
                        "1 2048 24 jq_1.6 11111111-2222-3333-4444-555555555555 " ROOT
                        " 0x1000000000000000\n"
                        "2 2072 8 jq_1.6_verity 66666666-7777-8888-9999-aaaaaaaaaaaa " VERITY
                        " 0x0\n"));
}

static void the_same_is_written_every_time(void **state) {
        Buf written[2] = { BUF_UP_TO(2 * MIB), BUF_UP_TO(2 * MIB) };

        (void) state;
        for (size_t i = 0; i < 2; i++) {
                _cleanup_(scratch_done) Scratch s = scratch_new();
                _cleanup_(fd_done) int fd = open_image(&s);

                assert_int_equal(gpt_write(fd, "image", DISK, two, 2, NULL), 0);
                (void) scratch_read(&s, "image", &written[i]);
        }
        assert_true(span_equal(buf_span(&written[0]), buf_span(&written[1])));
        buf_done(&written[0]);
        buf_done(&written[1]);
}

static void the_data_between_the_tables_is_left_alone(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(fd_done) int fd = open_image(&s);
        _cleanup_(buf_done) Buf data = BUF_UP_TO(MIB), after = BUF_UP_TO(2 * MIB);
        const uint8_t *end;

        (void) state;
        memset(buf_room(&data, MIB - GPT_TAIL), 0xa5, MIB - GPT_TAIL);
        assert_int_equal(file_write_at(fd, "image", GPT_HEAD, buf_span(&data), NULL), 0);
        assert_int_equal(gpt_write(fd, "image", DISK, two, 2, NULL), 0);
        (void) scratch_read(&s, "image", &after);
        assert_int_equal(after.size, 2 * MIB);
        assert_memory_equal(after.data + GPT_HEAD, data.data, data.size);
        end = after.data + after.size - 512;
        assert_memory_equal(end, "EFI PART", 8); /* the second header is the last sector */
}

/* 36 UTF-16 units; no character is cut in half. */
static void a_label_is_cut_to_what_fits(void **state) {
        static const struct {
                const char *label, *read;
        } cases[] = {
                { "a-name-that-is-too-long-for-it_1.2.3_verity_sig",
                                "a-name-that-is-too-long-for-it_1.2.3" },
                { "exactly-thirty-six-units-long-label1", "exactly-thirty-six-units-long-label1" },
                { "\xc3\xa4"
                  "\xe2\x82\xac"
                  "4567890123456789012345678901234567",
                                "\xc3\xa4"
                                "\xe2\x82\xac"
                                "4567890123456789012345678901234567" },
                { "34567890123456789012345678901234567"
                  "\xe2\x82\xac\xe2\x82\xac",
                                "34567890123456789012345678901234567"
                                "\xe2\x82\xac" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = scratch_new();
                _cleanup_(fd_done) int fd = open_image(&s);
                GptPartition p = two[0];
                char expected[256];

                p.label = cases[i].label;
                assert_int_equal(gpt_write(fd, "image", DISK, &p, 1, NULL), 0);
                assert_int_equal(scratch_tool(&s, "sfdisk", "--part-label", "image", "1"), 0);
                (void) snprintf(expected, sizeof(expected), "%s\n", cases[i].read);
                assert_true(scratch_printed(&s, expected));
        }
}

static void what_cannot_be_written_as_asked_is_refused(void **state) {
        static const struct {
                GptPartition p;
                int rc;
                const char *text;
        } cases[] = {
                { { ROOT, DISK, "x", GPT_HEAD + 512, 4096, false }, -EINVAL,
                                "image: partition 'x' at 1049088, 4096 bytes long: not in steps of "
                                "4096" },
                { { ROOT, DISK, "x", GPT_HEAD, 512, false }, -EINVAL,
                                "image: partition 'x' at 1048576, 512 bytes long: not in steps of "
                                "4096" },
                { { ROOT, DISK, "x", GPT_HEAD, 0, false }, -EINVAL,
                                "image: partition 'x' at 1048576, 0 bytes long: not in steps of "
                                "4096" },
                { { ROOT, DISK, "x", 4096, 4096, false }, -EINVAL,
                                "image: partition 'x' overlaps what stands before it" },
                { { ROOT, DISK, "x", UINT64_MAX - 4095, 8192, false }, -EINVAL,
                                "image: partition 'x' overlaps what stands before it" },
                { { ROOT, DISK, "x", GPT_HEAD, MIB - 16384, false }, -EINVAL,
                                "image: partitions and table do not fit its 2097152 bytes" },
                { { ROOT, DISK, "\xff", GPT_HEAD, 4096, false }, -EILSEQ, NULL },
                { { ROOT, DISK, "\xf0\x9f\x98\x80", GPT_HEAD, 4096, false }, -EILSEQ, NULL },
                { { "no type", DISK, "x", GPT_HEAD, 4096, false }, 0, NULL },
                { { ROOT, "no uuid", "x", GPT_HEAD, 4096, false }, 0, NULL },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = scratch_new();
                _cleanup_(fd_done) int fd = open_image(&s);
                _cleanup_(buf_done) Buf after = BUF_UP_TO(2 * MIB);
                Err e = {};
                int rc = gpt_write(fd, "image", DISK, &cases[i].p, 1, &e);

                assert_true(rc < 0);
                assert_int_equal(e.code, rc);
                if (cases[i].rc < 0)
                        assert_int_equal(rc, cases[i].rc);
                if (cases[i].text)
                        assert_string_equal(e.text, cases[i].text);
                (void) scratch_read(&s, "image", &after);
                assert_true(span_is_zero(buf_span(&after))); /* nothing was written */
        }
}

static void partitions_that_overlap_are_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(fd_done) int fd = open_image(&s);
        GptPartition p[] = { two[0], two[1] };
        Err e = {};

        (void) state;
        p[1].offset = GPT_HEAD + 8192;
        assert_int_equal(gpt_write(fd, "image", DISK, p, 2, &e), -EINVAL);
        assert_string_equal(
                        e.text, "image: partition 'jq_1.6_verity' overlaps what stands before it");
}

static void a_bad_disk_uuid_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(fd_done) int fd = open_image(&s);
        Err e = {};

        (void) state;
        assert_true(gpt_write(fd, "image", "no uuid", two, 2, &e) < 0);
        assert_non_null(strstr(e.text, "image: libfdisk cannot begin a partition table"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sfdisk_reads_back_what_was_given),
                cmocka_unit_test(libblkid_reads_the_same),
                cmocka_unit_test(the_same_is_written_every_time),
                cmocka_unit_test(the_data_between_the_tables_is_left_alone),
                cmocka_unit_test(a_label_is_cut_to_what_fits),
                cmocka_unit_test(what_cannot_be_written_as_asked_is_refused),
                cmocka_unit_test(partitions_that_overlap_are_refused),
                cmocka_unit_test(a_bad_disk_uuid_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
