/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "tools/print.h"
#include "tools/show.h"
#include "tools/tool.h"
#include "wire/json.h"
#include "wire/leaf.h"

static bool matches(Span head) {
        return span_starts(head, SPAN_LITERAL("avouch/release/"));
}

static void put_pcr(JsonWriter *w, const LeafPcr *p) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(LEAF_LINE_MAX + 1);

        buf_bytes(&name, p->phases);
        buf_byte(&name, 0);
        if (name.failed < 0)
                w->to->failed = name.failed;
        else
                json_put_hex(w, (const char *) name.data, digest_span(&p->value));
}

/* One object for each bank that has values, the values by their phase path. */
static void put_pcrs(JsonWriter *w, const Leaf *l) {
        static const HashAlg banks[] = { HASH_SHA256, HASH_SHA384, HASH_SHA512 };

        json_put_object(w, "pcr11");
        for (size_t b = 0; b < ELEMENTS(banks); b++) {
                bool begun = false;

                for (size_t i = 0; i < l->n_pcrs; i++) {
                        if (l->pcrs[i].bank != banks[b])
                                continue;
                        if (!begun)
                                json_put_object(w, hash_name(banks[b]));
                        begun = true;
                        put_pcr(w, &l->pcrs[i]);
                }
                if (begun)
                        json_put_end(w);
        }
        json_put_end(w);
}

static void put_sections(JsonWriter *w, const Leaf *l) {
        json_put_array(w, "sections");
        for (size_t i = 0; i < l->n_sections; i++) {
                json_put_object(w, NULL);
                json_put_foreign(w, "name", l->sections[i].name);
                json_put_hex(w, "sha256", (Span){ l->sections[i].sha256, 32 });
                json_put_end(w);
        }
        json_put_end(w);
}

static int print_as_json(const ShowArgs *a, const Leaf *l, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(8 * LEAF_MAX);
        JsonWriter w = json_writer(&text, JSON_STRICT); /* phase paths stand in the leaf's order */

        json_put_object(&w, NULL);
        if (l->architecture.size > 0)
                json_put_foreign(&w, "architecture", l->architecture);
        if (l->has_authenticode)
                json_put_hex(&w, "authenticode", (Span){ l->authenticode, 32 });
        json_put_integer(&w, "avouch", 1);
        if (l->has_file_digest)
                json_put_hex(&w, "fileDigest", (Span){ l->file_digest, 32 });
        json_put_string(&w, "kind", show_leaf.name);
        json_put_foreign(&w, "name", l->name);
        if (l->n_pcrs > 0)
                put_pcrs(&w, l);
        if (l->has_root_hash)
                json_put_hex(&w, "rootHash", (Span){ l->root_hash, 32 });
        if (l->n_sections > 0)
                put_sections(&w, l);
        if (l->has_signer)
                json_put_hex(&w, "signer", (Span){ l->signer, 32 });
        if (l->has_epoch)
                json_put_integer(&w, "sourceDateEpoch", (int64_t) l->epoch);
        json_put_string(&w, "type", leaf_type_name(l->type));
        if (l->version.size > 0)
                json_put_foreign(&w, "version", l->version);
        json_put_end(&w);
        return print_json_buf(a->json, &text, e);
}

static void print_lists(const Leaf *l) {
        for (size_t i = 0; i < l->n_sections; i++) {
                print_line(i == 0 ? "sections" : "", l->sections[i].name);
                print_hex("", (Span){ l->sections[i].sha256, 32 });
        }
        for (size_t i = 0; i < l->n_pcrs; i++) {
                char bank[32];

                (void) snprintf(bank, sizeof(bank), "PCR 11 %s", hash_name(l->pcrs[i].bank));
                print_line(bank, span_is(l->pcrs[i].phases, ":") ? SPAN_LITERAL("before any phase")
                                                                 : l->pcrs[i].phases);
                print_hex("", digest_span(&l->pcrs[i].value));
        }
}

static void print_for_people(const char *path, const Leaf *l) {
        char epoch[32];

        text_print(stdout, span_of(path));
        printf(": a release leaf\n");
        print_line("type", span_of(leaf_type_name(l->type)));
        print_line("name", l->name);
        if (l->version.size > 0)
                print_line("version", l->version);
        if (l->architecture.size > 0)
                print_line("architecture", l->architecture);
        if (l->has_root_hash)
                print_hex("root hash", (Span){ l->root_hash, 32 });
        if (l->has_authenticode)
                print_hex("authenticode", (Span){ l->authenticode, 32 });
        print_lists(l);
        if (l->has_signer)
                print_hex("signer", (Span){ l->signer, 32 });
        if (l->has_file_digest)
                print_hex("file digest", (Span){ l->file_digest, 32 });
        if (l->has_epoch) {
                (void) snprintf(epoch, sizeof(epoch), "@%llu", (unsigned long long) l->epoch);
                print_line("source date", span_of(epoch));
        }
}

static int show(const ShowArgs *a, const char *path, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        Leaf l;
        int rc;

        rc = file_read(path, &text, e);
        if (rc < 0)
                return rc;
        rc = leaf_parse(buf_span(&text), &l, e);
        if (rc < 0) {
                err_at(e, path);
                return rc;
        }
        if (a->json)
                return print_as_json(a, &l, e);
        print_for_people(path, &l);
        return EXIT_YES;
}

const ShowKind show_leaf = {
        .name = "leaf",
        .matches = matches,
        .show = show,
};
