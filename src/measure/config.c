/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/config.h"

#include <errno.h>
#include <stdio.h>

#include "base/ini.h"
#include "base/text.h"

/* PCRs that anybody with the TPM can reset (PC Client Platform TPM Profile, 4.6.3): they hold no
 * record. */
#define RESETTABLE ((UINT32_C(1) << 16) | (UINT32_C(1) << 23))

Config config_default(void) {
        return (Config){
                .plan = plan_of((Register){ REGISTER_PCR, 8 }),
                .note_burst = 100,
                .note_interval = 60,
        };
}

static int shown(Span s) {
        return s.size < 60 ? (int) s.size : 60;
}

static int wrong(const Assignment *a, const char *what, Err *e) {
        return err_set(e, -EBADMSG, "line %u: %.*s=%.*s: %s", a->line, shown(a->key),
                        (const char *) a->key.data, shown(a->value), (const char *) a->value.data,
                        what);
}

static int read_register(const Assignment *a, bool may_be_nv, Register *ret, Err *e) {
        Register reg;

        if (!register_parse(a->value, &reg) || reg.kind == REGISTER_NONE)
                return wrong(a, "a register is written as pcr:8", e);
        if (reg.kind == REGISTER_PCR && (RESETTABLE >> reg.index & 1))
                return wrong(a, "anybody can reset PCR 16 and 23: they hold no record", e);
        if (reg.kind == REGISTER_NV && !may_be_nv)
                return wrong(a, "NV registers are not written by this version", e);
        *ret = reg;
        return 0;
}

static int set_default(Config *c, const Assignment *a, Err *e) {
        Register reg;
        int rc;

        rc = read_register(a, false, &reg, e);
        for (Lane lane = 0; rc == 0 && lane < _LANE_MAX; lane++)
                c->plan.lanes[lane] = reg;
        return rc;
}

static int set_phase(Config *c, const Assignment *a, Err *e) {
        return read_register(a, false, &c->plan.lanes[LANE_PHASE], e);
}

static int set_layer(Config *c, const Assignment *a, Err *e) {
        return read_register(a, false, &c->plan.lanes[LANE_LAYER], e);
}

static int set_unlock(Config *c, const Assignment *a, Err *e) {
        return read_register(a, false, &c->plan.lanes[LANE_UNLOCK], e);
}

static int set_glass(Config *c, const Assignment *a, Err *e) {
        return read_register(a, false, &c->plan.lanes[LANE_GLASS], e);
}

static int set_note(Config *c, const Assignment *a, Err *e) {
        return read_register(a, false, &c->plan.lanes[LANE_NOTE], e);
}

static int set_occupied(Config *c, const Assignment *a, Err *e) {
        if (!span_is(a->value, "yes") && !span_is(a->value, "no"))
                return wrong(a, "yes, or no", e);
        c->plan.occupied = span_is(a->value, "yes");
        return 0;
}

/* Adds the blank-separated names of a value; an empty one clears what was there. */
static int add_names(const Assignment *a, char names[][CONFIG_NAME_MAX + 1], size_t *n, Err *e) {
        Span rest = a->value;

        if (rest.size == 0)
                *n = 0;
        while (rest.size > 0) {
                const uint8_t *blank = memchr(rest.data, ' ', rest.size);
                Span name = { rest.data, blank ? (size_t) (blank - rest.data) : rest.size };
                size_t taken = name.size + (blank ? 1 : 0);

                rest = (Span){ rest.data + taken, rest.size - taken };
                if (name.size == 0)
                        continue;
                if (name.size > CONFIG_NAME_MAX)
                        return wrong(a, "a longer name than there are", e);
                if (*n == CONFIG_NAMES_MAX)
                        return wrong(a, "more names than one configuration takes", e);
                (void) snprintf(names[(*n)++], CONFIG_NAME_MAX + 1, "%.*s", (int) name.size,
                                (const char *) name.data);
        }
        return 0;
}

static int add_users(Config *c, const Assignment *a, Err *e) {
        return add_names(a, c->note_users, &c->n_note_users, e);
}

static int add_units(Config *c, const Assignment *a, Err *e) {
        return add_names(a, c->note_units, &c->n_note_units, e);
}

static int read_count(const Assignment *a, uint32_t *ret, Err *e) {
        uint64_t n;

        if (!text_number(a->value, 1000000, &n) || n == 0)
                return wrong(a, "a number from 1 to 1000000", e);
        *ret = (uint32_t) n;
        return 0;
}

static int set_burst(Config *c, const Assignment *a, Err *e) {
        return read_count(a, &c->note_burst, e);
}

static int set_interval(Config *c, const Assignment *a, Err *e) {
        return read_count(a, &c->note_interval, e);
}

static const struct {
        const char *section, *key;
        int (*set)(Config *c, const Assignment *a, Err *e);
} settings[] = {
        { "Registers", "Default", set_default },
        { "Registers", "Phase", set_phase },
        { "Registers", "Layer", set_layer },
        { "Registers", "Unlock", set_unlock },
        { "Registers", "Glass", set_glass },
        { "Registers", "Note", set_note },
        { "Registers", "Occupied", set_occupied },
        { "Socket", "NoteUser", add_users },
        { "Socket", "NoteUnit", add_units },
        { "Socket", "NoteBurst", set_burst },
        { "Socket", "NoteIntervalSec", set_interval },
};

/* The names that there are: of sections, or of one section's keys. */
static const char *nearest_of(Span written, const Span *section) {
        const char *names[ELEMENTS(settings) + 1] = {};
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS(settings); i++)
                if (!section)
                        names[n++] = settings[i].section;
                else if (span_is(*section, settings[i].section))
                        names[n++] = settings[i].key;
        return n > 0 ? text_nearest(written, names) : NULL;
}

static int unknown(const Assignment *a, Err *e) {
        const char *nearest = nearest_of(a->section, NULL);

        if (!nearest || !span_is(a->section, nearest))
                return err_set(e, -EBADMSG, "line %u: there is no section [%.*s]%s%s%s", a->line,
                                shown(a->section), (const char *) a->section.data,
                                nearest ? ", did you mean [" : "", nearest ?: "",
                                nearest ? "]?" : "");
        nearest = nearest_of(a->key, &a->section);
        return err_set(e, -EBADMSG, "line %u: [%.*s] has no key '%.*s'%s%s%s", a->line,
                        shown(a->section), (const char *) a->section.data, shown(a->key),
                        (const char *) a->key.data, nearest ? ", did you mean '" : "",
                        nearest ?: "", nearest ? "'?" : "");
}

static int apply(Config *c, const Assignment *a, Err *e) {
        for (size_t i = 0; i < ELEMENTS(settings); i++)
                if (span_is(a->section, settings[i].section) && span_is(a->key, settings[i].key))
                        return settings[i].set(c, a, e);
        return unknown(a, e);
}

int config_apply(Span text, Config *config, Err *e) {
        Config next = *config;
        Ini ini = ini_over(text);
        Assignment a;
        int rc;

        while ((rc = ini_next(&ini, &a, e)) > 0) {
                rc = apply(&next, &a, e);
                if (rc < 0)
                        return rc;
        }
        if (rc < 0)
                return rc;
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
        buf_printf(to, "NoteBurst=%u\nNoteIntervalSec=%u\n", config->note_burst,
                        config->note_interval);
}
