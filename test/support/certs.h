/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keys and certificates that live as long as a test. Include after unit/suite.h. */

#include "port/x509.h"
#include "support/scratch.h"

/* Makes NAME.key and NAME.pem: kind is "rsa:2048" or "ec" (P-256). */
static inline void certs_make(const Scratch *s, const char *name, const char *kind) {
        char key[64], pem[64], subject[64];

        (void) snprintf(key, sizeof(key), "%s.key", name);
        (void) snprintf(pem, sizeof(pem), "%s.pem", name);
        (void) snprintf(subject, sizeof(subject), "/CN=%s", name);
        assert_int_equal(scratch_tool(s, "openssl", "req", "-x509", "-nodes", "-days", "2",
                                         "-newkey", kind, "-pkeyopt",
                                         strcmp(kind, "ec") == 0 ? "ec_paramgen_curve:P-256"
                                                                 : "rsa_keygen_pubexp:65537",
                                         "-subj", subject, "-keyout", key, "-out", pem),
                        0);
}

static inline void certs_load(const Scratch *s, const char *name, Certificate *ret) {
        char pem[64];

        (void) snprintf(pem, sizeof(pem), "%s.pem", name);
        assert_int_equal(certificate_load(scratch_path(s, pem).text, ret, NULL), 0);
}
