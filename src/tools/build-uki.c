/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "image/uki-join.h"
#include "image/uki.h"
#include "port/interrupt.h"
#include "port/memory.h"
#include "tools/maker.h"
#include "tools/policies.h"
#include "tools/print.h"
#include "tools/signing.h"
#include "tools/tool.h"
#include "tools/uki-config.h"
#include "wire/json.h"
#include "wire/stub.h"

typedef struct Args {
        const char *linux_image, *cmdline, *os_release, *uname, *stub, *efi_arch, *name, *version;
        const char *devicetree, *hwids, *splash, *microcode, *profile;
        const char *output, *leaf, *json, *config;
        Strings initrds, devicetrees, firmwares, sbat, sections, join_profiles, sign_profiles;
        SigningArgs signing;
        PolicyArgs policies;
} Args;

static const Option options[] = {
        { "config", 'c', OPTION_VALUE, "FILE", "Options in the form of ukify's uki.conf",
                        offsetof(Args, config) },
        { "linux", 0, OPTION_VALUE, "FILE",
                        "The kernel, as firmware could start it (none: an addon)",
                        offsetof(Args, linux_image) },
        { "initrd", 0, OPTION_REPEATED, "FILE", "Its initrd; several are joined",
                        offsetof(Args, initrds) },
        { "cmdline", 0, OPTION_VALUE, "TEXT|@FILE", "Its command line", offsetof(Args, cmdline) },
        { "os-release", 0, OPTION_VALUE, "TEXT|@FILE",
                        "What it is the kernel of (default: this host's os-release)",
                        offsetof(Args, os_release) },
        { "uname", 0, OPTION_VALUE, "TEXT|@FILE", "Its version (default: what it says itself)",
                        offsetof(Args, uname) },
        { "devicetree", 0, OPTION_VALUE, "FILE", "Its device tree", offsetof(Args, devicetree) },
        { "devicetree-auto", 0, OPTION_REPEATED, "FILE",
                        "A device tree out of several, of which the stub takes the machine's",
                        offsetof(Args, devicetrees) },
        { "hwids", 0, OPTION_VALUE, "FOLDER", "Which machine takes which of them (*.json)",
                        offsetof(Args, hwids) },
        { "efifw", 0, OPTION_REPEATED, "FOLDER",
                        "A firmware, in a folder of its name, that the stub hands to its machine",
                        offsetof(Args, firmwares) },
        { "microcode", 0, OPTION_VALUE, "FILE", "Microcode, an initrd ahead of the others",
                        offsetof(Args, microcode) },
        { "splash", 0, OPTION_VALUE, "FILE", "Picture that the stub shows (BMP)",
                        offsetof(Args, splash) },
        { "sbat", 0, OPTION_REPEATED, "TEXT|@FILE",
                        "Lines by which shim can revoke it (default: one that names it)",
                        offsetof(Args, sbat) },
        { "section", 0, OPTION_REPEATED, "NAME:TEXT|@FILE", "A section of another name",
                        offsetof(Args, sections) },
        { "profile", 0, OPTION_VALUE, "TEXT|@FILE", "What its profile is called (ID=, TITLE=)",
                        offsetof(Args, profile) },
        { "join-profile", 0, OPTION_REPEATED, "FILE", "One more profile, that was built on its own",
                        offsetof(Args, join_profiles) },
        { "sign-profile", 0, OPTION_REPEATED, "ID",
                        "Sign the PCR 11 of this profile (default: of all)",
                        offsetof(Args, sign_profiles) },
        { "stub", 0, OPTION_VALUE, "FILE",
                        "The systemd-stub (default: this host's, for the kernel's machine)",
                        offsetof(Args, stub) },
        { "efi-arch", 0, OPTION_VALUE, "ARCH",
                        "x64, aa64 or riscv64 (default: the kernel's, or this host's)",
                        offsetof(Args, efi_arch) },
        { "name", 0, OPTION_VALUE, "NAME", "For the leaf (default: IMAGE_ID= or ID= of os-release)",
                        offsetof(Args, name) },
        { "version", 0, OPTION_VALUE, "VERSION",
                        "For the leaf (default: IMAGE_VERSION= of os-release, or the uname)",
                        offsetof(Args, version) },
        { "output", 'o', OPTION_VALUE, "FILE", "Image to write", offsetof(Args, output) },
        { "leaf", 0, OPTION_VALUE, "FILE|no", "Release leaf to write (default: OUTPUT.leaf)",
                        offsetof(Args, leaf) },
        { "pcr-private-key", 0, OPTION_REPEATED, "FILE|URI",
                        "Sign the PCR 11 that it leads to with this RSA key (PEM)",
                        offsetof(Args, policies.private_keys) },
        { "pcr-public-key", 0, OPTION_REPEATED, "FILE", "The key's public half (PEM)",
                        offsetof(Args, policies.public_keys) },
        { "phases", 0, OPTION_REPEATED, "PATH...",
                        "Boot phases that the key signs for (default: the usual four)",
                        offsetof(Args, policies.phases) },
        { "policyref", 0, OPTION_REPEATED, "TEXT", "Policy reference that the key signs with",
                        offsetof(Args, policies.references) },
        { "pcr-banks", 0, OPTION_VALUE, "BANK...", "Banks that are signed for (default: all four)",
                        offsetof(Args, policies.banks) },
        { "sign-initrd-pcrs", 0, OPTION_FLAG, NULL,
                        "Sign one more policy, that holds in the initrd alone",
                        offsetof(Args, policies.initrd) },
        { "policy-digest", 0, OPTION_FLAG, NULL,
                        "Print what a key elsewhere is to sign, and leave room for it",
                        offsetof(Args, policies.digest) },
        { "join-pcrsig", 0, OPTION_VALUE, "FILE", "The image of which it signed that",
                        offsetof(Args, policies.image) },
        { "pcrsig", 0, OPTION_VALUE, "TEXT|@FILE", "What it made of it",
                        offsetof(Args, policies.signatures) },
        { "pcrpkey", 0, OPTION_VALUE, "FILE",
                        "Public key to be inside (default: that of the only key that signs)",
                        offsetof(Args, policies.embedded) },
        { "secureboot-private-key", 0, OPTION_VALUE, "FILE|URI",
                        "Sign the image for Secure Boot with this key (PEM)",
                        offsetof(Args, signing.key) },
        { "secureboot-certificate", 0, OPTION_VALUE, "FILE", "The key's certificate (PEM or DER)",
                        offsetof(Args, signing.certificate) },
        { "addcert", 0, OPTION_VALUE, "FILE", "Certificates of its issuers, to go with it (PEM)",
                        offsetof(Args, signing.more) },
        { "signing-provider", 0, OPTION_VALUE, "NAME",
                        "Private keys are URIs that this provider of OpenSSL knows",
                        offsetof(Args, signing.provider) },
        { "signing-engine", 0, OPTION_VALUE, "NAME",
                        "Private keys are names that this engine of OpenSSL knows",
                        offsetof(Args, signing.engine) },
        { "sign-kernel", 0, OPTION_FLAG, NULL, "Sign the kernel inside, too",
                        offsetof(Args, signing.sign_kernel) },
        { "sign", 0, OPTION_VALUE, "FILE", "Sign this PE file; no image is built",
                        offsetof(Args, signing.file) },
        { "existing-signatures", 0, OPTION_VALUE, "keep|replace",
                        "What becomes of those that are there before (default: keep)",
                        offsetof(Args, signing.existing) },
        { "digest-only", 0, OPTION_FLAG, NULL,
                        "Write the bytes that a key elsewhere is to sign, and no image",
                        offsetof(Args, signing.digest_only) },
        { "join-signature", 0, OPTION_VALUE, "FILE", "The signature that it made of them",
                        offsetof(Args, signing.signature) },
        { "json", 0, OPTION_JSON, NULL, "Print what was built as JSON", offsetof(Args, json) },
        {},
};

