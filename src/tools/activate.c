/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure/activate.h"
#include "port/verity-kernel.h"
#include "tools/extensions.h"
#include "tools/machine.h"
#include "tools/place.h"
#include "tools/tool.h"

typedef struct Args {
        const char *tpm, *root, *json;
        bool check;
} Args;

static const Option options[] = {
        { "check", 0, OPTION_FLAG, NULL, "Say which may be used, and use and record none",
                        offsetof(Args, check) },
        { "root", 0, OPTION_VALUE, "DIR", "Of --check: look at the system in DIR",
                        offsetof(Args, root) },
        { "tpm", 'T', OPTION_VALUE, "TCTI",
                        "Which TPM, as tpm2-tools names it (default: $TPM2TOOLS_TCTI, device:/dev/tpmrm0)",
                        offsetof(Args, tpm) },
        { "json", 0, OPTION_JSON, NULL, "Print what became of each as JSON", offsetof(Args, json) },
        {},
};

static const LeafType classes[] = { LEAF_SYSEXT, LEAF_CONFEXT };

/* One run. */
typedef struct Run {
        const char *root;
        char *const *names;
        Account *account; /* NULL: they are only judged */
        Verity verity;
        Demands demands;
        Listing listing;
        bool refused, failed, found;
} Run;

static void run_done(Run *r) {
        demands_done(&r->demands);
        listing_done(&r->listing);
}

static const char *const states[] = {
        [OUTCOME_ACTIVE] = "active",
        [OUTCOME_BEFORE] = "active",
        [OUTCOME_REFUSED] = "refused",
        [OUTCOME_FAILED] = "failed",
};

static int take_one(Run *r, const Candidate *c, unsigned order, Extension *x, Err *e) {
        Outcome outcome = OUTCOME_REFUSED;
        Err why = {};
        int rc = 0;

        if (r->account)
                rc = activate_extension(r->account, &r->verity, c, x, order, &outcome, &why, e);
        else if (!x->fits)
                (void) err_set(&why, -EPERM, "%s", x->why);
        if (!r->account && x->fits)
                listing_add(&r->listing, c->type, c->name, "fits", x, NULL);
        else
                listing_add(&r->listing, c->type, c->name, states[outcome], x,
                                why.code != 0 ? why.text : NULL);
        r->refused = r->refused || (outcome == OUTCOME_REFUSED && why.code != 0);
        r->failed = r->failed || outcome == OUTCOME_FAILED;
        return rc;
}

/* Others record meanwhile: to read an image whole takes longer than they wait. */
static int look_at(Run *r, const Candidate *c, Extension *ret, Err *e) {
        int rc, back;

        if (!r->account)
                return extension_open(c, &r->demands, ret, e);
        rc = account_pause(r->account, e);
        if (rc < 0)
                return rc;
        rc = extension_open(c, &r->demands, ret, e);
        back = account_resume(r->account, PLACE_LOCK_SECONDS, e);
        return rc < 0 ? rc : back;
}

static int judge_one(Run *r, const Candidate *c, unsigned order, Err *e) {
        _cleanup_(extension_done) Extension x = { .layer = LAYER_NONE };
        int rc;

        r->found = true;
        rc = activate_is_active(&r->verity, c, e);
        if (rc > 0)
                listing_add(&r->listing, c->type, c->name, states[OUTCOME_BEFORE], NULL, NULL);
        if (rc != 0)
                return rc < 0 ? rc : 0;
        rc = look_at(r, c, &x, e);
        return rc < 0 ? rc : take_one(r, c, order, &x, e);
}

static int judge_all(Run *r, Err *e) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < ELEMENTS(classes); i++) {
                _cleanup_(candidates_done) Candidates all = {};

                rc = search_extensions(r->root, classes[i], &all, e);
                for (size_t k = 0; rc == 0 && k < all.n; k++)
                        if (is_named(r->names, all.items[k].name))
                                rc = judge_one(r, &all.items[k], (unsigned) k, e);
        }
        return rc;
}

static int run_with(Run *r, const Config *config, const char *json, Err *e) {
        int rc;

        listing_begin(json, &r->listing);
        rc = demands_load(config, r->root, &r->demands, e);
        if (rc == 0)
                rc = judge_all(r, e);
        if (rc == 0 && r->names[0] && !r->found)
                rc = err_set(e, -ENOENT, "there is no extension of that name");
        rc = listing_end(&r->listing, rc, e);
        if (rc < 0)
                return rc;
        return r->failed ? EXIT_FAIL : r->refused ? EXIT_NO : EXIT_YES;
}

static int check(const Args *a, char *const *names, Err *e) {
        _cleanup_(run_done) Run r = {
                .root = a->root ?: "", .names = names, .verity = verity_kernel()
        };
        const char *folders[PLACE_FOLDERS_MAX];
        Config config;
        int rc;

        place_config_folders(folders);
        rc = config_load(folders, &config, e);
        return rc < 0 ? rc : run_with(&r, &config, a->json, e);
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(machine_done) Machine m = {};
        _cleanup_(run_done) Run r = { .root = "", .names = operands, .verity = verity_kernel() };
        const Args *a = values;
        int rc;

        if (a->check)
                return check(a, operands, e);
        if (a->root)
                return err_set(e, -EINVAL, "--root= is for --check: what is used, is used here");
        rc = machine_open(a->tpm, &m, e);
        if (rc < 0)
                return rc;
        r.account = &m.account;
        return run_with(&r, &m.config, a->json, e);
}

static const Verb verbs[] = {
        { "", "[NAME...]", NULL, 0, -1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch activate",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
