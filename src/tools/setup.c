/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "log/chain.h"
#include "measure/config.h"
#include "measure/counter.h"
#include "measure/ledger.h"
#include "measure/nvregister.h"
#include "port/tpm-tss2.h"
#include "tools/counting.h"
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

        if (!path)
                return err_set(e, -EOPNOTSUPP, "an initrd is nothing that can be set up");
        if (stat(path, &st) == 0)
                return 0;
        rc = dir_make(path, 0700, e);
        if (rc == 0)
                done(a, "made", path);
        return rc;
}

static void done_counter(const Args *a) {
        char name[32];

        (void) snprintf(name, sizeof(name), "0x%08x", NV_COUNTER_INDEX);
        done(a, "defined the counter", name);
}

/* Counter and history, wherever this machine can begin them. */
static int begin_counting(const Args *a, Err *e) {
        Counting c;
        int rc;

        rc = counting_begin(a->tpm, &c, e);
        if (rc < 0)
                return rc;
        if (c.defined)
                done_counter(a);
        if (c.began)
                done(a, "began the history in", place_state_folder());
        return 0;
}

/* The counter alone, where the history cannot begin yet, or else why there is none. What has its
 * place already is not touched: a person has to look. */
static int define_counter(const Args *a, Err *e) {
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        Counter counter;
        Err why = {};
        int rc;

        rc = tpm_open(place_tcti(a->tpm), &tpm, e);
        if (rc < 0)
                return rc;
        rc = counter_define(tpm, &counter, &why);
        if (rc == -EBADMSG)
                return 0; /* which is a finding */
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        if (rc > 0)
                done_counter(a);
        return 0;
}

/* The NV indices that lanes go into. Where the TPM has no room they go into the PCR, which the
 * findings say. */
static int define_registers(const Args *a, Err *e) {
        _cleanup_(tpm_close) Tpm *tpm = NULL;
        const char *folders[PLACE_FOLDERS_MAX];
        Config config;
        int rc;

        place_config_folders(folders);
        if (config_load(folders, &config, NULL) < 0)
                return 0; /* which is a finding, as what is wrong with an index is */
        rc = tpm_open(place_tcti(a->tpm), &tpm, e);
        for (Lane lane = 0; rc >= 0 && lane < _LANE_MAX; lane++) {
                const Register reg = config.plan.lanes[lane];
                Err why = {};

                if (reg.kind != REGISTER_NV)
                        continue;
                rc = nvregister_define(tpm, reg.index, &why);
                if (rc > 0)
                        done(a, "defined the register", register_name(reg).text);
                else if (rc == -ENOSPC)
                        fprintf(stderr, "avouch setup: %s; remove another NV index, or choose a PCR\n",
                                        why.text);
                if (rc < 0 && rc != -EBADMSG && rc != -ENOSPC)
                        return err_set(e, rc, "%s", why.text);
                rc = 0;
        }
        return rc;
}

static int run(void *values, char *const *operands, Err *e) {
        const Args *a = values;
        int rc;

        (void) operands;
        rc = make_folder(a, e);
        if (rc == 0)
                rc = define_registers(a, e); /* before the log begins, which names them */
        if (rc == 0)
                rc = begin_counting(a, e);
        if (rc == 0)
                rc = define_counter(a, e);
        return rc < 0 ? rc : readiness_answer(a->tpm, a->json, e);
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
