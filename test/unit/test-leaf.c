/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "wire/leaf.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SMALL "avouch/release/v1\ntype sysext\nname jq\n"

/* Every line that a leaf can have. */
static const char full[] = "avouch/release/v1\n"
                           "type uki\n"
                           "name particle\n"
                           "version 12~rc1\n"
                           "architecture x86-64\n"
                           "verity-root-hash sha256:" HEX_A "\n"
                           "authenticode sha256:" HEX_B "\n"
                           "section .linux sha256:" HEX_A "\n"
                           "section .dtbauto sha256:" HEX_A "\n"
                           "section .dtbauto sha256:" HEX_B "\n"
                           "pcr11 sha256:enter-initrd:leave-initrd " HEX_A "\n"
                           "pcr11 sha256:: " HEX_B "\n"
                           "pcr11 sha384:enter-initrd " HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
                           "signer sha256:" HEX_A "\n"
                           "file-digest sha256:" HEX_B "\n"
                           "source-date-epoch 1700000000\n";

static void every_line_is_read(void **state) {
        Leaf l;

        (void) state;
        assert_int_equal(leaf_parse(span_of(full), &l, NULL), 0);
        assert_int_equal(l.type, LEAF_UKI);
        assert_true(span_is(l.name, "particle"));
        assert_true(span_is(l.version, "12~rc1"));
        assert_true(span_is(l.architecture, "x86-64"));
        assert_true(l.has_root_hash && l.has_authenticode && l.has_signer && l.has_file_digest);
        assert_int_equal(l.root_hash[31], 0xaa);
        assert_int_equal(l.authenticode[0], 0xbb);
        assert_int_equal(l.signer[0], 0xaa);
        assert_int_equal(l.file_digest[0], 0xbb);
        assert_true(l.has_epoch);
        assert_int_equal(l.epoch, 1700000000);
        assert_int_equal(l.n_sections, 3);
        assert_true(span_is(l.sections[2].name, ".dtbauto"));
        assert_int_equal(l.sections[2].sha256[5], 0xbb);
        assert_int_equal(l.n_pcrs, 3);
        assert_true(span_is(l.pcrs[0].phases, "enter-initrd:leave-initrd"));
        assert_true(span_is(l.pcrs[1].phases, ":"));
        assert_int_equal(l.pcrs[1].value.bytes[0], 0xbb);
        assert_int_equal(l.pcrs[2].bank, HASH_SHA384);
        assert_int_equal(l.pcrs[2].value.size, 48);
}

static void what_is_read_is_written_again(void **state) {
        static const char *const texts[] = { full, SMALL };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
                Leaf l;

                assert_int_equal(leaf_parse(span_of(texts[i]), &l, NULL), 0);
                leaf_write(&l, &b);
                assert_true(span_is(buf_span(&b), texts[i]));
        }
}

static void absent_lines_are_absent(void **state) {
        Leaf l;

        (void) state;
        assert_int_equal(leaf_parse(span_of(SMALL), &l, NULL), 0);
        assert_int_equal(l.type, LEAF_SYSEXT);
        assert_int_equal(l.version.size + l.architecture.size, 0);
        assert_false(l.has_root_hash || l.has_authenticode || l.has_signer || l.has_file_digest ||
                        l.has_epoch);
        assert_int_equal(l.n_sections + l.n_pcrs, 0);
}

