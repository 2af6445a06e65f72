/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/firmlog.h"
#include "support/testdata.h"
#include "wire/firmware.h"

static const HashAlg three[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384 };

enum { HEAD_SIZE = 32 + 16 + 8 + 4 + 3 * 4 + 1 }; /* of a log with three banks */

/* Two events in three banks. */
static FirmLog sample(void) {
        FirmLog l = firmlog_new(three, 3);

        (void) firmlog_add(&l, 1, 8, SPAN_LITERAL("1\0"));
        (void) firmlog_add(&l, 7, 4, SPAN_LITERAL("\0\0\0\0"));
        return l;
}

/* Reads all; the number of events, or the error. */
static int read_all(Span bytes, FirmwareEvent *last, Err *e) {
        FirmwareLog log;
        int rc = firmware_open(bytes, &log, e), n = 0;

        while (rc == 0) {
                rc = firmware_next(&log, last, e);
                if (rc <= 0)
                        return rc < 0 ? rc : n;
                n++;
                rc = 0;
        }
        return rc;
}

static void what_is_written_is_read(void **state) {
        _cleanup_(firmlog_done) FirmLog l = sample();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        FirmwareEvent event;
        FirmwareLog log;

        (void) state;
        firmlog_write(&l, &b);
        assert_int_equal(firmware_open(buf_span(&b), &log, NULL), 0);
        assert_true(log.agile);
        assert_false(log.confidential);
        assert_int_equal(log.n_banks, 3);
        assert_int_equal(log.banks[2].alg, HASH_SHA384);
        assert_int_equal(log.banks[2].size, 48);
        assert_int_equal(log.version[0], 2);
        assert_int_equal(firmware_next(&log, &event, NULL), 1);
        assert_int_equal(event.number, 1);
        assert_int_equal(event.at, HEAD_SIZE);
        assert_int_equal(event.pcr, 1);
        assert_int_equal(event.type, 8);
        assert_true(span_equal(event.data, SPAN_LITERAL("1\0")));
        for (size_t i = 0; i < 3; i++) {
                assert_true(event.has[i]);
                assert_true(span_equal(event.digests[i], digest_span(&l.events[0].digests[i])));
        }
        assert_int_equal(firmware_next(&log, &event, NULL), 1);
        assert_int_equal(event.pcr, 7);
        assert_int_equal(firmware_next(&log, &event, NULL), 0);
        assert_int_equal(firmware_next(&log, &event, NULL), 0);
}

/* One byte of the log changed, and what is said about it. */
static const struct {
        const char *what;
        size_t at;
        uint8_t byte;
        const char *said; /* NULL: still good */
} cases[] = {
        { "as it is", 0, 0, NULL },
        { "the head's register", 0, 2, "byte 0 of 323: the head is of another register" },
        { "the head's type", 4, 1, "byte 4 of 323: the head is no EV_NO_ACTION" },
        { "the head's digest", 27, 1, "byte 8 of 323: the head has a digest" },
        { "the head's size", 28, 0x2a, "head: 1 stray bytes after byte 73" },
        { "a head that is cut short", 28, 0x28, "cut short at byte 72 of 72" },
        { "no bank", 56, 0, "byte 60 of 73: no bank, or more than are taken" },
        { "nine banks", 56, 9, "byte 60 of 73: no bank, or more than are taken" },
        { "a bank twice", 64, 0x04, "byte 64 of 73: a bank that is listed twice" },
        { "sha256 of 20 bytes", 66, 20,
                        "byte 64 of 73: a digest size that is not its algorithm's" },
        { "an unknown bank", 60, 0x99,
                        "byte 85 of 323: a digest of a bank that the head does not" },
        { "SM3 of 20 bytes", 60, 0x12, "byte 60 of 73: a digest size that is not its algorithm's" },
        { "vendor data", 72, 1, "cut short at byte 73 of 73" },
        { "PCR 200", 73, 200, "byte 73 of 323: a register that there is not" },
        { "PCR 23", 73, 23, NULL },
        { "PCR 24", 73, 24, "byte 73 of 323: a register that there is not" },
        { "an unknown type", 78, 0x77, NULL },
        { "four digests", 81, 4, "byte 85 of 323: more digests than there are banks" },
        { "two digests of a bank", 107, 4, "byte 107 of 323: two digests of one bank" },
        { "an unknown bank without a size", 61, 9,
                        "byte 60 of 73: a digest of no size, or too large" },
        { "an event too long", 193, 1, "cut short" },
};

