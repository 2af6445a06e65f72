/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "measure/activate.h"
#include "support/shows.h"

#define SET_EMPTY(text) ((text)[0] = '\0')

/* A kernel in memory: one device, one mount and what is hidden, each step of which can fail. */
typedef struct Kernel {
        Verity verity;
        World *world;
        char device[VERITY_DEVICE_SIZE], mounted[PATH_MAX], covered[PATH_MAX];
        uint8_t root_hash[32];
        int fd;
        bool merged, taken, runs, stuck;
        int steps_left; /* steps that still work */
        bool extended;  /* what is mounted was in the log and in the register before */
} Kernel;

static Kernel *kernel_of(Verity *v) {
        return (Kernel *) v;
}

static int step(Verity *v, Err *e) {
        Kernel *k = kernel_of(v);

        if (k->steps_left == 0)
                return err_set(e, -EIO, "the kernel says no");
        k->steps_left -= k->steps_left > 0;
        return 0;
}

static int memory_attach(Verity *v, const char *device, const VerityImage *image, Err *e) {
        Kernel *k = kernel_of(v);

        if (k->taken)
                return err_set(e, -EEXIST, "a device of that name");
        if (step(v, e) < 0)
                return -EIO;
        (void) snprintf(k->device, sizeof(k->device), "%s", device);
        memcpy(k->root_hash, image->root_hash.data, sizeof(k->root_hash));
        k->fd = image->fd;
        return 0;
}

static int memory_detach(Verity *v, const char *device, Err *e) {
        Kernel *k = kernel_of(v);

        assert_string_equal(k->device, device);
        if (k->stuck)
                return err_set(e, -EBUSY, "the device stays");
        SET_EMPTY(k->device);
        return 0;
}

static int memory_mount(Verity *v, const char *device, const char *filesystem, bool runs,
                const char *folder, Err *e) {
        Kernel *k = kernel_of(v);

        assert_string_equal(k->device, device);
        assert_string_equal(filesystem, "erofs");
        k->extended = world_shows(k->world, EVENT_LAYER_ACTIVATE);
        if (step(v, e) < 0)
                return -EIO;
        (void) snprintf(k->mounted, sizeof(k->mounted), "%s", folder);
        k->runs = runs;
        return 0;
}

static int memory_unmount(Verity *v, const char *folder, Err *e) {
        Kernel *k = kernel_of(v);

        if (step(v, e) < 0)
                return -EIO;
        assert_string_equal(k->mounted, folder);
        SET_EMPTY(k->mounted);
        return 0;
}

static int memory_mounted(
                Verity *v, const char *folder, char device[static VERITY_DEVICE_SIZE], Err *e) {
        Kernel *k = kernel_of(v);

        (void) e;
        if (strcmp(k->mounted, folder) != 0)
                return 0;
        memcpy(device, k->device, VERITY_DEVICE_SIZE);
        return 1;
}

static int memory_merged(Verity *v, const char *class, Err *e) {
        (void) e;
        assert_string_equal(class, "sysext");
        return kernel_of(v)->merged;
}

static int memory_cover(Verity *v, const char *path, Err *e) {
        if (step(v, NULL) < 0)
                return err_set(e, -EIO, "it stays in sight: the kernel says no");
        (void) snprintf(kernel_of(v)->covered, PATH_MAX, "%s", path);
        return 0;
}

static int memory_uncover(Verity *v, const char *path, Err *e) {
        (void) v;
        (void) path;
        (void) e;
        return 0;
}

static const VerityOps memory_ops = {
        .attach = memory_attach,
        .detach = memory_detach,
        .mount = memory_mount,
        .unmount = memory_unmount,
        .mounted = memory_mounted,
        .merged = memory_merged,
        .cover = memory_cover,
        .uncover = memory_uncover,
};

/* A machine, and one extension that was judged. */
typedef struct Case {
        World world;
        Account account;
        Kernel kernel;
        Candidate from;
        Extension x;
} Case;

#define VERITY(c) (&(c)->kernel.verity)
#define PLACE "/run/extensions/jq"
#define ENTRY "/var/lib/extensions/jq.raw"

