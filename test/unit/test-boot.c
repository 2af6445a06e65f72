/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdlib.h>

#include "support/firmlog.h"
#include "verify/boot.h"
#include "verify/knownuki.h"
#include "verify/platform.h"
#include "verify/secureboot.h"
#include "wire/efievent.h"
#include "wire/limits.h"

/* What is read out of a firmware's log, below the claims. */

static const HashAlg sha256 = HASH_SHA256;

static int read_boot(const FirmLog *l, HashAlg alg, Boot *ret) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(FIRMWARE_LOG_MAX);

        firmlog_write(l, &log);
        return boot_read(buf_span(&log), alg, ret, NULL);
}

#define DATA(s) s, sizeof(s) - 1

/* What was measured of which data, and what that proves. */
static const struct {
        const char *what;
        uint32_t type;
        const char *data;
        size_t size;
        const char *measured;
        size_t measured_size;
        Proof proof;
} proofs[] = {
        { "all of it", 0x77, DATA("abc"), DATA("abc"), PROOF_DATA },
        { "something else", 0x77, DATA("abc"), DATA("x"), PROOF_DIGEST },
        { "without its NUL", 0x77, DATA("abc\0"), DATA("abc"), PROOF_DIGEST },
        { "never", EV_NO_ACTION, DATA("abc"), DATA("abc"), PROOF_NONE },
        { "another separator", EV_SEPARATOR, DATA("\0\0\0\0"), DATA("x"), PROOF_BROKEN },
        { "an action without its NUL", EV_EFI_ACTION, DATA("abc\0"), DATA("abc"), PROOF_PART },
        { "the same of old", EV_ACTION, DATA("abc\0"), DATA("abc"), PROOF_PART },
        { "another action", EV_EFI_ACTION, DATA("abc\0"), DATA("abd"), PROOF_BROKEN },
        { "another action of old", EV_ACTION, DATA("abc\0"), DATA("abd"), PROOF_DIGEST },
        { "a tag's data", EV_EVENT_TAG, DATA("\1\0\0\0\3\0\0\0abc"), DATA("abc"), PROOF_PART },
        { "no tag", EV_EVENT_TAG, DATA("\1\0\0\0\4\0\0\0abc"), DATA("abc"), PROOF_DIGEST },
        { "another tag", EV_EVENT_TAG, DATA("\1\0\0\0\3\0\0\0abc"), DATA("abd"), PROOF_DIGEST },
        { "no variable", EV_EFI_VARIABLE_BOOT, DATA("abc"), DATA("x"), PROOF_BROKEN },
        { "a variable of old", EV_EFI_VARIABLE_BOOT2, DATA("abc"), DATA("x"), PROOF_BROKEN },
        { "a table", EV_EFI_GPT_EVENT, DATA("abc"), DATA("x"), PROOF_BROKEN },
        { "a text without its NUL", EV_IPL, DATA("abc\0"), DATA("abc"), PROOF_PART },
        { "a section's name", EV_IPL, DATA(".\0x\0\0\0"), DATA(".x\0"), PROOF_DATA },
        { "a section's name, of another type", 0x77, DATA(".\0x\0\0\0"), DATA(".x\0"),
                        PROOF_DIGEST },
        { "a section's content", EV_IPL, DATA(".\0x\0\0\0"), DATA("x"), PROOF_DIGEST },
        { "a text of GRUB's", EV_IPL, DATA("grub_cmd: x\0"), DATA("x"), PROOF_PART },
        { "a module of GRUB's", EV_IPL, DATA("module_cmdline: x\0"), DATA("x"), PROOF_PART },
        { "nothing of GRUB's", EV_IPL, DATA("grub_cmd: "), DATA("x"), PROOF_DIGEST },
        { "a long text", EV_IPL,
                        DATA("0123456789012345678901234567890123456789012345678901234567890123456789"
                             "0123456789012345678901234567890123456789"),
                        DATA("x"), PROOF_DIGEST },
        { "nothing", EV_IPL, DATA(""), DATA("x"), PROOF_DIGEST },
};

