/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "port/probe.h"
#include "support/scratch.h"

#define MIB (1024 * 1024)

static Scratch scratch;

static int make(void **state) {
        (void) state;
        scratch = scratch_new();
        return 0;
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

/* Writes a table with sfdisk into a new image of 8 MiB. */
static void partition(const char *script) {
        char command[4096];

        scratch_sparse(&scratch, "image", 8 * MIB);
        (void) snprintf(command, sizeof(command),
                        "printf 'label: gpt\nlabel-id: 01234567-89AB-CDEF-0123-456789ABCDEF\n%s' | "
                        "sfdisk --no-tell-kernel image",
                        script);
        assert_int_equal(scratch_tool(&scratch, "sh", "-c", command), 0);
}

static int probe(ProbedDisk *ret, Err *e) {
        _cleanup_(fd_done) int fd =
                        open(scratch_path(&scratch, "image").text, O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        return probe_disk(fd, "image", ret, e);
}

/* Overwrites bytes of the image. */
static void change(uint64_t at, Span bytes) {
        _cleanup_(fd_done) int fd = open(scratch_path(&scratch, "image").text, O_RDWR | O_CLOEXEC);

        assert_int_equal(file_write_at(fd, "image", at, bytes, NULL), 0);
}

static void partitions_are_found_as_they_were_made(void **state) {
        ProbedDisk d;

        (void) state;
        partition("start=2048,size=2048,type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709,"
                  "uuid=AAAAAAAA-0000-4000-8000-000000000001,name=jq_1.6,attrs=GUID:60\n"
                  "start=8192,size=8,type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n");
        assert_int_equal(probe(&d, NULL), 0);
        assert_string_equal(d.uuid, "01234567-89ab-cdef-0123-456789abcdef");
        assert_int_equal(d.n_partitions, 2);
        assert_string_equal(d.partitions[0].type, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
        assert_string_equal(d.partitions[0].uuid, "aaaaaaaa-0000-4000-8000-000000000001");
        assert_string_equal(d.partitions[0].label, "jq_1.6");
        assert_int_equal(d.partitions[0].offset, MIB);
        assert_int_equal(d.partitions[0].size, MIB);
        assert_true(d.partitions[0].flags == UINT64_C(1) << 60);
        assert_string_equal(d.partitions[1].label, "");
        assert_int_equal(d.partitions[1].offset, 4 * MIB);
        assert_int_equal(d.partitions[1].size, 4096);
}

static void a_label_of_any_length_is_read_whole(void **state) {
        ProbedDisk d;

        (void) state;
        partition("start=2048,size=8,name=\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\n");
        assert_int_equal(probe(&d, NULL), 0);
        assert_int_equal(strlen(d.partitions[0].label), 36 * 3);
}

static void a_disk_of_large_sectors_is_read_in_bytes(void **state) {
        static const char script[] =
                        "import struct, zlib, uuid\n"
                        "S = 4096; N = 2048\n" /* 8 MiB */
                        "entry = uuid.UUID('4f68bce3-e8cd-4db1-96e7-fbcaf984b709').bytes_le + "
                        "uuid.UUID('aaaaaaaa-0000-4000-8000-000000000001').bytes_le + "
                        "struct.pack('<QQQ', 256, 511, 0) + 'big'.encode('utf-16-le')\n"
                        "table = entry.ljust(128, b'\\0').ljust(16384, b'\\0')\n"
                        "def head(here, there, at, crc=0):\n"
                        "    return struct.pack('<8sIIIIQQQQ16sQIII', b'EFI PART', 0x10000, 92, "
                        "crc, 0, here, there, 6, N - 6, b'0123456789abcdef', at, 128, 128, "
                        "zlib.crc32(table))\n"
                        "def full(*a): return head(*a, zlib.crc32(head(*a)))\n"
                        "f = open('image', 'wb'); f.truncate(N * S)\n"
                        "f.seek(446); f.write(bytes([0, 0, 2, 0, 0xee, 255, 255, 255]) + "
                        "struct.pack('<II', 1, N - 1)); f.seek(510); f.write(b'\\x55\\xaa')\n"
                        "f.seek(S); f.write(full(1, N - 1, 2)); f.seek(2 * S); f.write(table)\n"
                        "f.seek((N - 5) * S); f.write(table)\n"
                        "f.seek((N - 1) * S); f.write(full(N - 1, 1, N - 5))\n";
        ProbedDisk d;

        (void) state;
        assert_int_equal(scratch_tool(&scratch, "/usr/bin/python3", "-c", script), 0);
        assert_int_equal(probe(&d, NULL), 0);
        assert_int_equal(d.n_partitions, 1);
        assert_string_equal(d.partitions[0].label, "big");
        assert_int_equal(d.partitions[0].offset, MIB);
        assert_int_equal(d.partitions[0].size, MIB);
}

static void what_has_no_gpt_is_no_disk(void **state) {
        static const uint64_t sizes[] = { 0, 1, 519, 520, 4096 + 8, MIB };
        ProbedDisk d = { .n_partitions = 77 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                Err e = {};

                scratch_sparse(&scratch, "image", sizes[i]);
                assert_int_equal(probe(&d, &e), -ENODATA);
                assert_string_equal(
                                e.text, "image: no disk image: there is no GPT partition table");
        }
        scratch_sparse(&scratch, "image", MIB);
        assert_int_equal(
                        scratch_tool(&scratch, "sh", "-c",
                                        "printf 'label: dos\n1,8\n' | sfdisk --no-tell-kernel image"),
                        0);
        assert_int_equal(probe(&d, NULL), -ENODATA);
        assert_int_equal(d.n_partitions, 77);
}

/* Where the table is kept twice, one may be damaged: firmware and systemd take the other. */
static void a_damaged_table_is_refused_when_its_copy_is_too(void **state) {
        ProbedDisk d;
        Err e = {};

        (void) state;
        partition("start=2048,size=2048\n");
        change(512 + 24, SPAN_LITERAL("\xff"));
        assert_int_equal(probe(&d, NULL), 0);
        assert_int_equal(d.partitions[0].offset, MIB);
        change(8 * MIB - 512, SPAN_LITERAL("\xff"));
        assert_int_equal(probe(&d, &e), -EBADMSG);
        assert_string_equal(e.text, "image: its GPT partition table is damaged");
}

/* libblkid itself does not mind (it passes over partitions that leave the disk, though). The
 * table's checksums are made right again. */
static const char rewrite[] =
                "import struct, sys, zlib\n"
                "f = open('image', 'r+b'); b = bytearray(f.read())\n"
                "def put(at, v): b[at:at + 8] = struct.pack('<Q', v)\n"
                "exec(sys.argv[1])\n"
                "def crc(h):\n"
                "    e = struct.unpack_from('<Q', b, h + 72)[0] * 512\n"
                "    struct.pack_into('<I', b, h + 88, zlib.crc32(bytes(b[e:e + 128 * 128])))\n"
                "    struct.pack_into('<I', b, h + 16, 0)\n"
                "    struct.pack_into('<I', b, h + 16, zlib.crc32(bytes(b[h:h + 92])))\n"
                "crc(512)\n"
                "f.seek(0); f.write(b)\n";

static const struct {
        const char *change, *said;
} contradictions[] = {
        { "put(1024 + 128 + 32, 3000)", "image: partitions 1 and 2 of the table overlap" },
        { "put(1024 + 40, 8192)", "image: partitions 1 and 2 of the table overlap" },
};

static void contradictory_partitions_are_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(contradictions); i++) {
                ProbedDisk d = { .n_partitions = 77 };
                Err e = {};
                int rc;

                partition("start=2048,size=2048\nstart=8192,size=2048\n");
                assert_int_equal(scratch_tool(&scratch, "/usr/bin/python3", "-c", rewrite,
                                                 contradictions[i].change),
                                0);
                rc = probe(&d, &e);
                if (rc != -EBADMSG || !strstr(e.text, contradictions[i].said))
                        fail_msg("%s: %d '%s'", contradictions[i].change, rc, e.text);
                assert_int_equal(d.n_partitions, 77);
        }
}

static void an_image_that_was_cut_short_is_refused(void **state) {
        ProbedDisk d;

        (void) state;
        partition("start=2048,size=2048\nstart=8192,size=2048\n");
        assert_int_equal(truncate(scratch_path(&scratch, "image").text, 4 * MIB), 0);
        assert_int_equal(probe(&d, NULL), -EBADMSG);
}

static void so_many_partitions_and_no_more(void **state) {
        char script[1024] = "";
        size_t n = 0;
        ProbedDisk d;
        Err e = {};

        (void) state;
        for (unsigned i = 0; i < PROBE_PARTITIONS_MAX; i++)
                n += (size_t) snprintf(
                                script + n, sizeof(script) - n, "start=%u,size=8\n", 2048 + 8 * i);
        partition(script);
        assert_int_equal(probe(&d, NULL), 0);
        assert_int_equal(d.n_partitions, PROBE_PARTITIONS_MAX);
        (void) snprintf(script + n, sizeof(script) - n, "start=8192,size=8\n");
        partition(script);
        assert_int_equal(probe(&d, &e), -EBADMSG);
        assert_string_equal(e.text, "image: 17 partitions, and at most 16 are looked at");
}

/* The partition's bytes behind 4096 others, as probe_filesystem() is asked. */
static int name_filesystem(char type[32], Err *e) {
        _cleanup_(fd_done) int fd =
                        open(scratch_path(&scratch, "image").text, O_RDONLY | O_CLOEXEC);

        return probe_filesystem(fd, "image", 4096, 4 * MIB, type, e);
}

static void make_filesystem(void) {
        assert_int_equal(scratch_tool(&scratch, "sh", "-c",
                                         "mkdir -p d && rm -f fs && mkfs.erofs fs d && "
                                         "head -c 4096 /dev/zero | cat - fs >image"),
                        0);
        assert_int_equal(truncate(scratch_path(&scratch, "image").text, 4096 + 4 * MIB), 0);
}

static void file_systems_are_named(void **state) {
        char type[32] = "x";

        (void) state;
        make_filesystem();
        assert_int_equal(name_filesystem(type, NULL), 0);
        assert_string_equal(type, "erofs");
        scratch_sparse(&scratch, "image", 4096 + 4 * MIB);
        assert_int_equal(name_filesystem(type, NULL), 0);
        assert_string_equal(type, "");
}

/* erofs has its superblock at 1024, so there is room for the head of a squashfs before it. */
static void two_file_systems_in_one_place_are_refused(void **state) {
        char type[32] = "x";
        Err e = {};

        (void) state;
        make_filesystem();
        change(4096, SPAN_LITERAL("hsqs"));
        change(4096 + 28, SPAN_LITERAL("\4"));
        assert_int_equal(name_filesystem(type, &e), -EBADMSG);
        assert_string_equal(e.text, "image: more than one file system at byte 4096");
        assert_string_equal(type, "x");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(partitions_are_found_as_they_were_made),
                cmocka_unit_test(a_label_of_any_length_is_read_whole),
                cmocka_unit_test(a_disk_of_large_sectors_is_read_in_bytes),
                cmocka_unit_test(what_has_no_gpt_is_no_disk),
                cmocka_unit_test(a_damaged_table_is_refused_when_its_copy_is_too),
                cmocka_unit_test(contradictory_partitions_are_refused),
                cmocka_unit_test(an_image_that_was_cut_short_is_refused),
                cmocka_unit_test(so_many_partitions_and_no_more),
                cmocka_unit_test(file_systems_are_named),
                cmocka_unit_test(two_file_systems_in_one_place_are_refused),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