static void case_new(Case *c, bool fits) {
        *c = (Case){ .kernel = { .verity = { &memory_ops }, .steps_left = -1 } };
        world_new(&c->world);
        c->kernel.world = &c->world;
        assert_int_equal(account_open(&c->world.store, &c->world.tpm,
                                         (Register){ REGISTER_PCR, WORLD_PCR }, &c->account, NULL),
                        0);
        c->from = (Candidate){ .type = LEAF_SYSEXT, .name = "jq", .entry = ENTRY };
        c->x = (Extension){ .type = LEAF_SYSEXT,
                .opened = true,
                .fits = fits,
                .has_signer = fits,
                .layer = { .fd = 77,
                                .type = LEAF_SYSEXT,
                                .name = "jq-tool",
                                .version = "1.7",
                                .filesystem = "erofs" } };
        c->x.layer.root_hash = digest_zero(HASH_SHA256);
        memset(c->x.layer.root_hash.bytes, 0xab, 32);
        c->x.signer = digest_zero(HASH_SHA256);
        memset(c->x.signer.bytes, 0x5e, 32);
        if (!fits)
                (void) snprintf(c->x.why, sizeof(c->x.why), "it is not signed");
}

static int run(Case *c, Outcome *ret, Err *why) {
        return activate_extension(&c->account, VERITY(c), &c->from, &c->x, 3, ret, why, NULL);
}

#define HASH_AB "abababababababababababababababababababababababababababababababab"
#define HASH_5E "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"

static void recorded_and_extended_before_it_is_mounted(void **state) {
        Outcome outcome;
        Err why = {};
        Case c;

        (void) state;
        case_new(&c, true);
        assert_int_equal(run(&c, &outcome, &why), 0);
        assert_int_equal(outcome, OUTCOME_ACTIVE);
        assert_int_equal(why.code, 0);
        assert_true(c.kernel.extended);
        assert_string_equal(c.kernel.mounted, PLACE);
        assert_string_equal(c.kernel.device, "avouch-" HASH_AB);
        assert_memory_equal(c.kernel.root_hash, c.x.layer.root_hash.bytes, 32);
        assert_int_equal(c.kernel.fd, 77);         /* what was checked, and nothing opened again */
        assert_string_equal(c.kernel.covered, ""); /* what is mounted stands before it */
        assert_world_shows(&c.world, EVENT_LAYER_ACTIVATE, "\"name\":\"jq-tool\",\"order\":3,");
        assert_world_shows(&c.world, EVENT_LAYER_ACTIVATE, "\"rootHash\":\"" HASH_AB "\"");
        assert_world_shows(&c.world, EVENT_LAYER_ACTIVATE, "\"signer\":\"" HASH_5E "\"");
        world_done(&c.world);
}

static void a_configuration_brings_nothing_to_run(void **state) {
        (void) state;
        for (int configuration = 0; configuration < 2; configuration++) {
                Outcome outcome;
                Err why = {};
                Case c;

                case_new(&c, true);
                c.from.type = configuration ? LEAF_CONFEXT : LEAF_SYSEXT;
                assert_int_equal(run(&c, &outcome, &why), 0);
                assert_int_equal(outcome, OUTCOME_ACTIVE);
                assert_int_equal(c.kernel.runs, configuration == 0);
                world_done(&c.world);
        }
}

static void what_would_come_first_is_hidden(void **state) {
        Outcome outcome;
        Err why = {};
        Case c;

        (void) state;
        case_new(&c, true);
        c.from.outranks = true;
        assert_int_equal(run(&c, &outcome, &why), 0);
        assert_int_equal(outcome, OUTCOME_ACTIVE);
        assert_string_equal(c.kernel.covered, ENTRY);
        world_done(&c.world);
}

static void what_is_refused_is_recorded_and_hidden(void **state) {
        Outcome outcome;
        Err why = {};
        Case c;

        (void) state;
        case_new(&c, false);
        assert_int_equal(run(&c, &outcome, &why), 0);
        assert_int_equal(outcome, OUTCOME_REFUSED);
        assert_string_equal(why.text, "it is not signed");
        assert_string_equal(c.kernel.covered, ENTRY);
        assert_string_equal(c.kernel.device, "");
        assert_world_shows(&c.world, EVENT_LAYER_REFUSE,
                        "\"reason\":\"it is not signed\",\"rootHash\":");
        world_done(&c.world);
}

/* systemd would merge it then, so that this is more than a refusal: both are said. */
static void what_cannot_be_hidden_is_said(void **state) {
        Outcome outcome;
        Err why = {};
        Case c;

        (void) state;
        case_new(&c, false);
        c.kernel.steps_left = 0;
        assert_int_equal(run(&c, &outcome, &why), 0);
        assert_int_equal(outcome, OUTCOME_FAILED);
        assert_string_equal(why.text,
                        "it stays in sight: the kernel says no; and refused: it is not signed");
        assert_world_shows(&c.world, EVENT_LAYER_REFUSE, "\"reason\":\"it is not signed\"");
        world_done(&c.world);
}

