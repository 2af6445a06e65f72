/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/verity.h"

#include <errno.h>
#include <inttypes.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { BLOCK = 4096, HASH_TYPE = 1, SALT_MAX = 256 };

typedef struct crypt_device Device;

static void device_done(Device **d) {
        crypt_free(*d);
}

/* What libcryptsetup says last is why it failed; it goes to e, and not to the terminal. */
typedef struct Said {
        char text[160];
} Said;

static void listen(int level, const char *text, void *said) {
        Said *s = said;

        if (level == CRYPT_LOG_ERROR)
                (void) snprintf(s->text, sizeof(s->text), "%s", text);
}

static int failed(const VerityParams *p, int rc, const Said *said, Err *e) {
        size_t n = strcspn(said->text, "\n");

        if (n > 0)
                return err_set(e, rc, "%s: no hash tree could be made: %.*s", p->data, (int) n,
                                said->text);
        return err_set(e, rc, "%s: no hash tree could be made: %s", p->data, strerror(-rc));
}

static int check(const VerityParams *p, Err *e) {
        if (p->size == 0 || p->size % BLOCK != 0 || p->hash_offset % BLOCK != 0)
                return err_set(e, -EINVAL,
                                "%s: %" PRIu64 " bytes of data, tree at %" PRIu64
                                ": not in steps of %d",
                                p->data, p->size, p->hash_offset, BLOCK);
        if (p->salt.size > SALT_MAX)
                return err_set(e, -EINVAL, "%s: a salt of %zu bytes; at most %d fit", p->data,
                                p->salt.size, SALT_MAX);
        return 0;
}

int verity_format(const VerityParams *p, Digest *ret_root_hash, Err *e) {
        _cleanup_(device_done) Device *device = NULL;
        struct crypt_params_verity how = {
                .hash_name = "sha256",
                .data_device = p->data,
                .salt = (const char *) p->salt.data,
                .salt_size = (uint32_t) p->salt.size,
                .hash_type = HASH_TYPE,
                .data_block_size = BLOCK,
                .hash_block_size = BLOCK,
                .data_size = p->size / BLOCK,
                .hash_area_offset = p->hash_offset,
                .flags = CRYPT_VERITY_CREATE_HASH,
        };
        Digest root = digest_zero(HASH_SHA256);
        size_t size = root.size;
        char uuid[UUID_TEXT_SIZE];
        Said said = {};
        int rc;

        rc = check(p, e);
        if (rc < 0)
                return rc;
        text_uuid(p->uuid, uuid);

        crypt_set_log_callback(NULL, listen, &said); /* there is no device yet to set it for */
        rc = crypt_init(&device, p->hash);
        crypt_set_log_callback(NULL, NULL, NULL);
        if (rc < 0)
                return failed(p, rc, &said, e);
        crypt_set_log_callback(device, listen, &said);
        rc = crypt_format(device, CRYPT_VERITY, NULL, NULL, uuid, NULL, 0, &how);
        if (rc < 0)
                return failed(p, rc, &said, e);
        rc = crypt_volume_key_get(device, CRYPT_ANY_SLOT, (char *) root.bytes, &size, NULL, 0);
        if (rc < 0 || size != root.size)
                return failed(p, rc < 0 ? rc : -EIO, &said, e);

        *ret_root_hash = root;
        return 0;
}
