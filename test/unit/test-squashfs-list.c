/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder's list: heads, and names behind each. */
#include "unit/suite.h"

#include <errno.h>

#include "base/buf.h"
#include "wire/squashfs.h"

static void put_head(Buf *b, uint32_t less, uint32_t block) {
        buf_le(b, less, 4);
        buf_le(b, block, 4);
        buf_le(b, 7, 4);
}

static void put_entry(Buf *b, unsigned offset, const char *name, size_t size) {
        buf_le(b, offset, 2);
        buf_le(b, 0, 2);
        buf_le(b, 1, 2);
        buf_le(b, size - 1, 2);
        buf_bytes(b, (Span){ (const uint8_t *) name, size });
}

static void a_folder_lists_names(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        SquashfsEntry entry = {};
        SquashfsList l = {};

        (void) state;
        put_head(&b, 1, 5);
        put_entry(&b, 96, "etc", 3);
        put_entry(&b, 8191, "usr", 3);
        put_head(&b, 0, 6);
        put_entry(&b, 0, "x", 1);
        l.bytes = buf_span(&b);
        assert_int_equal(squashfs_entry_next(&l, &entry, NULL), 1);
        assert_true(span_is(entry.name, "etc"));
        assert_int_equal(entry.reference, 5 << 16 | 96);
        assert_int_equal(squashfs_entry_next(&l, &entry, NULL), 1);
        assert_true(span_is(entry.name, "usr"));
        assert_int_equal(entry.reference, 5 << 16 | 8191);
        assert_int_equal(squashfs_entry_next(&l, &entry, NULL), 1);
        assert_true(span_is(entry.name, "x"));
        assert_int_equal(entry.reference, 6 << 16);
        assert_int_equal(squashfs_entry_next(&l, &entry, NULL), 0);

        for (size_t n = 1; n < b.size; n++) {
                int rc;

                if (n == 34) /* where the second head would begin */
                        continue;
                l = (SquashfsList){ .bytes = { b.data, n } };
                while ((rc = squashfs_entry_next(&l, &entry, NULL)) == 1)
                        ;
                assert_int_equal(rc, -EBADMSG);
        }
}

static void a_list_that_makes_no_sense_is_refused(void **state) {
        static const char *const names[] = { "a/b", "a\0b" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(names) + 2; i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1 << 16);
                SquashfsEntry entry;
                SquashfsList l = {};
                Err e = {};
                int rc;

                put_head(&b, i == 2 ? 256 : i == 3 ? 255 : 0, 5);
                for (unsigned n = 0; n < 257; n++)
                        put_entry(&b, 0, i < ELEMENTS(names) ? names[i] : "abc", 3);
                l.bytes = (Span){ b.data, b.size - (i == 3 ? 11 : 0) };
                while ((rc = squashfs_entry_next(&l, &entry, &e)) == 1)
                        ;
                assert_int_equal(rc, i == 3 ? 0 : -EBADMSG); /* 256 entries are as many as may be */
                if (rc < 0)
                        assert_string_equal(e.text,
                                        "squashfs: byte 0 of a folder's list makes no sense");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_folder_lists_names),
                cmocka_unit_test(a_list_that_makes_no_sense_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
