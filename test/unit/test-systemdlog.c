/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/edge.h"
#include "support/edit.h"
#include "support/testdata.h"
#include "wire/systemdlog.h"

#define D256 "51e6b92f405d1f98d96e3de343d61d420ad6923b25de21d766f9298192f14fed"
#define D384 D256 "51e6b92f405d1f98d96e3de343d61d42"
#define BOOT "e72a1999f6bf4f39be061813d3920b23"
#define CONTENT                                                                                    \
        "{\"string\":\"enter-initrd\",\"bootId\":\"" BOOT                                          \
        "\",\"timestamp\":8618594,\"eventType\":\"phase\"}"
#define RECORD                                                                                     \
        "\x1e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" D256                  \
        "\"},{\"hashAlg\":\"sha384\",\"digest\":\"" D384                                           \
        "\"}],\"content_type\":\"systemd\",\"content\":" CONTENT "}\n"
#define NV_RECORD                                                                                  \
        "\x1e{\"nv_index\":30474753,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" D256       \
        "\"}],\"content_type\":\"systemd\",\"content\":{\"nvIndexName\":\"cryptsetup\","           \
        "\"string\":\"cryptsetup-keyslot:v2:1111::0\"}}\n"

static int parse(Span line, SystemdRecord *ret, Err *e) {
        static JsonToken tokens[SYSTEMD_RECORD_TOKENS_MAX];

        return systemd_record_parse(line, tokens, ret, e);
}

static void a_record_is_read(void **state) {
        SystemdRecord r;

        (void) state;
        assert_int_equal(parse(SPAN_LITERAL(RECORD), &r, NULL), 0);
        assert_int_equal(r.reg.kind, REGISTER_PCR);
        assert_int_equal(r.reg.index, 11);
        assert_int_equal(r.n_digests, 2);
        assert_int_equal(systemd_record_digest(&r, HASH_SHA256)->bytes[0], 0x51);
        assert_int_equal(systemd_record_digest(&r, HASH_SHA384)->bytes[47], 0x42);
        assert_null(systemd_record_digest(&r, HASH_SHA1));
        assert_int_equal(r.source, SYSTEMD_SOURCE_SYSTEMD);
        assert_true(json_is(r.string, "enter-initrd"));
        assert_true(json_is(r.event_type, "phase"));
        assert_int_equal(json_type(r.nv_name), JSON_NONE);
        assert_true(r.has_boot);
        assert_int_equal(r.boot[0], 0xe7);
        assert_int_equal(r.time, 8618594);

        assert_int_equal(parse(SPAN_LITERAL(NV_RECORD), &r, NULL), 0);
        assert_int_equal(r.reg.kind, REGISTER_NV);
        assert_int_equal(r.reg.index, 0x1d10201);
        assert_true(json_is(r.nv_name, "cryptsetup"));
        assert_false(r.has_boot);
        assert_int_equal(r.time, 0);
        assert_int_equal(json_type(r.event_type), JSON_NONE);
}

/* What others may write one day is carried; what they wrote of the registers is read. */
static void what_is_not_known_is_carried(void **state) {
        static const struct {
                const char *old, *new;
                size_t n_digests;
                SystemdSource source;
        } good[] = {
                { "\"phase\"", "\"a new one\"", 2, SYSTEMD_SOURCE_SYSTEMD },
                { "\"timestamp\"", "\"new\":[1,{}],\"timestamp\"", 2, SYSTEMD_SOURCE_SYSTEMD },
                { "{\"pcr\"", "{\"new\":1.5,\"recnum\":7,\"pcr\"", 2, SYSTEMD_SOURCE_SYSTEMD },
                { "sha384", "sm3_256", 1, SYSTEMD_SOURCE_SYSTEMD },
                { "sha256", "sha3_256", 1, SYSTEMD_SOURCE_SYSTEMD },
                { "\"systemd\"", "\"other\"", 2, SYSTEMD_SOURCE_OTHER },
                { "\"systemd\"", "9", 2, SYSTEMD_SOURCE_OTHER },
                { ",\"content_type\":\"systemd\",\"content\":" CONTENT, "", 2,
                                SYSTEMD_SOURCE_OTHER },
                { "\"systemd\",\"content\":" CONTENT,
                                "\"pcclient_std\",\"content\":{\"event_type\":\"EV_IPL\","
                                "\"event_data\":\"00\"}",
                                2, SYSTEMD_SOURCE_FIRMWARE },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(SYSTEMD_RECORD_MAX);
                SystemdRecord r;
                Err e = {};

                if (parse(edit(RECORD, good[i].old, good[i].new, &b), &r, &e) < 0)
                        fail_msg("%zu: %s", i, e.text);
                assert_int_equal(r.n_digests, good[i].n_digests);
                assert_int_equal(r.source, good[i].source);
        }
}

