/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/sealed.h"

#include <assert.h>
#include <errno.h>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/json.h"

#define HEAD SPAN_LITERAL("avouch/sealed/v1\n")
#define END SPAN_LITERAL("end\n")

enum { PCRS_TEXT_MAX = 256 };

/* A line that has to be there: its value. */
static Span take_line(Cursor *c, const char *key, size_t max) {
        cursor_expect(c, span_of(key), "another line than the one that has to stand here");
        return cursor_until(c, '\n', max);
}

/* Exactly size bytes. */
static void take_bytes(Cursor *c, const char *key, uint8_t *into, size_t size) {
        size_t at = c->at;
        Span hex = take_line(c, key, 2 * size);

        if (!cursor_failed(c) && !text_unhex(hex, into, size))
                cursor_reject_at(c, at, "not the lower-case hex digits that have to stand here");
}

/* One byte to max of them. */
static size_t take_some(Cursor *c, const char *key, uint8_t *into, size_t max) {
        size_t at = c->at;
        Span hex = take_line(c, key, 2 * max);

        if (hex.size == 0 || !text_unhex(hex, into, hex.size / 2))
                cursor_reject_at(c, at, "not bytes in lower-case hex digits");
        return hex.size / 2;
}

/* x or r, and y or s */
static void take_two(Cursor *c, const char *key, uint8_t first[static SEALED_NUMBER],
                uint8_t second[static SEALED_NUMBER]) {
        uint8_t both[2 * SEALED_NUMBER] = {};

        take_bytes(c, key, both, sizeof(both));
        memcpy(first, both, SEALED_NUMBER);
        memcpy(second, both + SEALED_NUMBER, SEALED_NUMBER);
}

/* Only the spelling that we write: a selection has many. */
static bool read_pcrs(Span text, PcrSelection *ret) {
        char copy[PCRS_TEXT_MAX + 1] = {};
        _cleanup_(buf_done) Buf again = BUF_UP_TO(PCRS_TEXT_MAX);

        assert(text.size <= PCRS_TEXT_MAX);
        if (text.size > 0)
                memcpy(copy, text.data, text.size);
        if (pcr_selection_from_text(copy, ret, NULL) < 0)
                return false;
        for (size_t i = 0; i < ret->n_banks; i++)
                if (!hash_proves(ret->banks[i].alg))
                        return false;
        pcr_selection_text(ret, &again);
        return again.failed == 0 && span_equal(buf_span(&again), text);
}

static void take_pcrs(Cursor *c, Sealed *s) {
        size_t at = c->at;
        Span text = take_line(c, "pcrs ", PCRS_TEXT_MAX);

        if (!cursor_failed(c) && !read_pcrs(text, &s->pcrs))
                cursor_reject_at(c, at, "not a selection of PCRs in its one spelling");
        s->pcr_digest = digest_zero(HASH_SHA256);
        take_bytes(c, "pcr-digest ", s->pcr_digest.bytes, s->pcr_digest.size);
}

static void take_approval(Cursor *c, Sealed *s) {
        size_t at = c->at;

        s->approved = cursor_skip(c, SPAN_LITERAL("count "));
        if (!s->approved)
                return;
        if (!text_number(cursor_until(c, '\n', 20), JSON_INTEGER_MAX, &s->count) &&
                        !cursor_failed(c))
                cursor_reject_at(c, at, "not a count");
        take_two(c, "signature ", s->r, s->s);
}

static void take_data(Cursor *c, Sealed *s) {
        size_t at;

        s->has_data = cursor_skip(c, SPAN_LITERAL("nonce "));
        if (!s->has_data)
                return;
        take_bytes(c, "", s->nonce, SEALED_NONCE);
        take_bytes(c, "tag ", s->tag, SEALED_TAG);
        at = c->at;
        s->data = take_line(c, "data ", 2 * (size_t) SEALED_SECRET_MAX);
        for (size_t i = 0; i + 1 < s->data.size; i += 2) {
                uint8_t unused;

                if (!text_unhex((Span){ s->data.data + i, 2 }, &unused, 1))
                        cursor_reject_at(c, at, "not bytes in lower-case hex digits");
        }
        if (s->data.size == 0 || s->data.size % 2 != 0)
                cursor_reject_at(c, at, "not bytes in lower-case hex digits");
}

int sealed_parse(Span text, Sealed *ret, Err *e) {
        Cursor c = cursor_over(text);
        Sealed s = {};
        int rc;

        if (text.size > SEALED_MAX)
                return err_set(e, -E2BIG, "sealed secret: larger than %d bytes", SEALED_MAX);

        cursor_expect(&c, HEAD, "no sealed secret of version 1");
        take_bytes(&c, "id ", s.id, SEALED_ID);
        take_two(&c, "key ", s.x, s.y);
        take_pcrs(&c, &s);
        take_approval(&c, &s);
        s.public_size = take_some(&c, "public ", s.public, sizeof(s.public));
        s.private_size = take_some(&c, "private ", s.private, sizeof(s.private));
        take_data(&c, &s);
        cursor_expect(&c, END, "a line that is unknown, out of order or there twice");
        if (cursor_left(&c) > 0)
                cursor_reject(&c, "bytes behind the end");

        rc = cursor_end(&c, "sealed secret", e);
        if (rc < 0)
                return rc;

        *ret = s;
        return 0;
}

static void put_bytes(Buf *to, const char *key, Span bytes) {
        buf_string(to, key);
        text_hex(to, bytes);
        buf_byte(to, '\n');
}

static void put_two(Buf *to, const char *key, const uint8_t *first, const uint8_t *second) {
        buf_string(to, key);
        text_hex(to, (Span){ first, SEALED_NUMBER });
        put_bytes(to, "", (Span){ second, SEALED_NUMBER });
}

void sealed_write(const Sealed *s, Buf *to) {
        size_t before = to->size;
        Sealed again;

        buf_bytes(to, HEAD);
        put_bytes(to, "id ", (Span){ s->id, SEALED_ID });
        put_two(to, "key ", s->x, s->y);
        buf_string(to, "pcrs ");
        pcr_selection_text(&s->pcrs, to);
        buf_byte(to, '\n');
        put_bytes(to, "pcr-digest ", digest_span(&s->pcr_digest));
        if (s->approved) {
                buf_printf(to, "count %llu\n", (unsigned long long) s->count);
                put_two(to, "signature ", s->r, s->s);
        }
        put_bytes(to, "public ", (Span){ s->public, s->public_size });
        put_bytes(to, "private ", (Span){ s->private, s->private_size });
        if (s->has_data) {
                put_bytes(to, "nonce ", (Span){ s->nonce, SEALED_NONCE });
                put_bytes(to, "tag ", (Span){ s->tag, SEALED_TAG });
                buf_string(to, "data ");
                buf_bytes(to, s->data);
                buf_byte(to, '\n');
        }
        buf_bytes(to, END);
        if (to->failed == 0 && sealed_parse(span_from(buf_span(to), before), &again, NULL) < 0)
                to->failed = -EINVAL;
}
