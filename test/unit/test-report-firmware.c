/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/firmlog.h"
#include "support/libc.h"
#include "verify/report-firmware.h"
#include "verify/secureboot.h"
#include "wire/efievent.h"

/* What people and programs are told of a firmware's log. */

static const HashAlg sha256 = HASH_SHA256;

/* One event, and the words for it. */
static const struct {
        uint32_t pcr, type;
        const char *data;
        size_t size;
        const char *measured; /* NULL: the data */
        const char *said;
} rows[] = {
#define DATA(s) s, sizeof(s) - 1
        { 0, EV_NO_ACTION, DATA("StartupLocality\0\3"), NULL,
                        "the TPM was started from locality 3" },
        { 0, EV_NO_ACTION, DATA("SP800-155 Event3"), NULL, "\"SP800-155 Event3\"" },
        { 0, EV_SEPARATOR, DATA("\0\0\0\0"), NULL, "separator" },
        { 0, EV_SEPARATOR, DATA("\1\0\0\0"), NULL, "separator: the firmware says that it failed" },
        { 0, EV_S_CRTM_VERSION, DATA("1\0.\0\0\0"), NULL, "\"1.\"" },
        { 1, EV_PLATFORM_CONFIG_FLAGS, DATA("ACPI DATA"), "x", "\"ACPI DATA\"" },
        { 4, EV_EFI_ACTION, DATA("a \"b\"\x1b[2J\\\0"), NULL, "\"a \\x22b\\x22\\x1b[2J\\x5c\"" },
        { 8, EV_IPL, DATA("grub_cmd: set x=y\0"), "set x=y", "\"set x=y\"" },
        { 8, EV_IPL, DATA("grub_cmd: set x=y\0"), "set x=z", "\"grub_cmd: set x=y\"" },
        { 9, EV_IPL, DATA("(hd0)/vmlinuz\0"), "kernel", "\"(hd0)/vmlinuz\"" },
        { 11, EV_IPL, DATA(".\0l\0i\0n\0u\0x\0\0\0"), "\1", "content of section \".linux\"" },
        { 12, EV_IPL, DATA("q\0u\0i\0e\0t\0\0\0"), NULL, "\"quiet\"" },
        { 9, EV_EVENT_TAG, DATA("\xed\x22\x3b\x8f\4\0\0\0L::\0"), "x",
                        "kernel's command line \"L::\"" },
        { 9, EV_EVENT_TAG, DATA("\xed\x22\x3b\x7f\4\0\0\0L::\0"), "x", "tag 0x7f3b22ed \"L::\"" },
        { 9, EV_EVENT_TAG, DATA("\xed"), "x", "a tagged event that cannot be read" },
        { 5, EV_EFI_GPT_EVENT, DATA("x"), NULL, "a partition table that cannot be read" },
        { 7, EV_EFI_VARIABLE_AUTHORITY, DATA("x"), NULL, "an authority that cannot be read" },
        { 7, EV_EFI_VARIABLE_DRIVER_CONFIG, DATA("x"), NULL, "a variable that cannot be read" },
        { 0, 0x77, DATA("xyz"), NULL, "3 bytes" },
};

/* The beginning of it. */
static void assert_says(const FirmLog *l, const char *words) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(64 * 1024), said = BUF_UP_TO(16 * 1024);
        FirmwareReading r;
        Measured m;

        firmlog_write(l, &log);
        assert_int_equal(firmware_read(buf_span(&log), HASH_SHA256, &r, NULL), 0);
        assert_int_equal(firmware_read_next(&r, &m, NULL), 1);
        report_event(&m, &said);
        if (!span_starts(buf_span(&said), span_of(words)))
                fail_msg("says '%.*s', not '%s'", (int) said.size, (const char *) said.data, words);
}

static void assert_said(const FirmLog *l, const char *said) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(64 * 1024), words = BUF_UP_TO(16 * 1024);
        FirmwareReading r;
        Measured m;

        firmlog_write(l, &log);
        assert_int_equal(firmware_read(buf_span(&log), HASH_SHA256, &r, NULL), 0);
        assert_int_equal(firmware_read_next(&r, &m, NULL), 1);
        report_event(&m, &words);
        if (!span_is(buf_span(&words), said))
                fail_msg("says '%.*s', not '%s'", (int) words.size, (const char *) words.data,
                                said);
}

static void each_kind_has_its_words(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
                Span data = { (const uint8_t *) rows[i].data, rows[i].size };

                (void) firmlog_add_of(&l, rows[i].pcr, rows[i].type, data,
                                rows[i].measured ? span_of(rows[i].measured) : data);
                assert_said(&l, rows[i].said);
        }
}

