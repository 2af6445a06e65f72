/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "image/build.h"
#include "image/kind.h"
#include "image/words.h"
#include "layer/gpt-types.h"
#include "port/interrupt.h"
#include "port/memory.h"
#include "tools/maker.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/tool.h"
#include "wire/json.h"

typedef struct Args {
        const char *type, *source, *name, *version, *architecture;
        const char *private_key, *key_source, *certificate;
        const char *output, *leaf, *seed, *salt, *normalize, *json;
        const char *filesystem, *compression, *file_contexts;
        const char *joined, *size;
        bool root_hash_only;
        Strings fields;
} Args;

static const Option options[] = {
        { "type", 0, OPTION_VALUE, "TYPE", "What to build: sysext, confext, portable, usr, root",
                        offsetof(Args, type) },
        { "source", 0, OPTION_VALUE, "DIR|FILE|-",
                        "Folder, tar archive or file system that it is made of",
                        offsetof(Args, source) },
        { "name", 0, OPTION_VALUE, "NAME", "Name of the image", offsetof(Args, name) },
        { "version", 0, OPTION_VALUE, "VERSION", "Its version", offsetof(Args, version) },
        { "architecture", 0, OPTION_VALUE, "ARCH", "For which machines (default: this one's)",
                        offsetof(Args, architecture) },
        { "private-key", 0, OPTION_VALUE, "FILE|URI", "Key that signs the root hash (PEM)",
                        offsetof(Args, private_key) },
        { "private-key-source", 0, OPTION_VALUE, "SOURCE",
                        "Where it is: file (default), provider:NAME, engine:NAME",
                        offsetof(Args, key_source) },
        { "certificate", 0, OPTION_VALUE, "FILE", "The key's certificate (PEM or DER)",
                        offsetof(Args, certificate) },
        { "root-hash-only", 0, OPTION_FLAG, NULL,
                        "Print the root hash, for a key that is elsewhere; write nothing",
                        offsetof(Args, root_hash_only) },
        { "join-signature", 0, OPTION_VALUE, "HASH:FILE",
                        "Take this PKCS#7 signature of that root hash; no key is needed",
                        offsetof(Args, joined) },
        { "output", 'o', OPTION_VALUE, "FILE|DIR",
                        "Image to write, or where (default: NAME_VERSION.raw)",
                        offsetof(Args, output) },
        { "leaf", 0, OPTION_VALUE, "FILE|no", "Release leaf to write (default: OUTPUT.leaf)",
                        offsetof(Args, leaf) },
        { "seed", 0, OPTION_VALUE, "TEXT", "Derive UUIDs and salt from this, not name and version",
                        offsetof(Args, seed) },
        { "salt", 0, OPTION_VALUE, "HEX", "Salt of the hash tree (default: derived, too)",
                        offsetof(Args, salt) },
        { "size", 0, OPTION_VALUE, "BYTES|minimal",
                        "Size of the image; K, M, G may stand behind it (default: minimal)",
                        offsetof(Args, size) },
        { "normalize", 0, OPTION_VALUE, "BOOL",
                        "Whether all files become root's (default: of extensions)",
                        offsetof(Args, normalize) },
        { "extension-release", 0, OPTION_REPEATED, "KEY=VALUE",
                        "Write this into its extension-release file (default: ID=_any)",
                        offsetof(Args, fields) },
        { "filesystem", 0, OPTION_VALUE, "TYPE", "erofs (default), squashfs, or ext4 for a system",
                        offsetof(Args, filesystem) },
        { "compression", 0, OPTION_VALUE, "NAME[,LEVEL]",
                        "How files are compressed: lz4hc,9 (default: not in an erofs)",
                        offsetof(Args, compression) },
        { "file-contexts", 0, OPTION_VALUE, "FILE", "Give files the SELinux labels that it names",
                        offsetof(Args, file_contexts) },
        { "json", 0, OPTION_JSON, NULL, "Print what was built as JSON", offsetof(Args, json) },
        {},
};

static int own_architecture(const char **ret, Err *e) {
        const GptTypes *native = gpt_types_native();

        if (!native)
                return err_set(e, -EINVAL,
                                "'--architecture=' is missing, and this machine's is not one that "
                                "images are known for");
        *ret = native->architecture;
        return 0;
}

