/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/counter.h"

#include <errno.h>

#include "base/cursor.h"
#include "wire/json.h"
#include "wire/nvpublic.h"

/* Reading is harmless: an answer that got lost is asked for once more. */
static int read_value(Tpm *t, Counter *ret, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(NV_COUNTER_SIZE);
        Cursor c;
        int rc;

        rc = tpm_nv_read(t, NV_COUNTER_INDEX, NV_COUNTER_SIZE, &b, NULL);
        if (rc == -ENODATA) {
                *ret = (Counter){};
                return 0;
        }
        if (rc < 0) {
                buf_done(&b);
                rc = tpm_nv_read(t, NV_COUNTER_INDEX, NV_COUNTER_SIZE, &b, e);
        }
        if (rc < 0)
                return rc;
        c = cursor_over(buf_span(&b));
        *ret = (Counter){ .written = true, .value = cursor_u64be(&c) };
        if (ret->value >= (uint64_t) JSON_INTEGER_MAX)
                return err_set(e, -ERANGE, "the counter is at %llu, which no record can hold",
                                (unsigned long long) ret->value);
        return 0;
}

static int read_public(Tpm *t, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        NvPublic p;
        int rc;

        rc = tpm_nv_public(t, NV_COUNTER_INDEX, &b, NULL);
        if (rc < 0) {
                buf_done(&b);
                rc = tpm_nv_public(t, NV_COUNTER_INDEX, &b, e);
        }
        if (rc <= 0)
                return rc;
        rc = nv_public_parse(buf_span(&b), &p, e);
        if (rc == 0)
                rc = nv_check_counter(&p, e);
        return rc < 0 ? rc : 1;
}

int counter_state(Tpm *t, Counter *ret, Err *e) {
        int rc;

        rc = read_public(t, e);
        if (rc <= 0)
                return rc;
        rc = read_value(t, ret, e);
        return rc < 0 ? rc : 1;
}

int counter_raise(Tpm *t, Counter *c, Err *e) {
        Err first = {};
        Counter now;
        int rc;

        rc = tpm_nv_increment(t, NV_COUNTER_INDEX, &first);
        if (rc == 0 && c->written) {
                c->value++;
                return 0;
        }
        /* what the first increment gave, or what became of one whose answer was lost */
        if (read_value(t, &now, NULL) < 0)
                return err_set(e, rc < 0 ? rc : -EIO, "%s",
                                rc < 0 ? first.text : "the counter cannot be read");
        if (rc < 0 && now.written == c->written && now.value == c->value) {
                rc = tpm_nv_increment(t, NV_COUNTER_INDEX, NULL);
                if (rc < 0)
                        return err_set(e, rc, "%s", first.text);
                if (c->written) {
                        c->value++;
                        return 0;
                }
                rc = read_value(t, &now, e);
                if (rc < 0)
                        return rc;
        }
        if (c->written && now.value != c->value + 1)
                return err_set(e, -ESTALE,
                                "the counter is at %llu, not at %llu: somebody else moved it",
                                (unsigned long long) now.value, (unsigned long long) c->value + 1);
        *c = now;
        return 0;
}

static int define(Tpm *t, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
        NvPublic p = nv_counter();
        Err first = {};
        int rc;

        nv_public_write(&p, &b);
        rc = b.failed;
        if (rc < 0)
                return err_set(e, rc, "no memory to define the counter");
        rc = tpm_nv_define(t, buf_span(&b), &first);
        if (rc == -ENOSPC)
                return err_set(e, rc,
                                "%s; openings cannot be counted until another NV index is removed",
                                first.text);
        /* it is there where only the answer was lost */
        if (rc < 0 && read_public(t, NULL) <= 0)
                rc = tpm_nv_define(t, buf_span(&b), NULL);
        else
                rc = 0;
        return rc < 0 ? err_set(e, rc, "%s", first.text) : 0;
}

int counter_define(Tpm *t, Counter *ret, Err *e) {
        Counter c = {};
        int rc;

        rc = counter_state(t, &c, e);
        if (rc < 0)
                return rc;
        if (rc > 0 && c.written) {
                *ret = c;
                return 0;
        }
        if (rc == 0)
                rc = define(t, e);
        if (rc >= 0)
                rc = counter_raise(t, &c, e);
        if (rc < 0)
                return rc;
        *ret = c;
        return 1;
}