static void one_byte_changed(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(firmlog_done) FirmLog l = sample();
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
                FirmwareEvent event;
                Err e = {};
                int rc;

                firmlog_write(&l, &b);
                if (cases[i].at == 61) /* the high byte of the first bank's number */
                        b.data[62] = 0;
                b.data[cases[i].at] = cases[i].byte;
                rc = read_all(buf_span(&b), &event, &e);
                if (rc != (cases[i].said ? -EBADMSG : 2))
                        fail_msg("%s: %d, %s", cases[i].what, rc, e.text);
                if (cases[i].said && !strstr(e.text, cases[i].said))
                        fail_msg("%s: said '%s'", cases[i].what, e.text);
        }
}

static void a_digest_has_64_bytes_at_most(void **state) {
        (void) state;
        for (uint8_t size = 64; size <= 65; size++) {
                _cleanup_(firmlog_done) FirmLog l = sample();
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
                FirmwareEvent event;
                Err e = {};

                firmlog_write(&l, &b);
                b.data[61] = 9; /* of a bank that nobody knows */
                b.data[62] = size;
                assert_int_equal(read_all(buf_span(&b), &event, &e), -EBADMSG);
                if (!strstr(e.text, size == 64 ? "a digest of a bank that the head does not list"
                                               : "a digest of no size, or too large"))
                        fail_msg("said '%s'", e.text);
        }
}

static void every_prefix_is_refused_or_ends_with_an_event(void **state) {
        _cleanup_(firmlog_done) FirmLog l = sample();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        FirmwareEvent event;
        Span whole;
        int good = 0;

        (void) state;
        firmlog_write(&l, &b);
        whole = buf_span(&b);
        for (size_t n = 0; n < whole.size; n++) {
                int rc = read_all((Span){ whole.data, n }, &event, NULL);

                if (rc >= 0)
                        good++;
                else
                        assert_int_equal(rc, -EBADMSG);
        }
        /* the head alone, and the head with one event; whether events are missing at the end is for
         * the registers to say */
        assert_int_equal(good, 2);
}

static void room_that_was_left_over_is_no_event(void **state) {
        static const uint8_t fill[] = { 0x00, 0xff, 0x01 };

        (void) state;
        for (size_t i = 0; i < sizeof(fill); i++) {
                _cleanup_(firmlog_done) FirmLog l = sample();
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
                FirmwareEvent event;

                firmlog_write(&l, &b);
                for (size_t n = 0; n < 100; n++)
                        buf_byte(&b, fill[i]);
                assert_int_equal(read_all(buf_span(&b), &event, NULL), fill[i] == 1 ? -EBADMSG : 2);
                buf_byte(&b, 7); /* not to the end */
                assert_int_equal(read_all(buf_span(&b), &event, NULL), -EBADMSG);
        }
}

static void a_log_of_nothing_is_refused(void **state) {
        static const uint8_t zeros[4096];
        FirmwareEvent event;
        Err e = {};

        (void) state;
        assert_int_equal(read_all((Span){}, &event, &e), -EBADMSG);
        assert_string_equal(e.text, "firmware log: there is nothing in it");
        assert_int_equal(read_all((Span){ zeros, sizeof(zeros) }, &event, NULL), -EBADMSG);
}