/* One that is given and is none of these; NULL: there is none. */
static const Option *other_option(const Args *a, const char *const *these) {
        for (const Option *o = options; o->name; o++) {
                const char *at = (const char *) a + o->where;
                bool given = o->kind == OPTION_REPEATED ? ((const Strings *) at)->n > 0
                             : o->kind == OPTION_FLAG   ? *(const bool *) at
                                                        : *(const char *const *) at != NULL;

                for (size_t i = 0; given && these[i]; i++)
                        given = strcmp(o->name, these[i]) != 0;
                if (given)
                        return o;
        }
        return NULL;
}

/* Options that say what goes into an image make no sense for a file that is there. */
static int check_sign(const Args *a, Err *e) {
        static const char *const others[] = { "output", "json", "sign", "secureboot-private-key",
                "secureboot-certificate", "addcert", "signing-provider", "signing-engine",
                "existing-signatures", "digest-only", "join-signature", "sign-kernel", NULL };
        const Option *other = other_option(a, others);

        if (other)
                return err_set(e, -EINVAL,
                                "'--sign=' builds no image, so there is no use for '--%s%s'",
                                other->name, other->value ? "=" : "");
        if (!a->output)
                return err_set(e, -EINVAL, "'--output=' is missing");
        return 0;
}

/* What an image is made of is there when signatures are joined to it. */
static int check_join(const Args *a, Err *e) {
        static const char *const others[] = { "output", "leaf", "name", "version", "json", "pcrsig",
                "join-pcrsig", "secureboot-private-key", "secureboot-certificate", "addcert",
                "signing-provider", "signing-engine", "digest-only", "join-signature", NULL };
        const Option *other = other_option(a, others);

        if (other)
                return err_set(e, -EINVAL,
                                "'--join-pcrsig=' builds no image, so there is no use for '--%s%s'",
                                other->name, other->value ? "=" : "");
        if (!a->policies.image || !a->policies.signatures)
                return err_set(e, -EINVAL, "'--join-pcrsig=' and '--pcrsig=' need each other");
        return a->output ? 0 : err_set(e, -EINVAL, "'--output=' is missing");
}

