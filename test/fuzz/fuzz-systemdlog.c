/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "fuzz/check.h"
#include "wire/systemdlog.h"

static void points_into(Span part, Span whole) {
        check(part.size == 0 || (part.data >= whole.data &&
                                                part.data + part.size <= whole.data + whole.size));
}

/* cescape() as systemd has it, written another way round than its inverse. */
static void escape(Span s, Buf *to) {
        for (size_t i = 0; i < s.size; i++) {
                static const char *const letters[256] = { ['\a'] = "\\a",
                        ['\b'] = "\\b",
                        ['\f'] = "\\f",
                        ['\n'] = "\\n",
                        ['\r'] = "\\r",
                        ['\t'] = "\\t",
                        ['\v'] = "\\v",
                        ['\\'] = "\\\\",
                        ['"'] = "\\\"",
                        ['\''] = "\\'" };
                uint8_t c = s.data[i];

                if (letters[c])
                        buf_string(to, letters[c]);
                else if (c < ' ' || c >= 0x7f)
                        buf_printf(to, "\\%03o", c);
                else
                        buf_byte(to, c);
        }
}

/* Whatever was measured, what systemd writes of it is turned back; and only that is. */
static void escapes_hold(Span s) {
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(8 * SYSTEMD_RECORD_MAX);
        _cleanup_(buf_done) Buf back = BUF_UP_TO(8 * SYSTEMD_RECORD_MAX);

        escape(s, &escaped);
        check(systemd_unescape(buf_span(&escaped), &back) && span_equal(buf_span(&back), s));
        buf_done(&back);
        buf_done(&escaped);
        if (!systemd_unescape(s, &back))
                return;
        escape(buf_span(&back), &escaped);
        check(span_equal(buf_span(&escaped), s));
}

/* Fields lie in the words, one behind the other; nothing is read twice in another way. */
static void words_hold(Span s) {
        SystemdWords w = systemd_words(s);

        check(w.kind < _SYSTEMD_KIND_MAX && systemd_kind_name(w.kind));
        points_into(w.name, s);
        points_into(w.value, s);
        points_into(w.method, s);
        points_into(w.slot, s);
        points_into(w.signers, s);
        if (w.kind == SYSTEMD_UNKNOWN)
                check(span_equal(w.value, s) && w.name.size == 0);
        if (w.kind == SYSTEMD_KEYSLOT || w.kind == SYSTEMD_NVPCR_INIT || w.kind == SYSTEMD_VERITY)
                check(!memchr(w.name.data, ':', w.name.size));
}

static void record_holds(Span line) {
        JsonToken tokens[SYSTEMD_RECORD_TOKENS_MAX];
        _cleanup_(buf_done) Buf text = BUF_UP_TO(SYSTEMD_RECORD_MAX);
        SystemdRecord r;
        Err e = {};

        if (systemd_record_parse(line, tokens, &r, &e) < 0) {
                check(e.code < 0);
                return;
        }
        check(line.size <= SYSTEMD_RECORD_MAX && line.data[0] == 0x1e);
        check(!memchr(line.data, 0, line.size));
        check(r.reg.kind == REGISTER_NV || (r.reg.kind == REGISTER_PCR && r.reg.index < PCR_COUNT));
        for (size_t i = 0; i < r.n_digests; i++)
                check(systemd_record_digest(&r, r.digests[i].alg) == &r.digests[i]);
        points_into(json_raw(r.string), line);
        points_into(json_raw(r.event_type), line);
        points_into(json_raw(r.nv_name), line);
        if (json_text(r.string, &text)) {
                escapes_hold(buf_span(&text));
                words_hold(buf_span(&text));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span log = { data, size }, line = {};
        const uint8_t *at = data;
        int rc;

        if (size > 2 * SYSTEMD_RECORD_MAX)
                return 0;
        escapes_hold(log);
        words_hold(log);
        record_holds(log);
        while ((rc = systemd_log_next(&log, &line, NULL)) == 1) {
                check(line.data == at && line.size >= 2 && line.size <= SYSTEMD_RECORD_MAX);
                check(line.data[0] == 0x1e &&
                                memchr(line.data, '\n', line.size) == line.data + line.size - 1);
                at += line.size;
                record_holds(line);
        }
        check(log.data == at && (rc == 0) == (log.size == 0));
        check(rc != -ENODATA || (log.size <= SYSTEMD_RECORD_MAX && !memchr(at, '\n', log.size)));
        return 0;
}
