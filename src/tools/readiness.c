/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/readiness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/file.h"
#include "base/text.h"
#include "log/ak.h"
#include "log/store.h"
#include "measure/config.h"
#include "measure/nvregister.h"
#include "measure/replay.h"
#include "port/host.h"
#include "port/tpm-tss2.h"
#include "tools/counting.h"
#include "tools/machine.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/tool.h"
#include "wire/nvpublic.h"

/* What one look finds, point after point: later ones need what earlier ones opened. */
typedef struct Look {
        Readiness *findings;
        const char *tpm_option;
        Config config;
        bool configured;
        Tpm *tpm; /* NULL where there is none */
} Look;

static Finding *add(Look *l, const char *name) {
        Finding *f = &l->findings->findings[l->findings->n++];

        *f = (Finding){ .name = name };
        return f;
}

_printf_(3, 4) static void say(Finding *f, FindingState state, const char *format, ...) {
        va_list ap;

        f->state = state;
        va_start(ap, format);
        (void) vsnprintf(f->says, sizeof(f->says), format, ap);
        va_end(ap);
}

static void put_registers(const Plan *plan, Buf *to) {
        for (Lane lane = 0; lane < _LANE_MAX; lane++) {
                buf_printf(to, "%s%s ", lane > 0 ? ", " : "", lane_names[lane]);
                register_text(plan->lanes[lane], to);
        }
        buf_byte(to, '\0');
}

static void look_config(Look *l) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(ERR_TEXT_MAX);
        const char *folders[PLACE_FOLDERS_MAX];
        Finding *f = add(l, "configuration");
        Err e = {};

        place_config_folders(folders);
        l->configured = config_load(folders, &l->config, &e) == 0;
        if (l->configured)
                put_registers(&l->config.plan, &text);
        if (l->configured && text.failed == 0)
                say(f, FINDING_GOOD, "%s", (const char *) buf_span(&text).data);
        else
                say(f, FINDING_BAD, "%s", e.text);
}

static void look_tpm(Look *l) {
        Finding *f = add(l, "tpm");
        TpmClock clock;
        Err e = {};

        if (machine_lacks_tpm(l->tpm_option)) {
                say(f, FINDING_BAD,
                                "there is none: what is recorded is in the log alone (register: none), and no verifier takes it as proven");
                return;
        }
        if (tpm_open(place_tcti(l->tpm_option), &l->tpm, &e) < 0 ||
                        tpm_clock(l->tpm, &clock, &e) < 0) {
                tpm_close(&l->tpm);
                say(f, FINDING_BAD, "%s", e.text);
                return;
        }
        say(f, FINDING_GOOD, "answers; %" PRIu32 " resets, %" PRIu32 " restarts since",
                        clock.reset_count, clock.restart_count);
}

static void look_banks(Look *l) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(ERR_TEXT_MAX);
        Finding *f = add(l, "banks");
        PcrSelection banks;
        bool proves = false;
        Err e = {};

        if (tpm_banks(l->tpm, &banks, &e) < 0) {
                say(f, FINDING_BAD, "%s", e.text);
                return;
        }
        for (size_t i = 0; i < banks.n_banks; i++) {
                const char *name = hash_name(banks.banks[i].alg);

                if (name)
                        buf_printf(&text, "%s%s", i > 0 ? ", " : "", name);
                else
                        buf_printf(&text, "%s0x%04x", i > 0 ? ", " : "", banks.banks[i].alg);
                proves = proves || hash_proves(banks.banks[i].alg);
        }
        buf_byte(&text, '\0');
        say(f, proves ? FINDING_GOOD : FINDING_BAD, "%s%s",
                        text.failed < 0 ? "" : (const char *) text.data,
                        proves ? ""
                               : "none of them proves anything; activate SHA-256 in the firmware's setup");
}

static void look_registers_free(Look *l) {
        Finding *f = add(l, "registers");
        Beginning unused;
        Err e = {};

        if (registers_begin(l->tpm, &l->config.plan, l->config.plan.occupied, &unused, &e) < 0)
                say(f, FINDING_BAD, "%s", e.text);
        else
                say(f, FINDING_GOOD, "free");
}

static void look_registers_ours(Look *l, Span log, const Chain *c) {
        Finding *f = add(l, "registers");
        Replayed r;
        Err e = {};

        if (replay(l->tpm, log, c, &r, &e) < 0)
                say(f, FINDING_BAD, "%s", e.text);
        else if (!chain_has_register(c))
                say(f, FINDING_BAD,
                                "the log was begun without a TPM: the next record begins another, and this boot stays unproven");
        else if (!registers_fit(c, &l->config.plan))
                say(f, FINDING_NOTE,
                                "the log has others than are configured: the next record begins another log");
        else if (replay_matches(&r))
                say(f, FINDING_GOOD, "ours: they hold what the log says");
        else
                say(f, FINDING_BAD, "they do not hold what the log says, see avouch log --replay");
}

/* What became of the layers of this boot, by its log. */
typedef struct Layers {
        unsigned activated, taken_off, refused;
        char last[ERR_TEXT_MAX]; /* of those that were refused */
} Layers;