static void anything_else_is_refused_and_leaves_nothing(void **state) {
        static const struct {
                const char *old, *new, *said;
        } bad[] = {
                { "\x1e", "", "between byte 0x1e and a newline" },
                { "}}\n", "}} ", "between byte 0x1e and a newline" },
                { "}}\n", "}}x\n", "stray" },
                { "}}\n", "}}\n\n", "between byte 0x1e and a newline" },
                { "{\"pcr\":11,", "{", "either pcr or nv_index" },
                { "{\"pcr\":11,", "{\"pcr\":11,\"nv_index\":1,", "either pcr or nv_index" },
                { "{\"pcr\":11,", "{\"rtmr\":2,\"mapped_pcr\":11,", "either pcr or nv_index" },
                { "{\"pcr\":11,", "{\"pcr\":11,\"pcr\":11,", "a name that the object has already" },
                { "\"pcr\":11", "\"pcr\":24", "not the number of a register" },
                { "\"pcr\":11", "\"pcr\":-1", "not the number of a register" },
                { "\"pcr\":11", "\"pcr\":\"11\"", "not the number of a register" },
                { "\"pcr\":11", "\"nv_index\":4294967296", "not the number of a register" },
                { "\"pcr\":11", "\"nv_index\":-1", "not the number of a register" },
                { "\"digests\"", "\"digest\"", "no digests" },
                { "[{\"hashAlg\"", "[],\"x\":[{\"hashAlg\"", "no digests" },
                { "sha384", "sha256", "two digests of one hash" },
                { "sha384", "sha512", "not as long as its hash" },
                { "51e6", "51E6", "not as long as its hash" },
                { "51e6", "51", "not as long as its hash" },
                { "{\"hashAlg\":\"sha256\"", "{\"hashAlg\":11", "not hashAlg and digest" },
                { "\"digest\":\"" D256 "\"", "\"digest\":1", "not hashAlg and digest" },
                { "\"digest\":\"" D256 "\"", "\"value\":\"" D256 "\"", "not hashAlg and digest" },
                { "\"content\":" CONTENT, "\"content\":\"x\"", "no content" },
                { ",\"content\":" CONTENT, "", "no content" },
                { "\"enter-initrd\"", "7", "not a string" },
                { "\"phase\"", "null", "not a string" },
                { "\"timestamp\"", "\"nvIndexName\":[],\"timestamp\"", "not a string" },
                { BOOT, "e72a", "not a boot id" },
                { "\"systemd\",\"content\":" CONTENT,
                                "\"pcclient_std\",\"content\":{\"event_type\":7}", "not a string" },
                { "8618594", "-1", "not a time" },
                { "8618594", "\"1\"", "not a time" },
                { "enter-initrd", "enter\x01initrd", "control character" },
                { "enter-initrd", "enter\\u0000initrd", "\\u0000" },
                { "{\"pcr\":11,", "[{\"pcr\":11,", "cut short" },
                { "\"digests\":", "\"digests\":{\"a\":1},\"x\":", "no digests" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(SYSTEMD_RECORD_MAX);
                SystemdRecord r = { .time = 77 };
                Err e = {};

                if (parse(edit(RECORD, bad[i].old, bad[i].new, &b), &r, &e) != -EBADMSG)
                        fail_msg("%zu: taken", i);
                if (!strstr(e.text, bad[i].said))
                        fail_msg("%zu: said '%s'", i, e.text);
                assert_int_equal(r.time, 77);
        }
}

static void what_is_no_record_is_refused(void **state) {
        _cleanup_(edge_done) Edge nothing = edge_of((Span){});
        Err e = {};

        (void) state;
        assert_int_equal(parse(SPAN_LITERAL("\x1e[]\n"), &(SystemdRecord){}, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "not a record"));
        assert_int_equal(parse(nothing.bytes, &(SystemdRecord){}, NULL), -EBADMSG);
        assert_int_equal(parse(SPAN_LITERAL("\n"), &(SystemdRecord){}, NULL), -EBADMSG);
}

static void every_prefix_is_refused(void **state) {
        (void) state;
        for (size_t n = 0; n < sizeof(RECORD) - 1; n++) {
                Span log = { (const uint8_t *) RECORD, n }, line;
                SystemdRecord r;

                assert_int_equal(parse(log, &r, NULL), -EBADMSG);
                assert_int_equal(systemd_log_next(&log, &line, NULL), n == 0 ? 0 : -ENODATA);
                assert_int_equal(log.size, n);
        }
}

static void lines_are_taken_off_one_by_one(void **state) {
        Span log = SPAN_LITERAL(RECORD NV_RECORD RECORD "\x1e{"), line;
        Err e = {};

        (void) state;
        assert_int_equal(systemd_log_next(&log, &line, NULL), 1);
        assert_true(span_is(line, RECORD));
        assert_int_equal(systemd_log_next(&log, &line, NULL), 1);
        assert_true(span_is(line, NV_RECORD));
        assert_int_equal(systemd_log_next(&log, &line, NULL), 1);
        assert_int_equal(systemd_log_next(&log, &line, &e), -ENODATA);
        assert_non_null(strstr(e.text, "not finished (2 bytes of it)"));
        assert_int_equal(log.size, 2);

        log = SPAN_LITERAL("{\"pcr\":11}\n");
        e = (Err){};
        assert_int_equal(systemd_log_next(&log, &line, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "not with 0x7b"));
}

static void limits_hold_and_what_fits_is_taken(void **state) {
        (void) state;
        for (int over = 0; over < 2; over++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * SYSTEMD_RECORD_MAX);
                _cleanup_(buf_done) Buf text = BUF_UP_TO(2 * SYSTEMD_RECORD_MAX);
                SystemdRecord r;
                Span log, line, record;

                for (size_t i = 0; i < SYSTEMD_RECORD_MAX - sizeof(RECORD) + 1 + (size_t) over; i++)
                        buf_byte(&text, 'x');
                buf_string(&text, "enter");
                buf_byte(&text, 0);
                record = log = edit(RECORD, "enter", (const char *) buf_span(&text).data, &b);
                assert_int_equal(log.size, SYSTEMD_RECORD_MAX + over);
                assert_int_equal(systemd_log_next(&log, &line, NULL), over ? -EBADMSG : 1);
                assert_int_equal(parse(record, &r, NULL), over ? -EBADMSG : 0);
        }
        for (int over = 0; over < 2; over++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(SYSTEMD_RECORD_MAX);
                _cleanup_(buf_done) Buf text = BUF_UP_TO(SYSTEMD_RECORD_MAX);
                SystemdRecord r;

                /* 27 values and names are there already */
                buf_string(&text, "\"x\":[");
                for (int i = 0; i < SYSTEMD_RECORD_TOKENS_MAX - 29 + over; i++)
                        buf_string(&text, i > 0 ? ",1" : "1");
                buf_string(&text, "],\"pcr\"");
                buf_byte(&text, 0);
                assert_int_equal(parse(edit(RECORD, "\"pcr\"", (const char *) buf_span(&text).data,
                                                       &b),
                                                 &r, NULL),
                                over ? -EBADMSG : 0);
        }
}

