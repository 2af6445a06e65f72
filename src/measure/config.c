/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/config.h"

#include <errno.h>
#include <stdio.h>

#include "base/settings.h"
#include "wire/nvpublic.h"

/* PCRs that anybody with the TPM can reset (PC Client Platform TPM Profile, 4.6.3): they hold no
 * record. */
#define RESETTABLE ((UINT32_C(1) << 16) | (UINT32_C(1) << 23))

Config config_default(void) {
        return (Config){ .plan = plan_of((Register){ REGISTER_PCR, 8 }), .layer_signature = true };
}

/* A genesis stands in a PCR, and with it all that the log begins with. */
static int read_register(const Assignment *a, bool may_be_nv, Register *ret, Err *e) {
        Register reg;

        if (!register_parse(a->value, &reg) || reg.kind == REGISTER_NONE)
                return setting_wrong(a, "a register is written as pcr:8, or nv:0x01806177", e);
        if (reg.kind == REGISTER_PCR && (RESETTABLE >> reg.index & 1))
                return setting_wrong(a, "anybody can reset PCR 16 and 23: they hold no record", e);
        if (reg.kind == REGISTER_NV && !may_be_nv)
                return setting_wrong(a,
                                "a log begins in a PCR: only Layer=, Unlock=, Glass= and Note= go into an NV index",
                                e);
        if (reg.kind == REGISTER_NV && !nv_may_be_register(reg.index))
                return setting_wrong(a,
                                "a register is an NV index from 0x01800000 to 0x01bfffff, and not the counter (0x01806176)",
                                e);
        *ret = reg;
        return 0;
}

static int set_default(void *to, const Assignment *a, Err *e) {
        Config *c = to;
        Register reg;
        int rc;

        rc = read_register(a, false, &reg, e);
        for (Lane lane = 0; rc == 0 && lane < _LANE_MAX; lane++)
                c->plan.lanes[lane] = reg;
        return rc;
}

static int set_phase(void *to, const Assignment *a, Err *e) {
        Config *c = to;

        return read_register(a, false, &c->plan.lanes[LANE_PHASE], e);
}

static int set_layer(void *to, const Assignment *a, Err *e) {
        Config *c = to;

        return read_register(a, true, &c->plan.lanes[LANE_LAYER], e);
}

static int set_unlock(void *to, const Assignment *a, Err *e) {
        Config *c = to;

        return read_register(a, true, &c->plan.lanes[LANE_UNLOCK], e);
}

static int set_glass(void *to, const Assignment *a, Err *e) {
        Config *c = to;

        return read_register(a, true, &c->plan.lanes[LANE_GLASS], e);
}

static int set_note(void *to, const Assignment *a, Err *e) {
        Config *c = to;

        return read_register(a, true, &c->plan.lanes[LANE_NOTE], e);
}

static int set_occupied(void *to, const Assignment *a, Err *e) {
        Config *c = to;

        if (!span_is(a->value, "yes") && !span_is(a->value, "no"))
                return setting_wrong(a, "yes, or no", e);
        c->plan.occupied = span_is(a->value, "yes");
        return 0;
}

/* Adds the names of a value; an empty one clears what was there. */
static int add_names(const Assignment *a, char names[][CONFIG_NAME_MAX + 1], size_t *n, Err *e) {
        Span rest = a->value;

        if (rest.size == 0)
                *n = 0;
        for (Span name = setting_word(&rest); name.size > 0; name = setting_word(&rest)) {
                if (name.size > CONFIG_NAME_MAX)
                        return setting_wrong(a, "a longer name than there are", e);
                if (*n == CONFIG_NAMES_MAX)
                        return setting_wrong(a, "more names than one configuration takes", e);
                (void) snprintf(names[(*n)++], CONFIG_NAME_MAX + 1, "%.*s", (int) name.size,
                                (const char *) name.data);
        }
        return 0;
}

static int add_users(void *to, const Assignment *a, Err *e) {
        Config *c = to;

        return add_names(a, c->note_users, &c->n_note_users, e);
}

static int add_units(void *to, const Assignment *a, Err *e) {
        Config *c = to;

        return add_names(a, c->note_units, &c->n_note_units, e);
}

/* All that is asked for stands in one line; an empty one asks for nothing. */
static int set_require(void *to, const Assignment *a, Err *e) {
        bool signature = false, content = false;
        Span rest = a->value;
        Config *c = to;

        for (Span word = setting_word(&rest); word.size > 0; word = setting_word(&rest)) {
                if (!span_is(word, "signature") && !span_is(word, "content"))
                        return setting_wrong(
                                        a, "of an extension: signature, content, or nothing", e);
                signature = signature || span_is(word, "signature");
                content = content || span_is(word, "content");
        }
        c->layer_signature = signature;
        c->layer_content = content;
        return 0;
}

static int add_certificates(void *to, const Assignment *a, Err *e) {
        Span rest = a->value;
        Config *c = to;

        for (Span path = setting_word(&rest); path.size > 0; path = setting_word(&rest))
                if (path.data[0] != '/')
                        return setting_wrong(a, "a path from the root on", e);
        return add_names(a, c->layer_certificates, &c->n_layer_certificates, e);
}

static const Setting settings[] = {
        { "Registers", "Default", set_default },
        { "Registers", "Phase", set_phase },
        { "Registers", "Layer", set_layer },
        { "Registers", "Unlock", set_unlock },
        { "Registers", "Glass", set_glass },
        { "Registers", "Note", set_note },
        { "Registers", "Occupied", set_occupied },
        { "Socket", "NoteUser", add_users },
        { "Socket", "NoteUnit", add_units },
        { "Layers", "Require", set_require },
        { "Layers", "Certificate", add_certificates },
        {},
};

int config_apply(Span text, Config *config, Err *e) {
        Config next = *config;
        Err why = {};

        if (settings_read(text, settings, &next, &why) < 0)
                return err_set(e, -EBADMSG, "%s", why.text);
        *config = next;
        return 0;
}

static void put_names(const char *key, const char names[][CONFIG_NAME_MAX + 1], size_t n, Buf *to) {
        buf_printf(to, "%s=", key);
        for (size_t i = 0; i < n; i++)
                buf_printf(to, "%s%s", i > 0 ? " " : "", names[i]);
        buf_string(to, "\n");
}

void config_text(const Config *config, Buf *to) {
        static const struct {
                Lane lane;
                const char *key;
        } lanes[] = {
                { LANE_PHASE, "Phase" },
                { LANE_LAYER, "Layer" },
                { LANE_UNLOCK, "Unlock" },
                { LANE_GLASS, "Glass" },
                { LANE_NOTE, "Note" },
        };

        buf_string(to, "[Registers]\n");
        for (size_t i = 0; i < ELEMENTS(lanes); i++) {
                buf_printf(to, "%s=", lanes[i].key);
                register_text(config->plan.lanes[lanes[i].lane], to);
                buf_string(to, "\n");
        }
        buf_printf(to, "Occupied=%s\n\n[Socket]\n", config->plan.occupied ? "yes" : "no");
        put_names("NoteUser", config->note_users, config->n_note_users, to);
        put_names("NoteUnit", config->note_units, config->n_note_units, to);
        buf_printf(to, "\n[Layers]\nRequire=%s%s%s\n", config->layer_signature ? "signature" : "",
                        config->layer_signature && config->layer_content ? " " : "",
                        config->layer_content ? "content" : "");
        put_names("Certificate", config->layer_certificates, config->n_layer_certificates, to);
}
