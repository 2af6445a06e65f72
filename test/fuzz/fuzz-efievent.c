/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/check.h"
#include "wire/efievent.h"

/* Written again, a body is the same bytes; the parts of one lie within it; text is UTF-8. */
static void check_text(Span utf16) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8 * utf16.size + 8);
        Span rest;

        efi_text(utf16, &b);
        check(b.failed == 0);
        for (rest = buf_span(&b); rest.size > 0;) {
                size_t n = text_utf8(rest, NULL);

                check(n > 0);
                rest = span_from(rest, n);
        }
}

static void check_table(Span body, const EfiTable *t) {
        check(t->disk.size == EFI_GUID_SIZE &&
                        t->entries.size == t->n_entries * EFI_PARTITION_SIZE);
        check(t->entries.size == 0 || t->entries.data + t->entries.size == body.data + body.size);
        for (size_t i = 0; i < t->n_entries; i++) {
                EfiPartition p = efi_table_entry(t, i);

                check(p.type.data == t->entries.data + i * EFI_PARTITION_SIZE);
                check(p.name.data + p.name.size == p.type.data + EFI_PARTITION_SIZE);
                check_text(p.name);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(size + 64);
        Span body = { data, size };
        uint8_t locality = 0;
        EfiVariable v;
        EfiTagged t;
        EfiTable table;
        EfiImage i;
        Err e = {};

        if (efi_variable_parse(body, &v, &e) == 0) {
                check_text(v.name);
                buf_bytes(&b, v.guid);
                buf_le(&b, v.name.size / 2, 8);
                buf_le(&b, v.data.size, 8);
                buf_bytes(&b, v.name);
                buf_bytes(&b, v.data);
                check(span_equal(buf_span(&b), body));
        } else {
                check(e.code < 0);
        }
        buf_done(&b);
        if (efi_image_parse(body, &i, NULL) == 0) {
                buf_le(&b, i.base, 8);
                buf_le(&b, i.size, 8);
                buf_le(&b, i.link_time, 8);
                buf_le(&b, i.path.size, 8);
                buf_bytes(&b, i.path);
                check(span_equal(buf_span(&b), body));
        }
        buf_done(&b);
        if (efi_tagged_parse(body, &t, NULL) == 0) {
                buf_le(&b, t.id, 4);
                buf_le(&b, t.data.size, 4);
                buf_bytes(&b, t.data);
                check(span_equal(buf_span(&b), body));
        }
        if (efi_table_parse(body, &table, NULL) == 0)
                check_table(body, &table);
        if (efi_locality(body, &locality))
                check(size == 17 && locality == data[16]);
        check_text(body);
        return 0;
}