static void cescape_is_turned_back(void **state) {
        static const struct {
                const char *escaped;
                Span plain;
        } good[] = {
                { "", SPAN_LITERAL("") },
                { "enter-initrd", SPAN_LITERAL("enter-initrd") },
                { "login:root:{\\\"uid\\\":0}", SPAN_LITERAL("login:root:{\"uid\":0}") },
                { "\\000\\001\\002\\377", SPAN_LITERAL("\0\1\2\377") },
                { "\\a\\b\\f\\n\\r\\t\\v\\\\\\'", SPAN_LITERAL("\a\b\f\n\r\t\v\\'") },
                { "\\177\\303\\251", SPAN_LITERAL("\177\303\251") },
        };
        static const char *const bad[] = { "\\", "a\\", "\\8", "\\0", "\\00", "\\400", "\\008",
                "\\080", "\\3x7", "\\x41", "\\101", "\\012", "\\s", "\\e", "\"", "'", "\x7f",
                "\xc3\xa9", "\x1f" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(100);

                buf_byte(&b, 'x');
                assert_true(systemd_unescape(span_of(good[i].escaped), &b));
                assert_int_equal(b.size, good[i].plain.size + 1);
                assert_true(span_equal(span_from(buf_span(&b), 1), good[i].plain));
        }
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(100);

                buf_byte(&b, 'x');
                if (systemd_unescape(span_of(bad[i]), &b))
                        fail_msg("%zu: taken", i);
                assert_int_equal(b.size, 1);
        }
}

