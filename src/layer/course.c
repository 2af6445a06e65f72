/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/course.h"

#include <errno.h>

#include "port/crypto.h"

void course_begin(Course *c, const Banks *banks) {
        c->banks = *banks;
        c->n = 0;
}

int course_add(Course *c, StepPart part, unsigned pcr, const Digest digests[BANKS_MAX], Err *e) {
        Step *s;

        if (c->n == COURSE_STEPS_MAX)
                return err_set(e, -E2BIG, "more than %d measurements to be foretold",
                                COURSE_STEPS_MAX);
        s = &c->list[c->n++];
        *s = (Step){ .part = part, .pcr = pcr };
        memcpy(s->digests.list, digests, sizeof(s->digests.list));
        return 0;
}

int course_add_bytes(Course *c, StepPart part, unsigned pcr, Span bytes, Err *e) {
        BankDigests d = {};
        int rc = bank_hash_bytes(&c->banks, bytes, &d, e);

        return rc < 0 ? rc : course_add(c, part, pcr, d.list, e);
}

int course_value(const Course *c, unsigned pcr, unsigned n, Digest *ret, Err *e) {
        Digest value = digest_zero(c->banks.list[n]);
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < c->n; i++)
                if (c->list[i].pcr == pcr)
                        rc = hash_extend(&value, &c->list[i].digests.list[n], e);
        if (rc == 0)
                *ret = value;
        return rc;
}