static void a_bank_may_be_missing_and_is_named_so(void **state) {
        _cleanup_(firmlog_done) FirmLog l = sample();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        FirmwareEvent event;

        (void) state;
        l.events[1].left_out = 1 << 1;
        firmlog_write(&l, &b);
        assert_int_equal(read_all(buf_span(&b), &event, NULL), 2);
        assert_true(event.has[0]);
        assert_false(event.has[1]);
        assert_true(event.has[2]);
}

static void an_older_log_has_sha1_alone(void **state) {
        static const char text[] = "\0\0\0\0\x08\0\0\0"
                                   "aaaaaaaaaaaaaaaaaaaa"
                                   "\x02\0\0\0"
                                   "1";
        Span bytes = { (const uint8_t *) text, sizeof(text) };
        FirmwareEvent event;
        FirmwareLog log;

        (void) state;
        assert_true(firmware_matches(bytes));
        assert_int_equal(firmware_open(bytes, &log, NULL), 0);
        assert_false(log.agile);
        assert_int_equal(log.n_banks, 1);
        assert_int_equal(log.banks[0].alg, HASH_SHA1);
        assert_int_equal(firmware_next(&log, &event, NULL), 1);
        assert_int_equal(event.number, 0);
        assert_true(event.has[0]);
        assert_int_equal(event.digests[0].size, 20);
        for (size_t n = 1; n < bytes.size; n++)
                assert_int_equal(read_all((Span){ bytes.data, n }, &event, NULL), -EBADMSG);
}

/* CCEL: the head is of register 1, and there are five of them. */
static void a_guests_log_has_measurement_registers(void **state) {
        static const HashAlg sha384 = HASH_SHA384;
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha384, 1);
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        FirmwareEvent event;
        FirmwareLog log;

        (void) state;
        l.head_pcr = 1;
        (void) firmlog_add(&l, 4, 4, SPAN_LITERAL("\0\0\0\0"));
        firmlog_write(&l, &b);
        assert_int_equal(firmware_open(buf_span(&b), &log, NULL), 0);
        assert_true(log.confidential);
        assert_int_equal(read_all(buf_span(&b), &event, NULL), 1);
        l.events[0].pcr = 5;
        buf_done(&b);
        firmlog_write(&l, &b);
        assert_int_equal(read_all(buf_span(&b), &event, NULL), -EBADMSG);
}

static void an_unmeasured_event_may_be_of_any_register(void **state) {
        _cleanup_(firmlog_done) FirmLog l = sample();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        FirmwareEvent event;

        (void) state;
        (void) firmlog_add(&l, UINT32_MAX, 3, SPAN_LITERAL("SP800-155 Event"));
        firmlog_write(&l, &b);
        assert_int_equal(read_all(buf_span(&b), &event, NULL), 3);
        assert_int_equal(event.pcr, UINT32_MAX);
}

static void there_is_a_limit(void **state) {
        static uint8_t huge[FIRMWARE_LOG_MAX + 1] = { 1 };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(FIRMWARE_LOG_MAX);
        FirmwareEvent event;
        Err e = {};

        (void) state;
        assert_int_equal(read_all((Span){ huge, sizeof(huge) }, &event, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "4194304 are the most"));
        for (size_t n = 0; n <= FIRMWARE_EVENTS_MAX; n++) {
                if (n == FIRMWARE_EVENTS_MAX)
                        assert_int_equal(read_all(buf_span(&b), &event, NULL), FIRMWARE_EVENTS_MAX);
                buf_le(&b, 1, 4);
                buf_le(&b, 1, 4);
                buf_zeros(&b, 20);
                buf_le(&b, 1, 4);
                buf_byte(&b, 'x');
        }
        e = (Err){};
        assert_int_equal(read_all(buf_span(&b), &event, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "more events than are taken"));
}

