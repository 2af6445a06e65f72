/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/pcr.h"
#include "base/text.h"
#include "port/crypto.h"
#include "support/imalist.h"
#include "support/testdata.h"
#include "wire/ima.h"

#define PATH "/usr/bin/true"

/* All entries: how many, or the error. */
static int read_all(Span bytes, ImaEntry *last, Err *e) {
        ImaLog log = ima_over(bytes);
        int rc, n = 0;

        while ((rc = ima_next(&log, last, e)) > 0)
                n++;
        return rc < 0 ? rc : n;
}

/* What is hashed, in one piece. */
static Span measured(const ImaEntry *entry, Buf *to) {
        for (size_t i = 0; i < IMA_MEASURED_PARTS; i++)
                buf_bytes(to, entry->measured[i]);
        return buf_span(to);
}

static void every_template_of_the_kernel_is_read(void **state) {
        static const struct {
                ImaFile file;
                const char *alg;
        } rows[] = {
                { { "ima", "", PATH, .n_behind = 0 }, "sha1" },
                { { "ima-ng", "sha256", PATH, .n_behind = 0 }, "sha256" },
                { { "ima-ngv2", "verity:sha256", PATH, .n_behind = 0 }, "sha256" },
                { { "ima-sig", "sha256", PATH, .n_behind = 1 }, "sha256" },
                { { "ima-sigv2", "ima:sha256", PATH, .n_behind = 1 }, "sha256" },
                { { "ima-buf", "sha256", PATH, { SPAN_LITERAL("a key") }, 1, false }, "sha256" },
                { { "ima-modsig", "sha256", PATH, { SPAN_LITERAL("s") }, 3, false }, "sha256" },
                { { "evm-sig", "sha256", PATH, { SPAN_LITERAL("s") }, 7, false }, "sha256" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(buf_done) Buf log = BUF_UP_TO(4096), data = BUF_UP_TO(4096);
                _cleanup_(buf_done) Buf again = BUF_UP_TO(4096);
                ImaEntry entry = {};

                imalist_data(&rows[i].file, &data);
                imalist_add(&rows[i].file, &log);
                assert_true(ima_matches(buf_span(&log)));
                assert_int_equal(read_all(buf_span(&log), &entry, NULL), 1);
                assert_int_equal(entry.pcr, 10);
                assert_false(entry.violation);
                assert_true(entry.known);
                assert_true(span_is(entry.template, rows[i].file.template));
                assert_true(span_is(entry.alg, rows[i].alg));
                assert_int_equal(entry.digest.size, i == 0 ? 20 : 32);
                assert_int_equal(entry.digest.data[0], 0xd1);
                assert_true(span_is(entry.name, PATH));
                assert_true(span_equal(measured(&entry, &again), buf_span(&data)));
        }
}

static void entries_follow_one_another(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        const ImaFile file = { "ima-ng", "sha256", PATH, .n_behind = 0 };
        const ImaFile torn = { "ima-ng", "sha256", PATH, .violation = true };
        const ImaFile old = { "ima", "", PATH, .n_behind = 0 };
        ImaEntry entry = {};
        ImaLog log;

        (void) state;
        imalist_add(&file, &b);
        imalist_add(&torn, &b);
        imalist_add(&old, &b);
        log = ima_over(buf_span(&b));
        for (size_t i = 0; i < 3; i++) {
                size_t at = log.at;

                assert_int_equal(ima_next(&log, &entry, NULL), 1);
                assert_int_equal(entry.number, i);
                assert_int_equal(entry.at, at);
                assert_int_equal(entry.violation, i == 1);
        }
        assert_int_equal(ima_next(&log, &entry, NULL), 0);
        assert_int_equal(ima_next(&log, &entry, NULL), 0);
        assert_int_equal(read_all((Span){}, &entry, NULL), 0);
}

static void a_template_that_nobody_knows_is_carried(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        ImaEntry entry = {};

        (void) state;
        imalist_add_data(23, "d-ng|n-ng|uuid", false, SPAN_LITERAL("whatever"), &b);
        assert_false(ima_matches(buf_span(&b)));
        assert_int_equal(read_all(buf_span(&b), &entry, NULL), 1);
        assert_int_equal(entry.pcr, 23);
        assert_false(entry.known);
        assert_int_equal(entry.name.size, 0);
        assert_true(span_is(entry.measured[0], "whatever"));
        assert_int_equal(entry.measured[1].size + entry.measured[2].size, 0);
}

#define DIGEST64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Data of an ima-ng entry that are none, and what is said about them. */
static const struct {
        Span data;
        const char *said; /* NULL: taken */
} datas[] = {
        { SPAN_LITERAL("\x08\0\0\0md99:\0ab\x01\0\0\0\0"), NULL }, /* a hash that nobody knows */
        { SPAN_LITERAL("\x04\0\0\0a:\0b\x02\0\0\0/\0"), NULL },
        { SPAN_LITERAL("\x03\0\0\0:\0b\x02\0\0\0/\0"), "byte 42 of 51: a digest without the name" },
        { SPAN_LITERAL("\x04\0\0\0ab\0c\x02\0\0\0/\0"),
                        "byte 42 of 52: a digest without the name" },
        { SPAN_LITERAL("\x04\0\0\0ab:c\x02\0\0\0/\0"), "byte 42 of 52: a digest without the name" },
        { SPAN_LITERAL("\0\0\0\0\x02\0\0\0/\0"), "byte 42 of 48: a digest without the name" },
        { SPAN_LITERAL("\x07\0\0\0sha1:\0b\x02\0\0\0/\0"),
                        "byte 42 of 55: a digest of another size" },
        { SPAN_LITERAL("\x04\0\0\0a:\0b\0\0\0\0"), "byte 50 of 50: a name that does not end" },
        { SPAN_LITERAL("\x04\0\0\0a:\0b\x01\0\0\0/"), "byte 50 of 51: a name that does not end" },
        { SPAN_LITERAL("\x04\0\0\0a:\0b\x03\0\0\0/\0\0"),
                        "byte 50 of 53: a name that does not end" },
        { SPAN_LITERAL("\x04\0\0\0a:\0b\x02\0\0\0/\0x"), "byte 52 of 53: data that do not end" },
        { SPAN_LITERAL("\x04\0\0\0a:\0b\x03\0\0\0/\0"), "cut short" },
        { SPAN_LITERAL("\x04\0\0\0a:\0b"), "cut short" },
        { SPAN_LITERAL("\x43\0\0\0a:\0" DIGEST64 "\x02\0\0\0/\0"), NULL },
        { SPAN_LITERAL("\x44\0\0\0a:\0" DIGEST64 "5\x02\0\0\0/\0"),
                        "byte 42 of 116: a digest of another size" },
        { SPAN_LITERAL("\x01\0\x10\0a:\0b"), "byte 38 of 46: a digest larger than is taken" },
        { SPAN_LITERAL("\x04\0\0\0a:\0b\x01\0\x10\0/"),
                        "byte 46 of 51: a name longer than is taken" },
};

static void data_are_read_to_their_end(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(datas); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
                ImaEntry entry = {};
                Err e = {};
                int rc;

                imalist_add_data(10, "ima-ng", false, datas[i].data, &b);
                rc = read_all(buf_span(&b), &entry, &e);
                if (rc != (datas[i].said ? -EBADMSG : 1))
                        fail_msg("row %zu: %d, %s", i, rc, e.text);
                if (datas[i].said && !strstr(e.text, datas[i].said))
                        fail_msg("row %zu: said '%s'", i, e.text);
        }
}

