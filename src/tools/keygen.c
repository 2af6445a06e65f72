/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "port/crypto.h"
#include "port/key-rsa.h"
#include "port/keygen.h"
#include "port/memory.h"
#include "tools/print.h"
#include "tools/tool.h"
#include "wire/json.h"

enum { DAYS_DEFAULT = 3650, DAYS_MAX = 36500, NAME_MAX_SIZE = 64, FILES = 2 };

typedef struct Args {
        const char *kind, *output, *name, *days, *json;
} Args;

static const Option options[] = {
        { "kind", 0, OPTION_VALUE, "KIND", "secure-boot, pcr, image, log or ak-ca",
                        offsetof(Args, kind) },
        { "output", 'o', OPTION_VALUE, "DIR", "Folder for the new files", offsetof(Args, output) },
        { "name", 0, OPTION_VALUE, "NAME", "Common name of the certificate; of a log, its origin",
                        offsetof(Args, name) },
        { "days", 0, OPTION_VALUE, "N", "How long the certificate is valid (default: 3650)",
                        offsetof(Args, days) },
        { "json", 0, OPTION_JSON, NULL, "Print what was made as JSON", offsetof(Args, json) },
        {},
};

/* What stands beside the private key. */
typedef enum Public { PUBLIC_CERTIFICATE, PUBLIC_KEY, PUBLIC_NOTE } Public;

static const struct Kind {
        const char *name, *title; /* title: the common name where none is given */
        NewKeyType type;
        Public public;
        CertificateUse use;
        const char *suffix; /* of the public file */
} kinds[] = {
        { "secure-boot", "Secure Boot", NEW_KEY_RSA, PUBLIC_CERTIFICATE, CERTIFICATE_SIGNS_CODE,
                        "crt" },
        { "pcr", NULL, NEW_KEY_RSA, PUBLIC_KEY, CERTIFICATE_SIGNS_DATA, "pub" },
        { "image", "Image", NEW_KEY_RSA, PUBLIC_CERTIFICATE, CERTIFICATE_SIGNS_DATA, "crt" },
        { "log", NULL, NEW_KEY_ED25519, PUBLIC_NOTE, CERTIFICATE_SIGNS_DATA, "vkey" },
        { "ak-ca", "Attestation CA", NEW_KEY_P256, PUBLIC_CERTIFICATE, CERTIFICATE_ISSUES, "crt" },
};

typedef struct Kind Kind;

/* The two files, and how many of them are there by us. Owner: made_done(). */
typedef struct Made {
        char paths[FILES][PATH_MAX];
        unsigned n;
} Made;

/* Nothing half made stays. */
static void made_done(Made *m) {
        while (m->n > 0)
                (void) unlink(m->paths[--m->n]);
}

static const Kind *find_kind(const char *name) {
        for (size_t i = 0; name && i < ELEMENTS(kinds); i++)
                if (strcmp(kinds[i].name, name) == 0)
                        return &kinds[i];
        return NULL;
}

/* The C2SP signed-note's verifier key: NAME+HASH+KEY. */
static int put_note_key(const PrivateKey *k, const char *origin, Buf *to, Err *e) {
        uint8_t key[1 + ED25519_SIZE] = { 0x01 }; /* Ed25519 */
        Digest d;
        int rc;

        rc = private_key_ed25519(k, key + 1, e);
        if (rc == 0)
                rc = hash_parts(HASH_SHA256,
                                (Span[]){ span_of(origin), SPAN_LITERAL("\n"),
                                                { key, sizeof(key) } },
                                3, &d, e);
        if (rc < 0)
                return rc;
        buf_printf(to, "%s+", origin);
        text_hex(to, (Span){ d.bytes, 4 });
        buf_byte(to, '+');
        text_base64(to, (Span){ key, sizeof(key) });
        buf_byte(to, '\n');
        return to->failed < 0 ? err_set(e, to->failed, "no room for a verifier key") : 0;
}

static int put_public(const Args *a, const Kind *kind, unsigned days, const PrivateKey *k, Buf *to,
                Err *e) {
        switch (kind->public) {
        case PUBLIC_CERTIFICATE:
                return certificate_new(k, kind->use, a->name ?: kind->title, days, to, e);
        case PUBLIC_KEY:
                return rsa_public_pem(k, to, e);
        default:
                return put_note_key(k, a->name, to, e);
        }
}

/* Only where there is no such file: a key that is overwritten is lost. */
static int write_new(Made *m, mode_t mode, Span bytes, Err *e) {
        const char *path = m->paths[m->n];
        _cleanup_(fd_done) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        int rc;

        if (fd < 0)
                return err_set(e, -errno, "%s: %s", path,
                                errno == EEXIST ? "is there already, and stays as it is"
                                                : strerror(errno));
        m->n++;
        rc = file_write_at(fd, path, 0, bytes, e);
        if (rc == 0 && fsync(fd) < 0)
                rc = err_set(e, -errno, "%s: %s", path, strerror(errno));
        return rc;
}

