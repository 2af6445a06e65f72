/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/layer.h"

enum { LAYER_MEMBERS_MAX = 5 };

int measure_layer(Account *a, const Layer *l, const Digest *signer, Err *e) {
        Member identity = {
                .name = "rootHash", .type = MEMBER_HEX, .bytes = digest_span(&l->root_hash)
        };
        Member members[LAYER_MEMBERS_MAX];
        size_t n = 0;

        members[n++] = (Member){
                .name = "class", .type = MEMBER_TEXT, .bytes = span_of(leaf_type_name(l->type))
        };
        if (l->type == LEAF_UKI)
                identity.name = "identity";
        members[n++] = identity;
        members[n++] = (Member){ .name = "name", .type = MEMBER_TEXT, .bytes = span_of(l->name) };
        if (l->version[0])
                members[n++] = (Member){
                        .name = "version", .type = MEMBER_TEXT, .bytes = span_of(l->version)
                };
        if (signer)
                members[n++] = (Member){
                        .name = "signer", .type = MEMBER_HEX, .bytes = digest_span(signer)
                };
        return account_record(a, EVENT_LAYER_ACTIVATE, members, n, e);
}