/* How the root hash is to be signed, if at all: one way, and all that it takes. */
static int check_signing(const Args *a, Err *e) {
        if (a->root_hash_only && (a->private_key || a->certificate || a->joined))
                return err_set(e, -EINVAL,
                                "'--root-hash-only' signs nothing: leave out '--private-key=', "
                                "'--certificate=' and '--join-signature='");
        if (a->joined && a->private_key)
                return err_set(e, -EINVAL,
                                "'--private-key=' and '--join-signature=' are two ways to sign; leave "
                                "one of them out");
        if (!a->root_hash_only && !a->joined && !a->private_key)
                return err_set(e, -EINVAL, "'--private-key=' is missing");
        if (!a->root_hash_only && !a->certificate)
                return err_set(e, -EINVAL, "'--certificate=' is missing");
        return 0;
}

static int check_given(const Args *a, Err *e) {
        static const size_t needed[] = { offsetof(Args, type), offsetof(Args, source),
                offsetof(Args, name), offsetof(Args, version) };

        for (const Option *o = options; o->name; o++)
                for (size_t i = 0; i < ELEMENTS(needed); i++)
                        if (o->where == needed[i] &&
                                        !*(const char *const *) ((const char *) a + o->where))
                                return err_set(e, -EINVAL, "'--%s=' is missing", o->name);
        return check_signing(a, e);
}

static int take_paths(const Args *a, MakerPaths *paths, ImageParams *p, Err *e) {
        FolderPath output;
        int rc;

        rc = image_output_path(a->output, image_kind(p->type), a->name, a->version, &output, e);
        if (rc < 0)
                return rc;
        rc = maker_paths(output.text, a->root_hash_only ? "no" : a->leaf, paths, e);
        p->output = paths->output;
        p->leaf = paths->leaf;
        return rc;
}

/* As systemd takes them. */
static int take_bool(const char *option, const char *text, bool *ret, Err *e) {
        static const char *const words[2][4] = { { "no", "false", "off", "0" },
                { "yes", "true", "on", "1" } };

        for (size_t i = 0; text && i < 2 * ELEMENTS(words[0]); i++)
                if (strcmp(text, words[i % 2][i / 2]) == 0) {
                        *ret = i % 2 == 1;
                        return 0;
                }
        return text ? err_set(e, -EINVAL, "'--%s=%s' is neither yes nor no", option, text) : 0;
}

/* In steps of 4096, as what is in it. */
static int take_size(const char *text, uint64_t *ret, Err *e) {
        static const char units[] = "KMGT";
        Span digits = span_of(text);
        const char *unit;
        uint64_t n = 0;

        if (!text || strcmp(text, "minimal") == 0)
                return 0;
        unit = digits.size > 0 ? strchr(units, digits.data[digits.size - 1]) : NULL;
        if (unit)
                digits.size--;
        if (!text_number(digits, UINT64_C(1) << 20, &n) &&
                        (unit || !text_number(digits, INT64_MAX, &n)))
                n = 0;
        if (unit)
                n <<= 10 * (unit - units + 1);
        if (n == 0 || n % 4096 != 0)
                return err_set(e, -EINVAL,
                                "'--size=%s' is not a number of bytes that 4096 divides, nor minimal",
                                text);
        *ret = n;
        return 0;
}

/* As systemd-repart takes it. */
static int take_source(const Args *a, KeySource *ret, Err *e) {
        const char *text = a->key_source ?: "file", *colon = strchr(text, ':');

        if (a->key_source && !a->private_key)
                return err_set(e, -EINVAL,
                                "'--private-key-source=' is of use with "
                                "'--private-key=' alone");
        if (colon && colon[1] && strncmp(text, "provider:", strlen("provider:")) == 0)
                ret->provider = colon + 1;
        else if (colon && colon[1] && strncmp(text, "engine:", strlen("engine:")) == 0)
                ret->engine = colon + 1;
        else if (strcmp(text, "file") != 0)
                return err_set(e, -EINVAL,
                                "'--private-key-source=%s' is none of file, provider:NAME and "
                                "engine:NAME",
                                text);
        return 0;
}

