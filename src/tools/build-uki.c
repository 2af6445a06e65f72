/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "image/uki.h"
#include "port/interrupt.h"
#include "tools/maker.h"
#include "tools/print.h"
#include "tools/tool.h"
#include "wire/json.h"
#include "wire/stub.h"

typedef struct Args {
        const char *linux_image, *cmdline, *os_release, *uname, *stub, *name, *version;
        const char *output, *leaf, *json;
        Strings initrds;
} Args;

static const Option options[] = {
        { "linux", 0, OPTION_VALUE, "FILE", "The kernel, as firmware could start it",
                        offsetof(Args, linux_image) },
        { "initrd", 0, OPTION_REPEATED, "FILE", "Its initrd; several are joined",
                        offsetof(Args, initrds) },
        { "cmdline", 0, OPTION_VALUE, "TEXT|@FILE", "Its command line", offsetof(Args, cmdline) },
        { "os-release", 0, OPTION_VALUE, "TEXT|@FILE",
                        "What it is the kernel of (default: this host's os-release)",
                        offsetof(Args, os_release) },
        { "uname", 0, OPTION_VALUE, "TEXT|@FILE", "Its version (default: what it says itself)",
                        offsetof(Args, uname) },
        { "stub", 0, OPTION_VALUE, "FILE",
                        "The systemd-stub (default: that of this host for this machine)",
                        offsetof(Args, stub) },
        { "name", 0, OPTION_VALUE, "NAME", "For the leaf (default: IMAGE_ID= or ID= of os-release)",
                        offsetof(Args, name) },
        { "version", 0, OPTION_VALUE, "VERSION",
                        "For the leaf (default: IMAGE_VERSION= of os-release, or the uname)",
                        offsetof(Args, version) },
        { "output", 'o', OPTION_VALUE, "FILE", "Image to write", offsetof(Args, output) },
        { "leaf", 0, OPTION_VALUE, "FILE|no", "Release leaf to write (default: OUTPUT.leaf)",
                        offsetof(Args, leaf) },
        { "json", 0, OPTION_JSON, NULL, "Print what was built as JSON", offsetof(Args, json) },
        {},
};

#if defined(__x86_64__)
#define NATIVE_STUB "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
#elif defined(__aarch64__)
#define NATIVE_STUB "/usr/lib/systemd/boot/efi/linuxaa64.efi.stub"
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_STUB "/usr/lib/systemd/boot/efi/linuxriscv64.efi.stub"
#else
#define NATIVE_STUB NULL
#endif

static int take_params(const Args *a, MakerPaths *paths, UkiParams *p, Err *e) {
        const char *stub = a->stub ?: NATIVE_STUB;
        int rc;

        if (!a->linux_image)
                return err_set(e, -EINVAL, "'--linux=' is missing");
        if (!a->output)
                return err_set(e, -EINVAL, "'--output=' is missing");
        if (!stub)
                return err_set(e, -EINVAL,
                                "'--stub=' is missing, and there is none for this machine");
        rc = maker_paths(a->output, a->leaf, paths, e);
        if (rc < 0)
                return rc;
        *p = (UkiParams){
                .stub = stub,
                .linux_image = a->linux_image,
                .initrds = a->initrds.values,
                .n_initrds = a->initrds.n,
                .cmdline = a->cmdline,
                .os_release = a->os_release,
                .uname = a->uname,
                .name = a->name,
                .version = a->version,
                .output = paths->output,
                .leaf = paths->leaf,
        };
        return maker_epoch(&p->has_epoch, &p->epoch, e);
}

static int print_as_json(const Args *a, const UkiParams *p, const UkiBuilt *b, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONTENT_MAX + 8 * PATH_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        json_put_object(&w, NULL);
        json_put_string(&w, "architecture", b->architecture);
        json_put_hex(&w, "authenticode", digest_span(&b->authenticode));
        if (p->leaf)
                json_put_foreign(&w, "leaf", span_of(p->leaf));
        json_put_foreign(&w, "name", span_of(b->name));
        json_put_foreign(&w, "output", span_of(p->output));
        json_put_integer(&w, "size", (int64_t) b->size);
        if (p->has_epoch)
                json_put_integer(&w, "sourceDateEpoch", (int64_t) p->epoch);
        json_put_foreign(&w, "stub", span_of(b->stub_version));
        json_put_string(&w, "type", "uki");
        json_put_foreign(&w, "version", span_of(b->version));
        json_put_end(&w);
        return print_json_buf(a->json, &text, e);
}

static void print_for_people(const UkiParams *p, const UkiBuilt *b) {
        char text[STUB_VERSION_MAX + 32];

        text_print(stdout, span_of(p->output));
        printf(": a unified kernel image for %s\n", b->architecture);
        print_line("name", span_of(b->name));
        if (b->version[0])
                print_line("version", span_of(b->version));
        (void) snprintf(text, sizeof(text), "systemd-stub %s", b->stub_version);
        print_line("stub", span_of(text));
        print_hex("authenticode", digest_span(&b->authenticode));
        (void) snprintf(text, sizeof(text), "%" PRIu64 " bytes", b->size);
        print_line("size", span_of(text));
        if (p->leaf)
                print_line("leaf", span_of(p->leaf));
}

static void print_notes(const Args *a, const UkiBuilt *b) {
        if (!a->uname && !b->has_uname)
                fprintf(stderr, "avouch build-uki: note: the kernel does not say its version, so there "
                                "is no section .uname; --uname= gives one\n");
        if (b->stub_generation > STUB_NEWEST)
                fprintf(stderr,
                                "avouch build-uki: note: the stub is of systemd %u; that it measures "
                                "what %d does is an assumption\n",
                                b->stub_generation, STUB_NEWEST);
}

static int run(void *values, char *const *operands, Err *e) {
        const Args *a = values;
        Interrupt interrupt;
        MakerPaths paths;
        UkiBuilt built;
        UkiParams p;
        int rc;

        (void) operands;
        rc = take_params(a, &paths, &p, e);
        if (rc < 0)
                return rc;

        interrupt = interrupt_hold();
        rc = uki_build(&p, &built, e);
        interrupt_release(&interrupt);
        if (rc < 0)
                return rc;

        print_notes(a, &built);
        if (a->json)
                return print_as_json(a, &p, &built, e);
        print_for_people(&p, &built);
        return EXIT_YES;
}

static const Verb verbs[] = {
        { "", NULL, NULL, 0, 0, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch build-uki",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
