/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure-layer.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "measure/layer.h"
#include "tools/machine.h"
#include "tools/tool.h"

/* The image was judged, and is not what it should be: exit status 1, in one line. */
static int refuse(const char *path, const char *why) {
        fprintf(stderr, "avouch measure: ");
        text_print(stderr, span_of(why));
        fprintf(stderr, "; '");
        text_print(stderr, span_of(path));
        fprintf(stderr, "' was not recorded\n");
        return EXIT_NO;
}

/* EXIT_YES where the image's bytes and signature hold, EXIT_NO where not. */
static int check_image(const Layer *l, const Certificate *c, Err *e) {
        bool holds = true;
        Err why = {};
        int rc;

        rc = layer_check(l, NULL, &why);
        if (rc == -EBADMSG)
                return refuse(l->path, why.text);
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        if (c)
                rc = layer_signed_by(l, c, &holds, e);
        if (rc < 0)
                return rc;
        return holds ? EXIT_YES
                     : refuse(l->path, "it is not signed with the key of that certificate");
}

static int record_image(const MeasureArgs *a, const Layer *l, const Certificate *c, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        int rc;

        rc = machine_open(a->tpm, &m, e);
        if (rc < 0)
                return rc;
        rc = measure_layer(&m.account, l, c ? &c->fingerprint : NULL, e);
        if (rc < 0)
                return rc;
        return machine_print_last(&m, EVENT_LAYER_ACTIVATE, a->json, e);
}

int measure_layer_run(void *values, char *const *operands, Err *e) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(layer_done) Layer l = LAYER_NONE;
        const MeasureArgs *a = values;
        const Certificate *by = a->certificate ? &c : NULL;
        Err why = {};
        int rc;

        rc = by ? certificate_load(a->certificate, &c, e) : 0;
        if (rc < 0)
                return rc;
        rc = layer_open(operands[0], &l, &why);
        if (rc == -EBADMSG)
                return refuse(operands[0], why.text);
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        rc = check_image(&l, by, e);
        return rc == EXIT_YES ? record_image(a, &l, by, e) : rc;
}