static int take_params(const Args *a, MakerPaths *paths, ImageParams *p, Err *e) {
        const char *scratch = getenv("TMPDIR");
        bool normalize;
        int rc;

        rc = check_given(a, e);
        if (rc < 0)
                return rc;
        *p = (ImageParams){
                .type = leaf_type_of_name(span_of(a->type)),
                .source = a->source,
                .name = a->name,
                .version = a->version,
                .architecture = a->architecture,
                .root_hash_only = a->root_hash_only,
                .signature = { .certificate = a->certificate,
                                .private_key = a->private_key,
                                .joined = a->joined },
                .seed = a->seed,
                .salt = a->salt,
                .fields = a->fields.values,
                .n_fields = a->fields.n,
                .filesystem = a->filesystem ?: "erofs",
                .compression = a->compression,
                .file_contexts = a->file_contexts,
                .scratch = scratch && scratch[0] ? scratch : "/var/tmp",
        };
        if (!image_kind(p->type))
                return err_set(e, -EINVAL, "'--type=%s' cannot be built; %s can", a->type,
                                image_kinds_text);
        normalize = image_kind(p->type)->release_folder != NULL;
        if (a->seed && !a->seed[0])
                return err_set(e, -EINVAL, "'--seed=' is empty");
        rc = take_source(a, &p->signature.source, e);
        if (rc == 0)
                rc = take_size(a->size, &p->size, e);
        if (rc == 0)
                rc = take_bool("normalize", a->normalize, &normalize, e);
        p->keep_owners = !normalize;
        if (rc == 0 && !a->architecture)
                rc = own_architecture(&p->architecture, e);
        if (rc == 0)
                rc = maker_epoch(&p->has_epoch, &p->epoch, e);
        if (rc == 0)
                rc = take_paths(a, paths, p, e);
        return rc;
}

/* Alone on its line, as what is signed is this text. */
static int print_root_hash(const Args *a, const ImageBuilt *b, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONTENT_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        if (!a->json) {
                text_hex(&text, digest_span(&b->root_hash));
                printf("%.*s\n", (int) text.size, (const char *) text.data);
                return EXIT_YES;
        }
        json_put_object(&w, NULL);
        json_put_hex(&w, "rootHash", digest_span(&b->root_hash));
        json_put_end(&w);
        return print_json_buf(a->json, &text, e);
}

static int print_as_json(const Args *a, const ImageParams *p, const ImageBuilt *b, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONTENT_MAX + 8 * PATH_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);
        Span json;
        int rc;

        json_put_object(&w, NULL);
        json_put_string(&w, "architecture", p->architecture);
        if (p->leaf)
                json_put_foreign(&w, "leaf", span_of(p->leaf));
        json_put_foreign(&w, "name", span_of(p->name));
        json_put_foreign(&w, "output", span_of(p->output));
        json_put_integer(&w, "reproducible", b->reproducible);
        json_put_hex(&w, "rootHash", digest_span(&b->root_hash));
        json_put_hex(&w, "signer", digest_span(&b->signer));
        json_put_integer(&w, "size", (int64_t) b->size);
        if (p->has_epoch)
                json_put_integer(&w, "sourceDateEpoch", (int64_t) p->epoch);
        json_put_string(&w, "type", leaf_type_name(p->type));
        json_put_foreign(&w, "version", span_of(p->version));
        json_put_end(&w);
        rc = buf_end(&text, &json);
        if (rc < 0)
                return err_set(e, rc, "the result does not fit its JSON");
        print_json(a->json, json);
        return 0;
}

static void print_for_people(const ImageParams *p, const ImageBuilt *b) {
        char size[96];

        (void) snprintf(size, sizeof(size),
                        "%" PRIu64 " bytes (file system %" PRIu64 ", hash tree %" PRIu64 ")",
                        b->size, b->filesystem_size, b->tree_size);
        text_print(stdout, span_of(p->output));
        printf(": %s for %s\n", image_kind(p->type)->what, p->architecture);
        print_line("name", span_of(p->name));
        print_line("version", span_of(p->version));
        print_hex("root hash", digest_span(&b->root_hash));
        print_line("signed by", span_of(b->subject));
        print_hex("", digest_span(&b->signer));
        print_line("size", span_of(size));
        if (p->leaf)
                print_line("leaf", span_of(p->leaf));
}

static int run(void *values, char *const *operands, Err *e) {
        Progress progress = progress_begin("building");
        const Args *a = values;
        ImageParams p;
        ImageBuilt built;
        Interrupt interrupt;
        MakerPaths paths;
        int rc;

        (void) operands;
        rc = take_params(a, &paths, &p, e);
        if (rc < 0)
                return rc;

        p.watcher = progress_watcher(&progress);
        interrupt = interrupt_hold();
        rc = image_build(&p, &built, e);
        progress_end(&progress);
        interrupt_release(&interrupt);
        if (rc < 0)
                return rc;

        if (p.root_hash_only)
                return print_root_hash(a, &built, e);
        if (!built.reproducible)
                fprintf(stderr, "avouch build-image: note: the key is not an RSA key, so its "
                                "signature is another one in each build\n");
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

        memory_hide();
        return tool_main(&(Tool){ .name = "avouch build-image",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