/* One byte of an entry changed, and what is said about it. */
static void one_byte_changed(void **state) {
        static const struct {
                size_t at;
                uint8_t byte;
                const char *said;
        } rows[] = {
                { 0, 24, "byte 0 of 102: a register that there is not" },
                { 3, 1, "byte 0 of 102: a register that there is not" },
                { 24, 0, "byte 28 of 102: a template without a name" },
                { 25, 1, "byte 24 of 102: a template's name longer than is taken" },
                { 34, 63, "cut short" },
                { 34, 65, "cut short" },
                { 36, 0x11, "byte 34 of 102: more data than are taken" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
                const ImaFile file = { "ima-ng", "sha256", PATH "..", .n_behind = 0 };
                ImaEntry entry = {};
                Err e = {};

                imalist_add(&file, &b);
                b.data[rows[i].at] = rows[i].byte;
                assert_int_equal(read_all(buf_span(&b), &entry, &e), -EBADMSG);
                if (!strstr(e.text, rows[i].said))
                        fail_msg("row %zu: said '%s'", i, e.text);
        }
}

static void the_old_template_has_short_names(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096), again = BUF_UP_TO(4096);
        ImaFile file = { "ima", "", PATH, .n_behind = 0 };
        char name[256];
        ImaEntry entry;
        Err e = {};

        (void) state;
        memset(name, 'n', sizeof(name));
        name[255] = '\0';
        file.name = name;
        imalist_add(&file, &b);
        assert_int_equal(read_all(buf_span(&b), &entry, NULL), 1);
        assert_int_equal(entry.name.size, 255);
        assert_int_equal(measured(&entry, &again).size, 20 + 256);
        b.data[51] = 0;
        b.data[52] = 1;
        assert_int_equal(read_all(buf_span(&b), &entry, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "byte 51 of 310: a name longer than its template"));
        b.data[51] = 255;
        b.data[52] = 0;
        b.data[60] = '\0';
        e = (Err){};
        assert_int_equal(read_all(buf_span(&b), &entry, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "a name with a NUL in it"));
}

/* The kernel leaves room for a digest, of SHA-1 or of the hash that it has now. */
static void a_violation_has_any_digest(void **state) {
        static const Span data = SPAN_LITERAL("\x0a\0\0\0sha256:\0\0\0\x02\0\0\0/\0");
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        ImaEntry entry;

        (void) state;
        imalist_add_data(10, "ima-ng", true, data, &b);
        assert_int_equal(read_all(buf_span(&b), &entry, NULL), 1);
        assert_true(entry.violation);
        buf_done(&b);
        imalist_add_data(10, "ima-ng", false, data, &b);
        assert_int_equal(read_all(buf_span(&b), &entry, NULL), -EBADMSG);
}