static void it_is_told_what_was_measured(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(proofs); i++) {
                _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
                _cleanup_(buf_done) Buf log = BUF_UP_TO(4096);
                FirmwareReading r;
                Measured m;

                (void) firmlog_add_of(&l, 1, proofs[i].type,
                                (Span){ (const uint8_t *) proofs[i].data, proofs[i].size },
                                (Span){ (const uint8_t *) proofs[i].measured,
                                                proofs[i].measured_size });
                firmlog_write(&l, &log);
                assert_int_equal(firmware_read(buf_span(&log), HASH_NONE, &r, NULL), 0);
                assert_int_equal(firmware_read_next(&r, &m, NULL), 1);
                if (m.proof != proofs[i].proof)
                        fail_msg("%s: %s", proofs[i].what, proof_name(m.proof));
                assert_int_equal(m.proven.size > 0, m.proof == PROOF_DATA || m.proof == PROOF_PART);
                assert_int_equal(firmware_read_next(&r, &m, NULL), 0);
        }
}

static void a_log_is_read_by_a_bank_that_it_has(void **state) {
        static const HashAlg all[] = { HASH_SHA1, HASH_SHA384, HASH_SHA256 };
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(all, 3);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(4096);
        FirmwareReading r;
        Boot b;

        (void) state;
        (void) firmlog_add(&l, 1, 0x77, SPAN_LITERAL("x"));
        firmlog_write(&l, &log);
        assert_int_equal(firmware_read(buf_span(&log), HASH_NONE, &r, NULL), 0);
        assert_int_equal(r.alg, HASH_SHA256);
        assert_int_equal(firmware_read(buf_span(&log), HASH_SHA384, &r, NULL), 0);
        assert_int_equal(r.alg, HASH_SHA384);
        assert_int_equal(r.bank, 1);
        assert_int_equal(firmware_read(buf_span(&log), HASH_SHA512, &r, NULL), -EBADMSG);
        assert_int_equal(boot_read(buf_span(&log), HASH_SHA512, &b, NULL), -EBADMSG);
        assert_int_equal(boot_read((Span){ log.data, log.size - 1 }, HASH_SHA256, &b, NULL),
                        -EBADMSG);
        assert_int_equal(boot_read((Span){}, HASH_SHA256, &b, NULL), -EBADMSG);
}

/* A bank that we cannot compute: its digests are carried, and prove nothing. */
static void an_unknown_bank_is_carried(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(4096);
        FirmwareReading r;
        FirmwareReplay p;
        Measured m;

        (void) state;
        (void) firmlog_add(&l, 1, EV_SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
        l.banks[0] = (HashAlg) 0x12; /* SM3-256 */
        firmlog_write(&l, &log);
        assert_int_equal(firmware_read(buf_span(&log), HASH_NONE, &r, NULL), 0);
        assert_int_equal(r.alg, HASH_NONE);
        assert_int_equal(firmware_read_next(&r, &m, NULL), 1);
        assert_int_equal(m.proof, PROOF_DIGEST);
        assert_int_equal(firmware_replay(buf_span(&log), &p, NULL), 0);
        assert_int_equal(p.values.held.n_banks, 0);
        assert_int_equal(p.n_events, 1);
}

static void registers_begin_at_their_reset_value(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(4096);
        FirmwareReplay p = {};

        (void) state;
        (void) firmlog_add(&l, 3, EV_NO_ACTION, SPAN_LITERAL("StartupLocality\0\3"));
        (void) firmlog_add(&l, 0, EV_NO_ACTION, SPAN_LITERAL("StartupLocality\0"));
        (void) firmlog_add(&l, 1, 0x77, SPAN_LITERAL("x"));
        firmlog_write(&l, &log);
        assert_int_equal(firmware_replay(buf_span(&log), &p, NULL), 0);
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                assert_int_equal(pcr_at_reset(pcr, pcr_value(&p.values, HASH_SHA256, pcr)),
                                pcr != 1);
        assert_int_equal(p.touched, 2);
        assert_int_equal(p.locality, 0);
        assert_int_equal(firmware_replay((Span){ log.data, log.size - 1 }, &p, NULL), -EBADMSG);
        assert_int_equal(firmware_replay((Span){}, &p, NULL), -EBADMSG);
}

static const struct {
        const char *data;
        size_t size;
        bool good;
} names[] = {
        { DATA(".\0x\0\0\0"), true },
        { DATA(".\0l\0o\0n\0g\0e\0s\0t\0\0\0"), true },
        { DATA(".\0l\0o\0n\0g\0e\0s\0t\0t\0\0\0"), false },
        { DATA(".\0x\0\0"), false },
        { DATA(".\0x\0"), false },
        { DATA("\0\0"), false },
        { DATA(""), false },
        { DATA(".\0x\1\0\0"), false },
        { DATA(".\0 \0\0\0"), false },
        { DATA(".\0\x7f\0\0\0"), false },
        { DATA(".\0\0\0x\0\0\0"), false },
};

static void a_section_has_a_name(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
                Span name = { (const uint8_t *) names[i].data, names[i].size };
                Boot b;

                (void) firmlog_add(&l, 11, EV_IPL, name);
                (void) firmlog_add_of(&l, 11, EV_IPL, name, SPAN_LITERAL("content"));
                assert_int_equal(read_boot(&l, HASH_SHA256, &b), 0);
                if (names[i].good ? b.wrong[0] != '\0' : !strstr(b.wrong, "no section of a UKI"))
                        fail_msg("name %zu: %s", i, b.wrong);
                assert_int_equal(b.n_sections, names[i].good);
        }
}

