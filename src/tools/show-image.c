/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "image/seed.h"
#include "layer/layer.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/show-contents.h"
#include "tools/show.h"
#include "tools/tool.h"
#include "wire/json.h"

enum { IMAGE_JSON_MAX = 512 * 1024, SUPERBLOCK_UUID_AT = 16 };

/* What was asked about an image, and the answers. */
typedef struct Answers {
        Certificate certificate;
        Contents contents;
        bool holds;  /* with --certificate=: the signature is that certificate's */
        Err content; /* with --verify: unset where all of it holds */
        Err rest;    /* the same of what the root hash does not cover */
} Answers;

static void answers_done(Answers *n) {
        certificate_done(&n->certificate);
        contents_done(&n->contents);
}

/* The UUID of the hash tree is covered by nothing. But the salt is, and where that is the one that
 * name and version give, build-image has derived the UUID from them too. */
static int check_uuid(const Layer *l, Err *e) {
        ImageSeed seed;
        int rc;

        rc = image_seed(NULL, l->name, l->version, &seed, e);
        if (rc < 0)
                return rc;
        if (l->tree.salt_size != sizeof(seed.salt) ||
                        memcmp(l->tree.salt, seed.salt, sizeof(seed.salt)) != 0 ||
                        memcmp(l->tree.uuid, seed.verity, sizeof(seed.verity)) == 0)
                return 0;
        return err_set(e, -EBADMSG,
                        "%s: the UUID in the superblock, at byte %" PRIu64
                        " of the file, is not the one that belongs to name, version and salt",
                        l->path, l->tree.hash_offset + SUPERBLOCK_UUID_AT);
}

/* What does not hold is an answer; what cannot be read is none. */
static int judged(int rc, const Err *why, Err *e) {
        return rc < 0 && rc != -EBADMSG ? err_set(e, rc, "%s", why->text) : 0;
}

static int verify(const Layer *l, Answers *n, Err *e) {
        Progress progress = progress_begin("verifying");
        Watcher watcher = progress_watcher(&progress);
        int rc;

        rc = layer_check_rest(l, &n->rest);
        if (rc == 0)
                rc = check_uuid(l, &n->rest);
        rc = judged(rc, &n->rest, e);
        if (rc < 0)
                return rc;
        rc = layer_check(l, &watcher, &n->content);
        progress_end(&progress);
        return judged(rc, &n->content, e);
}

static int ask(const ShowArgs *a, const Layer *l, Answers *n, Err *e) {
        int rc = 0;

        if (a->certificate)
                rc = certificate_load(a->certificate, &n->certificate, e);
        if (rc == -EBADMSG) /* it is not the image that is malformed */
                return -ENOKEY;
        if (rc < 0)
                return rc;
        if (a->certificate)
                rc = layer_signed_by(l, &n->certificate, &n->holds, e);
        if (rc < 0 || !a->verify)
                return rc;
        return verify(l, n, e);
}

static void put_signature(JsonWriter *w, const ShowArgs *a, const Layer *l, const Answers *n) {
        if (!l->has_signature)
                return;
        json_put_object(w, "signature");
        if (l->has_fingerprint)
                json_put_hex(w, "certificateFingerprint",
                                (Span){ l->fingerprint, sizeof(l->fingerprint) });
        if (a->certificate)
                json_put_integer(w, "holds", n->holds);
        if (n->holds) {
                json_put_hex(w, "signer", digest_span(&n->certificate.fingerprint));
                json_put_string(w, "subject", n->certificate.subject);
        }
        json_put_end(w);
}

static void put_answer(JsonWriter *w, const char *name, const Err *why) {
        json_put_object(w, name);
        json_put_integer(w, "holds", why->code == 0);
        if (why->code != 0)
                json_put_foreign(w, "reason", span_of(why->text));
        json_put_end(w);
}

static void put_parts(JsonWriter *w, const Layer *l) {
        json_put_array(w, "parts");
        for (size_t i = 0; i < l->n_parts; i++) {
                json_put_object(w, NULL);
                json_put_integer(w, "offset", (int64_t) l->parts[i].offset);
                json_put_integer(w, "size", (int64_t) l->parts[i].size);
                json_put_string(w, "what", l->parts[i].what);
                json_put_end(w);
        }
        json_put_end(w);
}

