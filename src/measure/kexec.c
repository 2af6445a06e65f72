/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/kexec.h"

#include "measure/layer.h"

int kexec_use(Account *a, Kexec *k, const Loadable *l, const Digest *signer, Err *why, Err *e) {
        const KexecImage image = { .kernel = l->kernel, .initrd = l->initrd, .line = l->line };
        LayerTelling t = { .event = EVENT_LAYER_ACTIVATE,
                .class = LEAF_UKI,
                .name = l->name,
                .version = l->version,
                .identity = &l->identity,
                .signer = signer,
                .command_line = &l->line_digest };
        int rc;

        if (kexec_unload(k, why) < 0)
                return 0;
        rc = measure_layer_telling(a, &t, e);
        if (rc < 0 || kexec_load(k, &image, why) == 0)
                return rc;
        t.event = EVENT_LAYER_DEACTIVATE;
        t.reason = why->text;
        return measure_layer_telling(a, &t, e);
}
