/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/activate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "measure/layer.h"

/* By its content, so that it can be told again from the device alone. */
static void device_name(const Digest *root_hash, char ret[static VERITY_DEVICE_SIZE]) {
        size_t at = (size_t) snprintf(ret, VERITY_DEVICE_SIZE, "%s", VERITY_DEVICE_PREFIX);

        for (size_t i = 0; i < root_hash->size && at + 3 <= VERITY_DEVICE_SIZE; i++, at += 2)
                (void) snprintf(ret + at, 3, "%02x", root_hash->bytes[i]);
}

static int read_device_name(const char *device, Digest *ret) {
        Span hex = span_of(device + strlen(VERITY_DEVICE_PREFIX));

        *ret = digest_zero(HASH_SHA256);
        return text_unhex(hex, ret->bytes, ret->size) ? 0 : -EINVAL;
}

static int place_of(LeafType type, const char *name, char ret[static PATH_MAX], Err *e) {
        int n = snprintf(ret, PATH_MAX, "%s/%s", search_run_folder(type), name);

        if (strchr(name, '/') || name[0] == '\0' || name[0] == '.')
                return err_set(e, -EINVAL, "'%s' is no name of an extension", name);
        return n > 0 && n < PATH_MAX ? 0 : err_set(e, -ENAMETOOLONG, "%s: too long", name);
}

int activate_is_active(Verity *v, const Candidate *c, Err *e) {
        char place[PATH_MAX], device[VERITY_DEVICE_SIZE];
        int rc;

        rc = place_of(c->type, c->name, place, e);
        if (rc < 0 || strcmp(c->entry, place) != 0)
                return rc;
        return verity_mounted(v, place, device, e);
}

static LayerTelling tell(const Candidate *c, const Extension *x, Event event) {
        LayerTelling t = { .event = event, .class = c->type, .name = c->name };

        if (x->opened) {
                t.name = x->layer.name;
                t.version = x->layer.version;
                t.identity = &x->layer.root_hash;
        }
        if (x->has_signer)
                t.signer = &x->signer;
        return t;
}

static int record_refusal(
                Account *a, const Candidate *c, const Extension *x, const char *reason, Err *e) {
        LayerTelling t = tell(c, x, EVENT_LAYER_REFUSE);

        t.reason = reason;
        return measure_layer_telling(a, &t, e);
}

static int attach(Verity *v, const char *device, const Extension *x, Err *why) {
        const Layer *l = &x->layer;
        VerityImage image = {
                .fd = l->fd,
                .data_offset = l->tree.data_offset,
                .data_blocks = l->tree.data_blocks,
                .hash_offset = l->tree.hash_offset,
                .hash_size = l->hash_size,
                .salt = { l->tree.salt, l->tree.salt_size },
                .root_hash = digest_span(&l->root_hash),
        };
        Err text = {};
        int rc;

        rc = verity_attach(v, device, &image, &text);
        if (rc == -EEXIST)
                return err_set(why, rc, "what is in it is in use already, by another name");
        return rc < 0 ? err_set(why, rc, "%s", text.text) : 0;
}

/* What could not be undone or hidden is said first, as texts are cut at their end. What was
 * recorded stays the reason alone. */
static void say_before(Err *why, const Err *other, const char *verdict) {
        Err both = {};

        if (other->code == 0)
                return;
        if (why->code == 0)
                both = *other;
        else
                (void) err_set(&both, why->code, "%s; and %s: %s", other->text, verdict, why->text);
        *why = both;
}

/* The activation stands in the log, and did not come to pass. */
static int take_back(Account *a, Verity *v, const Candidate *c, const Extension *x,
                const char *device, Err *why, Err *e) {
        LayerTelling t = tell(c, x, EVENT_LAYER_DEACTIVATE);
        Err left = {};
        int rc;

        (void) verity_detach(v, device, &left);
        t.reason = why->text;
        rc = measure_layer_telling(a, &t, e);
        say_before(why, &left, "not mounted");
        return rc;
}

/* Negative where it could not be recorded; otherwise 0, with why->code set where this extension
 * could not be used. */
static int use(Account *a, Verity *v, const Candidate *c, const Extension *x, unsigned order,
                Err *why, Err *e) {
        LayerTelling t = tell(c, x, EVENT_LAYER_ACTIVATE);
        char device[VERITY_DEVICE_SIZE], place[PATH_MAX];
        int rc;

        t.has_order = true;
        t.order = order;
        device_name(&x->layer.root_hash, device);
        rc = place_of(c->type, c->name, place, why);
        if (rc == 0)
                rc = attach(v, device, x, why);
        if (rc < 0)
                return record_refusal(a, c, x, why->text, e);
        rc = measure_layer_telling(a, &t, e);
        if (rc < 0) {
                (void) verity_detach(v, device, why);
                return rc;
        }
        /* in a configuration is nothing to run: systemd merges it so, too (systemd-confext(8)) */
        rc = verity_mount(v, device, x->layer.filesystem, c->type != LEAF_CONFEXT, place, why);
        return rc < 0 ? take_back(a, v, c, x, device, why, e) : 0;
}

int activate_extension(Account *a, Verity *v, const Candidate *c, const Extension *x,
                unsigned order, Outcome *ret, Err *why, Err *e) {
        Err seen = {}; /* by systemd, which merges what is not hidden, and measures nothing */
        int rc;

        *ret = x->fits ? OUTCOME_ACTIVE : OUTCOME_REFUSED;
        /* first of all: whatever comes next, nobody else uses it */
        if (!x->fits || c->outranks)
                (void) verity_cover(v, c->entry, &seen);
        if (seen.code < 0)
                *ret = OUTCOME_FAILED;
        if (!x->fits) {
                (void) err_set(why, -EPERM, "%s", x->why);
                say_before(why, &seen, "refused");
                return record_refusal(a, c, x, x->why, e);
        }
        if (seen.code < 0) {
                *why = seen;
                return record_refusal(a, c, x, why->text, e);
        }

        rc = use(a, v, c, x, order, why, e);
        if (rc == 0 && why->code == 0)
                return 0;
        *ret = OUTCOME_FAILED;
        if (!c->outranks)
                (void) verity_cover(v, c->entry, &seen);
        say_before(why, &seen, "failed");
        return rc;
}

int deactivate_extension(Account *a, Verity *v, LeafType type, const char *name, Err *e) {
        char place[PATH_MAX], device[VERITY_DEVICE_SIZE];
        Digest root_hash;
        int rc;

        rc = place_of(type, name, place, e);
        if (rc == 0)
                rc = verity_mounted(v, place, device, e);
        if (rc <= 0)
                return rc;
        if (read_device_name(device, &root_hash) < 0)
                return 0;
        rc = verity_merged(v, leaf_type_name(type), e);
        if (rc > 0)
                return err_set(e, -EBUSY, "%s is in use: run \"systemd-%s unmerge\" before", place,
                                leaf_type_name(type));
        if (rc == 0)
                rc = verity_unmount(v, place, e);
        if (rc == 0)
                rc = verity_detach(v, device, e);
        if (rc < 0)
                return rc;
        rc = measure_layer_telling(a,
                        &(LayerTelling){ .event = EVENT_LAYER_DEACTIVATE,
                                        .class = type,
                                        .name = name,
                                        .identity = &root_hash },
                        e);
        return rc < 0 ? rc : 1;
}