static int print_as_json(const ShowArgs *a, const Layer *l, const Answers *n, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(IMAGE_JSON_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        json_put_object(&w, NULL);
        json_put_string(&w, "architecture", l->architecture);
        json_put_integer(&w, "avouch", 1);
        if (a->verify)
                put_answer(&w, "content", &n->content);
        show_contents_json(&w, "extensionRelease", &n->contents);
        if (l->filesystem[0])
                json_put_foreign(&w, "filesystem", span_of(l->filesystem));
        json_put_string(&w, "kind", show_image.name);
        json_put_foreign(&w, "name", span_of(l->name));
        show_contents_json(&w, "osRelease", &n->contents);
        json_put_string(&w, "partition", l->usr ? "usr" : "root");
        put_parts(&w, l);
        if (a->verify)
                put_answer(&w, "rest", &n->rest);
        json_put_hex(&w, "rootHash", digest_span(&l->root_hash));
        json_put_hex(&w, "salt", (Span){ l->tree.salt, l->tree.salt_size });
        put_signature(&w, a, l, n);
        json_put_string(&w, "type", leaf_type_name(l->type));
        show_unread_json(&w, &n->contents);
        if (l->version[0])
                json_put_foreign(&w, "version", span_of(l->version));
        json_put_end(&w);
        return print_json_buf(a->json, &text, e);
}

static void print_parts(const Layer *l) {
        for (size_t i = 0; i < l->n_parts; i++) {
                const LayerPart *p = &l->parts[i];
                char text[128];

                (void) snprintf(text, sizeof(text), "%" PRIu64 " bytes at byte %" PRIu64, p->size,
                                p->offset);
                print_line(p->what, span_of(text));
        }
}

/* By whom only where it holds: what the image says of its signer anybody can write. */
static void print_signer(const ShowArgs *a, const Layer *l, const Answers *n) {
        if (!l->has_signature) {
                print_line("signed", SPAN_LITERAL("no"));
        } else if (!a->certificate) {
                print_line("signed", SPAN_LITERAL("not looked at; --certificate= says by whom"));
        } else if (n->holds) {
                print_line("signed by", span_of(n->certificate.subject));
                print_hex("", digest_span(&n->certificate.fingerprint));
        } else {
                print_line("signed", SPAN_LITERAL("not with the key of this certificate:"));
                print_line("", span_of(n->certificate.subject));
                print_hex("", digest_span(&n->certificate.fingerprint));
        }
}

static void print_answer(const char *label, const Err *why, const char *good) {
        print_line(label, span_of(why->code == 0 ? good : why->text));
}

static void print_for_people(const ShowArgs *a, const Layer *l, const Answers *n) {
        text_print(stdout, span_of(l->path));
        printf(": a verity-protected image for %s\n", l->architecture);
        print_line("name", span_of(l->name));
        if (l->version[0])
                print_line("version", span_of(l->version));
        print_line("type", span_of(leaf_type_name(l->type)));
        print_hex("root hash", digest_span(&l->root_hash));
        print_line("partition", span_of(l->usr ? "usr" : "root"));
        print_line("file system", span_of(l->filesystem[0] ? l->filesystem : "none that is known"));
        show_contents(&n->contents);
        print_parts(l);
        print_signer(a, l, n);
        if (!a->verify)
                return;
        print_answer("content", &n->content, "all of it is what the root hash says");
        print_answer("the rest", &n->rest, "tables, paddings and signature are whole");
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(answers_done) Answers n = {
                .certificate = CERTIFICATE_NONE,
                .contents = CONTENTS_NONE,
        };
        _cleanup_(layer_done) Layer l = LAYER_NONE;
        int rc;

        rc = layer_open(path, &l, e);
        if (rc == 0)
                rc = contents_read(&l, &n.contents, e);
        if (rc < 0)
                return rc;
        if (n.contents.type != LEAF_INVALID)
                l.type = n.contents.type;
        rc = ask(a, &l, &n, e);
        if (rc < 0)
                return rc;
        if (a->json)
                rc = print_as_json(a, &l, &n, e);
        else
                print_for_people(a, &l, &n);
        if (rc < 0)
                return rc;
        return n.content.code != 0 || n.rest.code != 0 || (a->certificate && !n.holds) ? EXIT_NO
                                                                                       : EXIT_YES;
}

const ShowKind show_image = {
        .name = "image",
        .has_content = true,
        .matches = layer_matches,
        .show = show,
};
