/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/firmware.h"

#include <errno.h>

#include "base/cursor.h"

#define SPEC_ID SPAN_LITERAL("Spec ID Event03\0")

enum {
        SHA1_SIZE = 20,
        HEAD_SIZE = 4 + 4 + SHA1_SIZE + 4, /* of a TCG_PCR_EVENT before its data */

        /* algorithms that we cannot compute, and whose size is known all the same (TCG Algorithm
         * Registry) */
        ALG_SM3_256 = 0x0012,
        ALG_SHA3_256 = 0x0027,
        ALG_SHA3_384 = 0x0028,
        ALG_SHA3_512 = 0x0029,
};

static uint16_t known_size(uint16_t alg) {
        switch (alg) {
        case ALG_SM3_256:
        case ALG_SHA3_256:
                return 32;
        case ALG_SHA3_384:
                return 48;
        case ALG_SHA3_512:
                return 64;
        default:
                return hash_size(alg);
        }
}

/* Where the room begins that was left over: what follows is all zeros, or all 0xff. Looked for
 * once, since looking at each event would take a hostile log's size squared. */
static size_t padding_at(Span bytes) {
        uint8_t last = bytes.size > 0 ? bytes.data[bytes.size - 1] : 1;
        size_t at = bytes.size;

        if (last != 0x00 && last != 0xff)
                return at;
        while (at > 0 && bytes.data[at - 1] == last)
                at--;
        return at;
}

static size_t bank_index(const FirmwareLog *log, uint16_t alg) {
        size_t i = 0;

        while (i < log->n_banks && log->banks[i].alg != alg)
                i++;
        return i;
}

/* One row of the head's table. Sizes come from the algorithm: a table that says otherwise is made
 * to have digests misread. */
static void read_bank(Cursor *c, FirmwareLog *log) {
        size_t at = c->at;
        FirmwareBank b = { .alg = cursor_u16le(c), .size = cursor_u16le(c) };

        if (bank_index(log, b.alg) < log->n_banks)
                cursor_reject_at(c, at, "a bank that is listed twice");
        if (known_size(b.alg) != 0 && b.size != known_size(b.alg))
                cursor_reject_at(c, at, "a digest size that is not its algorithm's");
        if (b.size == 0 || b.size > DIGEST_MAX)
                cursor_reject_at(c, at, "a digest of no size, or too large");
        log->banks[log->n_banks++] = b;
}

/* TCG_EfiSpecIDEvent (section 10.4.5.1) */
static void read_spec_id(Cursor *c, FirmwareLog *log) {
        uint32_t n_banks;

        cursor_expect(c, SPEC_ID, "not a Spec ID event");
        (void) cursor_u32le(c); /* platformClass */
        log->version[1] = cursor_u8(c);
        log->version[0] = cursor_u8(c);
        log->version[2] = cursor_u8(c);
        (void) cursor_u8(c); /* uintnSize */
        n_banks = cursor_u32le(c);
        if (n_banks == 0 || n_banks > FIRMWARE_BANKS_MAX)
                cursor_reject(c, "no bank, or more than are taken");
        for (uint32_t i = 0; !cursor_failed(c) && i < n_banks; i++)
                read_bank(c, log);
        (void) cursor_bytes(c, cursor_u8(c)); /* vendorInfo */
}

static bool is_agile(Span bytes) {
        Span spec;

        if (bytes.size < HEAD_SIZE + SPEC_ID.size)
                return false;
        spec = (Span){ bytes.data + HEAD_SIZE, SPEC_ID.size };
        return span_equal(spec, SPEC_ID);
}

/* The first event of an agile log, which has the old form so that old readers pass over it. */
static int read_head(FirmwareLog *log, Err *e) {
        Cursor c = cursor_over(log->bytes), inner;
        uint32_t first;
        Span spec;
        int rc;

        first = cursor_u32le(&c);
        if (first > 1)
                cursor_reject_at(
                                &c, 0, "the head is of another register than 0 (or 1, in a guest)");
        log->confidential = first == 1;
        if (cursor_u32le(&c) != FIRMWARE_NO_ACTION)
                cursor_reject_at(&c, 4, "the head is no EV_NO_ACTION");
        cursor_expect_zeros(&c, SHA1_SIZE, "the head has a digest");
        spec = cursor_bytes(&c, cursor_u32le(&c));
        if (cursor_failed(&c))
                return cursor_end(&c, "firmware log", e);
        /* over the whole log, so that an offset in a message is one of the file */
        inner = cursor_over((Span){ log->bytes.data, c.at });
        inner.at = c.at - spec.size;
        read_spec_id(&inner, log);
        rc = cursor_end(&inner, "firmware log's head", e);
        log->at = c.at;
        log->n_events = 1;
        return rc;
}

