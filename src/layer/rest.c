/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/rest.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "layer/table.h"
#include "port/cms.h"

static int check_tables(const Layer *l, Err *e) {
        _cleanup_(tables_done) Tables *t = NULL;
        int rc;

        rc = tables_read(l->fd, l->path, &t, e);
        return rc < 0 ? rc : tables_check(t, l->fd, l->path, e);
}

/* what: that it lies behind */
static int check_zeros(const Layer *l, const char *what, uint64_t from, uint64_t to, Err *e) {
        for (uint64_t at = from; at < to;) {
                uint8_t block[VERITY_BLOCK];
                size_t n = to - at < sizeof(block) ? (size_t) (to - at) : sizeof(block);
                int rc;

                rc = file_read_at(l->fd, l->path, at, block, n, e);
                if (rc < 0)
                        return rc;
                for (size_t i = 0; i < n; i++)
                        if (block[i] != 0)
                                return err_set(e, -EBADMSG,
                                                "%s: byte %" PRIu64
                                                " of the file, behind the %s, is not zero",
                                                l->path, at + i, what);
                at += n;
        }
        return 0;
}

static int check_padding(const Layer *l, Err *e) {
        uint64_t at = l->tree.hash_offset, data = l->tree.data_offset;
        VerityLayout layout;
        int rc;

        rc = verity_layout(l->tree.data_blocks, &layout, e);
        if (rc == 0)
                rc = check_zeros(
                                l, "superblock", at + VERITY_SUPERBLOCK_SIZE, at + VERITY_BLOCK, e);
        if (rc == 0)
                rc = check_zeros(l, "hash tree", at + layout.total * VERITY_BLOCK,
                                at + l->hash_size, e);
        if (rc == 0)
                rc = check_zeros(l, "data", data + l->tree.data_blocks * VERITY_BLOCK,
                                data + l->data_size, e);
        return rc;
}

static int wrong_signature(const Layer *l, const char *why, Err *e) {
        return err_set(e, -EBADMSG, "%s: signature partition at byte %" PRIu64 ": %s", l->path,
                        l->signature_offset, why);
}

/* JSON takes blanks behind its object, and so do its readers; nobody writes them. */
static int check_end_of_signature(const Layer *l, Err *e) {
        uint8_t block[VERITY_BLOCK], last = 0;
        const uint8_t *nul = NULL;
        size_t n = 1;

        for (uint64_t at = l->signature_offset; n > 0 && !nul; at += n) {
                int rc = file_read_some(l->fd, l->path, at, block, sizeof(block), &n, e);
                size_t text;

                if (rc < 0)
                        return rc;
                nul = memchr(block, '\0', n);
                text = nul ? (size_t) (nul - block) : n;
                if (text > 0)
                        last = block[text - 1];
        }
        return last == '}' ? 0 : wrong_signature(l, "blanks behind the JSON object", e);
}

static int check_signature(const Layer *l, Err *e) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        CmsCarried carried;
        bool holds;
        int rc;

        if (!l->has_signature)
                return 0;
        rc = check_end_of_signature(l, e);
        if (rc < 0)
                return rc;
        if (l->has_unknown)
                return wrong_signature(l, "a member that is neither known nor somebody's own", e);
        rc = cms_carried(buf_span(&l->pkcs7), &c, &carried, e);
        if (rc < 0)
                return rc;
        if (carried == CMS_UNFIT)
                return wrong_signature(l, "no signature, or not with its signer's certificate", e);
        if (carried == CMS_BARE)
                return 0; /* whoever has the certificate can tell */
        if (l->has_fingerprint && memcmp(l->fingerprint, c.fingerprint.bytes, 32) != 0)
                return wrong_signature(l, "certificateFingerprint is of another certificate", e);
        rc = layer_signed_by(l, &c, &holds, e);
        if (rc < 0)
                return rc;
        return holds ? 0 : wrong_signature(l, "it does not hold for the certificate in it", e);
}

int rest_check(const Layer *l, Err *e) {
        static int (*const checks[])(
                        const Layer *, Err *) = { check_tables, check_padding, check_signature };

        for (size_t i = 0; i < ELEMENTS(checks); i++) {
                int rc = checks[i](l, e);

                if (rc < 0)
                        return rc;
        }
        return 0;
}