static void count_layer(Layers *l, const Content *c) {
        Span name = content_text(c, "name"), reason = content_text(c, "reason");

        l->activated += c->event == EVENT_LAYER_ACTIVATE;
        l->taken_off += c->event == EVENT_LAYER_DEACTIVATE;
        if (c->event != EVENT_LAYER_REFUSE)
                return;
        l->refused++;
        (void) snprintf(l->last, sizeof(l->last), "; the last of them '%.*s': %.*s",
                        (int) (name.size < 64 ? name.size : 64), (const char *) name.data,
                        (int) (reason.size < 160 ? reason.size : 160), (const char *) reason.data);
}

static void say_layers(Look *l, const Layers *layers) {
        if (layers->activated + layers->taken_off + layers->refused > 0)
                say(add(l, "layers"), layers->refused > 0 ? FINDING_NOTE : FINDING_GOOD,
                                "%u activated, %u taken off, %u refused%s", layers->activated,
                                layers->taken_off, layers->refused, layers->last);
}

/* The log, and the registers against it. It is locked for as long. */
static void look_log(Look *l) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX);
        _cleanup_(fd_done) int fd = -1;
        Finding *f = add(l, "log");
        Layers layers = {};
        Err e = {};
        Segment s;
        Record r;
        int rc;

        rc = store_read_shared(place_log_folder(), LOG_FILE, PLACE_LOCK_SECONDS, &log, &fd, &e);
        s = segment_over(buf_span(&log));
        while (rc > 0 && (rc = segment_next(&s, &r, &e)) > 0)
                count_layer(&layers, &r.content);
        if (rc < 0 && rc != -ENODATA)
                say(f, FINDING_BAD, "%s", e.text);
        else if (s.chain.next_seq == 0)
                say(f, FINDING_GOOD, "nothing is recorded in this boot yet");
        else
                say(f, s.chain.broken ? FINDING_BAD : FINDING_GOOD, "%" PRIu64 " records%s%s",
                                s.chain.next_seq,
                                s.chain.broken ? "; somebody else extended a register since" : "",
                                chain_has_register(&s.chain) ? "" : ", in no register");
        say_layers(l, &layers);
        if (!l->tpm || !l->configured || (rc < 0 && rc != -ENODATA))
                return;
        if (s.chain.next_seq == 0)
                look_registers_free(l);
        else
                look_registers_ours(l, buf_span(&log), &s.chain);
}

static void say_counter(Look *l, Finding *f, const NvPublic *p) {
        _cleanup_(buf_done) Buf value = BUF_UP_TO(NV_COUNTER_SIZE);
        Cursor c;
        Err e = {};

        if (nv_check_counter(p, &e) < 0) {
                say(f, FINDING_BAD, "%s", e.text);
                return;
        }
        if (!(p->attributes & NV_WRITTEN)) {
                say(f, FINDING_GOOD, "0x%08x is there, and not used yet", p->index);
                return;
        }
        if (tpm_nv_read(l->tpm, p->index, NV_COUNTER_SIZE, &value, &e) < 0) {
                say(f, FINDING_BAD, "%s", e.text);
                return;
        }
        c = cursor_over(buf_span(&value));
        say(f, FINDING_GOOD, "0x%08x stands at %" PRIu64, p->index, cursor_u64be(&c));
}

static void look_counter(Look *l) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(TPM_PUBLIC_MAX);
        Finding *f = add(l, "counter");
        NvPublic p;
        Err e = {};
        int rc;

        rc = tpm_nv_public(l->tpm, NV_COUNTER_INDEX, &bytes, &e);
        if (rc > 0)
                rc = nv_public_parse(buf_span(&bytes), &p, &e) < 0 ? e.code : 1;
        if (rc < 0)
                say(f, FINDING_BAD, "%s", e.text);
        else if (rc == 0)
                say(f, FINDING_MISSING, "the TPM has no counter at 0x%08x", NV_COUNTER_INDEX);
        else
                say_counter(l, f, &p);
}

/* NV indices that lanes go into, if any: the first that cannot be used is named. */
static void look_indices(Look *l) {
        Finding *f = NULL;
        unsigned n = 0;

        for (Lane lane = 0; lane < _LANE_MAX; lane++) {
                const Register reg = l->config.plan.lanes[lane];
                Digest unused;
                Err e = {};
                int rc;

                if (reg.kind != REGISTER_NV || (f && f->state != FINDING_GOOD))
                        continue;
                f = f ?: add(l, "indices");
                rc = nvregister_read(l->tpm, reg.index, &unused, &e);
                if (rc == -ENOENT)
                        say(f, FINDING_MISSING, "%s: %s records go into the PCR", e.text,
                                        lane_names[lane]);
                else if (rc < 0)
                        say(f, FINDING_BAD, "%s", e.text);
                else
                        say(f, FINDING_GOOD, "lanes that go into an NV index: %u", ++n);
        }
}

