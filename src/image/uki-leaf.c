/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-leaf.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "port/pcr11.h"
#include "wire/leaf.h"
#include "wire/stub.h"

static const Digest *find(const UkiLeaf *l, const char *name) {
        for (size_t i = 0; i < l->n_sections; i++)
                if (strcmp(l->sections[i].name, name) == 0)
                        return &l->digests[i];
        return NULL;
}

static int add_sections(const UkiLeaf *l, Leaf *leaf, Digest *pcr11, Err *e) {
        int rc = 0;

        for (const char *const *name = stub_measures(l->built->stub_generation); rc == 0 && *name;
                        name++) {
                const Digest *d = find(l, *name);

                if (!d)
                        continue;
                leaf->sections[leaf->n_sections].name = span_of(*name);
                memcpy(leaf->sections[leaf->n_sections++].sha256, d->bytes, 32);
                rc = pcr11_section(pcr11, *name, d, e);
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
        Digest pcr11 = digest_zero(HASH_SHA256);
        Leaf leaf = {
                .type = LEAF_UKI,
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
        rc = add_sections(l, &leaf, &pcr11, e);
        if (rc == 0)
                rc = add_pcrs(&leaf, &pcr11, e);
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