static UkiWords words(const Strings *s) {
        return (UkiWords){ s->values, s->n };
}

static bool is_given(const char *text) {
        return text && text[0];
}

static int take_params(const Args *a, const SignParams *sign, PolicyParams *policy,
                MakerPaths *paths, UkiParams *p, Err *e) {
        int rc;

        if (!a->linux_image && !is_given(a->cmdline) && !is_given(a->profile) && !a->devicetree &&
                        !a->microcode && a->initrds.n == 0 && a->sections.n == 0 &&
                        a->devicetrees.n == 0)
                return err_set(e, -EINVAL,
                                "'--linux=' is missing, and so is all that an addon is made of");
        if (!a->output)
                return err_set(e, -EINVAL, "'--output=' is missing");
        rc = maker_paths(a->output, a->signing.digest_only ? "no" : a->leaf, paths, e);
        if (rc < 0)
                return rc;
        *p = (UkiParams){
                .stub = a->stub,
                .efi_arch = a->efi_arch,
                .linux_image = a->linux_image,
                .initrds = words(&a->initrds),
                .cmdline = a->cmdline,
                .os_release = a->os_release,
                .uname = a->uname,
                .devicetree = a->devicetree,
                .splash = a->splash,
                .microcode = a->microcode,
                .devicetrees = words(&a->devicetrees),
                .firmwares = words(&a->firmwares),
                .hwids = a->hwids,
                .sbat = words(&a->sbat),
                .sections = words(&a->sections),
                .profile = a->profile,
                .join_profiles = words(&a->join_profiles),
                .sign_profiles = words(&a->sign_profiles),
                .name = a->name,
                .version = a->version,
                .output = paths->output,
                .leaf = paths->leaf,
                .sign = sign,
                .sign_kernel = a->signing.sign_kernel,
                .no_authenticode = !a->json,
                .digest_only = a->signing.digest_only,
        };
        rc = policies_take(&a->policies, &(KeySource){ a->signing.provider, a->signing.engine },
                        policy, &p->policy, &p->pcr_key, e);
        return rc < 0 ? rc : maker_epoch(&p->has_epoch, &p->epoch, e);
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
        if (b->n_profiles > 0)
                json_put_integer(&w, "profiles", b->n_profiles);
        json_put_integer(&w, "reproducible", b->reproducible);
        if (b->signer.size > 0)
                json_put_hex(&w, "signer", digest_span(&b->signer));
        json_put_integer(&w, "size", (int64_t) b->size);
        if (p->has_epoch)
                json_put_integer(&w, "sourceDateEpoch", (int64_t) p->epoch);
        json_put_foreign(&w, "stub", span_of(b->stub_version));
        json_put_string(&w, "type", b->has_kernel ? "uki" : "addon");
        json_put_foreign(&w, "version", span_of(b->version));
        json_put_end(&w);
        return print_json_buf(a->json, &text, e);
}

static void print_for_people(const UkiParams *p, const UkiBuilt *b) {
        char text[STUB_VERSION_MAX + 32];

        text_print(stdout, span_of(p->output));
        printf(": %s for %s\n", b->has_kernel ? "a unified kernel image" : "an addon",
                        b->architecture);
        print_line("name", span_of(b->name));
        if (b->version[0])
                print_line("version", span_of(b->version));
        if (b->n_profiles > 0) {
                (void) snprintf(text, sizeof(text), "%u", b->n_profiles);
                print_line("profiles", span_of(text));
        }
        (void) snprintf(text, sizeof(text), "systemd-%s %s", b->has_kernel ? "stub" : "addon",
                        b->stub_version);
        print_line("stub", span_of(text));
        if (b->authenticode.size >
                        0) /* who wants neither leaf nor signature need not wait for it */
                print_hex("authenticode", digest_span(&b->authenticode));
        signing_print_signer(b->subject, &b->signer);
        (void) snprintf(text, sizeof(text), "%" PRIu64 " bytes", b->size);
        print_line("size", span_of(text));
        if (p->leaf)
                print_line("leaf", span_of(p->leaf));
}

