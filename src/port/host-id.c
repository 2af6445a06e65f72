/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "port/crypto.h"
#include "port/host.h"

/* Ids as libsystemd has them (sd_id128_get_boot(), sd_id128_get_machine_app_specific()), without
 * it: it and what it brings along take a small program a third of its time. test-host compares. */

/* What /etc/machine-id is hashed with, so that our records do not give it away. Drawn once, for
 * ever. */
static const uint8_t application[16] = { 0x5e, 0x1b, 0x66, 0x0d, 0x9c, 0x4e, 0x4a, 0x2b, 0x8f, 0x3d,
        0x70, 0xa2, 0x41, 0x7e, 0xc9, 0x58 };

/* 32 hex digits, where dashes may stand between, and a newline. */
static bool read_id(Span text, uint8_t ret[16]) {
        char hex[32];
        size_t n = 0;

        if (text.size > 0 && text.data[text.size - 1] == '\n')
                text.size--;
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] != '-' && n < sizeof(hex))
                        hex[n++] = (char) text.data[i];
                else if (text.data[i] != '-')
                        return false;
        return n == sizeof(hex) && text_unhex((Span){ (const uint8_t *) hex, n }, ret, 16);
}

int host_boot_id(uint8_t ret[16], Err *e) {
        static const char path[] = "/proc/sys/kernel/random/boot_id";
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64);
        Err why = {};

        if (file_read(path, &text, &why) < 0)
                return err_set(e, why.code, "cannot read this boot's id: %s", why.text);
        if (!read_id(buf_span(&text), ret))
                return err_set(e, -EIO, "cannot read this boot's id: %s is none", path);
        return 0;
}

/* False where the machine has no id yet: no file, or one that says so. */
static bool read_machine_id(uint8_t ret[16]) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64);
        uint8_t id[16];

        /* what systemd calls so in an initrd is drawn for it, and forgotten with it */
        if (access("/etc/initrd-release", F_OK) == 0)
                return false;
        if (file_read("/etc/machine-id", &text, NULL) < 0 || !read_id(buf_span(&text), id) ||
                        span_is_zero((Span){ id, sizeof(id) }))
                return false;
        memcpy(ret, id, sizeof(id));
        return true;
}

int host_machine_id(uint8_t ret[16], Err *e) {
        const Span message = { application, sizeof(application) };
        uint8_t id[16];
        Digest d;
        int rc;

        memset(ret, 0, 16);
        if (!read_machine_id(id))
                return 0;
        rc = hmac_sha256((Span){ id, sizeof(id) }, &message, 1, &d, e);
        if (rc < 0)
                return rc;
        memcpy(ret, d.bytes, 16);
        ret[6] = (uint8_t) ((ret[6] & 0x0f) | 0x40); /* as a UUID of version 4 */
        ret[8] = (uint8_t) ((ret[8] & 0x3f) | 0x80);
        return 0;
}
