/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/pcr11.h"

#include "port/crypto.h"

#define INITRD "enter-initrd"
#define SWITCHED INITRD ":leave-initrd"
#define SYSINIT SWITCHED ":sysinit"
#define READY SYSINIT ":ready"

const char *const pcr11_phase_paths[] = { INITRD, SWITCHED, SYSINIT, READY, NULL };

static int extend_with(Digest *value, Span bytes, Err *e) {
        Digest d;
        int rc;

        rc = hash_bytes(value->alg, bytes, &d, e);
        return rc < 0 ? rc : hash_extend(value, &d, e);
}

int pcr11_section(Digest *value, const char *name, const Digest *contents, Err *e) {
        Digest next = *value;
        int rc;

        rc = extend_with(&next, (Span){ (const uint8_t *) name, strlen(name) + 1 }, e);
        if (rc == 0)
                rc = hash_extend(&next, contents, e);
        if (rc < 0)
                return rc;

        *value = next;
        return 0;
}

int pcr11_phases(Digest *value, Span path, Err *e) {
        Digest next = *value;

        while (path.size > 0) {
                const uint8_t *colon = memchr(path.data, ':', path.size);
                size_t n = colon ? (size_t) (colon - path.data) : path.size,
                       step = n + (colon ? 1 : 0);
                int rc = n > 0 ? extend_with(&next, (Span){ path.data, n }, e) : 0;

                if (rc < 0)
                        return rc;
                path = (Span){ path.data + step, path.size - step };
        }

        *value = next;
        return 0;
}