static void print_notes(const Args *a, const UkiBuilt *b) {
        if (b->has_kernel && !a->uname && !b->has_uname)
                fprintf(stderr, "avouch build-uki: note: the kernel does not say its version, so there "
                                "is no section .uname; --uname= gives one\n");
        if (b->stub_generation > STUB_NEWEST)
                fprintf(stderr,
                                "avouch build-uki: note: the stub is of systemd %u; that it measures "
                                "what %d does is an assumption\n",
                                b->stub_generation, STUB_NEWEST);
        signing_print_reproducible(b->reproducible);
}

/* Of an image that was built or joined. Returns an exit status. */
static int print_built(const Args *a, const UkiParams *p, const UkiBuilt *built, Err *e) {
        print_notes(a, built);
        if (p->digest_only)
                return signing_print_bytes(a->json, p->output, &built->authenticode, e);
        if (p->to_sign) {
                (void) fwrite(p->to_sign->data, 1, p->to_sign->size, stdout);
                (void) putchar('\n');
                return EXIT_YES;
        }
        if (a->json)
                return print_as_json(a, p, built, e);
        print_for_people(p, built);
        return EXIT_YES;
}

static int run_build(const Args *a, const SignParams *sign, Err *e) {
        _cleanup_(buf_done) Buf to_sign = BUF_UP_TO(UKI_TEXT_MAX);
        PolicyParams policy;
        Interrupt interrupt;
        MakerPaths paths;
        UkiBuilt built;
        UkiParams p;
        int rc;

        rc = take_params(a, sign, &policy, &paths, &p, e);
        if (rc < 0)
                return rc;
        p.to_sign = a->policies.digest ? &to_sign : NULL;
        interrupt = interrupt_hold();
        rc = uki_build(&p, &built, e);
        interrupt_release(&interrupt);
        return rc < 0 ? rc : print_built(a, &p, &built, e);
}

static int run_join(const Args *a, const SignParams *sign, Err *e) {
        UkiJoinParams p = {
                .image = a->policies.image,
                .signatures = a->policies.signatures,
                .name = a->name,
                .version = a->version,
                .sign = sign,
                .digest_only = a->signing.digest_only,
        };
        Interrupt interrupt;
        MakerPaths paths;
        UkiBuilt built;
        int rc;

        rc = check_join(a, e);
        if (rc == 0)
                rc = maker_paths(a->output, p.digest_only ? "no" : a->leaf, &paths, e);
        if (rc == 0)
                rc = maker_epoch(&p.has_epoch, &p.epoch, e);
        if (rc < 0)
                return rc;
        p.output = paths.output;
        p.leaf = paths.leaf;
        interrupt = interrupt_hold();
        rc = uki_join(&p, &built, e);
        interrupt_release(&interrupt);
        return rc < 0 ? rc
                      : print_built(a,
                                        &(UkiParams){ .output = p.output,
                                                        .leaf = p.leaf,
                                                        .has_epoch = p.has_epoch,
                                                        .epoch = p.epoch,
                                                        .digest_only = p.digest_only },
                                        &built, e);
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(buf_done) Buf config = BUF_UP_TO(UKI_TEXT_MAX);
        Args *a = values;
        const SignParams *wanted;
        SignParams sign;
        int rc = 0;

        (void) operands;
        if (a->config)
                rc = uki_config_take(a->config, options, a, &a->policies, &config, e);
        if (rc == 0)
                rc = signing_take(&a->signing, &sign, &wanted, e);
        if (rc == 0 && a->signing.file) {
                rc = check_sign(a, e);
                return rc < 0 ? rc : signing_run(&a->signing, wanted, a->output, a->json, e);
        }
        if (rc < 0)
                return rc;
        return a->policies.image || a->policies.signatures ? run_join(a, wanted, e)
                                                           : run_build(a, wanted, e);
}

static const Verb verbs[] = {
        { "", NULL, NULL, 0, 0, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        memory_hide();
        return tool_main(&(Tool){ .name = "avouch build-uki",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
