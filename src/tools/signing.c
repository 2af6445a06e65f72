/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/signing.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "image/sign-file.h"
#include "port/interrupt.h"
#include "tools/print.h"
#include "tools/tool.h"
#include "wire/json.h"

enum { JSON_MAX = CONTENT_MAX + 8 * PATH_MAX };

/* One key at most, with its certificate. */
static int check_key(const SigningArgs *a, Err *e) {
        bool signs = a->key || a->signature;

        if (a->digest_only && signs)
                return err_set(e, -EINVAL, "'--digest-only' is for a key that is elsewhere");
        if (a->key && a->signature)
                return err_set(e, -EINVAL,
                                "'--join-signature=' and '--secureboot-private-key=' exclude each "
                                "other");
        if (signs && !a->certificate)
                return err_set(e, -EINVAL, "'--secureboot-certificate=' is missing");
        if (!signs && !a->digest_only && (a->certificate || a->file))
                return err_set(e, -EINVAL, "'--secureboot-private-key=' is missing");
        return 0;
}

static int check(const SigningArgs *a, Err *e) {
        if (a->existing && strcmp(a->existing, "keep") != 0 && strcmp(a->existing, "replace") != 0)
                return err_set(e, -EINVAL, "'--existing-signatures=%s' is neither keep nor replace",
                                a->existing);
        if (a->sign_kernel && a->file)
                return err_set(e, -EINVAL,
                                "'--sign=' builds no image, so there is no use for "
                                "'--sign-kernel'");
        if (a->sign_kernel && !a->key)
                return err_set(e, -EINVAL, "'--sign-kernel' needs '--secureboot-private-key='");
        if (a->more && !a->key && !a->signature)
                return err_set(e, -EINVAL,
                                "'--addcert=' needs '--secureboot-private-key=' or "
                                "'--join-signature='");
        if (a->provider && a->engine)
                return err_set(e, -EINVAL,
                                "'--signing-provider=' and '--signing-engine=' exclude each other");
        return check_key(a, e);
}

int signing_take(const SigningArgs *a, SignParams *p, const SignParams **ret, Err *e) {
        int rc;

        rc = check(a, e);
        if (rc < 0)
                return rc;
        *p = (SignParams){
                .private_key = a->key,
                .source = { .provider = a->provider, .engine = a->engine },
                .certificate = a->certificate,
                .more = a->more,
                .signature = a->signature,
                .replace = a->existing && strcmp(a->existing, "replace") == 0,
        };
        *ret = a->key || a->signature ? p : NULL;
        return 0;
}

void signing_print_signer(const char *subject, const Digest *fingerprint) {
        if (fingerprint->size == 0)
                return;
        print_line("signed by", span_of(subject));
        print_hex("", digest_span(fingerprint));
}

void signing_print_reproducible(bool reproducible) {
        if (!reproducible)
                fprintf(stderr, "avouch build-uki: note: the key is not an RSA key, so its "
                                "signature is another one in each build\n");
}

int signing_print_bytes(const char *json, const char *output, const Digest *authenticode, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(JSON_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        if (!json) {
                text_print(stdout, span_of(output));
                printf(": to be signed, with SHA-256\n");
                print_hex("authenticode", digest_span(authenticode));
                return EXIT_YES;
        }
        json_put_object(&w, NULL);
        json_put_hex(&w, "authenticode", digest_span(authenticode));
        json_put_foreign(&w, "output", span_of(output));
        json_put_string(&w, "type", "to-sign");
        json_put_end(&w);
        return print_json_buf(json, &text, e);
}

static int print_as_json(const char *json, const char *output, const SignedFile *s, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(JSON_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        json_put_object(&w, NULL);
        json_put_hex(&w, "authenticode", digest_span(&s->authenticode));
        json_put_foreign(&w, "output", span_of(output));
        json_put_integer(&w, "reproducible", s->reproducible);
        json_put_hex(&w, "signer", digest_span(&s->signer));
        json_put_integer(&w, "size", (int64_t) s->size);
        json_put_string(&w, "type", "signed");
        json_put_end(&w);
        return print_json_buf(json, &text, e);
}

static void print_for_people(const char *output, const SignedFile *s) {
        char size[32];

        text_print(stdout, span_of(output));
        printf(": signed for Secure Boot\n");
        print_hex("authenticode", digest_span(&s->authenticode));
        signing_print_signer(s->subject, &s->signer);
        (void) snprintf(size, sizeof(size), "%" PRIu64 " bytes", s->size);
        print_line("size", span_of(size));
}

int signing_run(const SigningArgs *a, const SignParams *p, const char *output, const char *json,
                Err *e) {
        Interrupt interrupt;
        SignedFile s;
        int rc;

        interrupt = interrupt_hold();
        rc = sign_file(a->file, p, a->digest_only, output, &s, e);
        interrupt_release(&interrupt);
        if (rc < 0)
                return rc;
        if (a->digest_only)
                return signing_print_bytes(json, output, &s.authenticode, e);
        signing_print_reproducible(s.reproducible);
        if (json)
                return print_as_json(json, output, &s, e);
        print_for_people(output, &s);
        return EXIT_YES;
}