static void what_looks_like_a_log(void **state) {
        _cleanup_(firmlog_done) FirmLog l = sample();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);

        (void) state;
        firmlog_write(&l, &b);
        assert_true(firmware_matches(buf_span(&b)));
        b.data[HEAD_SIZE - 1] ^= 1;
        assert_true(firmware_matches(buf_span(&b)));
        b.data[32] ^= 1;
        assert_true(firmware_matches(buf_span(&b))); /* an older one */
        b.data[4] = 9;
        assert_false(firmware_matches(buf_span(&b)));
        b.data[4] = 7;
        b.data[0] = 1;
        assert_false(firmware_matches(buf_span(&b)));
        b.data[0] = 0;
        assert_true(firmware_matches((Span){ b.data, 32 }));
        assert_false(firmware_matches((Span){ b.data, 31 }));
        b.data[32] ^= 1;
        b.data[0] = 1; /* of a guest */
        assert_true(firmware_matches(buf_span(&b)));
        assert_false(firmware_matches((Span){}));
}

/* Real machines' logs, where they lie. */
static void genuine_logs_read(void **state) {
        static const struct {
                const char *name;
                int n_events;
        } logs[] = {
                { "boots/257-clean-sysext/binary_bios_measurements", 49 },
                { "boots/262-stub-extras/binary_bios_measurements", 54 },
                { "others/google+go-tpm-tools/rhel8-uefi.bin", 82 },
                { "others/google+go-tpm-tools/debian-10.bin", 25 },
                { "others/google+go-eventlog/cos-113-intel-tdx.bin", 43 },
                { "others/confidential-containers+trustee/CCEL_data_csv", 82 },
                { "others/keylime+keylime/binary_bios_measurements", 120 },
                { "attacks/eventlogs/trailing-zero-pad", 82 },
                { "attacks/eventlogs/pcr-index-200", -EBADMSG },
                { "attacks/eventlogs/truncated-mid-event", -EBADMSG },
                { "attacks/eventlogs/event-size-0xfffffff0", -EBADMSG },
        };
        FirmwareEvent event;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(logs); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(FIRMWARE_LOG_MAX);

                if (testdata_read(logs[i].name, &b))
                        assert_int_equal(read_all(buf_span(&b), &event, NULL), logs[i].n_events);
        }
}

/* Of hashes that we cannot compute, too: a size that is not theirs would shift what follows. */
static void a_bank_has_the_size_of_its_hash(void **state) {
        static const struct {
                uint16_t alg, size;
                bool taken;
        } rows[] = {
                { 0x0012, 32, true },
                { 0x0012, 48, false }, /* SM3_256 */
                { 0x0027, 32, true },
                { 0x0027, 20, false }, /* SHA3_256 */
                { 0x0028, 48, true },
                { 0x0028, 32, false }, /* SHA3_384 */
                { 0x0029, 64, true },
                { 0x0029, 48, false }, /* SHA3_512 */
                { 0x7777, 33, true },
                { 0x7777, 65, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(firmlog_done) FirmLog l = sample();
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096), bank = BUF_UP_TO(4);
                FirmwareLog log;

                firmlog_write(&l, &b);
                buf_le(&bank, rows[i].alg, 2);
                buf_le(&bank, rows[i].size, 2);
                memcpy(b.data + HEAD_SIZE - 1 - 4, bank.data, 4); /* the last of the table */
                assert_int_equal(firmware_open(buf_span(&b), &log, NULL),
                                rows[i].taken ? 0 : -EBADMSG);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(a_bank_has_the_size_of_its_hash),
                cmocka_unit_test(one_byte_changed),
                cmocka_unit_test(a_digest_has_64_bytes_at_most),
                cmocka_unit_test(every_prefix_is_refused_or_ends_with_an_event),
                cmocka_unit_test(room_that_was_left_over_is_no_event),
                cmocka_unit_test(a_log_of_nothing_is_refused),
                cmocka_unit_test(a_bank_may_be_missing_and_is_named_so),
                cmocka_unit_test(an_older_log_has_sha1_alone),
                cmocka_unit_test(a_guests_log_has_measurement_registers),
                cmocka_unit_test(an_unmeasured_event_may_be_of_any_register),
                cmocka_unit_test(there_is_a_limit),
                cmocka_unit_test(what_looks_like_a_log),
                cmocka_unit_test(genuine_logs_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
