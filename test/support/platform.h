/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include "port/x509.h"
#include "support/case.h"
#include "support/firmlog.h"
#include "wire/efievent.h"

/* A machine whose firmware's log is judged: an honest one, of which a test changes one thing. */

typedef struct Machine {
        FirmLog log;
        Buf certificate;
        uint8_t fingerprint[32];
        Case c;
} Machine;

static inline void machine_begin(Machine *m, bool secure_boot) {
        static const HashAlg sha256 = HASH_SHA256;
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;

        *m = (Machine){ .log = firmlog_new(&sha256, 1), .certificate = BUF_UP_TO(4096) };
        firmlog_certificate(&m->certificate, "vendor");
        assert_int_equal(certificate_read(buf_span(&m->certificate), &c, NULL), 0);
        memcpy(m->fingerprint, c.fingerprint.bytes, 32);
        firmlog_boot(&m->log, &(FirmBoot){ .secure_boot = secure_boot,
                                              .certificate = buf_span(&m->certificate) });
        case_begin(&m->c);
        m->c.policy.required = 1u << CLAIM_FIRMWARE;
}

static inline void machine_done(Machine *m) {
        firmlog_done(&m->log);
        buf_done(&m->certificate);
        case_end(&m->c);
}

static inline void judge(Machine *m) {
        forge_firmware(&m->c.forge, &m->log);
        case_judge(&m->c);
}

#define assert_said(m, claim_state, words)                                                         \
        do {                                                                                       \
                const char *reason_ = (m)->c.judgement.verdict.reasons[CLAIM_FIRMWARE];            \
                                                                                                   \
                if (case_state(&(m)->c, CLAIM_FIRMWARE) != (claim_state) ||                        \
                                !strstr(reason_, words))                                           \
                        fail_msg("%s: '%s', not '%s'",                                             \
                                        claim_state_name(case_state(&(m)->c, CLAIM_FIRMWARE)),     \
                                        reason_, words);                                           \
        } while (0)

/* Puts an event before the n-th of this register and type. */
static inline void insert_before(FirmLog *l, uint32_t pcr, uint32_t type, unsigned n) {
        size_t at = firmlog_find(l, pcr, type, n);

        for (size_t i = l->n - 1; i > at; i--)
                firmlog_swap(l, i, i - 1);
}
