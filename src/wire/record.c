/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/record.h"

#include <assert.h>
#include <errno.h>

#include "base/cursor.h"
#include "base/text.h"

static const Span line_start = { (const uint8_t *) "\x1e{", 2 };

/* A number up to a mark, which is stepped over. */
static uint64_t read_number(Cursor *c, uint8_t mark, uint64_t max) {
        uint64_t v = 0;

        if (!text_number(cursor_until(c, mark, 20), max, &v))
                cursor_reject(c, "not a number within its limits");
        return v;
}

static Register read_register(Cursor *c) {
        if (cursor_skip(c, SPAN_LITERAL("\"pcr\":")))
                return (Register){ REGISTER_PCR, (uint32_t) read_number(c, ',', PCR_COUNT - 1) };
        if (cursor_skip(c, SPAN_LITERAL("\"nv_index\":")))
                return (Register){ REGISTER_NV, (uint32_t) read_number(c, ',', UINT32_MAX) };
        return (Register){};
}

static void read_digest(Cursor *c, Digest *ret) {
        HashAlg alg;
        Digest d;

        cursor_expect(c, SPAN_LITERAL("{\"hashAlg\":\""), "a digest begins with {\"hashAlg\":");
        alg = hash_of_name(cursor_until(c, '"', 16));
        d = digest_zero(alg);
        cursor_expect(c, SPAN_LITERAL(",\"digest\":\""), "\"digest\" comes after \"hashAlg\"");
        if (d.size == 0)
                cursor_reject(c, "a hash that is not known");
        if (!text_unhex(cursor_until(c, '"', 2 * DIGEST_MAX), d.bytes, d.size))
                cursor_reject(c, "a digest that is not as long as its hash, in lower-case hex");
        cursor_expect(c, SPAN_LITERAL("}"), "a digest has two members");
        *ret = d;
}

static void read_digests(Cursor *c, Record *r) {
        cursor_expect(c, SPAN_LITERAL("\"digests\":["), "\"digests\" comes after \"recnum\"");
        if (r->reg.kind == REGISTER_NONE) {
                cursor_expect(c, SPAN_LITERAL("]"), "digests of no register");
                return;
        }
        do {
                if (r->n_digests == BANKS_MAX) {
                        cursor_reject(c, "more digests than there are banks");
                        return;
                }
                read_digest(c, &r->digests[r->n_digests]);
                if (r->n_digests > 0 &&
                                r->digests[r->n_digests - 1].alg >= r->digests[r->n_digests].alg)
                        cursor_reject(c, "digests not in ascending order of their algorithms");
                r->n_digests++;
        } while (cursor_skip(c, SPAN_LITERAL(",")));
        cursor_expect(c, SPAN_LITERAL("]"), "digests that do not end");
}

/* What is left but the closing brace and the newline. */
static Span read_content(Cursor *c) {
        size_t left = cursor_left(c);
        Span content;

        cursor_expect(c, SPAN_LITERAL(",\"content_type\":\"avouch\",\"content\":"),
                        "\"content_type\":\"avouch\" comes after \"digests\"");
        left = cursor_left(c);
        content = cursor_bytes(c, left < 2 ? 0 : left - 2);
        cursor_expect(c, SPAN_LITERAL("}\n"), "a line ends with } and a newline");
        return content;
}

int record_parse(Span line, Record *ret, Err *e) {
        Cursor c = cursor_over(line);
        Record r = {};
        uint64_t recnum;
        Span content;
        int rc;

        if (line.size > RECORD_MAX)
                return err_set(e, -E2BIG, "log record: %zu bytes, at most %d are taken", line.size,
                                RECORD_MAX);
        cursor_expect(&c, line_start, "a record begins with 0x1e and {");
        r.reg = read_register(&c);
        cursor_expect(&c, SPAN_LITERAL("\"recnum\":"), "\"recnum\" comes after the register");
        recnum = read_number(&c, ',', LOG_RECORDS_MAX - 1);
        read_digests(&c, &r);
        content = read_content(&c);
        rc = cursor_end(&c, "log record", e);
        if (rc < 0)
                return rc;

        rc = content_parse(content, &r.content, e);
        if (rc < 0)
                return rc;
        if (r.content.seq != recnum)
                return err_set(e, -EBADMSG,
                                "log record: recnum %llu stands outside, seq %llu inside",
                                (unsigned long long) recnum, (unsigned long long) r.content.seq);
        *ret = r;
        return 0;
}

void record_write(Register reg, uint64_t seq, const Digest *digests, size_t n_digests, Span content,
                Buf *to) {
        buf_bytes(to, line_start);
        if (reg.kind == REGISTER_PCR)
                buf_printf(to, "\"pcr\":%u,", reg.index);
        else if (reg.kind == REGISTER_NV)
                buf_printf(to, "\"nv_index\":%u,", reg.index);
        buf_printf(to, "\"recnum\":%llu,\"digests\":[", (unsigned long long) seq);
        for (size_t i = 0; i < n_digests; i++) {
                assert(i == 0 || digests[i - 1].alg < digests[i].alg);
                buf_string(to, i > 0 ? ",{\"hashAlg\":\"" : "{\"hashAlg\":\"");
                buf_string(to, hash_name(digests[i].alg));
                buf_string(to, "\",\"digest\":\"");
                text_hex(to, digest_span(&digests[i]));
                buf_string(to, "\"}");
        }
        buf_string(to, "],\"content_type\":\"avouch\",\"content\":");
        buf_bytes(to, content);
        buf_string(to, "}\n");
}

int record_next_line(Span *log, Span *ret, Err *e) {
        const uint8_t *end;
        size_t n;

        if (log->size == 0)
                return 0;
        if (log->data[0] != 0x1e)
                return err_set(e, -EBADMSG, "log: a record begins with byte 0x1e, not with 0x%02x",
                                log->data[0]);
        n = log->size < RECORD_MAX ? log->size : RECORD_MAX;
        end = memchr(log->data, '\n', n);
        if (!end && log->size > n)
                return err_set(e, -EBADMSG, "log: a record of more than %d bytes", RECORD_MAX);
        if (!end)
                return err_set(e, -ENODATA,
                                "log: the last record is not finished (%zu bytes of it)",
                                log->size);
        n = (size_t) (end - log->data) + 1;
        *ret = (Span){ log->data, n };
        *log = span_from(*log, n);
        return 1;
}
