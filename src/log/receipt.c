/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/receipt.h"

#include <errno.h>

#include "base/cursor.h"
#include "port/crypto.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"

int receipt_qualifying(Span content, Digest *ret, Err *e) {
        /* with its NUL */
        static const Span label = { (const uint8_t *) "avouch-glass/v1", 16 };

        return hash_parts(HASH_SHA256, (Span[]){ label, content }, 2, ret, e);
}

int receipt_counter_name(uint8_t ret[TPM_NAME_SHA256], Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(128);
        NvPublic p = nv_counter();
        Span bytes;
        Digest d;
        int rc;

        p.attributes |= NV_WRITTEN;
        nv_public_write(&p, &b);
        rc = buf_end(&b, &bytes);
        if (rc < 0)
                return err_set(e, rc, "no memory for the counter's name");
        rc = hash_bytes(HASH_SHA256, bytes, &d, e);
        if (rc < 0)
                return rc;
        tpm_name(&d, ret);
        return 0;
}

static int no(Err *why, const char *text) {
        (void) err_set(why, -EBADMSG, "%s", text);
        return 0;
}

int receipt_says(Span attest, Span content, uint64_t value, Err *why, Err *e) {
        uint8_t name[TPM_NAME_SHA256];
        Digest wanted;
        NvCertified c = {};
        Cursor at;
        int rc;

        rc = receipt_counter_name(name, e);
        if (rc == 0)
                rc = receipt_qualifying(content, &wanted, e);
        if (rc < 0)
                return rc;
        if (nv_certified_parse(attest, &c, why) < 0)
                return 0;
        if (!span_equal(c.index_name, (Span){ name, sizeof(name) }))
                return no(why, "its receipt is over another NV index than the counter");
        if (c.offset != 0 || c.contents.size != NV_COUNTER_SIZE)
                return no(why, "its receipt does not show the whole counter");
        if (!span_equal(c.head.extra, digest_span(&wanted)))
                return no(why, "its receipt was given for something else");
        at = cursor_over(c.contents);
        if (cursor_u64be(&at) != value)
                return no(why, "its receipt was given at another value of the counter");
        return 1;
}
