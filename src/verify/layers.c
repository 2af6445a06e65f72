/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/layers.h"

#include <stdio.h>

#include "base/cursor.h"

const Release *layer_release(const StoryLayer *layer, const Releases *releases) {
        if (layer->has_identity)
                return releases_by_authenticode(releases, layer->identity);
        return layer->has_root_hash ? releases_by_root_hash(releases, layer->root_hash) : NULL;
}

/* A release's text as the JSON of a record has it: of what is escaped there, a leaf can hold a
 * backslash and a quotation mark alone. */
static bool same_text(Span recorded, const char *released) {
        Cursor c = cursor_over(recorded);

        for (; *released; released++) {
                Span as_recorded = *released == '\\'  ? SPAN_LITERAL("\\\\x5c")
                                   : *released == '"' ? SPAN_LITERAL("\\\"")
                                                      : (Span){ (const uint8_t *) released, 1 };

                if (!cursor_skip(&c, as_recorded))
                        return false;
        }
        return cursor_left(&c) == 0;
}

const char *layer_contradiction(const StoryLayer *layer, const Release *r) {
        if (!same_text(layer->name, r->name))
                return "name";
        if (!same_text(layer->version, r->version))
                return "version";
        if (!span_is(layer->class, leaf_type_name(r->type)))
                return "class";
        if (layer->has_signer && r->has_signer && memcmp(layer->signer, r->signer, 32) != 0)
                return "signer";
        return NULL;
}

/* 0 where the layer is a release, as recorded. */
static int judge_one(const StoryLayer *layer, const Question *q, Verdict *v) {
        const Release *r = layer_release(layer, q->releases);
        int name_size = layer->name.size < 80 ? (int) layer->name.size : 80;
        const char *name = (const char *) layer->name.data;
        const char *differs = r ? layer_contradiction(layer, r) : NULL;
        const char *by = layer->has_identity ? "Authenticode digest" : "root hash";
        const uint8_t *hash = layer->has_identity ? layer->identity : layer->root_hash;
        char hex[17] = "";

        for (size_t i = 0; i < 8; i++)
                (void) snprintf(hex + 2 * i, 3, "%02x", hash[i]);
        if (!r)
                verdict_refute(v, CLAIM_LAYERS,
                                "'%.*s' (%s %s..., record %llu) is no release that was handed over",
                                name_size, name, by, hex, (unsigned long long) layer->seq);
        else if (differs)
                verdict_refute(v, CLAIM_LAYERS,
                                "'%.*s' (record %llu) is release '%.80s' by its %s, but its %s differs",
                                name_size, name, (unsigned long long) layer->seq, r->name, by,
                                differs);
        return r && !differs ? 0 : -1;
}

void judge_layers(const Story *s, const Question *q, Verdict *v) {
        unsigned unsigned_layers = 0;

        if (!verdict_proven(v, CLAIM_REGISTERS)) {
                verdict_refute(v, CLAIM_LAYERS,
                                "the log that names them is not proven (registers)");
                return;
        }
        if (s->lost_layers) {
                verdict_refute(v, CLAIM_LAYERS,
                                "the log says that records of layers were left out");
                return;
        }
        for (size_t i = 0; i < s->n_layers; i++) {
                if (judge_one(&s->layers[i], q, v) < 0)
                        return;
                unsigned_layers += !s->layers[i].has_signer;
        }
        if (s->n_layers == 0)
                verdict_prove(v, CLAIM_LAYERS, "none was activated in this boot");
        else
                verdict_prove(v, CLAIM_LAYERS, "%zu activated in this boot, each a known release",
                                s->n_layers);
        if (unsigned_layers > 0)
                verdict_remark(v, CLAIM_LAYERS,
                                "of %u the machine did not check the signature (their content is the release's all the same)",
                                unsigned_layers);
}