/* In a report of systemd, a number may be larger than any time. */
static void a_time_is_one_that_json_holds(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(SYSTEMD_RECORD_MAX);
        JsonToken tokens[SYSTEMD_RECORD_TOKENS_MAX];
        Span line = edit(RECORD, "8618594", "9007199254740992", &b);
        SystemdRecord r;
        Err e = {};
        Json v;

        (void) state;
        assert_int_equal(json_parse((Span){ line.data + 1, line.size - 2 }, JSON_FOREIGN, tokens,
                                         ELEMENTS(tokens), "record", &v, NULL),
                        0);
        assert_int_equal(systemd_record_read(v, &r, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "not a time"));
}

#define NAME_68 "000b" D256

/* Every kind, and texts that nearly are one. */
static const struct {
        const char *text;
        SystemdKind kind;
        const char *name, *value;
} table[] = {
        { "enter-initrd", SYSTEMD_PHASE, "", "enter-initrd" },
        { "factory-reset", SYSTEMD_PHASE, "", "factory-reset" },
        { "final", SYSTEMD_PHASE, "", "final" },
        { "enter-initrd ", SYSTEMD_UNKNOWN, "", "enter-initrd " },
        { "", SYSTEMD_UNKNOWN, "", "" },
        { "machine-id:" BOOT, SYSTEMD_MACHINE_ID, "", BOOT },
        { "machine-id:" BOOT "0", SYSTEMD_UNKNOWN, "", "machine-id:" BOOT "0" },
        { "file-system:/:ext4:u:l:p:t:n", SYSTEMD_FILE_SYSTEM, "/", "ext4:u:l:p:t:n" },
        { "file-system:/::::::", SYSTEMD_FILE_SYSTEM, "/", ":::::" },
        { "file-system:/:::::", SYSTEMD_UNKNOWN, "", "file-system:/:::::" },
        { "file-system:::::::", SYSTEMD_UNKNOWN, "", "file-system:::::::" },
        { "cryptsetup:v2:1111-22", SYSTEMD_VOLUME_KEY, "v2", "1111-22" },
        { "cryptsetup:v2:", SYSTEMD_UNKNOWN, "", "cryptsetup:v2:" },
        { "cryptsetup::1111-22", SYSTEMD_UNKNOWN, "", "cryptsetup::1111-22" },
        { "cryptsetup:v2", SYSTEMD_UNKNOWN, "", "cryptsetup:v2" },
        { "cryptsetup:v2:1:2", SYSTEMD_UNKNOWN, "", "cryptsetup:v2:1:2" },
        { "imds-userdata:ab:cd", SYSTEMD_IMDS, "", "ab:cd" },
        { "imds-userdata:", SYSTEMD_UNKNOWN, "", "imds-userdata:" },
        { "os-separator", SYSTEMD_OS_SEPARATOR, "", "" },
        { "os-separator:", SYSTEMD_UNKNOWN, "", "os-separator:" },
        { "nvpcr-init:login:0x1d10203:" NAME_68, SYSTEMD_NVPCR_INIT, "login", NAME_68 },
        { "nvpcr-init:login:0x01d10203:" NAME_68, SYSTEMD_UNKNOWN, "",
                        "nvpcr-init:login:0x01d10203:" NAME_68 },
        { "nvpcr-init:login:1x1d10203:" NAME_68, SYSTEMD_UNKNOWN, "",
                        "nvpcr-init:login:1x1d10203:" NAME_68 },
        { "nvpcr-init:login:0x:" NAME_68, SYSTEMD_UNKNOWN, "", "nvpcr-init:login:0x:" NAME_68 },
        { "nvpcr-init:login:0x1d1020300:" NAME_68, SYSTEMD_UNKNOWN, "",
                        "nvpcr-init:login:0x1d1020300:" NAME_68 },
        { "nvpcr-init:login:0x1D10203:" NAME_68, SYSTEMD_UNKNOWN, "",
                        "nvpcr-init:login:0x1D10203:" NAME_68 },
        { "nvpcr-init:login:0x1d10203:" D256, SYSTEMD_UNKNOWN, "",
                        "nvpcr-init:login:0x1d10203:" D256 },
        { "nvpcr-init::0x1d10203:" NAME_68, SYSTEMD_UNKNOWN, "", "nvpcr-init::0x1d10203:" NAME_68 },
        { "nvpcr-init:login:0x1d10203:" NAME_68 ":", SYSTEMD_UNKNOWN, "",
                        "nvpcr-init:login:0x1d10203:" NAME_68 ":" },
        { "nvpcr-separator", SYSTEMD_NVPCR_SEPARATOR, "", "" },
        { "nvpcr-separatorx", SYSTEMD_UNKNOWN, "", "nvpcr-separatorx" },
        { "product-id:missing", SYSTEMD_PRODUCT_ID, "", "missing" },
        { "product-id:" BOOT, SYSTEMD_PRODUCT_ID, "", BOOT },
        { "product-id:", SYSTEMD_UNKNOWN, "", "product-id:" },
        { "cryptsetup-keyslot:v2:1111:tpm2:1", SYSTEMD_KEYSLOT, "v2", "1111" },
        { "cryptsetup-keyslot:v2:1111::", SYSTEMD_KEYSLOT, "v2", "1111" },
        { "cryptsetup-keyslot::1111:tpm2:1", SYSTEMD_UNKNOWN, "",
                        "cryptsetup-keyslot::1111:tpm2:1" },
        { "cryptsetup-keyslot:v2:1111:tpm2:x", SYSTEMD_UNKNOWN, "",
                        "cryptsetup-keyslot:v2:1111:tpm2:x" },
        { "cryptsetup-keyslot:v2:1111:tpm2:4294967296", SYSTEMD_UNKNOWN, "",
                        "cryptsetup-keyslot:v2:1111:tpm2:4294967296" },
        { "cryptsetup-keyslot:v2:1111:tpm2", SYSTEMD_UNKNOWN, "",
                        "cryptsetup-keyslot:v2:1111:tpm2" },
        { "cryptsetup-keyslot:v2:1111:tpm2:1:", SYSTEMD_UNKNOWN, "",
                        "cryptsetup-keyslot:v2:1111:tpm2:1:" },
        { "verity:root:" D256 ":", SYSTEMD_VERITY, "root", D256 },
        { "verity:loop0-verity:" D256 ":02/MBgx=,03/MBgx", SYSTEMD_VERITY, "loop0-verity", D256 },
        { "verity:root:" D256, SYSTEMD_UNKNOWN, "", "verity:root:" D256 },
        { "verity:root:" BOOT ":", SYSTEMD_UNKNOWN, "", "verity:root:" BOOT ":" },
        { "verity::" D256 ":", SYSTEMD_UNKNOWN, "", "verity::" D256 ":" },
        { "login:root:{\"uid\":0}", SYSTEMD_LOGIN, "root", "{\"uid\":0}" },
        { "login:root:", SYSTEMD_UNKNOWN, "", "login:root:" },
        { "login:root:x", SYSTEMD_UNKNOWN, "", "login:root:x" },
        { "login::{}", SYSTEMD_UNKNOWN, "", "login::{}" },
};

