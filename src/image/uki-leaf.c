/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-leaf.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "port/pcr11.h"
#include "wire/leaf.h"
#include "wire/stub.h"

static int add_section(const UkiLeaf *l, const UkiItem *item, Leaf *leaf, Err *e) {
        LeafSection *s = &leaf->sections[leaf->n_sections];

        if (leaf->n_sections == LEAF_SECTIONS_MAX)
                return err_set(e, -E2BIG, "more than %d sections", LEAF_SECTIONS_MAX);
        s->name = span_of(item->name);
        memcpy(s->sha256, item->content.digests[l->bank].bytes, sizeof(s->sha256));
        leaf->n_sections++;
        return 0;
}

/* *ret_chooses: the machine does, between some of them. */
static int add_sections(const UkiLeaf *l, Leaf *leaf, bool *ret_chooses, Err *e) {
        const char *const *name = stub_measures(l->built->stub_generation);
        int rc = 0;

        for (; rc == 0 && *name; name++) {
                const UkiItem *found = uki_list_find(l->list, l->profile, *name);
                bool many = strcmp(*name, ".dtbauto") == 0 || strcmp(*name, ".efifw") == 0;

                *ret_chooses |= found && many;
                for (const UkiItem *item = found; rc == 0 && item && many;
                                item = uki_list_next(l->list, item))
                        rc = add_section(l, item, leaf, e);
                if (found && !many)
                        rc = add_section(l, found, leaf, e);
        }
        return rc;
}

static int add_pcrs(Leaf *leaf, const Digest *pcr11, Err *e) {
        for (const char *const *path = pcr11_phase_paths; *path; path++) {
                LeafPcr *p = &leaf->pcrs[leaf->n_pcrs++];
                int rc;

                *p = (LeafPcr){
                        .bank = (uint16_t) pcr11->alg, .phases = span_of(*path), .value = *pcr11
                };
                rc = pcr11_phases(&p->value, p->phases, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

int uki_leaf_write(const UkiLeaf *l, int fd, const char *path, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        UkiBoot boot = { .generation = l->built->stub_generation, .profile = l->profile };
        bool chooses = false;
        Digest pcr11;
        Leaf leaf = {
                .type = l->built->has_kernel ? LEAF_UKI : LEAF_ADDON,
                .name = span_of(l->built->name),
                .version = span_of(l->built->version),
                .architecture = span_of(l->built->architecture),
                .has_authenticode = true,
                .has_epoch = l->has_epoch,
                .epoch = l->epoch,
        };
        Span bytes;
        int rc;

        leaf.has_signer = l->built->signer.size > 0;
        memcpy(leaf.signer, l->built->signer.bytes, sizeof(leaf.signer));
        memcpy(leaf.authenticode, l->built->authenticode.bytes, sizeof(leaf.authenticode));
        rc = add_sections(l, &leaf, &chooses, e);
        if (rc == 0 && l->built->has_kernel && !chooses) {
                rc = uki_list_pcr11(l->list, &boot, l->bank, &pcr11, e);
                if (rc == 0)
                        rc = add_pcrs(&leaf, &pcr11, e);
        }
        if (rc < 0)
                return rc;
        leaf_write(&leaf, &text);
        rc = buf_end(&text, &bytes);
        if (rc < 0)
                return err_set(e, rc == -EINVAL ? -EBADMSG : rc,
                                "%s: no leaf can be written for '%s' '%s'", path, l->built->name,
                                l->built->version);
        return file_write_at(fd, path, 0, bytes, e);
}