static void there_are_limits(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        Boot b;

        (void) state;
        for (unsigned i = 0; i < BOOT_SECTIONS_MAX; i++)
                firmlog_add_section(&l, ".x", SPAN_LITERAL("y"));
        assert_int_equal(read_boot(&l, HASH_SHA256, &b), 0);
        assert_string_equal(b.wrong, "");
        l.n -= 2 * BOOT_LINES_MAX;
        for (unsigned i = 0; i < BOOT_LINES_MAX; i++)
                (void) firmlog_add(&l, 12, EV_IPL, SPAN_LITERAL("q\0\0\0"));
        assert_int_equal(read_boot(&l, HASH_SHA256, &b), 0);
        assert_string_equal(b.wrong, "");
        assert_int_equal(b.n_lines, BOOT_LINES_MAX);
        (void) firmlog_add(&l, 12, EV_IPL, SPAN_LITERAL("q\0\0\0"));
        assert_int_equal(read_boot(&l, HASH_SHA256, &b), 0);
        assert_non_null(strstr(b.wrong, "more command lines than are taken"));
}

static void one_section_more_is_refused(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(FIRMWARE_LOG_MAX);
        const size_t two = 2 * (4 + 4 + 4 + 2 + 32 + 4 + 6); /* events */
        Boot b;

        (void) state;
        for (unsigned i = 0; i < BOOT_SECTIONS_MAX; i++)
                firmlog_add_section(&l, ".x", SPAN_LITERAL("y"));
        firmlog_write(&l, &log);
        /* the list of events is full: the last section once more */
        for (size_t i = 0; i < two; i++)
                buf_byte(&log, log.data[log.size - two]);
        assert_int_equal(boot_read(buf_span(&log), HASH_SHA256, &b, NULL), 0);
        assert_non_null(strstr(b.wrong, "more sections than are taken"));
        assert_int_equal(b.n_sections, BOOT_SECTIONS_MAX);
}

static void the_first_companion_is_named(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        Boot b;

        (void) state;
        (void) firmlog_add_of(&l, 12, EV_IPL, SPAN_LITERAL("a\0"), SPAN_LITERAL("x"));
        (void) firmlog_add(&l, 13, EV_IPL, SPAN_LITERAL("b\0\0\0"));
        (void) firmlog_add(&l, 12, EV_EVENT_TAG, SPAN_LITERAL("c"));
        assert_int_equal(read_boot(&l, HASH_SHA256, &b), 0);
        assert_int_equal(b.companions, 3);
        assert_int_equal(b.first_companion, 1);
        assert_int_equal(b.n_lines, 0);
}