static void what_has_no_room_is_no_text(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2);

        (void) state;
        assert_false(systemd_unescape(SPAN_LITERAL("abc"), &b));
}

static void words_say_what_was_measured(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(table); i++) {
                SystemdWords w = systemd_words(span_of(table[i].text));

                if (w.kind != table[i].kind)
                        fail_msg("'%s' is of kind %s", table[i].text, systemd_kind_name(w.kind));
                if (!span_is(w.name, table[i].name) || !span_is(w.value, table[i].value))
                        fail_msg("'%s': name '%.*s', value '%.*s'", table[i].text,
                                        (int) w.name.size, (const char *) w.name.data,
                                        (int) w.value.size, (const char *) w.value.data);
        }
        assert_int_equal(systemd_words(SPAN_LITERAL("nvpcr-init:a:0x1d10203:" NAME_68)).index,
                        0x1d10203);
        assert_int_equal(systemd_words(SPAN_LITERAL("nvpcr-init:a:0xffffffff:" NAME_68)).index,
                        0xffffffff);
}

static void a_key_slot_says_how(void **state) {
        SystemdWords w = systemd_words(SPAN_LITERAL("cryptsetup-keyslot:v\\x3a2:1111:fido2:12"));
        Span login = SPAN_LITERAL("login:eve:{");

        (void) state;
        assert_true(span_is(w.name, "v\\x3a2"));
        assert_true(span_is(w.method, "fido2"));
        assert_true(span_is(w.slot, "12"));
        w = systemd_words(SPAN_LITERAL("verity:root:" D256 ":02/MBgx"));
        assert_true(span_is(w.signers, "02/MBgx"));
        for (SystemdKind kind = 0; kind < _SYSTEMD_KIND_MAX; kind++)
                assert_non_null(systemd_kind_name(kind));
        login.size--; /* what stands behind it is not looked at */
        assert_int_equal(systemd_words(login).kind, SYSTEMD_UNKNOWN);
}

