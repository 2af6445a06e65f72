/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "measure/kexec.h"
#include "port/kexec-kernel.h"
#include "tools/machine.h"
#include "tools/signatures.h"
#include "tools/tool.h"

typedef struct Args {
        const char *tpm, *certificate, *json;
} Args;

static const Option options[] = {
        { "certificate", 0, OPTION_VALUE, "CERT",
                        "Demand that it is signed for Secure Boot with the key of this certificate",
                        offsetof(Args, certificate) },
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print what was recorded as JSON", offsetof(Args, json) },
        {},
};

/* The image was judged, and is not what it should be: exit status 1, in one line. */
static int refuse(const char *why) {
        fprintf(stderr, "avouch kexec: ");
        text_print(stderr, span_of(why));
        fprintf(stderr, "; nothing was loaded, nor recorded\n");
        return EXIT_NO;
}

/* EXIT_YES where it carries a signature that was made with the key of this certificate. */
static int check_signer(const Loadable *l, const Certificate *c, Err *e) {
        Signatures s;
        int rc;

        rc = signatures_look(&l->uki, &l->identity, &s, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < s.n; i++)
                if (s.list[i].holds && digest_equal(&s.list[i].signer, &c->fingerprint))
                        return EXIT_YES;
        return refuse("it is not signed with the key of that certificate");
}

static int load(const Args *a, const Loadable *l, const Certificate *c, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        Kexec k = kexec_kernel();
        Err why = {};
        int rc;

        rc = machine_open(a->tpm, &m, e);
        if (rc == 0)
                rc = kexec_use(&m.account, &k, l, c ? &c->fingerprint : NULL, &why, e);
        if (rc == 0 && why.code < 0)
                rc = err_set(e, why.code == -EINVAL ? -EIO : why.code, "%s: %s", l->uki.path,
                                why.text);
        return rc < 0 ? rc : machine_print_last(&m, EVENT_LAYER_ACTIVATE, a->json, e);
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(loadable_done) Loadable l = LOADABLE_NONE;
        const Args *a = values;
        const Certificate *by = a->certificate ? &c : NULL;
        Err why = {};
        int rc;

        rc = by ? certificate_load(a->certificate, &c, e) : 0;
        if (rc < 0)
                return rc;
        rc = loadable_open(operands[0], &l, &why);
        if (rc == 0 && by)
                rc = check_signer(&l, by, &why);
        if (rc == -EBADMSG)
                return refuse(why.text);
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        return rc == EXIT_YES ? load(a, &l, by, e) : rc;
}

static const Verb verbs[] = {
        { "", "UKI", NULL, 1, 1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch kexec",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
