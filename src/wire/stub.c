/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/stub.h"

#include <errno.h>

#include "base/cursor.h"

#define HEAD SPAN_LITERAL("#### LoaderInfo: systemd-stub ")
#define ADDON_HEAD SPAN_LITERAL("#### LoaderInfo: systemd-addon ")
#define LOADER_HEAD SPAN_LITERAL("#### LoaderInfo: systemd-boot ")
#define TAIL SPAN_LITERAL("####")

enum { GENERATION_MAX = 9999 };

/* systemd's unified_sections[] of each generation, without .pcrsig, which is never measured. */
static const char *const from_252[] = { ".linux", ".osrel", ".cmdline", ".initrd", ".splash",
        ".dtb", ".pcrpkey", NULL };
static const char *const from_254[] = { ".linux", ".osrel", ".cmdline", ".initrd", ".splash",
        ".dtb", ".uname", ".sbat", ".pcrpkey", NULL };
static const char *const from_256[] = { ".linux", ".osrel", ".cmdline", ".initrd", ".ucode",
        ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey", NULL };
static const char *const from_257[] = { ".linux", ".osrel", ".cmdline", ".initrd", ".ucode",
        ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey", ".profile", ".dtbauto", ".hwids", NULL };
static const char *const from_258[] = { ".linux", ".osrel", ".cmdline", ".initrd", ".ucode",
        ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey", ".profile", ".dtbauto", ".hwids",
        ".efifw", NULL };

static const struct {
        unsigned from;
        const char *const *sections;
} generations[] = {
        { 258, from_258 },
        { 257, from_257 },
        { 256, from_256 },
        { 254, from_254 },
        { STUB_OLDEST, from_252 },
};

const char *const *stub_measures(unsigned generation) {
        for (size_t i = 0; i < ELEMENTS(generations); i++)
                if (generation >= generations[i].from)
                        return generations[i].sections;
        return NULL;
}

static unsigned read_generation(Span version) {
        unsigned n = 0;

        for (size_t i = 0; i < version.size; i++) {
                if (version.data[i] < '0' || version.data[i] > '9')
                        return n;
                n = n * 10 + version.data[i] - '0';
                if (n > GENERATION_MAX)
                        return 0;
        }
        return n;
}

static bool is_visible(Span s) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] <= ' ' || s.data[i] >= 0x7f)
                        return false;
        return true;
}

/* What stands behind the head of a mark. */
static int parse_version(Cursor *c, Stub s, Stub *ret, Err *e) {
        size_t start = c->at;
        int rc;

        s.version = cursor_until(c, ' ', STUB_VERSION_MAX);
        s.generation = read_generation(s.version);
        if (s.generation == 0 || !is_visible(s.version))
                cursor_reject_at(c, start, "not a version of systemd");
        cursor_expect(c, TAIL, "not a mark of systemd's");
        if (!cursor_failed(c) && span_is_zero(cursor_rest(c)))
                (void) cursor_bytes(c, cursor_left(c));

        rc = cursor_end(c, ".sdmagic", e);
        if (rc < 0)
                return rc;

        *ret = s;
        return 0;
}

int stub_parse(Span magic, Stub *ret, Err *e) {
        Cursor c = cursor_over(magic);
        Stub s = { .is_addon = cursor_skip(&c, ADDON_HEAD) };

        if (!s.is_addon)
                cursor_expect(&c, HEAD, "not the mark of a systemd-stub");
        return parse_version(&c, s, ret, e);
}

int stub_parse_loader(Span magic, Stub *ret, Err *e) {
        Cursor c = cursor_over(magic);

        cursor_expect(&c, LOADER_HEAD, "not the mark of systemd-boot");
        return parse_version(&c, (Stub){}, ret, e);
}