static void look_key(Look *l) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX);
        Finding *f = add(l, "key");
        Err e = {};

        l->tpm->keep = place_log_folder();
        if (ak_begin(l->tpm, TPM_AK_ECC, &public, &e) == 0)
                say(f, FINDING_GOOD, "the TPM has the attestation key (P-256)");
        else if (e.code != -EBUSY && ak_begin(l->tpm, TPM_AK_RSA, &public, NULL) == 0)
                say(f, FINDING_GOOD,
                                "the TPM has the attestation key (RSA only: avouch quote -G rsa)");
        else
                say(f, FINDING_BAD, "%s", e.text);
}

static bool was_begun(Tpm *tpm) {
        CountingState state;

        return counting_look(tpm, &state, NULL) < 0 || state != COUNTING_NOT;
}

static void look_folder(Look *l) {
        const char *path = place_state_folder();
        Finding *f = add(l, "history");
        struct stat st;

        if (!path)
                say(f, FINDING_NOTE, "an initrd keeps none");
        else if (stat(path, &st) < 0 && errno == ENOENT)
                say(f, FINDING_MISSING, "there is no folder %s", path);
        else if (stat(path, &st) < 0)
                say(f, FINDING_BAD, "%s: %s", path, strerror(errno));
        else if (!S_ISDIR(st.st_mode))
                say(f, FINDING_BAD, "%s is no folder", path);
        else if (st.st_mode & 0022)
                say(f, FINDING_BAD, "others may write to %s", path);
        else if (l->tpm && !was_begun(l->tpm))
                say(f, FINDING_MISSING,
                                "none was begun in %s: nothing shows that this machine was never opened",
                                path);
        else
                say(f, FINDING_GOOD, "%s", path);
}

static void look_units(Look *l) {
        static const char *const folders[] = { "/etc/systemd/system", "/run/systemd/system",
                "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system" };
        static const char *const wanted[] = { "sysinit.target.wants/avouch-genesis.service",
                "sockets.target.wants/avouch-measure.socket" };
        Finding *f = add(l, "units");

        for (size_t i = 0; i < ELEMENTS(wanted); i++) {
                bool found = false;

                for (size_t k = 0; k < ELEMENTS(folders); k++) {
                        char path[128];

                        (void) snprintf(path, sizeof(path), "%s/%s", folders[k], wanted[i]);
                        found = found || access(path, F_OK) == 0;
                }
                if (!found) {
                        say(f, FINDING_NOTE, "%s is not enabled", strchr(wanted[i], '/') + 1);
                        return;
                }
        }
        say(f, FINDING_GOOD, "enabled");
}

int readiness_look(const char *tpm_option, Readiness *ret, Err *e) {
        Look l = { .findings = ret, .tpm_option = tpm_option };

        (void) e;
        *ret = (Readiness){};
        look_config(&l);
        look_tpm(&l);
        if (l.tpm)
                look_banks(&l);
        look_log(&l);
        if (l.tpm) {
                look_counter(&l);
                if (l.configured)
                        look_indices(&l);
                look_key(&l);
        }
        look_folder(&l);
        look_units(&l);
        tpm_close(&l.tpm);
        return 0;
}

bool readiness_able(const Readiness *r) {
        for (size_t i = 0; i < r->n; i++)
                if (r->findings[i].state > FINDING_NOTE)
                        return false;
        return r->n > 0;
}

static const char *const state_names[] = {
        [FINDING_GOOD] = "good",
        [FINDING_NOTE] = "note",
        [FINDING_MISSING] = "missing",
        [FINDING_BAD] = "bad",
};

static int print_as_json(const Readiness *r, const char *form, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(32 * 1024);
        JsonWriter w = json_writer(&text, JSON_STRICT);

        json_put_object(&w, NULL);
        json_put_integer(&w, "able", readiness_able(r));
        json_put_object(&w, "findings");
        for (size_t i = 0; i < r->n; i++) {
                json_put_object(&w, r->findings[i].name);
                json_put_string(&w, "state", state_names[r->findings[i].state]);
                json_put_foreign(&w, "says", span_of(r->findings[i].says));
                json_put_end(&w);
        }
        json_put_end(&w);
        json_put_end(&w);
        return print_json_buf(form, &text, e);
}

int readiness_print(const Readiness *r, const char *json, Err *e) {
        bool missing = false;

        if (json)
                return print_as_json(r, json, e);
        for (size_t i = 0; i < r->n; i++) {
                const Finding *f = &r->findings[i];

                printf("%-8s %-14s ", state_names[f->state], f->name);
                text_print(stdout, span_of(f->says));
                printf("\n");
                missing = missing || f->state == FINDING_MISSING;
        }
        printf("%s%s\n",
                        readiness_able(r) ? "This machine is able to answer."
                                          : "This machine cannot answer in full.",
                        missing ? " Run `avouch setup` for what is missing." : "");
        return 0;
}

int readiness_answer(const char *tpm_option, const char *json, Err *e) {
        Readiness r;
        int rc;

        rc = readiness_look(tpm_option, &r, e);
        if (rc == 0)
                rc = readiness_print(&r, json, e);
        if (rc < 0)
                return rc;
        return readiness_able(&r) ? EXIT_YES : EXIT_NO;
}