static const struct {
        const char *text;
        const char *utf16;
        size_t size;
        bool same;
} lines[] = {
        { "ab", DATA("a\0b\0\0\0"), true },
        { "ab", DATA("a\0b\0"), false },
        { "ac", DATA("a\0b\0\0\0"), false },
        { "", DATA("\0\0"), true },
        { "\xc3\xa4", DATA("\xe4\0\0\0"), true },
        { "\xf0\x9f\x98\x80", DATA("\x3d\xd8\x00\xde\0\0"), true },
        { "\xee\x80\x80\xef\xbf\xbf", DATA("\x00\xe0\xff\xff\0\0"), true },
        { "a\xff", DATA("a\0\0\0"), false },
        { "\xff", DATA("\0\0"), false },
};

static void a_line_is_compared_as_the_kernel_measures_it(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
                bool same = !lines[i].same;
                Boot b;

                firmlog_add_tag(&l, 9, 1, "x",
                                (Span){ (const uint8_t *) lines[i].utf16, lines[i].size });
                firmlog_add_tag(&l, 9, 2, "x", SPAN_LITERAL("a\0c\0\0\0"));
                assert_int_equal(read_boot(&l, HASH_SHA256, &b), 0);
                assert_int_equal(boot_line_is(&b, span_of(lines[i].text), &same, NULL), 0);
                if (same != lines[i].same)
                        fail_msg("line %zu", i);
                b.has_options = false;
                assert_int_equal(boot_line_is(&b, span_of(lines[i].text), &same, NULL), 0);
                assert_false(same);
                b.has_options = true;
                b.options = (Digest){}; /* the bank has none of it */
                assert_int_equal(boot_line_is(&b, span_of(lines[i].text), &same, NULL), 0);
                assert_false(same);
        }
}

static void a_line_that_is_too_long_is_no_line(void **state) {
        static uint8_t text[COMMAND_LINE_MAX + 1];
        Boot b = { .has_options = true, .options = digest_zero(HASH_SHA256) };
        bool same = true;

        (void) state;
        memset(text, 'x', sizeof(text));
        assert_int_equal(boot_line_is(&b, (Span){ text, COMMAND_LINE_MAX }, &same, NULL), 0);
        assert_false(same);
        assert_int_equal(boot_line_is(&b, (Span){ text, sizeof(text) }, &same, NULL), -EBADMSG);
}

static Leaf leaf_with(const char *name, const char *section, uint8_t first) {
        Leaf leaf = { .type = LEAF_UKI, .name = span_of(name) };

        leaf.sections[0].name = span_of(section);
        leaf.sections[0].sha256[0] = first;
        leaf.n_sections = 1;
        return leaf;
}

static void a_known_uki_is_compared(void **state) {
        Boot b = { .n_sections = 1 };
        Leaf leaf = leaf_with("x", ".linux", 7);
        KnownUki u;

        (void) state;
        memcpy(b.sections[0].name, ".linux", 7);
        b.sections[0].digest = digest_zero(HASH_SHA256);
        b.sections[0].digest.bytes[0] = 7;
        assert_int_equal(known_uki_take(&leaf, &u, NULL), 0);
        assert_true(known_uki_has_sections(&u, &b));
        assert_null(known_uki_first_difference(&u, &b));
        assert_int_equal(known_uki_likeness(&u, &b), 1);
        assert_non_null(known_uki_section(&u, ".linux"));
        assert_null(known_uki_section(&u, ".initrd"));

        b.sections[0].digest.alg = HASH_SHA384;
        assert_false(known_uki_has_sections(&u, &b));
        b.sections[0].digest.alg = HASH_SHA256;
        b.sections[0].digest.bytes[31] = 1;
        assert_string_equal(known_uki_first_difference(&u, &b), ".linux");
        b.sections[0].digest.bytes[31] = 0;
        b.sections[0].name[1] = 'L';
        assert_string_equal(known_uki_first_difference(&u, &b), ".linux");
        assert_int_equal(known_uki_likeness(&u, &b), 0);
        b.sections[0].name[1] = 'l';
        b.n_sections = 0;
        assert_string_equal(known_uki_first_difference(&u, &b), ".linux");
        b.n_sections = 2;
        memcpy(b.sections[1].name, ".more", 6);
        assert_string_equal(known_uki_first_difference(&u, &b), ".more");
        known_uki_done(&u);

        leaf.n_sections = 0;
        b.n_sections = 0;
        assert_int_equal(known_uki_take(&leaf, &u, NULL), 0);
        assert_false(known_uki_has_sections(&u, &b)); /* nothing is no UKI */
        known_uki_done(&u);
        leaf.type = LEAF_SYSEXT;
        leaf.n_sections = 1;
        assert_int_equal(known_uki_take(&leaf, &u, NULL), 0);
        assert_int_equal(u.n_sections, 0);
        known_uki_done(&u);
}