/* A text, and what is said of it. */
static const struct {
        const char *text;
        size_t at;
        const char *said;
} bad[] = {
        { "", 0, "no release leaf of version 1" },
        { "avouch/release/v2\ntype sysext\nname jq\n", 0, "no release leaf of" },
        { "avouch/release/v1\r\ntype sysext\nname jq\n", 0, "no release leaf of" },
        { "avouch/release/v1\nname jq\n", 18, "no type that is known" },
        { "avouch/release/v1\ntype disk\nname jq\n", 18, "no type that is known" },
        { "avouch/release/v1\ntype invalid\nname jq\n", 18, "no type that is known" },
        { "avouch/release/v1\ntype sysext\n", 30, "no name, or one that is too" },
        { "avouch/release/v1\ntype sysext\nname \n", 30, "a value that is empty" },
        { "avouch/release/v1\ntype sysext\nname  jq\n", 30, "a value that is" },
        { "avouch/release/v1\ntype sysext\nname jq \n", 30, "a value that is" },
        { "avouch/release/v1\ntype sysext\nname j\tq\n", 30, "a value that is" },
        { "avouch/release/v1\ntype sysext\nname j\x7fq\n", 30, "a value that is" },
        { "avouch/release/v1\ntype sysext\nname j\xc0\xafq\n", 30, "a value that is" },
        { "avouch/release/v1\ntype sysext\nname jq\r\n", 30, "a value that is" },
        { SMALL "\n", 38, "a line that is unknown" },
        { SMALL "color red\n", 38, "a line that is unknown" },
        { SMALL "name jq\n", 38, "a line that is unknown, out of order or there" },
        { SMALL "type sysext\n", 38, "a line that is unknown, out of order" },
        { SMALL "version 1\nversion 1\n", 48, "a line that is unknown, out of" },
        { SMALL "architecture x\nversion 1\n", 53, "a line that is unknown, out" },
        { SMALL "version", 38, "a line that is unknown" },
        { SMALL "version 1", 46, "" },
        { SMALL "signer " HEX_A "\n", 38, "not sha256: and 64 lower-case" },
        { SMALL "signer sha256:" HEX_A "a\n", 38, "not sha256: and 64" },
        { SMALL "signer sha512:" HEX_A "\n", 38, "not sha256: and 64 lower" },
        { SMALL "signer sha256:A" HEX_A "\n", 38, "not sha256: and 64 lower" },
        { SMALL "section .linux\n", 38, "not a section's name and sha256:HEX" },
        { SMALL "section .linux sha512:" HEX_A "\n", 38, "not a section's name" },
        { SMALL "section .linux sha256:" HEX_A "a\n", 38, "not a section's name" },
        { SMALL "section .longname sha256:" HEX_A "\n", 38, "not a section's" },
        { SMALL "section .\xc3\xa4 sha256:" HEX_A "\n", 38, "not a section's" },
        { SMALL "section  sha256:" HEX_A "\n", 38, "a value that is empty" },
        { SMALL "pcr11 sha1:: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 38, "" },
        { SMALL "pcr11 md5:: aaaa\n", 38, "not BANK:PHASE-PATH and a hash" },
        { SMALL "pcr11 sha256: " HEX_A "\n", 38, "not BANK:PHASE-PATH" },
        { SMALL "pcr11 sha256::a " HEX_A "\n", 38, "not BANK:PHASE-PATH" },
        { SMALL "pcr11 sha256:a: " HEX_A "\n", 38, "not BANK:PHASE-PATH" },
        { SMALL "pcr11 sha256:a::b " HEX_A "\n", 38, "not BANK:PHASE-PATH" },
        { SMALL "pcr11 sha256:a  " HEX_A "\n", 38, "not BANK:PHASE-PATH" },
        { SMALL "pcr11 sha256:\xc3\xa4 " HEX_A "\n", 38, "not BANK:PHASE-PATH" },
        { SMALL "pcr11 sha384:a " HEX_A "\n", 38, "not BANK:PHASE-PATH" },
        { SMALL "pcr11 sha256:a " HEX_A "\npcr11 sha256:a " HEX_B "\n", 118,
                        "this bank and phase path stood before" },
        { SMALL "source-date-epoch 007\n", 38, "not a number of seconds" },
        { SMALL "source-date-epoch -1\n", 38, "not a number of seconds" },
        { SMALL "source-date-epoch 9007199254740992\n", 38, "not a number of" },
};

static void any_other_spelling_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                Leaf l = { .n_pcrs = 77 };
                Err e = {};
                char where[32];

                if (leaf_parse(span_of(bad[i].text), &l, &e) != -EBADMSG)
                        fail_msg("%s: taken", bad[i].text);
                (void) snprintf(where, sizeof(where), " at byte %zu of ", bad[i].at);
                if (!strstr(e.text, where) || !strstr(e.text, bad[i].said))
                        fail_msg("%s: said '%s'", bad[i].text, e.text);
                assert_int_equal(l.n_pcrs, 77);
        }
}

static void a_nul_is_refused(void **state) {
        Leaf l;

        (void) state;
        assert_int_equal(leaf_parse(SPAN_LITERAL("avouch/release/v1\ntype sysext\nname j\0q\n"), &l,
                                         NULL),
                        -EBADMSG);
}

/* A leaf that is cut at the end of a line may be a whole one, without its last lines. */
static void every_other_prefix_is_refused(void **state) {
        size_t whole = 0;

        (void) state;
        for (size_t n = 0; n < sizeof(full) - 1; n++) {
                Leaf l;
                int rc = leaf_parse((Span){ (const uint8_t *) full, n }, &l, NULL);

                if (rc == 0)
                        assert_int_equal(full[n - 1], '\n');
                else
                        assert_int_equal(rc, -EBADMSG);
                whole += rc == 0;
        }
        assert_int_equal(whole, 13);
}

