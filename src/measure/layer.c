/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/layer.h"

enum { LAYER_MEMBERS_MAX = 8 };

typedef struct Members {
        Member members[LAYER_MEMBERS_MAX];
        size_t n;
} Members;

/* What is empty is left out. */
static void add(Members *m, const char *name, MemberType type, Span bytes) {
        if (bytes.size > 0)
                m->members[m->n++] = (Member){ .name = name, .type = type, .bytes = bytes };
}

static Span digest_or_none(const Digest *d) {
        return d ? digest_span(d) : (Span){};
}

int measure_layer_telling(Account *a, const LayerTelling *t, Err *e) {
        Members m = {};

        add(&m, "class", MEMBER_TEXT, span_of(leaf_type_name(t->class)));
        add(&m, t->class == LEAF_UKI ? "identity" : "rootHash", MEMBER_HEX,
                        digest_or_none(t->identity));
        add(&m, "commandLine", MEMBER_HEX, digest_or_none(t->command_line));
        m.members[m.n++] =
                        (Member){ .name = "name", .type = MEMBER_TEXT, .bytes = span_of(t->name) };
        add(&m, "version", MEMBER_TEXT, span_of(t->version));
        add(&m, "signer", MEMBER_HEX, digest_or_none(t->signer));
        add(&m, "reason", MEMBER_TEXT, span_of(t->reason));
        if (t->has_order)
                m.members[m.n++] = (Member){
                        .name = "order", .type = MEMBER_INTEGER, .number = t->order
                };
        return account_record(a, t->event, m.members, m.n, e);
}

int measure_layer(Account *a, const Layer *l, const Digest *signer, Err *e) {
        return measure_layer_telling(a,
                        &(LayerTelling){ .event = EVENT_LAYER_ACTIVATE,
                                        .class = l->type,
                                        .name = l->name,
                                        .version = l->version,
                                        .identity = &l->root_hash,
                                        .signer = signer },
                        e);
}