/* The same where it may be used, and fails. The reason alone is recorded, and is no error of the
 * record. */
static void what_failed_and_cannot_be_hidden_is_said(void **state) {
        (void) state;
        for (int n = 0; n < 2; n++) {
                Outcome outcome;
                Err why = {}, e = {};
                Case c;

                case_new(&c, true);
                c.kernel.steps_left = n;
                assert_int_equal(activate_extension(&c.account, VERITY(&c), &c.from, &c.x, 3,
                                                 &outcome, &why, &e),
                                0);
                assert_int_equal(outcome, OUTCOME_FAILED);
                assert_string_equal(why.text,
                                "it stays in sight: the kernel says no; and failed: the kernel says no");
                assert_int_equal(e.code, 0);
                assert_world_shows(&c.world, n == 0 ? EVENT_LAYER_REFUSE : EVENT_LAYER_DEACTIVATE,
                                "\"reason\":\"the kernel says no\"");
                world_done(&c.world);
        }
}

static void what_failed_and_cannot_be_taken_off_is_said(void **state) {
        Outcome outcome;
        Err why = {}, e = {};
        Case c;

        (void) state;
        case_new(&c, true);
        c.kernel.steps_left = 1;
        c.kernel.stuck = true;
        assert_int_equal(activate_extension(&c.account, VERITY(&c), &c.from, &c.x, 3, &outcome,
                                         &why, &e),
                        0);
        assert_int_equal(outcome, OUTCOME_FAILED);
        assert_string_equal(why.text,
                        "it stays in sight: the kernel says no; and failed: the device stays; and not mounted: the kernel says no");
        assert_int_equal(e.code, 0);
        assert_world_shows(&c.world, EVENT_LAYER_DEACTIVATE, "\"reason\":\"the kernel says no\"");
        world_done(&c.world);
}

/* Where it could not even be recorded, both are told: that, and what is left. */
static void what_is_left_is_said_where_nothing_is_recorded(void **state) {
        (void) state;
        for (int stuck = 0; stuck < 2; stuck++) {
                Outcome outcome;
                Err why = {}, e = {};
                Case c;

                case_new(&c, true);
                world_fail_after(&c.world, 0, FAULT_FOR_EVER);
                c.kernel.steps_left = 1;
                c.kernel.stuck = stuck == 1;
                assert_true(activate_extension(&c.account, VERITY(&c), &c.from, &c.x, 3, &outcome,
                                            &why, &e) < 0);
                assert_int_equal(outcome, OUTCOME_FAILED);
                assert_string_equal(why.text,
                                stuck ? "it stays in sight: the kernel says no; and failed: the device stays"
                                      : "it stays in sight: the kernel says no");
                assert_null(strstr(e.text, "the kernel"));
                world_heal(&c.world);
                world_done(&c.world);
        }
}

static void what_cannot_be_read_is_refused_by_its_name(void **state) {
        Outcome outcome;
        Err why = {};
        Case c;

        (void) state;
        case_new(&c, false);
        c.x.opened = false;
        assert_int_equal(run(&c, &outcome, &why), 0);
        assert_int_equal(outcome, OUTCOME_REFUSED);
        assert_world_shows(&c.world, EVENT_LAYER_REFUSE, "\"name\":\"jq\",\"prev\"");
        world_done(&c.world);
}

/* The same content again, or a second look at what is active. */
static void what_is_in_use_is_not_used_twice(void **state) {
        Outcome outcome;
        Err why = {};
        Case c;

        (void) state;
        case_new(&c, true);
        c.kernel.taken = true;
        assert_int_equal(run(&c, &outcome, &why), 0);
        assert_int_equal(outcome, OUTCOME_FAILED);
        assert_string_equal(why.text, "what is in it is in use already, by another name");
        assert_world_shows(&c.world, EVENT_LAYER_REFUSE, why.text);

        assert_int_equal(activate_is_active(VERITY(&c), &c.from, NULL), 0);
        (void) snprintf(c.kernel.mounted, sizeof(c.kernel.mounted), PLACE);
        assert_int_equal(activate_is_active(VERITY(&c), &c.from, NULL), 0);
        (void) snprintf(c.from.entry, sizeof(c.from.entry), PLACE);
        assert_int_equal(activate_is_active(VERITY(&c), &c.from, NULL), 1);
        world_done(&c.world);
}