static void limits_hold_and_what_fits_is_taken(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX + 1);
        char text[NAME_TEXT_MAX + 1];
        Leaf l = { .type = LEAF_SYSEXT, .name = { (const uint8_t *) text, NAME_TEXT_MAX } }, out;

        (void) state;
        memset(text, 'n', sizeof(text));
        leaf_write(&l, &b);
        assert_int_equal(b.failed, 0);
        buf_done(&b);
        l.name.size++;
        leaf_write(&l, &b);
        assert_int_equal(b.failed, -EINVAL);
        buf_done(&b);

        buf_string(&b, SMALL "architecture ");
        for (size_t i = 0; i < LEAF_LINE_MAX; i++)
                buf_byte(&b, 'x');
        buf_byte(&b, '\n');
        assert_int_equal(leaf_parse(buf_span(&b), &out, NULL), 0);
        b.data[b.size - 1] = 'x';
        buf_byte(&b, '\n');
        assert_int_equal(leaf_parse(buf_span(&b), &out, NULL), -EBADMSG);
        buf_done(&b);

        buf_zeros(&b, LEAF_MAX);
        assert_int_equal(leaf_parse(buf_span(&b), &out, NULL), -EBADMSG);
        buf_byte(&b, 0);
        assert_int_equal(leaf_parse(buf_span(&b), &out, NULL), -E2BIG);
}

static void so_many_sections_and_pcrs_and_no_more(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
        Leaf l;

        (void) state;
        buf_string(&b, SMALL);
        for (size_t i = 0; i < LEAF_SECTIONS_MAX; i++)
                buf_string(&b, "section .efifw sha256:" HEX_A "\n");
        assert_int_equal(leaf_parse(buf_span(&b), &l, NULL), 0);
        buf_string(&b, "section .efifw sha256:" HEX_A "\n");
        assert_int_equal(leaf_parse(buf_span(&b), &l, NULL), -EBADMSG);

        buf_done(&b);
        buf_string(&b, SMALL);
        for (size_t i = 0; i < LEAF_PCRS_MAX; i++)
                buf_printf(&b, "pcr11 sha256:p%zu " HEX_A "\n", i);
        assert_int_equal(leaf_parse(buf_span(&b), &l, NULL), 0);
        buf_string(&b, "pcr11 sha256:p " HEX_A "\n");
        assert_int_equal(leaf_parse(buf_span(&b), &l, NULL), -EBADMSG);
}

static void what_would_not_be_read_is_not_written(void **state) {
        static const Leaf leaves[] = {
                { .type = LEAF_INVALID, .name = { (const uint8_t *) "jq", 2 } },
                { .type = LEAF_SYSEXT },
                { .type = LEAF_SYSEXT, .name = { (const uint8_t *) "jq\nversion 2", 12 } },
                { .type = LEAF_SYSEXT,
                                .name = { (const uint8_t *) "jq", 2 },
                                .n_sections = 1,
                                .sections = { { .name = SPAN_LITERAL("a sha256:" HEX_A
                                                                     "\nsection b") } } },
                { .type = LEAF_SYSEXT,
                                .name = { (const uint8_t *) "jq", 2 },
                                .n_pcrs = 1,
                                .pcrs = { { .bank = HASH_SHA256,
                                                .value = { .alg = HASH_SHA256, .size = 32 },
                                                .phases = SPAN_LITERAL("a " HEX_A
                                                                       "\npcr11 sha256:b") } } },
                { .type = LEAF_SYSEXT,
                                .name = { (const uint8_t *) "jq", 2 },
                                .n_pcrs = 1,
                                .pcrs = { { .bank = 0x7777 } } },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(leaves); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);

                leaf_write(&leaves[i], &b);
                assert_int_equal(b.failed, -EINVAL);
        }
}

static void types_have_names_and_names_types(void **state) {
        (void) state;
        for (int t = LEAF_INVALID + 1; t < _LEAF_TYPE_MAX; t++)
                assert_int_equal(leaf_type_of_name(span_of(leaf_type_name((LeafType) t))), t);
        assert_null(leaf_type_name(LEAF_INVALID));
        assert_null(leaf_type_name(_LEAF_TYPE_MAX));
        assert_null(leaf_type_name((LeafType) 100000000)); /* far beyond any table */
        assert_int_equal(leaf_type_of_name(span_of("")), LEAF_INVALID);
        assert_int_equal(leaf_type_of_name(span_of("sysex")), LEAF_INVALID);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_line_is_read),
                cmocka_unit_test(what_is_read_is_written_again),
                cmocka_unit_test(absent_lines_are_absent),
                cmocka_unit_test(any_other_spelling_is_refused),
                cmocka_unit_test(a_nul_is_refused),
                cmocka_unit_test(every_other_prefix_is_refused),
                cmocka_unit_test(limits_hold_and_what_fits_is_taken),
                cmocka_unit_test(so_many_sections_and_pcrs_and_no_more),
                cmocka_unit_test(what_would_not_be_read_is_not_written),
                cmocka_unit_test(types_have_names_and_names_types),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
