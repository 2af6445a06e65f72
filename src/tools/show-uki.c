/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "layer/uki-name.h"
#include "layer/uki.h"
#include "tools/print.h"
#include "tools/profiles.h"
#include "tools/show.h"
#include "tools/signatures.h"
#include "tools/signed-policies.h"
#include "tools/tool.h"
#include "wire/json.h"
#include "wire/osrel.h"
#include "wire/stub.h"

enum { UKI_JSON_MAX = 4 * 1024 * 1024 };

/* Sections that hold text, printed as it stands there. */
static const char *const texts[] = { ".cmdline", ".osrel", ".uname", ".sbat", ".profile",
        ".pcrpkey" };

/* What a stub takes from an addon (systemd-stub(7)). */
static const struct {
        const char *section, *what;
} additions[] = {
        { ".cmdline", "words of the command line" },
        { ".dtb", "a device tree" },
        { ".dtbauto", "a device tree for some machines" },
        { ".efifw", "firmware for some machines" },
        { ".initrd", "an initrd" },
        { ".ucode", "microcode" },
};

/* What there is to say. Owner: about_done(). */
typedef struct About {
        Uki uki;
        bool is_addon;
        UkiDigests digests;
        unsigned sha256; /* which of their banks that is */
        Signatures signatures;
        char name[NAME_TEXT_MAX + 1], version[NAME_TEXT_MAX + 1];
        Profiles profiles;       /* of no addon */
        SignedPolicies policies; /* the same */
        Buf text[PE_SECTIONS_MAX];
} About;

static void about_done(About *b) {
        for (size_t i = 0; i < ELEMENTS(b->text); i++)
                buf_done(&b->text[i]);
        signed_policies_done(&b->policies);
        profiles_done(&b->profiles);
        uki_done(&b->uki);
}

static bool adds_something(const Uki *u) {
        for (size_t i = 0; i < ELEMENTS(additions); i++)
                if (pe_find(&u->pe, additions[i].section))
                        return true;
        return false;
}

/* An image, or what is added to one; what is neither is refused as no image. */
static int open_either(const char *path, About *b, Err *e) {
        Err no_image = {}, no_addon = {};
        int rc, again;

        rc = uki_open(path, &b->uki, &no_image);
        if (rc == 0)
                return 0;
        again = rc == -ENODATA ? uki_open_addon(path, &b->uki, &no_addon) : rc;
        if (rc == -ENODATA && again == -EBADMSG)
                return err_set(e, again, "%s", no_addon.text);
        b->is_addon = again == 0 && adds_something(&b->uki);
        return b->is_addon ? 0 : err_set(e, rc, "%s", no_image.text);
}

static bool is_text(const PeSection *s) {
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (strcmp(texts[i], s->name) == 0)
                        return true;
        return false;
}

static int read_texts(About *b, Err *e) {
        int rc = 0;

        for (unsigned i = 0; rc == 0 && i < b->uki.pe.n_sections; i++) {
                b->text[i] = BUF_UP_TO(UKI_TEXT_MAX);
                if (is_text(&b->uki.pe.sections[i]))
                        rc = uki_section_text(&b->uki, &b->uki.pe.sections[i], &b->text[i], e);
        }
        return rc;
}

/* NULL where s is none, or holds no text. */
static const Buf *text_of(const About *b, const PeSection *s) {
        return s && is_text(s) ? &b->text[s - b->uki.pe.sections] : NULL;
}

static Span first_text(const About *b, const char *name) {
        const Buf *text = text_of(b, pe_find(&b->uki.pe, name));

        return text ? buf_span(text) : (Span){};
}

/* In SHA-256, and in the banks that policies are signed for. */
static int hash(const ShowArgs *a, About *b, Forecast *asked, Err *e) {
        Strings banks = { .values = { "sha256" }, .n = 1 };
        int rc;

        signed_policies_banks(&b->policies, &banks);
        rc = forecast_ask(&banks, &a->phases, asked, e);
        if (rc < 0)
                return rc;
        while (asked->banks[b->sha256] != HASH_SHA256)
                b->sha256++;
        return uki_digest(&b->uki, asked->banks, asked->n_banks, &b->digests, e);
}

static int look(const ShowArgs *a, const char *path, About *b, Err *e) {
        Forecast asked = {};
        int rc;

        rc = open_either(path, b, e);
        if (rc == 0)
                rc = read_texts(b, e);
        if (rc == 0 && !b->is_addon)
                rc = signed_policies_read(&b->uki, &b->policies, e);
        if (rc == 0)
                rc = hash(a, b, &asked, e);
        if (rc == 0)
                rc = signatures_look(&b->uki, &b->digests.authenticode, &b->signatures, e);
        if (rc < 0 || b->is_addon)
                return rc;
        uki_name(first_text(b, ".osrel"), first_text(b, ".uname"), b->name, b->version);
        rc = profiles_look(&b->uki, &b->digests, &asked, &b->profiles, e);
        return rc < 0 ? rc
                      : signed_policies_judge(
                                        &b->policies, &b->uki, &b->profiles, a->pcr_public_key, e);
}

static Span section_hash(const About *b, const PeSection *s) {
        return digest_span(&b->digests.sections[s - b->uki.pe.sections][b->sha256]);
}

static void put_section(JsonWriter *w, const About *b, const PeSection *s) {
        int profile = uki_profile_of(&b->uki, s);
        const Buf *text = text_of(b, s);

        json_put_object(w, NULL);
        if (!b->is_addon) /* which stub takes it is not known */
                json_put_integer(w, "measured", uki_measures(&b->uki, s->name));
        json_put_foreign(w, "name", span_of(s->name));
        if (profile >= 0)
                json_put_integer(w, "profile", profile);
        json_put_hex(w, "sha256", section_hash(b, s));
        json_put_integer(w, "size", s->virtual_size);
        if (text)
                json_put_foreign(w, "text", buf_span(text));
        json_put_end(w);
}

