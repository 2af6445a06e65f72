/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-list.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/pcr11.h"
#include "wire/stub.h"

void uki_list_done(UkiList *l) {
        for (size_t i = 0; i < l->n_parts; i++)
                uki_part_done(&l->parts[i]);
}

/* A machine chooses one of each of these, so there may be many. */
static bool may_repeat(const char *name) {
        return strcmp(name, ".dtbauto") == 0 || strcmp(name, ".efifw") == 0;
}

static int check_name(const char *name, Err *e) {
        size_t n = strlen(name);

        for (size_t i = 0; i < n; i++)
                if (name[i] <= ' ' || name[i] > '~')
                        return err_set(e, -EINVAL,
                                        "the name of a section is visible ASCII, and byte %zu of "
                                        "this one is 0x%02x",
                                        i, (uint8_t) name[i]);
        if (n == 0 || n > PE_NAME_MAX)
                return err_set(e, -EINVAL, "'%s': the name of a section has 1 to %d characters",
                                name, PE_NAME_MAX);
        return 0;
}

static int add_part(UkiList *l, UkiPart *part, Err *e) {
        if (l->n_parts == UKI_PARTS_MAX)
                return err_set(e, -E2BIG, "more than %d files for one image", UKI_PARTS_MAX);
        l->parts[l->n_parts++] = *part;
        *part = UKI_PART_NONE;
        return 0;
}

int uki_list_add(UkiList *l, const char *name, UkiPart *part, Err *e) {
        bool begins = strcmp(name, ".profile") == 0;
        UkiItem *item = &l->items[l->n];
        int rc;

        rc = check_name(name, e);
        if (rc < 0)
                return rc;
        if (l->n == PE_SECTIONS_MAX)
                return err_set(e, -E2BIG, "more than %d sections", PE_SECTIONS_MAX);
        for (size_t i = 0; i < l->n && !begins && part->size > 0; i++)
                if (l->items[i].profile == l->n_profiles && !may_repeat(name) &&
                                strcmp(l->items[i].name, name) == 0 &&
                                uki_content_size(&l->items[i].content) > 0)
                        return err_set(e, -EEXIST, "the section %s is given twice", name);
        if (begins && l->n_profiles == PROFILES_MAX)
                return err_set(e, -E2BIG, "more than %d profiles", PROFILES_MAX);
        rc = add_part(l, part, e);
        if (rc < 0)
                return rc;
        l->n_profiles += begins;
        *item = (UkiItem){ .profile = l->n_profiles };
        (void) snprintf(item->name, sizeof(item->name), "%s", name);
        item->content = (UkiContent){ &l->parts[l->n_parts - 1], 1, 1, {} };
        l->n++;
        return 0;
}

int uki_list_join(UkiList *l, const char *name, UkiPart *part, unsigned padded_to, Err *e) {
        UkiItem *last = l->n > 0 ? &l->items[l->n - 1] : NULL;
        int rc;

        if (!last || strcmp(last->name, name) != 0)
                return uki_list_add(l, name, part, e);
        rc = add_part(l, part, e);
        if (rc < 0)
                return rc;
        last->content.n_parts++;
        last->content.padded_to = padded_to;
        return 0;
}

void uki_list_drop_empty(UkiList *l) {
        size_t n = 0;

        for (size_t i = 0; i < l->n; i++)
                if (uki_content_size(&l->items[i].content) > 0)
                        l->items[n++] = l->items[i];
        l->n = n;
}

void uki_list_sections(const UkiList *l, UkiSection ret[PE_SECTIONS_MAX]) {
        for (size_t i = 0; i < l->n; i++) {
                const UkiItem *item = &l->items[i];
                /* old kernels are run where they lie */
                uint32_t kind = strcmp(item->name, ".linux") == 0 ? PE_SECTION_CODE
                                                                  : PE_SECTION_DATA;

                ret[i] = (UkiSection){ item->name, uki_content_size(&item->content),
                        PE_SECTION_READ | kind };
        }
}

static const UkiItem *find_own(const UkiList *l, unsigned profile, const char *name, size_t n) {
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].profile == profile && strcmp(l->items[i].name, name) == 0 &&
                                n-- == 0)
                        return &l->items[i];
        return NULL;
}

const UkiItem *uki_list_find(const UkiList *l, unsigned profile, const char *name) {
        return find_own(l, profile, name, 0) ?: find_own(l, 0, name, 0);
}

const UkiItem *uki_list_next(const UkiList *l, const UkiItem *item) {
        const UkiItem *end = l->items + l->n;

        for (const UkiItem *next = item + 1; next < end; next++)
                if (next->profile == item->profile && strcmp(next->name, item->name) == 0)
                        return next;
        return NULL;
}

const UkiItem *uki_list_devicetree(const UkiList *l, unsigned profile, size_t n) {
        if (!find_own(l, profile, ".dtbauto", 0))
                profile = 0;
        return find_own(l, profile, ".dtbauto", n);
}

int uki_list_pcr11(const UkiList *l, const UkiBoot *b, unsigned n, Digest *ret, Err *e) {
        const char *const *name = stub_measures(b->generation);
        Digest value;

        assert(name && l->n > 0);

        value = digest_zero(l->items[0].content.digests[n].alg);

        for (; *name; name++) {
                const UkiItem *item =
                                may_repeat(*name) ? NULL : uki_list_find(l, b->profile, *name);
                int rc;

                if (strcmp(*name, ".dtbauto") == 0)
                        item = b->devicetree;
                if (!item)
                        continue;
                rc = pcr11_section(&value, *name, &item->content.digests[n], e);
                if (rc < 0)
                        return rc;
        }

        *ret = value;
        return 0;
}
