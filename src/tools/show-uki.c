/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "layer/uki-name.h"
#include "layer/uki.h"
#include "tools/forecast.h"
#include "tools/print.h"
#include "tools/show.h"
#include "tools/signatures.h"
#include "tools/tool.h"
#include "wire/json.h"
#include "wire/stub.h"

enum { UKI_JSON_MAX = 4 * 1024 * 1024 };

/* Sections that hold text, printed as it stands there. */
static const char *const texts[] = { ".cmdline", ".osrel", ".uname", ".sbat", ".profile",
        ".pcrpkey" };

/* What there is to say. Owner: about_done(). */
typedef struct About {
        Uki uki;
        UkiDigests digests; /* SHA-256 */
        Signatures signatures;
        char name[NAME_TEXT_MAX + 1], version[NAME_TEXT_MAX + 1];
        Forecast forecast;
        Err no_forecast; /* set where there is none */
        Buf text[ELEMENTS(texts)];
} About;

static void about_done(About *b) {
        uki_done(&b->uki);
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                buf_done(&b->text[i]);
}

static int look(const char *path, About *b, Err *e) {
        const Strings sha256 = { .values = { "sha256" }, .n = 1 }, usual = {};
        int rc;

        rc = uki_open(path, &b->uki, e);
        if (rc == 0)
                rc = forecast_ask(&sha256, &usual, &b->forecast, e);
        if (rc == 0)
                rc = uki_digest(&b->uki, b->forecast.banks, b->forecast.n_banks, &b->digests, e);
        if (rc == 0)
                rc = signatures_look(&b->uki, &b->digests.authenticode, &b->signatures, e);
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                b->text[i] = BUF_UP_TO(UKI_TEXT_MAX);
                if (rc == 0)
                        rc = uki_text(&b->uki, texts[i], &b->text[i], e);
        }
        if (rc < 0)
                return rc;
        uki_name(buf_span(&b->text[1]), buf_span(&b->text[2]), b->name, b->version);
        rc = b->uki.n_profiles > 0
                             ? err_set(&b->no_forecast, -EOPNOTSUPP,
                                               "%s: has %u profiles, each with a PCR 11 of its own",
                                               path, b->uki.n_profiles)
                             : forecast_make(&b->uki, &b->digests, 0, &b->forecast,
                                               &b->no_forecast);
        return rc == 0 || rc == -EOPNOTSUPP ? 0 : err_set(e, rc, "%s", b->no_forecast.text);
}

static const Buf *text_of(const About *b, const PeSection *s) {
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (strcmp(texts[i], s->name) == 0 && pe_find(&b->uki.pe, s->name) == s)
                        return &b->text[i];
        return NULL;
}

static void put_section(JsonWriter *w, const About *b, const PeSection *s) {
        const Buf *text = text_of(b, s);

        json_put_object(w, NULL);
        json_put_integer(w, "measured", uki_measures(&b->uki, s->name));
        json_put_foreign(w, "name", span_of(s->name));
        json_put_hex(w, "sha256", digest_span(&b->digests.sections[s - b->uki.pe.sections][0]));
        json_put_integer(w, "size", s->virtual_size);
        if (text)
                json_put_foreign(w, "text", buf_span(text));
        json_put_end(w);
}

static int print_as_json(const ShowArgs *a, const About *b, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(UKI_JSON_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        json_put_object(&w, NULL);
        json_put_string(&w, "architecture", b->uki.architecture);
        json_put_hex(&w, "authenticode", digest_span(&b->digests.authenticode));
        json_put_integer(&w, "avouch", 1);
        json_put_string(&w, "kind", show_uki.name);
        json_put_foreign(&w, "name", span_of(b->name));
        if (b->no_forecast.code == 0)
                forecast_put(&w, &b->forecast);
        json_put_array(&w, "sections");
        for (unsigned i = 0; i < b->uki.pe.n_sections; i++)
                put_section(&w, b, &b->uki.pe.sections[i]);
        json_put_end(&w);
        signatures_put(&w, &b->signatures);
        json_put_integer(&w, "size", (int64_t) b->uki.pe.file_size);
        if (b->uki.stub_version[0])
                json_put_foreign(&w, "stub", span_of(b->uki.stub_version));
        if (b->version[0])
                json_put_foreign(&w, "version", span_of(b->version));
        json_put_end(&w);
        return print_json_buf(a->json, &text, e);
}

/* A line of its own for each, so that nothing in the text can look like ours. */
static void print_text(Span text) {
        while (text.size > 0) {
                const uint8_t *end = memchr(text.data, '\n', text.size);
                size_t n = end ? (size_t) (end - text.data) : text.size, step = n + (end ? 1 : 0);

                printf("  %-14s \"", "");
                text_print(stdout, (Span){ text.data, n });
                printf("\"\n");
                text = (Span){ text.data + step, text.size - step };
        }
}

static void print_section(const About *b, const PeSection *s) {
        const Buf *text = text_of(b, s);
        char line[64];

        (void) snprintf(line, sizeof(line), "%u bytes%s", s->virtual_size,
                        uki_measures(&b->uki, s->name) ? ", measured" : "");
        printf("  ");
        text_print(stdout, span_of(s->name));
        printf("%*s ", (int) (strlen(s->name) < 14 ? 14 - strlen(s->name) : 0), "");
        printf("%s\n", line);
        print_hex("", digest_span(&b->digests.sections[s - b->uki.pe.sections][0]));
        if (text)
                print_text(buf_span(text));
}

static void print_forecast(const About *b) {
        const Forecast *f = &b->forecast;

        if (b->no_forecast.code != 0) {
                print_line("PCR 11", span_of(b->no_forecast.text));
                return;
        }
        if (b->uki.stub_generation > STUB_NEWEST)
                print_line("PCR 11", SPAN_LITERAL("assuming that this stub measures what older "
                                                  "ones do"));
        for (size_t p = 0; p < f->n_paths; p++) {
                print_line("PCR 11 sha256", span_of(f->paths[p]));
                print_hex("", digest_span(&f->values[p][0]));
        }
}

static void print_for_people(const About *b) {
        char text[STUB_VERSION_MAX + 32];

        text_print(stdout, span_of(b->uki.path));
        printf(": a unified kernel image for %s\n", b->uki.architecture);
        print_line("name", span_of(b->name));
        if (b->version[0])
                print_line("version", span_of(b->version));
        (void) snprintf(text, sizeof(text), "systemd-stub %s", b->uki.stub_version);
        print_line("stub", b->uki.stub_version[0] ? span_of(text)
                                                  : SPAN_LITERAL("none that is known"));
        print_hex("authenticode", digest_span(&b->digests.authenticode));
        signatures_print(&b->signatures);
        (void) snprintf(text, sizeof(text), "%" PRIu64 " bytes", b->uki.pe.file_size);
        print_line("size", span_of(text));
        for (unsigned i = 0; i < b->uki.pe.n_sections; i++)
                print_section(b, &b->uki.pe.sections[i]);
        print_forecast(b);
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(about_done) About b = { .uki = UKI_NONE };
        int rc;

        rc = look(path, &b, e);
        if (rc < 0)
                return rc;
        if (a->json)
                return print_as_json(a, &b, e);
        print_for_people(&b);
        return EXIT_YES;
}

const ShowKind show_uki = {
        .name = "uki",
        .matches = uki_matches,
        .show = show,
};
