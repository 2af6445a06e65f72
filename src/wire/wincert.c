/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/wincert.h"

#include "base/cursor.h"

enum { HEAD_SIZE = 8, ALIGNMENT = 8 };

static size_t padding_of(size_t length) {
        return (ALIGNMENT - length % ALIGNMENT) % ALIGNMENT;
}

static WinCert read_one(Cursor *c) {
        WinCert w = {};
        size_t start = c->at;
        uint32_t length = cursor_u32le(c);

        w.revision = cursor_u16le(c);
        w.type = cursor_u16le(c);
        if (length < HEAD_SIZE) {
                cursor_reject_at(c, start, "a certificate that is shorter than its head");
                return w;
        }
        w.bytes = cursor_bytes(c, length - HEAD_SIZE);
        cursor_expect_zeros(c, padding_of(length), "padding that is not zero");
        return w;
}

int wincerts_parse(Span table, WinCerts *ret, Err *e) {
        Cursor c = cursor_over(table);
        WinCerts all = {};
        int rc;

        while (cursor_left(&c) > 0) {
                if (all.n == SIGNERS_MAX) {
                        cursor_reject(&c, "more certificates than allowed");
                        break;
                }
                all.list[all.n] = read_one(&c);
                all.n++;
        }
        rc = cursor_end(&c, "certificate table", e);
        if (rc < 0)
                return rc;

        *ret = all;
        return 0;
}

void wincert_put(Buf *table, Span pkcs7) {
        size_t length = HEAD_SIZE + pkcs7.size;

        buf_le(table, length, 4);
        buf_le(table, WINCERT_REVISION_2, 2);
        buf_le(table, WINCERT_PKCS7, 2);
        buf_bytes(table, pkcs7);
        buf_zeros(table, padding_of(length));
}
