/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/imastart.h"

#include <errno.h>

#include "base/buf.h"
#include "port/crypto.h"
#include "wire/ima.h"

/* PCRs 0 to 9: ima_calc_boot_aggregate_tfm(), Linux 5.8; and before that */
enum { AGGREGATED = 10, AGGREGATED_ONCE = 8 };

/* The fields of a template, each behind its length (Documentation/security/IMA-templates.rst):
 * "ima-ng" is d-ng|n-ng, "ima-sig" is d-ng|n-ng|sig. There is no signature here. */
static void put_template(Buf *to, const Digest *aggregate, bool with_signature) {
        static const char name[] = "boot_aggregate"; /* with its NUL */
        const char *alg = hash_name(aggregate->alg);

        buf_le(to, strlen(alg) + 2 + aggregate->size, 4);
        buf_string(to, alg);
        buf_bytes(to, SPAN_LITERAL(":\0"));
        buf_bytes(to, digest_span(aggregate));
        buf_le(to, sizeof(name), 4);
        buf_bytes(to, (Span){ (const uint8_t *) name, sizeof(name) });
        if (with_signature)
                buf_le(to, 0, 4);
}

static int try_template(const Digest *aggregate, bool with_signature, const Digest *quoted,
                bool *ret, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        Digest value = digest_zero(quoted->alg), with;
        Span bytes;
        int rc;

        put_template(&b, aggregate, with_signature);
        rc = buf_end(&b, &bytes);
        if (rc < 0)
                return err_set(e, rc, "no memory for IMA's first record");
        rc = hash_bytes(quoted->alg, bytes, &with, e);
        if (rc < 0)
                return rc;
        rc = hash_extend(&value, &with, e);
        if (rc < 0)
                return rc;
        *ret = digest_equal(&value, quoted);
        return 0;
}

/* Over the first n PCRs of one bank. */
static int hash_registers(const Digest *values, size_t n, Digest *ret, Err *e) {
        Span parts[AGGREGATED];

        for (size_t pcr = 0; pcr < n; pcr++)
                parts[pcr] = digest_span(&values[pcr]);
        return hash_parts(values[0].alg, parts, n, ret, e);
}

/* By the values of one bank, which is that of IMA's own hash and need not be the quoted one. */
static int try_bank(const Digest *values, const Digest *quoted, bool *ret, Err *e) {
        Digest aggregate;
        int rc;

        rc = hash_registers(values, AGGREGATED, &aggregate, e);
        if (rc == 0)
                rc = try_template(&aggregate, false, quoted, ret, e);
        if (rc == 0 && !*ret)
                rc = try_template(&aggregate, true, quoted, ret, e);
        return rc;
}

int ima_start_is(const PcrValues *firmware, const Digest *quoted, bool *ret, Err *e) {
        int rc = 0;

        *ret = false;
        for (size_t b = 0; rc == 0 && !*ret && b < firmware->held.n_banks; b++)
                if (hash_proves(firmware->held.banks[b].alg))
                        rc = try_bank(firmware->digests[b], quoted, ret, e);
        return rc;
}

static int compare(const Digest *values, Span told, ImaStart *ret, Err *e) {
        static const size_t numbers[] = { AGGREGATED, AGGREGATED_ONCE };
        ImaStart start = IMA_START_OTHER;
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < ELEMENTS(numbers); i++) {
                Digest aggregate = {};

                rc = hash_registers(values, numbers[i], &aggregate, e);
                if (rc == 0 && span_equal(digest_span(&aggregate), told))
                        start = IMA_START_FITS;
        }
        *ret = start;
        return rc;
}

int ima_start_compare(Span list, const PcrValues *firmware, ImaStart *ret, Err *e) {
        ImaLog log = ima_over(list);
        ImaEntry first = {};

        *ret = IMA_START_NONE;
        if (ima_next(&log, &first, NULL) <= 0 || !span_is(first.name, "boot_aggregate"))
                return 0;
        *ret = IMA_START_UNKNOWN;
        for (size_t b = 0; b < firmware->held.n_banks; b++)
                if (firmware->held.banks[b].alg == hash_of_name(first.alg))
                        return compare(firmware->digests[b], first.digest, ret, e);
        return 0;
}