/* Whichever step of the kernel fails, nothing is attached, the log says so, and nobody else uses it
 * where it could be hidden. */
static void any_step_of_the_kernel_may_fail(void **state) {
        (void) state;
        for (int outranks = 0; outranks < 2; outranks++) {
                Outcome outcome = OUTCOME_FAILED;

                for (int n = 0; outcome != OUTCOME_ACTIVE; n++) {
                        Err why = {};
                        Case c;

                        case_new(&c, true);
                        c.from.outranks = outranks == 1;
                        c.kernel.steps_left = n;
                        assert_int_equal(run(&c, &outcome, &why), 0);
                        if (outcome != OUTCOME_ACTIVE) {
                                bool recorded = c.kernel.extended;

                                assert_int_equal(outcome, OUTCOME_FAILED);
                                assert_string_equal(c.kernel.device, "");
                                assert_string_equal(c.kernel.mounted, "");
                                assert_world_shows(&c.world,
                                                recorded ? EVENT_LAYER_DEACTIVATE
                                                         : EVENT_LAYER_REFUSE,
                                                "the kernel says no");
                        }
                        assert_in_range(n, 0, 4);
                        world_done(&c.world);
                }
        }
}

/* Nothing is mounted that could not be recorded and extended. */
static void any_step_of_the_record_may_fail(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_FOR_EVER, FAULT_TORN };
        unsigned failed = 0;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                bool struck = true;

                for (int n = 0; struck; n++) {
                        Outcome outcome;
                        Err why = {};
                        Case c;
                        int rc;

                        case_new(&c, true);
                        world_fail_after(&c.world, n, kinds[i]);
                        rc = run(&c, &outcome, &why);
                        struck = c.world.struck;
                        world_heal(&c.world);
                        if (rc < 0) {
                                failed++;
                                assert_string_equal(c.kernel.device, "");
                                assert_string_equal(c.kernel.mounted, "");
                                assert_string_equal(c.kernel.covered, ENTRY);
                        } else {
                                assert_true(c.kernel.extended);
                                assert_string_equal(c.kernel.mounted, PLACE);
                        }
                        world_done(&c.world);
                }
        }
        assert_true(failed >= 4);
}

static void it_is_taken_off_and_recorded(void **state) {
        Outcome outcome;
        Err why = {}, e = {};
        Case c;

        (void) state;
        case_new(&c, true);
        assert_int_equal(deactivate_extension(&c.account, VERITY(&c), LEAF_SYSEXT, "jq", NULL), 0);
        assert_int_equal(run(&c, &outcome, &why), 0);
        c.kernel.merged = true;
        assert_int_equal(deactivate_extension(&c.account, VERITY(&c), LEAF_SYSEXT, "jq", &e),
                        -EBUSY);
        assert_string_equal(e.text, PLACE " is in use: run \"systemd-sysext unmerge\" before");
        assert_string_equal(c.kernel.mounted, PLACE);
        c.kernel.merged = false;
        assert_int_equal(deactivate_extension(&c.account, VERITY(&c), LEAF_SYSEXT, "jq", NULL), 1);
        assert_string_equal(c.kernel.mounted, "");
        assert_string_equal(c.kernel.device, "");
        assert_world_shows(&c.world, EVENT_LAYER_DEACTIVATE, "\"name\":\"jq\",\"prev\"");
        assert_int_equal(deactivate_extension(&c.account, VERITY(&c), LEAF_SYSEXT, "../x", NULL),
                        -EINVAL);
        world_done(&c.world);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(recorded_and_extended_before_it_is_mounted),
                cmocka_unit_test(a_configuration_brings_nothing_to_run),
                cmocka_unit_test(what_would_come_first_is_hidden),
                cmocka_unit_test(what_is_refused_is_recorded_and_hidden),
                cmocka_unit_test(what_cannot_be_hidden_is_said),
                cmocka_unit_test(what_failed_and_cannot_be_hidden_is_said),
                cmocka_unit_test(what_failed_and_cannot_be_taken_off_is_said),
                cmocka_unit_test(what_is_left_is_said_where_nothing_is_recorded),
                cmocka_unit_test(what_cannot_be_read_is_refused_by_its_name),
                cmocka_unit_test(what_is_in_use_is_not_used_twice),
                cmocka_unit_test(any_step_of_the_kernel_may_fail),
                cmocka_unit_test(any_step_of_the_record_may_fail),
                cmocka_unit_test(it_is_taken_off_and_recorded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
