/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "measure/sealpolicy.h"
#include "port/memory.h"
#include "tools/tool.h"
#include "wire/json.h"

typedef struct Args {
        const char *private, *count, *output;
        bool first;
} Args;

static const Option options[] = {
        { "private-key", 0, OPTION_VALUE, "PEM", "The P-256 key that approves",
                        offsetof(Args, private) },
        { "count", 0, OPTION_VALUE, "N", "Up to which count of the odometer the secret opens",
                        offsetof(Args, count) },
        { "first", 0, OPTION_FLAG, NULL,
                        "Approve what the key has not approved before, and believe the file's PCRs",
                        offsetof(Args, first) },
        { "output", 'o', OPTION_VALUE, "PATH", "Where the new file goes (default: in its place)",
                        offsetof(Args, output) },
        {},
};

/* Whoever has the file could have put other PCR values into it: the key approves those that it has
 * approved before, unless it is told to believe. */
static int check(const Sealed *s, const P256Point *key, const Args *a, Err *e) {
        Err why = {};
        int rc;

        if (memcmp(s->x, key->x, sizeof(s->x)) != 0 || memcmp(s->y, key->y, sizeof(s->y)) != 0)
                return err_set(e, -EACCES, "it was sealed for another key than %s", a->private);
        rc = seal_check_approval(s, &why);
        if (rc == -ENOKEY && a->first)
                return 0;
        if (rc == 0 && a->first)
                return err_set(e, -EINVAL, "it was approved before: leave out --first");
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 0;
}

static int approve(const Args *a, uint64_t count, Sealed *s, Err *e) {
        SigningKey *key = NULL;
        P256Point public;
        int rc;

        rc = signing_key_load(a->private, &key, &public, e);
        if (rc < 0)
                return rc;
        rc = check(s, &public, a, e);
        if (rc == 0)
                rc = seal_approve(s, key, count, e);
        signing_key_done(&key);
        return rc;
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(buf_done) Buf old = BUF_UP_TO(SEALED_MAX), new = BUF_UP_TO(SEALED_MAX);
        const Args *a = values;
        uint64_t count = 0;
        Err why = {};
        Sealed s;
        int rc;

        if (!a->private)
                return err_set(e, -EINVAL, "--private-key= is missing: name the key that approves");
        if (!a->count)
                return err_set(e, -EINVAL,
                                "--count= is missing: avouch glass status says where the odometer stands");
        if (!text_number(span_of(a->count), (uint64_t) JSON_INTEGER_MAX, &count))
                return err_set(e, -EINVAL, "'--count=%s' is not a count", a->count);
        rc = file_read(operands[0], &old, e);
        if (rc < 0)
                return rc;
        rc = sealed_parse(buf_span(&old), &s, &why);
        if (rc == 0)
                rc = approve(a, count, &s, &why);
        if (rc < 0)
                return err_set(e, rc, "%s: %s", operands[0], why.text);
        sealed_write(&s, &new);
        if (new.failed < 0)
                return err_set(e, new.failed, "%s: no memory for the new one", operands[0]);
        return file_write(a->output ?: operands[0], 0600, buf_span(&new), e);
}

static const Verb verbs[] = {
        { "", "FILE", NULL, 1, 1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        memory_hide();
        return tool_main(&(Tool){ .name = "avouch renew",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
