/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "wire/efievent.h"
#include "wire/efipath.h"

#define END "\x7f\xff\x04\x00"
#define BYTES(s) s, sizeof(s) - 1

static const struct {
        const char *path;
        size_t size;
        const char *text; /* NULL: refused */
} paths[] = {
        { BYTES("\2\1\x0c\0\xd0\x41\x03\x0a\0\0\0\0\1\1\6\0\0\1" END),
                        "PciRoot(0x0)/Pci(0x1,0x0)" },
        { BYTES("\2\1\x0c\0\xd0\x41\x08\x0a\1\0\0\0"), "PcieRoot(0x1)" },
        { BYTES("\2\1\x0c\0\xd0\x41\x01\x05\1\0\0\0" END), "Acpi(0x050141d0,0x1)" },
        { BYTES("\2\2\x0c\0\xd0\x41\x03\x0a\0\0\0\0" END), "Path(2,2)" },
        { BYTES("\1\3\x18\0\x0b\0\0\0\0\x10\0\0\0\0\0\0\xff\x1f\0\0\0\0\0\0" END),
                        "MemoryMapped(0x1000,0x1fff)" },
        { BYTES("\1\4\x14\0\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72" END),
                        "VenHw(a5c059a1-94e4-4aa7-87b5-ab155c2bf072)" },
        { BYTES("\1\5\x08\0\3\0\0\0" END), "Ctrl(0x3)" },
        { BYTES("\1\7\x08\0\3\0\0\0" END), "Path(1,7)" },
        { BYTES("\3\2\x08\0\1\0\2\0" END), "Scsi(0x1,0x2)" },
        { BYTES("\3\5\x06\0\1\2" END), "USB(0x1,0x2)" },
        { BYTES("\3\x0b\x0b\0\1\2\3\4\5\6\0" END), "MAC(010203040506)" },
        { BYTES("\3\x0c\4\0\3\x0d\4\0" END), "IPv4()/IPv6()" },
        { BYTES("\3\x12\x0a\0\1\0\xff\xff\0\0" END), "Sata(0x1,0xffff,0x0)" },
        { BYTES("\3\x17\x10\0\1\0\0\0\1\2\3\4\5\6\7\x08" END), "NVMe(0x1,0102030405060708)" },
        { BYTES("\3\x18\x07\0a:b" END), "Uri(a:b)" },
        { BYTES("\3\x63\4\0" END), "Path(3,99)" },
        { BYTES("\4\1\x2a\0\1\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                "\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72\2\2" END),
                        "HD(1,GPT,a5c059a1-94e4-4aa7-87b5-ab155c2bf072)" },
        { BYTES("\4\2\x08\0\1\0\0\0" END), "CDROM(0x1)" },
        { BYTES("\4\4\x0a\0\\\0x\0\0\0" END), "x" },
        { BYTES("\4\4\x0e\0x\0\\\0y\0\\\0\0\0" END), "x/y/" },
        { BYTES("\4\4\x08\0\\\1\\\0" END), "\xc5\x9c/" },
        { BYTES("\4\6\x14\0\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72"
                "\4\7\x14\0\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72"
                "\4\3\x14\0\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72" END),
                        "FvFile(a5c059a1-94e4-4aa7-87b5-ab155c2bf072)/Fv(a5c059a1-94e4-4aa7-87b5-ab155c2bf072)"
                        "/VenMedia(a5c059a1-94e4-4aa7-87b5-ab155c2bf072)" },
        { BYTES("\4\x08\4\0" END), "Path(4,8)" },
        { BYTES("\5\1\4\0" END), "Path(5,1)" },
        { BYTES("\1\1\5\0\0" END), "Path(1,1)" },
        { BYTES(""), "" },
        { BYTES(END "rest"), "" },
        { BYTES("\1\1\3\0"), NULL },
        { BYTES("\1\1\6\0\0"), NULL },
        { BYTES("\1\1\6"), NULL },
        { BYTES("\x7f\xff\3\0"), NULL },
        { BYTES("\x7f\xff"), NULL },
};

static void paths_are_written_as_people_do(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(paths); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                Span path = { (const uint8_t *) paths[i].path, paths[i].size };
                Err e = {};
                int rc = efi_path_text(path, &b, &e);

                if (rc != (paths[i].text ? 0 : -EBADMSG) || (rc < 0) != (e.code < 0))
                        fail_msg("path %zu: %d, %s", i, rc, e.text);
                if (paths[i].text && !span_is(buf_span(&b), paths[i].text))
                        fail_msg("path %zu: '%.*s'", i, (int) b.size, (const char *) b.data);
        }
}

static void a_node_is_longer_than_its_head(void **state) {
        Span path = SPAN_LITERAL("\4\4\3\0x\0" END);
        EfiNode n;
        Err e = {};

        (void) state;
        assert_int_equal(efi_node_next(&path, &n, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "a node that is shorter than its head"));
}

static void a_path_ends_with_a_file(void **state) {
        Span path = SPAN_LITERAL("\1\1\6\0\0\1\4\4\x0a\0\\\0x\0\0\0" END);

        (void) state;
        assert_int_equal(efi_path_file(path).size, 6);
        assert_int_equal(efi_path_file(SPAN_LITERAL("\4\4\x06\0x\0\1\1\6\0\0\1" END)).size, 0);
        assert_int_equal(efi_path_file(SPAN_LITERAL("\4\3\x06\0x\0" END)).size, 0);
        assert_int_equal(efi_path_file(SPAN_LITERAL("\3\4\x06\0x\0" END)).size, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(paths_are_written_as_people_do),
                cmocka_unit_test(a_node_is_longer_than_its_head),
                cmocka_unit_test(a_path_ends_with_a_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