/* Each record of each genuine log reads as what systemd calls it. */
static void genuine_logs_are_read(void **state) {
        static const struct {
                const char *path;
                unsigned n, unknown;
        } logs[] = {
                { "boots/257-clean-sysext/tpm2-measure.log", 5, 0 },
                { "boots/257-tampered-cmdline-signed/tpm2-measure.log", 5, 0 },
                { "boots/262-clean-first/tpm2-measure.log", 24, 0 },
                { "boots/262-luks-logins-report/tpm2-measure.log", 30, 0 },
                { "boots/262-stub-extras/tpm2-measure.log", 26, 0 },
                { "boots/262-sysext-refresh/tpm2-measure.log", 26, 0 },
                { "systemd-262/tpm2-measure-262.1.log", 10, 0 },
                { "systemd-262/tpm2-measure-262.1-interop.log", 7, 4 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(logs); i++) {
                _cleanup_(buf_done) Buf log = BUF_UP_TO(SYSTEMD_LOG_MAX);
                Span rest = testdata_or_skip(logs[i].path, &log), line;
                unsigned n = 0, unknown = 0;
                Err e = {};

                for (; systemd_log_next(&rest, &line, &e) == 1; n++) {
                        _cleanup_(buf_done) Buf text = BUF_UP_TO(SYSTEMD_RECORD_MAX);
                        _cleanup_(buf_done) Buf plain = BUF_UP_TO(SYSTEMD_RECORD_MAX);
                        SystemdRecord r;
                        SystemdWords w;

                        if (parse(line, &r, &e) < 0)
                                fail_msg("%s: record %u: %s", logs[i].path, n, e.text);
                        assert_true(json_text(r.string, &text));
                        assert_true(systemd_unescape(buf_span(&text), &plain));
                        w = systemd_words(buf_span(&plain));
                        if (w.kind == SYSTEMD_UNKNOWN)
                                unknown++;
                        else if (!json_is(r.event_type, systemd_kind_name(w.kind)))
                                fail_msg("%s: record %u is a %s", logs[i].path, n,
                                                systemd_kind_name(w.kind));
                }
                assert_int_equal(rest.size, 0);
                if (n != logs[i].n || unknown != logs[i].unknown)
                        fail_msg("%s: %u records, %u unknown", logs[i].path, n, unknown);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_record_is_read),
                cmocka_unit_test(what_is_not_known_is_carried),
                cmocka_unit_test(anything_else_is_refused_and_leaves_nothing),
                cmocka_unit_test(what_is_no_record_is_refused),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(lines_are_taken_off_one_by_one),
                cmocka_unit_test(limits_hold_and_what_fits_is_taken),
                cmocka_unit_test(a_time_is_one_that_json_holds),
                cmocka_unit_test(cescape_is_turned_back),
                cmocka_unit_test(what_has_no_room_is_no_text),
                cmocka_unit_test(words_say_what_was_measured),
                cmocka_unit_test(a_key_slot_says_how),
                cmocka_unit_test(genuine_logs_are_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
