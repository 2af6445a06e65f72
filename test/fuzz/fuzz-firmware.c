/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fuzz/check.h"
#include "wire/firmware.h"

static bool inside(Span part, const uint8_t *data, size_t size) {
        return part.data >= data && part.size <= size && part.data + part.size <= data + size;
}

/* The event as the two forms have it. */
static void write_event(const FirmwareLog *log, const FirmwareEvent *event, Buf *to) {
        size_t n = 0;

        for (size_t i = 0; i < log->n_banks; i++)
                n += event->has[i];
        buf_le(to, event->pcr, 4);
        buf_le(to, event->type, 4);
        if (log->agile)
                buf_le(to, n, 4);
        else
                buf_bytes(to, event->digests[0]);
        for (size_t i = 0; log->agile && i < log->n_banks; i++)
                if (event->has[i]) {
                        buf_le(to, log->banks[i].alg, 2);
                        buf_bytes(to, event->digests[i]);
                }
        buf_le(to, event->data.size, 4);
        buf_bytes(to, event->data);
}

/* Digests stand in any order; what is written has the head's. */
static bool in_order(const FirmwareLog *log, const FirmwareEvent *event) {
        const uint8_t *last = NULL;

        for (size_t i = 0; i < log->n_banks; i++) {
                if (!event->has[i])
                        continue;
                if (last && event->digests[i].data < last)
                        return false;
                last = event->digests[i].data;
        }
        return true;
}

static void check_event(const FirmwareLog *log, const FirmwareEvent *event, Span input) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(FIRMWARE_LOG_MAX);
        Span was = { input.data + event->at, log->at - event->at };

        check(event->type == FIRMWARE_NO_ACTION || event->pcr < PCR_COUNT);
        check(event->data.size == 0 || inside(event->data, input.data, input.size));
        for (size_t i = 0; i < log->n_banks; i++)
                check(!event->has[i] ||
                                (event->digests[i].size == log->banks[i].size &&
                                                inside(event->digests[i], input.data, input.size)));
        write_event(log, event, &b);
        check(!in_order(log, event) || span_equal(buf_span(&b), was));
}

/* Events lie one behind the other without a gap, within the log, and are written again as the same
 * bytes. What fails says why, stays where it was, and fails again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        FirmwareEvent event;
        FirmwareLog log;
        Err e = {};
        int rc;

        (void) firmware_matches((Span){ data, size });
        if (firmware_open((Span){ data, size }, &log, &e) < 0) {
                check(e.code != 0);
                return 0;
        }
        check(log.n_banks > 0 && log.n_banks <= FIRMWARE_BANKS_MAX);
        for (size_t i = 0; i < log.n_banks; i++)
                check(log.banks[i].size > 0 && log.banks[i].size <= DIGEST_MAX);
        while ((rc = firmware_next(&log, &event, &e)) > 0)
                check_event(&log, &event, (Span){ data, size });
        check(rc == 0 || (e.code == -EBADMSG && firmware_next(&log, &event, NULL) == rc));
        check(rc < 0 || span_is_zero((Span){ data + log.at, size - log.at }) ||
                        data[size - 1] == 0xff);
        return 0;
}
