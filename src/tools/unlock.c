/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/unlock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "measure/odometer.h"
#include "port/ask.h"
#include "port/memory.h"
#include "tools/machine.h"
#include "tools/place.h"
#include "tools/tool.h"

typedef struct Args {
        const char *tpm, *json;
        bool close;
} Args;

static const Option options[] = {
        { "close", 0, OPTION_FLAG, NULL, "Take the unlocked volume away again",
                        offsetof(Args, close) },
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM has the register, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print what was recorded as JSON", offsetof(Args, json) },
        {},
};

static int ask(const Unlocker *u, UnlockWant want, Secret *ret, Err *e) {
        const UnlockLine *l = u->line;
        char message[UNLOCK_NAME_MAX + UNLOCK_WORD_MAX + 80], id[UNLOCK_WORD_MAX + 16];
        const Asking a = {
                .message = message, .id = id, .timeout = l->timeout.text, .echo = l->echo.text
        };

        (void) snprintf(message, sizeof(message), "%s for volume %s (%s):",
                        want == UNLOCK_WANT_PIN ? "PIN of the token" : "Passphrase or recovery key",
                        l->name, l->device.text);
        (void) snprintf(id, sizeof(id), "avouch:%s", l->device.text);
        return ask_secret(&a, ret, e);
}

static void say(const Unlocker *u, const char *text) {
        fprintf(stderr, "avouch unlock: %s: ", u->line->name);
        text_print(stderr, span_of(text)); /* a header's words, or a plug-in's */
        fprintf(stderr, "\n");
}

/* What a person does stands in the log when the TPM fails, too, and waits there for it: whoever has
 * a key that can be typed opens the volume elsewhere without any record. */
static int tolerate(const Unlocker *u, int rc, bool in_log, const Err *why, Err *e) {
        if (rc == 0)
                return 0;
        if (!in_log)
                return err_set(e, rc, "%s", why->text);
        say(u, why->text);
        return 1;
}

static int record_attempt(
                const Unlocker *u, Machine *m, const Member *members, size_t n_members, Err *e) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        const Args *a = u->user;
        bool in_log = false;
        Err why = {};
        int rc;

        rc = machine_open_for_attempt(a->tpm, m, e);
        if (rc < 0)
                return rc;
        rc = account_append(&m->account, EVENT_UNLOCK_FAIL, members, n_members, &content, &why);
        in_log = rc == 0;
        if (rc == 0)
                rc = account_extend(&m->account, &why);
        return tolerate(u, rc, in_log, &why, e);
}

static int record_counted(
                const Unlocker *u, Machine *m, const Member *members, size_t n_members, Err *e) {
        const Args *a = u->user;
        Err why = {};
        int rc;

        rc = machine_open_for_opening(a->tpm, m, e);
        if (rc < 0)
                return rc;
        rc = odometer_record(&m->odometer, EVENT_UNLOCK_OPEN, members, n_members, &why);
        if (rc == 0 && odometer_lacks(&m->odometer)[0])
                fprintf(stderr, "avouch unlock: recorded, but %s\n", odometer_lacks(&m->odometer));
        return tolerate(u, rc, m->odometer.in_log, &why, e);
}

/* What opens by itself stays locked until the register has it. */
static int record_automatic(
                const Unlocker *u, Machine *m, const Member *members, size_t n_members, Err *e) {
        const Args *a = u->user;
        int rc;

        rc = machine_open(a->tpm, m, e);
        return rc < 0 ? rc : account_record(&m->account, EVENT_UNLOCK_OPEN, members, n_members, e);
}

/* The log is held for as long as this takes, and not while anybody is asked. */
static int record(const Unlocker *u, Event event, const Member *members, size_t n_members,
                bool human, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        const Args *a = u->user;
        int rc;

        if (event == EVENT_UNLOCK_FAIL)
                rc = record_attempt(u, &m, members, n_members, e);
        else if (human)
                rc = record_counted(u, &m, members, n_members, e);
        else
                rc = record_automatic(u, &m, members, n_members, e);
        if (rc != 0 || event == EVENT_UNLOCK_FAIL)
                return rc < 0 ? rc : 0; /* what waits is not extended yet, which was said */
        return machine_print_last(&m, event, a->json, e);
}

static int read_line(const char *name, UnlockLine *ret, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(UNLOCK_CONF_MAX);
        char path[PATH_MAX];
        int rc;

        place_unlock_conf(path, sizeof(path));
        rc = file_read(path, &text, e);
        if (rc < 0)
                return rc;
        rc = unlock_conf_find(buf_span(&text), name, ret, e);
        if (rc < 0)
                err_at(e, path);
        return rc < 0 ? -EINVAL : 0;
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(luks_close) Luks *luks = NULL;
        const Args *a = values;
        Unlocker u = { .ask = ask, .record = record, .say = say, .user = values };
        UnlockLine line;
        UnlockKey key;
        int rc;

        rc = read_line(operands[0], &line, e);
        if (rc < 0)
                return rc;
        if (a->close)
                return luks_deactivate(line.name, e);
        if (luks_is_active(line.name)) {
                fprintf(stderr, "avouch unlock: %s: is unlocked already, and nothing is recorded of it now\n",
                                line.name);
                return EXIT_YES;
        }
        rc = luks_open(line.device.text, line.header.text[0] ? line.header.text : NULL, &luks, e);
        if (rc < 0)
                return rc;
        u.luks = luks;
        u.line = &line;
        return unlock_volume(&u, &key, e);
}

static const Verb verbs[] = {
        { "", "NAME", NULL, 1, 1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        memory_hide();
        return tool_main(&(Tool){ .name = "avouch unlock",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