static const struct {
        const char *name;
        const char *data;
        size_t size;
        const char *said;
} variables[] = {
        { "SecureBoot", DATA("\1"), "variable \"SecureBoot\": on" },
        { "SecureBoot", DATA("\0"), "variable \"SecureBoot\": off" },
        { "SecureBoot", DATA(""), "variable \"SecureBoot\"" },
        { "BootOrder", DATA("\2\0\x0a\0"), "variable \"BootOrder\": 0002 000A" },
        { "Boot0001", DATA("\1\0\0\0\4\0a\0\0\0\x7f\xff\4\0"),
                        "variable \"Boot0001\" \"a\" at \"\"" },
        { "Boot0001", DATA("\1\0\0\0\0\0a\0b\0\0\0"), "variable \"Boot0001\" \"ab\"" },
        { "Boot0001", DATA("\1\0\0\0\4\0a\0\0\0\x7f"), "variable \"Boot0001\"" },
        { "Boot0001", DATA("\1\0\0\0\4\0a\0\0\0\1\1\2\0"), "variable \"Boot0001\" \"a\" at " },
        { "db", DATA(""), "variable \"db\": empty" },
        { "db", DATA("x"), "variable \"db\": empty, and bytes that are no entry" },
        { "Other", DATA("abc"), "variable \"Other\", 3 bytes" },
        { "BootOptionSupport", DATA("abc"), "variable \"BootOptionSupport\", 3 bytes" },
        { "Root0000", DATA("abc"), "variable \"Root0000\", 3 bytes" },
};

static void variables_have_their_words(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(variables); i++) {
                _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);

                (void) firmlog_add_variable(&l, 1, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_global,
                                variables[i].name,
                                (Span){ (const uint8_t *) variables[i].data, variables[i].size });
                assert_said(&l, variables[i].said);
        }
}

static void databases_are_counted(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf b = BUF_UP_TO(FIRM_DATA_MAX);
        static const uint8_t hash[32] = { 0xab };

        (void) state;
        for (unsigned i = 0; i < 6; i++)
                firmlog_signatures(&b, (Span){ hash, 32 });
        (void) firmlog_add_variable(&l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_security, "dbx",
                        buf_span(&b));
#define ONE "\"a program by its hash\" (ab00000000000000...)"
        assert_said(&l, "variable \"dbx\": " ONE ", " ONE ", " ONE ", " ONE ", 6 entries in all");
}

static void an_entry_that_is_no_key_is_counted(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        /* one of type 0, as long as a hash (UEFI 2.10, section 32.4.1) */
        static const uint8_t list[28 + 16 + 32] = { [16] = 28 + 16 + 32, [24] = 16 + 32 };

        (void) state;
        (void) firmlog_add_variable(&l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_security, "dbx",
                        (Span){ list, sizeof(list) });
        assert_said(&l, "variable \"dbx\": 1 entries in all");
}

static void an_authority_is_named(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf entry = BUF_UP_TO(FIRM_DATA_MAX);
        static const uint8_t owner[16] = { 1 };

        (void) state;
        buf_bytes(&entry, (Span){ owner, sizeof(owner) });
        firmlog_certificate(&entry, "vendor");
        (void) firmlog_add_variable(
                        &l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_security, "db", buf_span(&entry));
        assert_says(&l, "a program was let in by \"CN=vendor\"");
}

static void authorities_are_named(void **state) {

        static const struct {
                const char *name, *data, *said;
        } settings[] = {
                { "SbatLevel", "sbat,1,2021030218\n",
                                "setting of shim \"SbatLevel\": \"sbat,1,2021030218\\x0a\"" },
                { "db", "x", "a program was let in by 1 bytes of \"db\"" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(settings); i++) {
                _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);

                (void) firmlog_add_variable(&l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_shim,
                                settings[i].name, span_of(settings[i].data));
                assert_said(&l, settings[i].said);
        }
}

/* The whole of a boot without keys, as people read it. */
static const char whole[] =
                "   1   0  EV_S_CRTM_VERSION                 proven       \"1.\"\n"
                "   2   0  EV_EFI_PLATFORM_FIRMWARE_BLOB     digest only  16 bytes\n"
                "   3   7  EV_EFI_VARIABLE_DRIVER_CONFIG     proven       variable \"SecureBoot\": off\n"
                "   4   7  EV_EFI_VARIABLE_DRIVER_CONFIG     proven       variable \"PK\": empty\n"
                "   5   7  EV_EFI_VARIABLE_DRIVER_CONFIG     proven       variable \"KEK\": empty\n"
                "   6   7  EV_EFI_VARIABLE_DRIVER_CONFIG     proven       variable \"db\": empty\n"
                "   7   7  EV_EFI_VARIABLE_DRIVER_CONFIG     proven       variable \"dbx\": empty\n"
                "   8   7  EV_SEPARATOR                      proven       separator\n";

