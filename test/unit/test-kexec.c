/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "measure/kexec.h"
#include "support/shows.h"

/* A kernel in memory that keeps one other ready. */
typedef struct Kernel {
        Kexec kexec;
        World *world;
        KexecImage loaded;
        bool ready, recorded, refuses_to_load, refuses_to_unload;
} Kernel;

static Kernel *kernel_of(Kexec *k) {
        return (Kernel *) k;
}

static int memory_load(Kexec *x, const KexecImage *image, Err *e) {
        Kernel *k = kernel_of(x);

        k->recorded = world_shows(k->world, EVENT_LAYER_ACTIVATE);
        if (k->refuses_to_load)
                return err_set(e, -EPERM, "it may not be loaded");
        k->loaded = *image;
        k->ready = true;
        return 0;
}

static int memory_unload(Kexec *x, Err *e) {
        Kernel *k = kernel_of(x);

        if (k->refuses_to_unload)
                return err_set(e, -EBUSY, "somebody else is about to load one");
        k->ready = false;
        return 0;
}

static const KexecOps memory_ops = { .load = memory_load, .unload = memory_unload };

typedef struct Case {
        World world;
        Account account;
        Kernel kernel;
        Loadable image;
        Digest signer;
} Case;

static void case_new(Case *c) {
        *c = (Case){ .kernel = { .kexec = { &memory_ops }, .ready = true } };
        world_new(&c->world);
        c->kernel.world = &c->world;
        assert_int_equal(account_open(&c->world.store, &c->world.tpm,
                                         (Register){ REGISTER_PCR, WORLD_PCR }, &c->account, NULL),
                        0);
        c->image = LOADABLE_NONE;
        c->image.kernel = 77;
        c->image.initrd = 78;
        (void) snprintf(c->image.line, sizeof(c->image.line), "root=/dev/vda");
        (void) snprintf(c->image.name, sizeof(c->image.name), "os");
        (void) snprintf(c->image.version, sizeof(c->image.version), "43");
        c->image.identity = digest_zero(HASH_SHA256);
        memset(c->image.identity.bytes, 0xab, 32);
        c->image.line_digest = digest_zero(HASH_SHA256);
        memset(c->image.line_digest.bytes, 0xcd, 32);
        c->signer = digest_zero(HASH_SHA256);
        memset(c->signer.bytes, 0x5e, 32);
}

static int use(Case *c, const Digest *signer, Err *why) {
        return kexec_use(&c->account, &c->kernel.kexec, &c->image, signer, why, NULL);
}

#define HASH_AB "abababababababababababababababababababababababababababababababab"
#define HASH_CD "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
#define HASH_5E "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"

static void it_is_recorded_and_extended_before_it_is_loaded(void **state) {
        Err why = {};
        Case c;

        (void) state;
        case_new(&c);
        assert_int_equal(use(&c, &c.signer, &why), 0);
        assert_int_equal(why.code, 0);
        assert_true(c.kernel.ready);
        assert_true(c.kernel.recorded);
        assert_int_equal(
                        c.kernel.loaded.kernel, 77); /* what was hashed, and nothing opened again */
        assert_int_equal(c.kernel.loaded.initrd, 78);
        assert_string_equal(c.kernel.loaded.line, "root=/dev/vda");
        assert_world_shows(&c.world, EVENT_LAYER_ACTIVATE,
                        "\"class\":\"uki\",\"commandLine\":\"" HASH_CD "\"");
        assert_world_shows(&c.world, EVENT_LAYER_ACTIVATE,
                        "\"identity\":\"" HASH_AB "\",\"name\":\"os\"");
        assert_world_shows(&c.world, EVENT_LAYER_ACTIVATE, "\"signer\":\"" HASH_5E "\"");
        world_done(&c.world);
}

static void nobody_signed_what_was_not_asked(void **state) {
        Err why = {};
        Case c;

        (void) state;
        case_new(&c);
        assert_int_equal(use(&c, NULL, &why), 0);
        assert_null(memmem(c.world.log.data, c.world.log.size, "signer", 6));
        world_done(&c.world);
}

/* Otherwise the log would name a kernel, and another would be started. */
static void what_cannot_be_loaded_is_taken_back(void **state) {
        Err why = {};
        Case c;

        (void) state;
        case_new(&c);
        c.kernel.refuses_to_load = true;
        assert_int_equal(use(&c, NULL, &why), 0);
        assert_int_equal(why.code, -EPERM);
        assert_false(c.kernel.ready); /* nor is what lay there before */
        assert_world_shows(&c.world, EVENT_LAYER_DEACTIVATE, "\"reason\":\"it may not be loaded\"");
        world_done(&c.world);
}

static void what_lies_there_has_to_go_first(void **state) {
        Err why = {};
        Case c;

        (void) state;
        case_new(&c);
        c.kernel.refuses_to_unload = true;
        assert_int_equal(use(&c, NULL, &why), 0);
        assert_int_equal(why.code, -EBUSY);
        assert_true(world_shows(&c.world, EVENT_PHASE_GENESIS));
        world_done(&c.world);
}

static void any_step_of_the_record_may_fail(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_FOR_EVER, FAULT_TORN };
        unsigned failed = 0;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                bool struck = true;

                for (int n = 0; struck; n++) {
                        Err why = {};
                        Case c;
                        int rc;

                        case_new(&c);
                        world_fail_after(&c.world, n, kinds[i]);
                        rc = use(&c, NULL, &why);
                        struck = c.world.struck;
                        world_heal(&c.world);
                        failed += rc < 0;
                        assert_int_equal(c.kernel.ready, rc == 0);
                        assert_int_equal(c.kernel.recorded, rc == 0);
                        world_done(&c.world);
                }
        }
        assert_true(failed >= 4);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_recorded_and_extended_before_it_is_loaded),
                cmocka_unit_test(nobody_signed_what_was_not_asked),
                cmocka_unit_test(what_cannot_be_loaded_is_taken_back),
                cmocka_unit_test(what_lies_there_has_to_go_first),
                cmocka_unit_test(any_step_of_the_record_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
