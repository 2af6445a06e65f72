/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "measure/telling.h"
#include "measure/words.h"
#include "tools/machine.h"
#include "tools/measure-layer.h"
#include "tools/motd.h"
#include "tools/serve.h"
#include "tools/tool.h"

static const Option options[] = {
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(MeasureArgs, tpm) },
        { "certificate", 0, OPTION_VALUE, "CERT",
                        "Of layer: demand that it is signed with the key of this certificate",
                        offsetof(MeasureArgs, certificate) },
        { "event", 0, OPTION_VALUE, "EVENT",
                        "Record this event (layer.activate, unlock.open, note.text, ...) with these members",
                        offsetof(MeasureArgs, event) },
        { "json", 0, OPTION_JSON, NULL, "Print what was recorded as JSON",
                        offsetof(MeasureArgs, json) },
        {},
};

static int record_text(const MeasureArgs *a, const char *text, Event event,
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

/* Opening the account begins it; where it has begun, nothing is printed, and nothing recorded
 * unless a crash left an opening unfinished. */
static int run_genesis(void *values, char *const *operands, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        const MeasureArgs *a = values;
        int rc;

        (void) operands;
        rc = machine_open(a->tpm, &m, e);
        if (rc == 0 && m.account.began)
                rc = machine_print_last(&m, EVENT_PHASE_GENESIS, a->json, e);
        if (rc < 0)
                return rc;
        rc = machine_finish_opening(&m, e);
        return rc < 0 ? rc : 0;
}

static int run_note(void *values, char *const *operands, Err *e) {
        return record_text(values, operands[0], EVENT_NOTE_TEXT, measure_note, e);
}

static int run_phase(void *values, char *const *operands, Err *e) {
        return record_text(values, operands[0], EVENT_PHASE_ENTER, measure_phase, e);
}

static int run_serve(void *values, char *const *operands, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        const MeasureArgs *a = values;
        int listener, rc;

        (void) operands;
        rc = serve_listener(&listener, e); /* or nothing is begun */
        if (rc == 0)
                rc = machine_open(a->tpm, &m, e);
        return rc < 0 ? rc : serve(&m, e);
}

/* What a human opens is counted by the odometer, however it is told. */
static int record_counted(const char *tpm, Machine *m, const Telling *t, Err *e) {
        int rc;

        rc = machine_open_for_opening(tpm, m, e);
        if (rc < 0)
                return rc;
        rc = odometer_record(&m->odometer, t->event, t->members, t->n_members, e);
        if (rc == 0 || account_is_silent(&m->account))
                motd_show(&m->account);
        return rc;
}

static int record_told(const char *tpm, Machine *m, const Telling *t, Err *e) {
        int rc;

        if (telling_is_counted(t))
                return record_counted(tpm, m, t, e);
        rc = machine_open(tpm, m, e);
        return rc < 0 ? rc : account_record(&m->account, t->event, t->members, t->n_members, e);
}

static int run_event(void *values, char *const *operands, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        const MeasureArgs *a = values;
        Telling t;
        int rc;

        rc = telling_begin(span_of(a->event), &t, e);
        for (; rc == 0 && *operands; operands++)
                rc = telling_add_word(&t, *operands, e);
        if (rc == 0)
                rc = telling_check(&t, e);
        if (rc == 0)
                rc = record_told(a->tpm, &m, &t, e);
        return rc < 0 ? rc : machine_print_last(&m, t.event, a->json, e);
}

static const Verb verbs[] = {
        { "genesis", NULL, "Begin this boot's log, where nothing has begun it yet", 0, 0,
                        run_genesis },
        { "layer", "IMAGE", "Record that a verity-protected image is activated", 1, 1,
                        measure_layer_run },
        { "note", "TEXT", "Record a remark", 1, 1, run_note },
        { "phase", "WORD", "Record that the machine enters a phase", 1, 1, run_phase },
        { "serve", NULL, "Record for those who ask on the socket (avouch-measure.service)", 0, 0,
                        run_serve },
        { "", "NAME=VALUE...", NULL, 0, -1, run_event, .by = "event" },
        {},
};

int main(int argc, char **argv) {
        MeasureArgs args = { .argv = argv };

        return tool_main(&(Tool){ .name = "avouch measure",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