static void every_prefix_is_refused(void **state) {
        static const ImaFile files[] = {
                { "ima-sig", "sha256", PATH, .n_behind = 1 },
                { "ima", "", PATH, .n_behind = 0 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(files); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
                ImaEntry entry;

                imalist_add(&files[i], &b);
                for (size_t n = 1; n < b.size; n++) {
                        ImaLog log = ima_over((Span){ b.data, n });

                        assert_int_equal(ima_next(&log, &entry, NULL), -EBADMSG);
                        assert_int_equal(log.at, 0);
                        assert_int_equal(ima_next(&log, &entry, NULL), -EBADMSG);
                }
                for (size_t n = 0; n < 28 + strlen(files[i].template); n++)
                        assert_false(ima_matches((Span){ b.data, n }));
                b.data[0] = PCR_COUNT;
                assert_false(ima_matches(buf_span(&b)));
        }
}

static void there_are_limits(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * IMA_LOG_MAX);
        ImaEntry entry;
        Err e = {};

        (void) state;
        for (size_t i = 0; i < IMA_ENTRIES_MAX; i++)
                imalist_add_data(10, "x", false, (Span){}, &b);
        assert_int_equal(read_all(buf_span(&b), &entry, NULL), IMA_ENTRIES_MAX);
        imalist_add_data(10, "x", false, (Span){}, &b);
        assert_int_equal(read_all(buf_span(&b), &entry, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "more entries than are taken"));
        buf_zeros(&b, IMA_LOG_MAX + 1 - b.size);
        e = (Err){};
        assert_int_equal(read_all(buf_span(&b), &entry, &e), -EBADMSG);
        assert_string_equal(e.text, "IMA's list: 16777217 bytes, where 16777216 are the most");
}

static bool take_word(Span *line, char stop, Span *ret) {
        const uint8_t *end = line->size > 0 ? memchr(line->data, stop, line->size) : NULL;

        if (!end)
                return false;
        *ret = (Span){ line->data, (size_t) (end - line->data) };
        *line = (Span){ end + 1, line->size - ret->size - 1 };
        return true;
}

/* A line of the same list as text: "10 SHA-1 ima-ng HASH:DIGEST NAME", as an entry. */
static bool read_line(Span *text, Buf *sha1, Buf *entry) {
        _cleanup_(buf_done) Buf digest = BUF_UP_TO(64), data = BUF_UP_TO(4096);
        Span pcr, said, template, alg, hex, name;

        if (!take_word(text, ' ', &pcr) || !take_word(text, ' ', &said) ||
                        !take_word(text, ' ', &template) || !take_word(text, ':', &alg) ||
                        !take_word(text, ' ', &hex) || !take_word(text, '\n', &name))
                return false;
        assert_true(text_unhex_buf(said, true, sha1));
        assert_true(text_unhex_buf(hex, true, &digest));
        buf_le(&data, alg.size + 2 + digest.size, 4);
        buf_bytes(&data, alg);
        buf_bytes(&data, SPAN_LITERAL(":\0"));
        buf_bytes(&data, buf_span(&digest));
        buf_le(&data, name.size + 1, 4);
        buf_bytes(&data, name);
        buf_byte(&data, '\0');
        imalist_add_data(10, "ima-ng", false, buf_span(&data), entry);
        return true;
}

/* Genuine lists as text, in which each entry's SHA-1 is of the data that we hash. */
static void hashed_is_what_the_kernel_hashed(void **state) {
        static const char *const names[] = { "sha1", "sha256", "sha384", "sha512" };
        unsigned n = 0;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_(buf_done) Buf file = BUF_UP_TO(4096);
                char path[128];
                Span rest;

                (void) snprintf(path, sizeof(path), "others/keylime+keylime/ima-log-%s", names[i]);
                rest = testdata_or_skip(path, &file);
                for (bool more = true; more;) {
                        _cleanup_(buf_done) Buf sha1 = BUF_UP_TO(20), b = BUF_UP_TO(4096);
                        ImaEntry entry = {};
                        Digest d;

                        more = read_line(&rest, &sha1, &b);
                        if (!more || span_is_zero(buf_span(&sha1)))
                                continue;
                        assert_int_equal(read_all(buf_span(&b), &entry, NULL), 1);
                        assert_int_equal(hash_parts(HASH_SHA1, entry.measured, IMA_MEASURED_PARTS,
                                                         &d, NULL),
                                        0);
                        assert_true(span_equal(digest_span(&d), buf_span(&sha1)));
                        n++;
                }
        }
        assert_int_equal(n, 5);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_template_of_the_kernel_is_read),
                cmocka_unit_test(entries_follow_one_another),
                cmocka_unit_test(a_template_that_nobody_knows_is_carried),
                cmocka_unit_test(data_are_read_to_their_end),
                cmocka_unit_test(one_byte_changed),
                cmocka_unit_test(the_old_template_has_short_names),
                cmocka_unit_test(a_violation_has_any_digest),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(there_are_limits),
                cmocka_unit_test(hashed_is_what_the_kernel_hashed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
