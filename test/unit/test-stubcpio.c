/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "layer/stubcpio.h"
#include "support/scratch.h"

static void pack(Buf *b, const char *name, Span contents) {
        StubCpio c = { ".extra/credentials", 0500, 0400, 0 };

        stub_cpio_begin(&c, b);
        stub_cpio_file(&c, name, (uint32_t) contents.size, b);
        buf_bytes(b, contents);
        stub_cpio_padding((uint32_t) contents.size, b);
        stub_cpio_end(b);
        assert_int_equal(b->failed, 0);
        assert_int_equal(c.inodes, 3);
}

/* Every byte of it is measured. */
static void an_archive_has_these_bytes(void **state) {
        static const char expected[] =
                        "070701000000010000416d0000000000000000000000010000000000000000"
                        "000000000000000000000000000000000000000700000000"
                        ".extra\0\0\0\0"
                        "07070100000002000041400000000000000000000000010000000000000000"
                        "000000000000000000000000000000000000001300000000"
                        ".extra/credentials\0\0\0\0"
                        "07070100000003000081000000000000000000000000010000000000000006"
                        "000000000000000000000000000000000000001a00000000"
                        ".extra/credentials/a.cred\0"
                        "hello\n\0\0"
                        "07070100000000000000000000000000000000000000010000000000000000"
                        "000000000000000000000000000000000000000B00000000"
                        "TRAILER!!!\0\0\0";
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        Span all = { (const uint8_t *) expected, sizeof(expected) };

        (void) state;
        pack(&b, "a.cred", SPAN_LITERAL("hello\n"));
        assert_int_equal(b.size, all.size);
        assert_memory_equal(b.data, all.data, all.size);
}

/* Names and contents of every length modulo four: cpio reads each of them again. */
static void cpio_reads_them(void **state) {
        static const char *const names[] = { "a.cred", "ab.cred", "abc.cred", "abcd.cred" };
        static const char *const contents[] = { "", "1", "12", "123", "1234" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(names) * ELEMENTS(contents); i++) {
                const char *name = names[i % 4], *text = contents[i / 4];
                _cleanup_(scratch_done) Scratch s = scratch_new();
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096), read = BUF_UP_TO(4096);
                char path[64];

                pack(&b, name, span_of(text));
                scratch_write(&s, "archive", buf_span(&b));
                assert_int_equal(scratch_tool(&s, "sh", "-c", "cpio -id <archive"), 0);
                (void) snprintf(path, sizeof(path), ".extra/credentials/%s", name);
                assert_true(span_is(scratch_read(&s, path, &read), text));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_archive_has_these_bytes),
                cmocka_unit_test(cpio_reads_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
