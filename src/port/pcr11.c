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
                path = span_from(path, step);
        }

        *value = next;
        return 0;
}

bool pcr11_is_path(Span path) {
        uint8_t before = ':';

        for (size_t i = 0; i < path.size; before = path.data[i++])
                if (path.data[i] <= ' ' || path.data[i] >= 0x7f || path.data[i] == '"' ||
                                path.data[i] == '\\' || (path.data[i] == ':' && before == ':'))
                        return false;
        return before != ':';
}

int pcr11_policy(const Digest *value, Digest *ret, Err *e) {
        const uint8_t command[] = { 0x00, 0x00, 0x01, 0x7f }; /* TPM_CC_PolicyPCR */
        const uint8_t selection[] = { 0, 0, 0, 1, (uint8_t) (value->alg >> 8), (uint8_t) value->alg,
                3, 0x00, 1 << (11 - 8), 0x00 };
        Digest before = digest_zero(HASH_SHA256), values;
        int rc;

        rc = hash_bytes(HASH_SHA256, digest_span(value), &values, e);
        if (rc < 0)
                return rc;
        return hash_parts(HASH_SHA256,
                        (Span[]){ digest_span(&before), { command, sizeof(command) },
                                        { selection, sizeof(selection) }, digest_span(&values) },
                        4, ret, e);
}
