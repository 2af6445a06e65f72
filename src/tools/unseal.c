/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "measure/seal.h"
#include "port/memory.h"
#include "port/tpm-tss2-seal.h"
#include "port/tpm-tss2.h"
#include "tools/place.h"
#include "tools/tool.h"

typedef struct Args {
        const char *output, *tpm;
} Args;

static const Option options[] = {
        { "output", 'o', OPTION_VALUE, "PATH",
                        "Where the secret goes, mode 0600 (default: standard output)",
                        offsetof(Args, output) },
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        {},
};

/* Past stdio, which would keep a copy. */
static int write_out(Span secret, Err *e) {
        while (secret.size > 0) {
                ssize_t n = write(STDOUT_FILENO, secret.data, secret.size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_set(e, -errno, "standard output: %s", strerror(errno));
                secret = span_from(secret, (size_t) n);
        }
        return 0;
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(buf_done) Buf file = BUF_UP_TO(SEALED_MAX);
        _cleanup_(secret_done) Secret secret = {};
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        const Args *a = values;
        Err why = {};
        int rc;

        rc = file_read(operands[0], &file, e);
        if (rc == 0)
                rc = secret_new(SEALED_SECRET_MAX, &secret, e);
        if (rc == 0)
                rc = tpm_open_sealing(place_tcti(a->tpm), TPM_PATIENCE, &tpm, e);
        if (rc < 0)
                return rc;
        rc = seal_open(tpm, buf_span(&file), &secret, &why);
        if (rc < 0)
                return err_set(e, rc, "%s: %s", operands[0], why.text);
        return a->output ? file_write(a->output, 0600, secret_span(&secret), e)
                         : write_out(secret_span(&secret), e);
}

static const Verb verbs[] = {
        { "", "FILE", NULL, 1, 1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        memory_hide();
        return tool_main(&(Tool){ .name = "avouch unseal",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