static void a_log_is_told_line_by_line(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(64 * 1024);
        char *text = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&text, &size);
        Err e = {};

        (void) state;
        firmlog_boot(&l, &(FirmBoot){ .cmdline = "quiet" });
        (void) firmlog_add(&l, UINT32_MAX, EV_NO_ACTION, SPAN_LITERAL("x"));
        firmlog_write(&l, &log);
        assert_int_equal(report_events(buf_span(&log), HASH_NONE, to, &e), 0);
        assert_int_equal(report_events((Span){ log.data, log.size - 1 }, HASH_NONE, to, &e),
                        -EBADMSG);
        assert_non_null(strstr(e.text, "cut short"));
        assert_int_equal(report_events(buf_span(&log), HASH_SHA384, to, NULL), -EBADMSG);
        (void) fclose(to);
        assert_true(strncmp(text, whole, sizeof(whole) - 1) == 0);
        assert_non_null(strstr(text,
                        "digest only  program \"PciRoot(0x0)/Pci(0x1,0x0)/EFI/BOOT/BOOTX64.EFI\", hash "));
        assert_non_null(strstr(text,
                        "proven       partition table of disk 00000077-0000-0000-0000-000000000000: \"esp\" d719b2cb-3d3a-4596-a3bc-dad00e67656f\n"));
        assert_non_null(strstr(text, "proven       name of section \".cmdline\"\n"));
        assert_non_null(strstr(
                        text, "   -  EV_NO_ACTION                      unproven     \"x\"\n"));
        free(text);
}

/* Each authority is in the log once: what it let in comes somewhere behind it. */
static void programs_are_told_by_whom_they_were_let_in(void **state) {
        static const uint32_t types[] = { EV_EFI_BOOT_SERVICES_APPLICATION,
                EV_EFI_BOOT_SERVICES_DRIVER, EV_EFI_RUNTIME_SERVICES_DRIVER };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(types); i++) {
                _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
                _cleanup_(buf_done) Buf log = BUF_UP_TO(64 * 1024), json = BUF_UP_TO(64 * 1024);
                JsonWriter w = json_writer(&json, JSON_STRICT);
                char *text = NULL;
                size_t size = 0;
                FILE *to = open_memstream(&text, &size);

                (void) firmlog_add(&l, 2, types[i], SPAN_LITERAL("first"));
                (void) firmlog_add_variable(&l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_security,
                                "db", SPAN_LITERAL("x"));
                (void) firmlog_add(&l, 7, EV_EFI_VARIABLE_AUTHORITY, SPAN_LITERAL("none"));
                (void) firmlog_add_variable(&l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_shim,
                                "SbatLevel", SPAN_LITERAL("sbat,1\n"));
                (void) firmlog_add_variable(&l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_security,
                                "db", SPAN_LITERAL("x"));
                (void) firmlog_add(&l, 4, EV_SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
                (void) firmlog_add(&l, 4, types[i], SPAN_LITERAL("second"));
                firmlog_write(&l, &log);
                assert_int_equal(report_events(buf_span(&log), HASH_NONE, to, NULL), 0);
                (void) fclose(to);
                assert_non_null(strstr(
                                text, ", let in by the authority of event 2, or one before it\n"));
                assert_ptr_equal(strstr(text, "or one before"), strrchr(text, ',') + 2);
                json_put_array(&w, NULL);
                assert_int_equal(report_events_json(buf_span(&log), HASH_NONE, &w, NULL), 0);
                json_put_end(&w);
                buf_byte(&json, '\0');
                assert_non_null(strstr((char *) json.data, ",\"authority\":2}]"));
                assert_ptr_equal(strstr((char *) json.data, "authority\":"),
                                strrchr((char *) json.data, ',') + 2);
                free(text);
        }
}

static void a_log_is_told_to_programs(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(64 * 1024), json = BUF_UP_TO(64 * 1024);
        JsonWriter w = json_writer(&json, JSON_STRICT);
        FirmEvent *event;

        (void) state;
        (void) firmlog_add(&l, 0, 0x77, SPAN_LITERAL("x"));
        event = firmlog_add(&l, 4, EV_EFI_ACTION, SPAN_LITERAL("y"));
        event->data[0] = 'z';
        event->digests[0] = digest_zero(HASH_SHA256);
        firmlog_write(&l, &log);
        json_put_array(&w, NULL);
        assert_int_equal(report_events_json(buf_span(&log), HASH_NONE, &w, NULL), 0);
        json_put_end(&w);
        assert_true(span_is(buf_span(&json),
                        "[{\"number\":1,\"pcr\":0,\"event\":\"type 0x00000077\",\"type\":119,"
                        "\"sha256\":\"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\","
                        "\"proof\":\"proven\",\"says\":\"1 bytes\"},"
                        "{\"number\":2,\"pcr\":4,\"event\":\"EV_EFI_ACTION\",\"type\":2147483655,"
                        "\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\","
                        "\"proof\":\"CONTRADICTED\",\"says\":\"\\\"z\\\"\"}]"));
}

