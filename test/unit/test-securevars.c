/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "layer/securevars.h"
#include "support/firmlog.h"
#include "support/pedraft.h"
#include "support/scratch.h"
#include "wire/efievent.h"

static const Banks sha256 = { { HASH_SHA256 }, 1 };

/* A file ".auth": a time, a signature of some bytes, and the database. */
static void put_auth(Buf *b, Span database) {
        buf_zeros(b, 16);
        buf_le(b, 8 + 16 + 5, 4);
        buf_le(b, 0x0200, 2);
        buf_le(b, 0x0ef1, 2);
        buf_zeros(b, 16);
        buf_string(b, "12345");
        buf_bytes(b, database);
}

static void a_database_is_found_in_each_kind_of_file(void **state) {
        _cleanup_(buf_done) Buf list = BUF_UP_TO(4096), auth = BUF_UP_TO(4096),
                                efivarfs = BUF_UP_TO(4096);
        const Buf *files[] = { &list, &auth, &efivarfs };

        (void) state;
        firmlog_signatures(&list, SPAN_LITERAL("0123456789abcdef0123456789abcdef"));
        put_auth(&auth, buf_span(&list));
        buf_le(&efivarfs, 0x27, 4);
        buf_bytes(&efivarfs, buf_span(&list));
        for (size_t i = 0; i < ELEMENTS(files); i++) {
                Span found = {}, whole = buf_span(files[i]);

                assert_int_equal(secure_vars_database(whole, &found, NULL), 0);
                assert_true(span_equal(found, buf_span(&list)));
                /* what is cut off, or has a byte more, is none */
                for (size_t n = whole.size - list.size + 1; n < whole.size; n++)
                        assert_int_equal(
                                        secure_vars_database((Span){ whole.data, n }, &found, NULL),
                                        -EBADMSG);
        }
}

/* The draft of a stub as a program that db lets in by its hash. */
static void what_db_lets_in_is_measured_once(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf draft = BUF_UP_TO(DRAFT_SIZE), db = BUF_UP_TO(4096);
        _cleanup_(uki_done) Uki program = UKI_NONE;
        SecureVars v = {};
        UkiDigests d;
        Course c;
        Err e = {};

        (void) state;
        scratch_write(&s, "a.addon.efi", draft_pe(&draft));
        assert_int_equal(uki_open_addon(scratch_path(&s, "a.addon.efi").text, &program, NULL), 0);
        assert_int_equal(uki_digest(&program, NULL, 0, &d, NULL), 0);
        course_begin(&c, &sha256);

        firmlog_signatures(&db, SPAN_LITERAL("0123456789abcdef0123456789abcdef"));
        v.db = buf_span(&db);
        assert_int_equal(secure_vars_admit(&v, &program, &d.authenticode, &c, &e), -EACCES);
        assert_non_null(strstr(e.text, "db has neither its hash nor a certificate"));
        assert_int_equal(c.n, 0);
        e = (Err){};

        firmlog_signatures(&db, digest_span(&d.authenticode));
        v.db = buf_span(&db);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(secure_vars_admit(&v, &program, &d.authenticode, &c, NULL), 0);
                assert_int_equal(c.n, 1);
        }
        assert_int_equal(c.list[0].pcr, 7);
        assert_int_equal(c.list[0].part, STEP_AUTHORITY);

        v.dbx = v.db;
        assert_int_equal(secure_vars_admit(&v, &program, &d.authenticode, &c, &e), -EACCES);
        assert_non_null(strstr(e.text, "dbx has its hash, so firmware does not start it"));
        v.dbx = (Span){ v.db.data, v.db.size - 1 };
        assert_int_equal(secure_vars_admit(&v, &program, &d.authenticode, &c, NULL), -EBADMSG);
        assert_int_equal(c.n, 1);
}

/* As a machine's log has them: the same digests, in the same order. */
static void variables_are_those_of_a_log(void **state) {
        static const HashAlg banks[] = { HASH_SHA256 };
        FirmLog log = firmlog_new(banks, 1);
        _cleanup_(buf_done) Buf certificate = BUF_UP_TO(64 * 1024), list = BUF_UP_TO(64 * 1024);
        SecureVars v = {};
        size_t n = 0;
        Course c;

        (void) state;
        firmlog_certificate(&certificate, "Somebody");
        firmlog_boot(&log,
                        &(FirmBoot){ .secure_boot = true, .certificate = buf_span(&certificate) });
        firmlog_signatures(&list, buf_span(&certificate));
        v = (SecureVars){ .pk = buf_span(&list), .kek = buf_span(&list), .db = buf_span(&list) };
        for (size_t i = 0; i < log.n; i++) { /* dbx as that machine has it */
                EfiVariable one;

                if (log.events[i].pcr == 7 &&
                                efi_variable_parse((Span){ log.events[i].data, log.events[i].size },
                                                &one, NULL) == 0 &&
                                efi_text_is(one.name, "dbx"))
                        v.dbx = one.data;
        }
        course_begin(&c, &sha256);
        assert_int_equal(secure_vars_foretell(&v, &c, NULL), 0);
        for (size_t i = 0; i < log.n && n < c.n; i++)
                if (log.events[i].pcr == 7)
                        assert_true(digest_equal(
                                        &c.list[n++].digests.list[0], &log.events[i].digests[0]));
        assert_int_equal(n, 6);
        firmlog_done(&log);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_database_is_found_in_each_kind_of_file),
                cmocka_unit_test(what_db_lets_in_is_measured_once),
                cmocka_unit_test(variables_are_those_of_a_log),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