/* Asked ahead, so that no file comes and goes where the other one is there. */
static int name_files(const Args *a, const Kind *kind, Made *m, Err *e) {
        const char *const suffixes[FILES] = { "key", kind->suffix };

        for (size_t i = 0; i < FILES; i++) {
                int n = snprintf(m->paths[i], PATH_MAX, "%s/%s.%s", a->output, kind->name,
                                suffixes[i]);

                if (n < 0 || n >= PATH_MAX)
                        return err_set(e, -EINVAL, "the path of the folder is too long");
                if (faccessat(AT_FDCWD, m->paths[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        return err_set(e, -EEXIST, "%s: is there already, and stays as it is",
                                        m->paths[i]);
        }
        return 0;
}

static int print_made(const Args *a, const Kind *kind, const Made *m, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONTENT_MAX + 8 * PATH_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        if (!a->json) {
                print_line("private key", span_of(m->paths[0]));
                print_line(kind->public == PUBLIC_CERTIFICATE ? "certificate" : "public key",
                                span_of(m->paths[1]));
                return EXIT_YES;
        }
        json_put_object(&w, NULL);
        json_put_string(&w, "kind", kind->name);
        json_put_foreign(&w, "private", span_of(m->paths[0]));
        json_put_foreign(&w, "public", span_of(m->paths[1]));
        json_put_end(&w);
        return print_json_buf(a->json, &text, e);
}

static int make(const Args *a, const Kind *kind, unsigned days, Err *e) {
        _cleanup_(private_key_done) PrivateKey *k = NULL;
        _cleanup_(secret_done) Secret private = {};
        _cleanup_(buf_done) Buf public = BUF_UP_TO(NEW_KEY_PEM_MAX);
        _cleanup_(made_done) Made m = {};
        int rc;

        rc = name_files(a, kind, &m, e);
        if (rc == 0)
                rc = secret_new(NEW_KEY_PEM_MAX, &private, e);
        if (rc == 0)
                rc = private_key_new(kind->type, &k, e);
        if (rc == 0)
                rc = private_key_pem(k, &private, e);
        if (rc == 0)
                rc = put_public(a, kind, days, k, &public, e);
        if (rc == 0)
                rc = dir_make(a->output, 0755, e);
        if (rc == 0)
                rc = write_new(&m, 0600, secret_span(&private), e);
        if (rc == 0)
                rc = write_new(&m, 0644, buf_span(&public), e);
        if (rc == 0)
                rc = print_made(a, kind, &m, e);
        if (rc >= 0)
                m.n = 0;
        return rc;
}

/* A log's name goes into every checkpoint (C2SP signed-note): no blanks, no '+'. */
static bool is_origin(const char *name) {
        for (const char *c = name; *c; c++)
                if (*c <= ' ' || *c >= 0x7f || *c == '+')
                        return false;
        return name[0] != '\0';
}

static int check_name(const Args *a, const Kind *kind, Err *e) {
        if (kind->public == PUBLIC_KEY && (a->name || a->days))
                return err_set(e, -EINVAL, "a key of kind '%s' has neither name nor end",
                                kind->name);
        if (kind->public != PUBLIC_NOTE)
                return a->name && (!a->name[0] || strlen(a->name) > NAME_MAX_SIZE)
                                       ? err_set(e, -EINVAL, "a common name has 1 to %d bytes",
                                                         NAME_MAX_SIZE)
                                       : 0;
        if (a->days)
                return err_set(e, -EINVAL, "the key of a log has no end");
        if (!a->name)
                return err_set(e, -EINVAL,
                                "'--name=' is missing: the origin of the log, as "
                                "example.org/log");
        return is_origin(a->name) ? 0
                                  : err_set(e, -EINVAL,
                                                    "'--name=%s' is no origin: it has blanks, '+' "
                                                    "or other than ASCII",
                                                    a->name);
}

static int run(void *values, char *const *operands, Err *e) {
        const Args *a = values;
        const Kind *kind = find_kind(a->kind);
        uint64_t days = DAYS_DEFAULT;
        int rc;

        (void) operands;
        if (!a->kind || !a->output)
                return err_set(e, -EINVAL, "'--%s=' is missing", a->kind ? "output" : "kind");
        if (!kind)
                return err_set(e, -EINVAL,
                                "'--kind=%s' is none of secure-boot, pcr, image, log, ak-ca",
                                a->kind);
        if (a->days && (!text_number(span_of(a->days), DAYS_MAX, &days) || days == 0))
                return err_set(e, -EINVAL, "'--days=%s' is no number from 1 to %d", a->days,
                                DAYS_MAX);
        rc = check_name(a, kind, e);
        return rc < 0 ? rc : make(a, kind, (unsigned) days, e);
}

static const Verb verbs[] = {
        { "", NULL, NULL, 0, 0, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        memory_hide();
        return tool_main(&(Tool){ .name = "avouch keygen",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
