/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "port/tpm-tss2.h"
#include "tools/place.h"
#include "tools/readiness.h"
#include "tools/tool.h"
#include "wire/nvpublic.h"

typedef struct Args {
        const char *tpm, *json;
} Args;

static const Option options[] = {
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print what is the case then as JSON",
                        offsetof(Args, json) },
        {},
};

/* Says what was done; where the answer is JSON it goes beside it. */
static void done(const Args *a, const char *what, const char *name) {
        FILE *to = a->json ? stderr : stdout;

        fprintf(to, "%s ", what);
        text_print(to, span_of(name));
        fprintf(to, "\n");
}

static int make_folder(const Args *a, Err *e) {
        const char *path = place_state_folder();
        struct stat st;
        int rc;

        if (stat(path, &st) == 0)
                return 0;
        rc = dir_make(path, 0700, e);
        if (rc == 0)
                done(a, "made", path);
        return rc;
}

/* Here, and never in the boot path: NV space is scarce, and some TPMs take seconds (performance:
 * NV_DefineSpace). What has the counter's place already is not touched: a person has to look. */
static int define_counter(const Args *a, Err *e) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX),
                                there = BUF_UP_TO(TPM_PUBLIC_MAX);
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        const NvPublic counter = nv_counter();
        char name[32];
        int rc;

        rc = tpm_open(place_tcti(a->tpm), &tpm, e);
        if (rc == 0)
                rc = tpm_nv_public(tpm, counter.index, &there, e);
        if (rc != 0)
                return rc < 0 ? rc : 0;
        nv_public_write(&counter, &public);
        rc = tpm_nv_define(tpm, buf_span(&public), e);
        (void) snprintf(name, sizeof(name), "0x%08x", counter.index);
        if (rc == 0)
                done(a, "defined the counter", name);
        return rc;
}

static int run(void *values, char *const *operands, Err *e) {
        const Args *a = values;
        Readiness r;
        int rc;

        (void) operands;
        rc = make_folder(a, e);
        if (rc == 0)
                rc = define_counter(a, e);
        if (rc == 0)
                rc = readiness_look(a->tpm, &r, e);
        if (rc == 0)
                rc = readiness_print(&r, a->json, e);
        if (rc < 0)
                return rc;
        return readiness_able(&r) ? EXIT_YES : EXIT_NO;
}

static const Verb verbs[] = {
        { "", NULL, NULL, 0, 0, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch setup",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
