/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/readiness.h"
#include "tools/tool.h"

typedef struct Args {
        const char *tpm, *json;
} Args;

static const Option options[] = {
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print the findings as JSON", offsetof(Args, json) },
        {},
};

static int run(void *values, char *const *operands, Err *e) {
        const Args *a = values;

        (void) operands;
        return readiness_answer(a->tpm, a->json, e);
}

static const Verb verbs[] = {
        { "", NULL, NULL, 0, 0, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch status",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