int firmware_open(Span bytes, FirmwareLog *ret, Err *e) {
        FirmwareLog log = {
                .bytes = bytes, .padding_at = padding_at(bytes), .agile = is_agile(bytes)
        };
        int rc;

        if (bytes.size > FIRMWARE_LOG_MAX)
                return err_set(e, -EBADMSG, "firmware log: %zu bytes, where %d are the most",
                                bytes.size, FIRMWARE_LOG_MAX);
        if (log.padding_at == 0)
                return err_set(e, -EBADMSG, "firmware log: there is nothing in it");
        if (log.agile) {
                rc = read_head(&log, e);
                if (rc < 0)
                        return rc;
        } else {
                log.banks[0] = (FirmwareBank){ HASH_SHA1, SHA1_SIZE };
                log.n_banks = 1;
        }

        *ret = log;
        return 0;
}

static void read_digest(Cursor *c, const FirmwareLog *log, FirmwareEvent *event) {
        size_t at = c->at;
        size_t i = bank_index(log, cursor_u16le(c));

        if (i == log->n_banks)
                cursor_reject_at(c, at, "a digest of a bank that the head does not list");
        else if (event->has[i])
                cursor_reject_at(c, at, "two digests of one bank");
        else
                event->digests[i] = cursor_bytes(c, log->banks[i].size);
        if (!cursor_failed(c))
                event->has[i] = true;
}

/* TCG_PCR_EVENT2 (section 10.2.2), or TCG_PCR_EVENT (section 10.2.1) */
static void read_digests(Cursor *c, const FirmwareLog *log, FirmwareEvent *event) {
        uint32_t n;

        if (!log->agile) {
                event->digests[0] = cursor_bytes(c, SHA1_SIZE);
                event->has[0] = true;
                return;
        }
        n = cursor_u32le(c);
        if (n > log->n_banks)
                cursor_reject(c, "more digests than there are banks");
        for (uint32_t i = 0; !cursor_failed(c) && i < n; i++)
                read_digest(c, log, event);
}

static uint32_t register_count(const FirmwareLog *log) {
        return log->confidential ? FIRMWARE_MEASUREMENT_REGISTERS : PCR_COUNT;
}

int firmware_next(FirmwareLog *log, FirmwareEvent *ret, Err *e) {
        FirmwareEvent event = { .number = log->n_events, .at = log->at };
        Cursor c = cursor_over(log->bytes);
        int rc;

        if (log->at >= log->padding_at)
                return 0;
        c.at = log->at;
        event.pcr = cursor_u32le(&c);
        event.type = cursor_u32le(&c);
        if (event.pcr >= register_count(log) && event.type != FIRMWARE_NO_ACTION)
                cursor_reject_at(&c, event.at, "a register that there is not");
        read_digests(&c, log, &event);
        event.data = cursor_bytes(&c, cursor_u32le(&c));
        if (event.number >= FIRMWARE_EVENTS_MAX)
                cursor_reject_at(&c, event.at, "more events than are taken");
        if (cursor_failed(&c)) {
                rc = cursor_end(&c, "firmware log", e);
                return rc;
        }

        log->at = c.at;
        log->n_events++;
        *ret = event;
        return 1;
}

bool firmware_matches(Span head) {
        Cursor c = cursor_over(head);
        uint32_t pcr = cursor_u32le(&c), type = cursor_u32le(&c);

        if (is_agile(head))
                return true;
        /* EV_NO_ACTION, EV_S_CRTM_CONTENTS or EV_S_CRTM_VERSION: what an older log begins with */
        return head.size >= HEAD_SIZE && pcr == 0 && (type == 3 || type == 7 || type == 8);
}
