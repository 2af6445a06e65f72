/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/nvpublic.h"

#include <errno.h>

#include "base/cursor.h"

enum {
        NV_HANDLES = 0x01, /* TPM_HT_NV_INDEX: the first byte of the handle (Part 2, section 7.2) */

        /* TPMA_NV bits that version 1.59 of the specification gives no meaning: 8, 9, 20 to 24 */
        ATTRIBUTES_RESERVED = 0x01f00300,
};

int nv_public_parse(Span bytes, NvPublic *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        NvPublic p = { .bytes = bytes };
        int rc;

        p.index = cursor_u32be(&c);
        if (p.index >> 24 != NV_HANDLES)
                cursor_reject(&c, "a handle that no NV index has");
        p.name_alg = cursor_u16be(&c);
        if (hash_size(p.name_alg) == 0)
                cursor_reject(&c, "a Name by a hash that we do not know");
        p.attributes = cursor_u32be(&c);
        if (p.attributes & ATTRIBUTES_RESERVED)
                cursor_reject(&c, "attributes without a meaning");
        p.policy = cursor_prefixed(&c, 2, DIGEST_MAX);
        if (p.policy.size != 0 && p.policy.size != hash_size(p.name_alg))
                cursor_reject(&c, "a policy that is no digest of its hash");
        p.size = cursor_u16be(&c);

        rc = cursor_end(&c, "NV public area", e);
        if (rc < 0)
                return rc;

        *ret = p;
        return 0;
}

void nv_public_write(const NvPublic *p, Buf *to) {
        buf_be(to, p->index, 4);
        buf_be(to, p->name_alg, 2);
        buf_be(to, p->attributes, 4);
        buf_be(to, p->policy.size, 2);
        buf_bytes(to, p->policy);
        buf_be(to, p->size, 2);
}

NvPublic nv_counter(void) {
        return (NvPublic){
                .index = NV_COUNTER_INDEX,
                .name_alg = HASH_SHA256,
                .attributes = NV_COUNTER_ATTRIBUTES,
                .size = NV_COUNTER_SIZE,
        };
}

int nv_check_counter(const NvPublic *p, Err *e) {
        if (p->index != NV_COUNTER_INDEX)
                return err_set(e, -EBADMSG, "the counter is NV index 0x%08x, not 0x%08x",
                                NV_COUNTER_INDEX, p->index);
        if ((p->attributes & ~(uint32_t) NV_WRITTEN) != NV_COUNTER_ATTRIBUTES)
                return err_set(e, -EBADMSG,
                                "NV index 0x%08x has the attributes 0x%08x, which are not the counter's",
                                p->index, p->attributes);
        if (p->name_alg != HASH_SHA256 || p->policy.size != 0 || p->size != NV_COUNTER_SIZE)
                return err_set(e, -EBADMSG,
                                "NV index 0x%08x has another hash, policy or size than the counter",
                                p->index);
        return 0;
}

bool nv_may_be_register(uint32_t index) {
        return index >= NV_OWNER_FIRST && index <= NV_OWNER_LAST && index != NV_COUNTER_INDEX;
}

NvPublic nv_register(uint32_t index) {
        return (NvPublic){
                .index = index,
                .name_alg = HASH_SHA256,
                .attributes = NV_REGISTER_ATTRIBUTES,
                .size = NV_REGISTER_SIZE,
        };
}

int nv_check_register(const NvPublic *p, Err *e) {
        if (!nv_may_be_register(p->index))
                return err_set(e, -EBADMSG, "NV index 0x%08x is none that may be a register",
                                p->index);
        if ((p->attributes & ~(uint32_t) NV_WRITTEN) != NV_REGISTER_ATTRIBUTES)
                return err_set(e, -EBADMSG,
                                "NV index 0x%08x has the attributes 0x%08x, which are not a register's",
                                p->index, p->attributes);
        if (p->name_alg != HASH_SHA256 || p->policy.size != 0 || p->size != NV_REGISTER_SIZE)
                return err_set(e, -EBADMSG,
                                "NV index 0x%08x has another hash, policy or size than a register",
                                p->index);
        return 0;
}
