/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "image/uki-hwids.h"
#include "support/folder.h"
#include "support/libc.h"

#define BOARD(ids)                                                                                 \
        "{\"type\":\"devicetree\",\"name\":\"Board\",\"compatible\":\"x,b\",\"hwids\":[" ids "]}"
#define FIRST "\"00112233-4455-6677-8899-aabbccddeeff\""
#define SECOND "\"ffffffff-4455-6677-8899-AABBCCDDEEFF\""

/* One device in two files, and another. */
static Folder descriptions(void) {
        Folder f = folder_new();

        folder_write(&f, "a.json", SPAN_LITERAL(BOARD(SECOND "," FIRST)));
        folder_write(&f, "b.json", SPAN_LITERAL(BOARD(FIRST)));
        folder_write(&f, "c.json",
                        SPAN_LITERAL("{\"type\":\"uefi-fw\",\"name\":\"Board\","
                                     "\"fwid\":\"f\",\"hwids\":[" FIRST "]}"));
        folder_write(&f, "c.txt", SPAN_LITERAL("not looked at"));
        return f;
}

/* systemd's chid.h */
static void put_device(Buf *b, uint32_t kind, bool first, uint32_t name, uint32_t match) {
        buf_le(b, 28 | kind << 28, 4);
        buf_le(b, first ? 0x00112233 : 0xffffffff, 4);
        buf_le(b, 0x4455, 2);
        buf_le(b, 0x6677, 2);
        buf_bytes(b, SPAN_LITERAL("\x88\x99\xaa\xbb\xcc\xdd\xee\xff"));
        buf_le(b, name, 4);
        buf_le(b, match, 4);
}

static void ids_stand_sorted_behind_their_devices(void **state) {
        _cleanup_(folder_done) Folder f = descriptions();
        _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;
        _cleanup_(buf_done) Buf expected = BUF_UP_TO(512);
        uint32_t base = 4 * 28;

        (void) state;
        put_device(&expected, 1, true, base, base + 8);
        put_device(&expected, 1, false, base, base + 8);
        put_device(&expected, 2, true, base, base + 6);
        buf_zeros(&expected, 28);
        buf_bytes(&expected, SPAN_LITERAL("Board\0f\0x,b\0"));
        assert_int_equal(uki_hwids(f.path, &part, NULL), 0);
        assert_true(span_equal(buf_span(&part.bytes), buf_span(&expected)));
}

static void every_call_may_fail(void **state) {
        static const LibcCalls calls[] = { LIBC_MEMORY, LIBC_FILES };
        _cleanup_(folder_done) Folder f = descriptions();

        (void) state;
        for (size_t i = 0; i < ELEMENTS(calls); i++) {
                int n = 0, failed;

                do {
                        _cleanup_(uki_part_done) UkiPart part = UKI_PART_NONE;
                        Err e = {};
                        int rc;

                        libc_fail_after(calls[i], n++, calls[i] == LIBC_MEMORY ? ENOMEM : EIO,
                                        false);
                        rc = uki_hwids(f.path, &part, &e);
                        failed = libc_heal();
                        assert_true((rc < 0) == (failed > 0));
                        assert_true((rc < 0) == (e.code < 0));
                } while (failed > 0);
                assert_true(n > 5);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ids_stand_sorted_behind_their_devices),
                cmocka_unit_test(every_call_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