static void put_additions(JsonWriter *w, const About *b) {
        json_put_array(w, "adds");
        for (size_t i = 0; i < ELEMENTS(additions); i++)
                if (pe_find(&b->uki.pe, additions[i].section))
                        json_put_string(w, NULL, additions[i].section);
        json_put_end(w);
}

static void put_profile(JsonWriter *w, const About *b, unsigned number) {
        const Profile *p = &b->profiles.list[number];
        Span text = buf_span(text_of(b, p->section)), id = osrel_value(text, "ID"),
             title = osrel_words(text, "TITLE");

        json_put_object(w, NULL);
        if (id.size > 0)
                json_put_foreign(w, "id", id);
        json_put_integer(w, "number", number);
        if (p->no_forecast.code == 0)
                forecast_put(w, &p->forecast);
        if (title.size > 0)
                json_put_foreign(w, "title", title);
        json_put_end(w);
}

/* In the order of their names, as all that we write. */
static void put_forecasts(JsonWriter *w, const About *b) {
        const Profile *first = &b->profiles.list[0];

        if (!first->section && first->no_forecast.code == 0)
                forecast_put(w, &first->forecast);
        if (b->policies.n > 0)
                signed_policies_put(w, &b->policies);
        if (!first->section)
                return;
        json_put_array(w, "profiles");
        for (unsigned i = 0; i < b->profiles.n; i++)
                put_profile(w, b, i);
        json_put_end(w);
}

static int print_as_json(const ShowArgs *a, const About *b, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(UKI_JSON_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        json_put_object(&w, NULL);
        if (b->is_addon)
                put_additions(&w, b);
        json_put_string(&w, "architecture", b->uki.architecture);
        json_put_hex(&w, "authenticode", digest_span(&b->digests.authenticode));
        json_put_integer(&w, "avouch", 1);
        json_put_string(&w, "kind", b->is_addon ? "addon" : show_uki.name);
        if (b->name[0])
                json_put_foreign(&w, "name", span_of(b->name));
        if (!b->is_addon)
                put_forecasts(&w, b);
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
                text = span_from(text, step);
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
        print_hex("", section_hash(b, s));
        if (text)
                print_text(buf_span(text));
}

/* A line that says which profile the ones below it are about. */
static void print_heading(const About *b, unsigned number) {
        Span text = buf_span(text_of(b, b->profiles.list[number].section));
        _cleanup_(buf_done) Buf line = BUF_UP_TO(8 * NAME_TEXT_MAX);
        char label[32];

        text_quote(&line, osrel_value(text, "ID"), NAME_TEXT_MAX);
        if (osrel_words(text, "TITLE").size > 0) {
                buf_string(&line, ", ");
                text_quote(&line, osrel_words(text, "TITLE"), NAME_TEXT_MAX);
        }
        (void) snprintf(label, sizeof(label), "profile %u", number);
        print_line(label, buf_span(&line));
}

static void print_sections(const About *b) {
        unsigned profile = 0;

        for (unsigned i = 0; i < b->uki.pe.n_sections; i++) {
                const PeSection *s = &b->uki.pe.sections[i];

                if (!b->is_addon && strcmp(s->name, ".profile") == 0)
                        print_heading(b, profile++);
                print_section(b, s);
        }
}

static void print_forecasts(const About *b) {
        if (b->uki.stub_generation > STUB_NEWEST)
                print_line("PCR 11", SPAN_LITERAL("assuming that this stub measures what older "
                                                  "ones do"));
        for (unsigned i = 0; i < b->profiles.n; i++) {
                if (b->profiles.list[i].section)
                        print_heading(b, i);
                profile_print(&b->profiles.list[i]);
        }
}

static void print_names(const About *b) {
        char text[STUB_VERSION_MAX + 32];

        print_line("name", span_of(b->name));
        if (b->version[0])
                print_line("version", span_of(b->version));
        (void) snprintf(text, sizeof(text), "systemd-stub %s", b->uki.stub_version);
        print_line("stub", b->uki.stub_version[0] ? span_of(text)
                                                  : SPAN_LITERAL("none that is known"));
}

static void print_additions(const About *b) {
        for (size_t i = 0; i < ELEMENTS(additions); i++)
                if (pe_find(&b->uki.pe, additions[i].section))
                        print_line("adds", span_of(additions[i].what));
}

static void print_for_people(const About *b) {
        char text[32];

        text_print(stdout, span_of(b->uki.path));
        printf(": %s for %s\n",
                        b->is_addon ? "an addon of unified kernel images"
                                    : "a unified kernel image",
                        b->uki.architecture);
        if (b->is_addon)
                print_additions(b);
        else
                print_names(b);
        print_hex("authenticode", digest_span(&b->digests.authenticode));
        signatures_print(&b->signatures);
        (void) snprintf(text, sizeof(text), "%" PRIu64 " bytes", b->uki.pe.file_size);
        print_line("size", span_of(text));
        print_sections(b);
        print_forecasts(b);
        signed_policies_print(&b->policies);
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(about_done) About b = { .uki = UKI_NONE };
        int rc;

        rc = look(a, path, &b, e);
        if (rc < 0)
                return rc;
        if (a->json)
                rc = print_as_json(a, &b, e);
        else
                print_for_people(&b);
        if (rc < 0)
                return rc;
        return a->pcr_public_key && !signed_policies_hold(&b.policies) ? EXIT_NO : EXIT_YES;
}

const ShowKind show_uki = {
        .name = "uki",
        .has_policies = true,
        .matches = uki_matches,
        .show = show,
};
