/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/extensions.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "port/host.h"
#include "tools/print.h"

enum { LISTING_MAX = 1024 * 1024 };

static int load_anchors(const Config *config, Anchors *a, Err *e) {
        /* where systemd has those that it takes */
        static const char *const usual[] = { "/etc/verity.d", "/run/verity.d",
                "/usr/local/lib/verity.d", "/usr/lib/verity.d" };
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < config->n_layer_certificates; i++)
                rc = anchors_add(a, config->layer_certificates[i], e);
        if (config->n_layer_certificates > 0)
                return rc;
        for (size_t i = 0; rc == 0 && i < ELEMENTS(usual); i++)
                rc = anchors_add(a, usual[i], e);
        return rc;
}

int demands_load(const Config *config, const char *root, Demands *ret, Err *e) {
        Demands d = { .signature = config->layer_signature,
                .content = config->layer_content,
                .system = SYSTEM_NONE };
        Moment now;
        int rc;

        rc = host_moment(&now, e);
        if (rc == 0)
                rc = system_read(root, &d.system, e);
        if (rc == 0 && d.signature)
                rc = load_anchors(config, &d.anchors, e);
        if (rc < 0) {
                demands_done(&d);
                return rc;
        }
        d.now = now.wall / 1000000;
        *ret = d;
        return 0;
}

void demands_done(Demands *d) {
        anchors_done(&d->anchors);
        system_done(&d->system);
}

bool is_named(char *const *names, const char *name) {
        if (!*names)
                return true;
        for (; *names; names++)
                if (strcmp(*names, name) == 0)
                        return true;
        return false;
}

void listing_begin(const char *json, Listing *ret) {
        *ret = (Listing){ .json = json, .text = BUF_UP_TO(LISTING_MAX) };
        if (!json)
                return;
        ret->writer = json_writer(&ret->text, JSON_STRICT);
        json_put_object(&ret->writer, NULL);
        json_put_array(&ret->writer, "extensions");
}

static void add_as_json(JsonWriter *w, LeafType type, const char *name, const char *state,
                const Extension *x, const char *why) {
        json_put_object(w, NULL);
        json_put_string(w, "class", leaf_type_name(type));
        json_put_foreign(w, "name", span_of(name));
        json_put_string(w, "state", state);
        if (x && x->opened)
                json_put_hex(w, "rootHash", digest_span(&x->layer.root_hash));
        if (x && x->has_signer)
                json_put_hex(w, "signer", digest_span(&x->signer));
        if (x)
                json_put_foreign(w, "path", span_of(x->path));
        if (why)
                json_put_foreign(w, "reason", span_of(why));
        json_put_end(w);
}

static void add_in_words(LeafType type, const char *name, const char *state, const Extension *x,
                const char *why) {
        printf("%s '", leaf_type_name(type));
        text_print(stdout, span_of(name));
        printf("': %s", state);
        if (why) {
                printf(": ");
                text_print(stdout, span_of(why));
                if (x) {
                        printf(" (");
                        text_print(stdout, span_of(x->path));
                        printf(")");
                }
        }
        printf("\n");
}

void listing_add(Listing *l, LeafType type, const char *name, const char *state, const Extension *x,
                const char *why) {
        l->n++;
        if (l->json)
                add_as_json(&l->writer, type, name, state, x, why);
        else
                add_in_words(type, name, state, x, why);
}

int listing_end(Listing *l, int rc, Err *e) {
        int printed;

        if (!l->json || (rc < 0 && l->n == 0))
                return rc;
        json_put_end(&l->writer);
        json_put_end(&l->writer);
        printed = print_json_buf(l->json, &l->text, rc < 0 ? NULL : e);
        return rc < 0 ? rc : printed;
}

void listing_done(Listing *l) {
        buf_done(&l->text);
}
