/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/words.h"
#include "tools/machine.h"
#include "tools/tool.h"

typedef struct Args {
        const char *tpm, *json;
} Args;

static const Option options[] = {
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print what was recorded as JSON", offsetof(Args, json) },
        {},
};

static int record_text(const Args *a, const char *text, Event event,
                int (*how)(Account *, const char *, Err *), Err *e) {
        _cleanup_(machine_done) Machine m = {};
        int rc;

        rc = machine_open(a->tpm, &m, e);
        if (rc < 0)
                return rc;
        rc = how(&m.account, text, e);
        if (rc < 0)
                return rc;
        return machine_print_last(&m, event, a->json, e);
}

static int run_note(void *values, char *const *operands, Err *e) {
        return record_text(values, operands[0], EVENT_NOTE_TEXT, measure_note, e);
}

static int run_phase(void *values, char *const *operands, Err *e) {
        return record_text(values, operands[0], EVENT_PHASE_ENTER, measure_phase, e);
}

static const Verb verbs[] = {
        { "note", "TEXT", "Record a remark", 1, 1, run_note },
        { "phase", "WORD", "Record that the machine enters a phase", 1, 1, run_phase },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch measure",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