static void put_section(Boot *b, const char *name, uint8_t first) {
        BootSection *s = &b->sections[b->n_sections++];

        *s = (BootSection){ .digest = digest_zero(HASH_SHA256) };
        memcpy(s->name, name, strlen(name) + 1);
        s->digest.bytes[0] = first;
}

/* The machine takes one of the device trees, and one of the firmwares, or none. */
static void what_the_machine_chooses_is_one_of_them(void **state) {
        static const struct {
                const char *name;
                uint8_t first;
        } sections[] = { { ".linux", 7 }, { ".dtbauto", 1 }, { ".dtbauto", 2 }, { ".hwids", 3 },
                { ".efifw", 4 }, { ".efifw", 5 }, { ".efifw", 6 } };
        static const struct {
                uint8_t tree, hwids, firmware; /* 0: none was measured */
                uint8_t again;                 /* another device tree behind the first */
                const char *differs, *words;
        } rows[] = {
                { 1, 3, 4, 0, NULL, ", with .dtbauto 1 of 2, with .efifw 1 of 3" },
                { 2, 3, 6, 0, NULL, ", with .dtbauto 2 of 2, with .efifw 3 of 3" },
                { 0, 3, 0, 0, NULL, "" },
                { 2, 3, 0, 0, NULL, ", with .dtbauto 2 of 2" },
                { 9, 3, 0, 0, ".dtbauto", "" },
                { 4, 3, 0, 0, ".dtbauto", "" },
                { 1, 3, 9, 0, ".efifw", ", with .dtbauto 1 of 2" },
                { 1, 0, 0, 0, ".hwids", ", with .dtbauto 1 of 2" },
                { 1, 3, 0, 2, ".hwids", ", with .dtbauto 1 of 2, with .dtbauto 2 of 2" },
        };
        Leaf leaf = leaf_with("x", ".linux", 7);
        KnownUki u;

        (void) state;
        for (size_t i = 1; i < ELEMENTS(sections); i++) {
                leaf.sections[i].name = span_of(sections[i].name);
                leaf.sections[i].sha256[0] = sections[i].first;
        }
        leaf.n_sections = ELEMENTS(sections);
        assert_int_equal(known_uki_take(&leaf, &u, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(buf_done) Buf words = BUF_UP_TO(256);
                const char *differs;
                Boot b = {};

                put_section(&b, ".linux", 7);
                if (rows[i].tree)
                        put_section(&b, ".dtbauto", rows[i].tree);
                if (rows[i].again)
                        put_section(&b, ".dtbauto", rows[i].again);
                if (rows[i].hwids)
                        put_section(&b, ".hwids", rows[i].hwids);
                if (rows[i].firmware)
                        put_section(&b, ".efifw", rows[i].firmware);
                differs = known_uki_first_difference(&u, &b);
                assert_string_equal(differs ?: "", rows[i].differs ?: "");
                assert_int_equal(known_uki_has_sections(&u, &b), !rows[i].differs);
                known_uki_choices(&u, &b, &words);
                assert_true(span_is(buf_span(&words), rows[i].words));
        }
        known_uki_done(&u);
}

static void what_does_not_fit_is_no_uki(void **state) {
        static char phases[LEAF_LINE_MAX + 1];
        Leaf leaf = leaf_with("x", ".nineteen", 7);
        KnownUki u = { .n_sections = 77 };

        (void) state;
        assert_int_equal(known_uki_take(&leaf, &u, NULL), -EBADMSG);
        leaf.n_sections = 0;
        memset(phases, 'x', sizeof(phases));
        leaf.pcrs[0] = (LeafPcr){ HASH_SHA256, { (const uint8_t *) phases, LEAF_LINE_MAX },
                digest_zero(HASH_SHA256) };
        leaf.n_pcrs = 1;
        assert_int_equal(known_uki_take(&leaf, &u, NULL), -EBADMSG);
        assert_int_equal(u.n_sections, 77);
}

static void secure_boot_is_read(void **state) {
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(64 * 1024), der = BUF_UP_TO(4096);
        SecureBoot s;

        (void) state;
        firmlog_certificate(&der, "x");
        firmlog_boot(&l, &(FirmBoot){ .secure_boot = true, .certificate = buf_span(&der) });
        (void) firmlog_add(&l, 7, EV_EFI_ACTION, SPAN_LITERAL("DMA Protection Disabled\0"));
        firmlog_write(&l, &log);
        assert_int_equal(secureboot_read(buf_span(&log), HASH_SHA256, &s, NULL), 0);
        assert_string_equal(s.wrong, "");
        assert_true(s.on && s.has_pk && s.has_kek && s.has_db && s.has_dbx && s.dma_unprotected);
        assert_int_equal(s.kek.size, 28 + 16 + der.size);
        assert_int_equal(s.n_authorities, 1);
        assert_int_equal(secureboot_read((Span){ log.data, log.size - 1 }, HASH_SHA256, &s, NULL),
                        -EBADMSG);
        assert_int_equal(secureboot_read(buf_span(&log), HASH_SHA384, &s, NULL), -EBADMSG);
}

/* Read by themselves, where nothing was replayed before. */
static void what_cannot_be_read_is_no_platform(void **state) {
        static const HashAlg banks[] = { HASH_SHA256, HASH_SHA384 };
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(banks, 2);
        _cleanup_(buf_done) Buf log = BUF_UP_TO(FIRMWARE_LOG_MAX);
        FirmwareReplay f;
        SecureBoot s;
        Platform p;

        (void) state;
        firmlog_boot(&l, &(FirmBoot){ .secure_boot = true });
        l.events[firmlog_find(&l, 0, EV_S_CRTM_VERSION, 0)].left_out = 1;
        firmlog_write(&l, &log);
        assert_int_equal(platform_read(buf_span(&log), HASH_SHA256, &p, NULL), 0);
        assert_string_equal(p.wrong, "event 1 in PCR 0: its data are not what was measured");
        assert_int_equal(platform_read(buf_span(&log), HASH_SHA384, &p, NULL), 0);
        assert_string_equal(p.wrong, "");
        log.size--;
        assert_int_equal(firmware_replay(buf_span(&log), &f, NULL), -EBADMSG);
        assert_int_equal(firmware_replay(SPAN_LITERAL("x"), &f, NULL), -EBADMSG);
        assert_int_equal(platform_read(buf_span(&log), HASH_SHA384, &p, NULL), -EBADMSG);
        assert_int_equal(secureboot_read(buf_span(&log), HASH_SHA384, &s, NULL), -EBADMSG);
        assert_int_equal(platform_read(buf_span(&log), HASH_SHA512, &p, NULL), -EBADMSG);
        assert_int_equal(secureboot_read(buf_span(&log), HASH_SHA512, &s, NULL), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_told_what_was_measured),
                cmocka_unit_test(a_log_is_read_by_a_bank_that_it_has),
                cmocka_unit_test(an_unknown_bank_is_carried),
                cmocka_unit_test(registers_begin_at_their_reset_value),
                cmocka_unit_test(a_section_has_a_name),
                cmocka_unit_test(there_are_limits),
                cmocka_unit_test(one_section_more_is_refused),
                cmocka_unit_test(the_first_companion_is_named),
                cmocka_unit_test(a_line_is_compared_as_the_kernel_measures_it),
                cmocka_unit_test(a_line_that_is_too_long_is_no_line),
                cmocka_unit_test(a_known_uki_is_compared),
                cmocka_unit_test(what_the_machine_chooses_is_one_of_them),
                cmocka_unit_test(what_does_not_fit_is_no_uki),
                cmocka_unit_test(secure_boot_is_read),
                cmocka_unit_test(what_cannot_be_read_is_no_platform),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