/* Told whole, or not at all. */
static void no_memory_is_said_so(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(64 * 1024);
        int failed = 1, n = 0;

        (void) state;
        firmlog_boot(&l, &(FirmBoot){ .cmdline = "quiet" });
        firmlog_write(&l, &log);
        for (; failed > 0; n++) {
                char text[16 * 1024];
                FILE *to = fmemopen(text, sizeof(text), "w");
                Err e = {};
                int rc;

                assert_non_null(to);
                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = report_events(buf_span(&log), HASH_NONE, to, &e);
                failed = libc_heal();
                assert_int_equal(rc, failed > 0 ? -ENOMEM : 0);
                assert_int_equal(e.code, rc);
                assert_int_equal(fclose(to), 0);
        }
        assert_true(n > 20);
}

static void a_log_without_that_bank_is_not_told(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(64 * 1024), json = BUF_UP_TO(64 * 1024);
        JsonWriter w = json_writer(&json, JSON_STRICT);

        (void) state;
        (void) firmlog_add(&l, 0, 0x77, SPAN_LITERAL("x"));
        firmlog_write(&l, &log);
        json_put_array(&w, NULL);
        assert_int_equal(report_events_json(buf_span(&log), HASH_SHA384, &w, NULL), -EBADMSG);
        assert_int_equal(report_events_json(SPAN_LITERAL("no log"), HASH_NONE, &w, NULL), -EBADMSG);
        json_put_end(&w);
        assert_true(span_is(buf_span(&json), "[]"));
}

/* A path that nobody reads to its end is left out, and the rest of the event is told. */
static void a_path_has_an_end(void **state) {
        enum { NODES = 900 };
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf option = BUF_UP_TO(FIRM_DATA_MAX);

        (void) state;
        buf_le(&option, 1, 4);
        buf_le(&option, NODES * 4, 2);
        buf_bytes(&option, SPAN_LITERAL("a\0\0\0"));
        for (int i = 0; i < NODES; i++) /* of a kind that is told by its numbers */
                buf_bytes(&option, SPAN_LITERAL("\x20\x20\4\0"));
        assert_int_equal(option.failed, 0);
        (void) firmlog_add_variable(&l, 1, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_global,
                        "Boot0001", buf_span(&option));
        assert_said(&l, "variable \"Boot0001\" \"a\" at ");
}

static void a_log_that_is_none_is_read_by_no_bank(void **state) {
        static const HashAlg banks[] = { HASH_NONE, HASH_SHA256 };
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(1024);

        (void) state;
        l.sizes[0] = 20;
        firmlog_write(&l, &log);
        for (size_t i = 0; i < ELEMENTS(banks); i++) {
                FirmwareReading r;
                SecureBoot s;
                Err e = {};

                assert_int_equal(firmware_read(buf_span(&log), banks[i], &r, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "a digest size that is not its algorithm's"));
                assert_int_equal(secureboot_read(buf_span(&log), banks[i], &s, NULL), -EBADMSG);
        }
}

/* An event's words have an end: more of them would leave a whole report without any. */
static void boot_options_are_told_as_far_as_anybody_reads(void **state) {
        static const uint8_t zeros[2 * 70];

        (void) state;
        for (size_t n = 64; n <= 70; n += 6) {
                _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
                _cleanup_(buf_done) Buf said = BUF_UP_TO(1024);

                (void) firmlog_add_variable(&l, 1, EV_EFI_VARIABLE_BOOT, firmlog_global,
                                "BootOrder", (Span){ zeros, 2 * n });
                buf_string(&said, "variable \"BootOrder\":");
                for (unsigned i = 0; i < 64; i++)
                        buf_string(&said, " 0000");
                buf_string(&said, n > 64 ? " and 6 more" : "");
                buf_byte(&said, '\0');
                assert_said(&l, (const char *) said.data);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_kind_has_its_words),
                cmocka_unit_test(a_log_that_is_none_is_read_by_no_bank),
                cmocka_unit_test(variables_have_their_words),
                cmocka_unit_test(databases_are_counted),
                cmocka_unit_test(boot_options_are_told_as_far_as_anybody_reads),
                cmocka_unit_test(an_entry_that_is_no_key_is_counted),
                cmocka_unit_test(an_authority_is_named),
                cmocka_unit_test(authorities_are_named),
                cmocka_unit_test(a_log_is_told_line_by_line),
                cmocka_unit_test(programs_are_told_by_whom_they_were_let_in),
                cmocka_unit_test(a_log_is_told_to_programs),
                cmocka_unit_test(no_memory_is_said_so),
                cmocka_unit_test(a_log_without_that_bank_is_not_told),
                cmocka_unit_test(a_path_has_an_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
