/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/sysreport.h"

#include <errno.h>

#include "base/cursor.h"

static const char what[] = "systemd's report";

#define MEDIA "application/vnd.io.systemd.report"

/* Takes a record off the front: from its 0x1E to its 0x0A. */
static int next_record(Span *file, Span *ret, Err *e) {
        const uint8_t *end;
        size_t n;

        if (file->size == 0)
                return 0;
        if (file->data[0] != 0x1e)
                return err_set(e, -EBADMSG, "%s: a record begins with byte 0x1e, not with 0x%02x",
                                what, file->data[0]);
        end = memchr(file->data, '\n', file->size);
        if (!end)
                return err_set(e, -EBADMSG, "%s: the last record is not finished", what);
        n = (size_t) (end - file->data) + 1;
        *ret = (Span){ file->data, n };
        *file = span_from(*file, n);
        return 1;
}

/* What is measured is a line of its own making, and its metrics are judged by nobody: it must begin
 * as systemd writes it. */
static int read_head(Span report, Span *ret_timestamp, Err *e) {
        Cursor c = cursor_over(report);

        cursor_expect(&c, SPAN_LITERAL("\x1e{\"mediaType\":\"" MEDIA "\",\"timestamp\":\""),
                        "not the beginning of a report");
        *ret_timestamp = cursor_until(&c, '"', 64);
        cursor_expect(&c, SPAN_LITERAL(","), "nothing behind the timestamp");
        (void) cursor_bytes(&c, cursor_left(&c));
        return cursor_end(&c, what, e);
}

int sysreport_split(Span file, SysReport *ret, Err *e) {
        SysReport r = {};
        Span record;
        int rc;

        rc = next_record(&file, &r.report, e);
        if (rc < 0)
                return rc;
        rc = read_head(r.report, &r.timestamp, e);
        if (rc < 0)
                return rc;
        while ((rc = next_record(&file, &record, e)) > 0) {
                if (r.n_signatures == SYSREPORT_SIGNATURES_MAX)
                        return err_set(e, -EBADMSG, "%s: more than %d signatures", what,
                                        SYSREPORT_SIGNATURES_MAX);
                r.signatures[r.n_signatures++] = record;
        }
        if (rc < 0)
                return rc;
        if (r.n_signatures == 0)
                return err_set(e, -EBADMSG, "%s: nobody signed it (systemd-report --sign=)", what);
        *ret = r;
        return 0;
}

int sysreport_signature(
                Span record, JsonToken *tokens, size_t n_tokens, SysSignature *ret, Err *e) {
        Span text = record.size < 2 ? (Span){} : (Span){ record.data + 1, record.size - 2 };
        SysSignature s = {};
        Json v = {};
        int rc;

        rc = json_parse(text, JSON_FOREIGN, tokens, n_tokens, what, &v, e);
        if (rc < 0)
                return -EBADMSG;
        s.mechanism = json_member(v, "mechanism");
        s.data = json_member(v, "data");
        if (!json_is(json_member(v, "mediaType"), MEDIA ".signature"))
                return json_reject(v, what, "not a signature's record", e);
        if (json_type(s.mechanism) != JSON_STRING || json_type(s.data) != JSON_OBJECT)
                return json_reject(v, what, "a signature without mechanism or data", e);
        if (!json_hex(json_member(v, "sha256"), s.sha256, sizeof(s.sha256)))
                return json_reject(v, what, "a signature without the report's SHA-256", e);
        *ret = s;
        return 0;
}
