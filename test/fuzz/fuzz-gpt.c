/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "support/gptdraft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SECTOR = 512 };

static void check(bool good) {
        if (!good)
                abort();
}

/* Partitions lie apart, within what may be used, and outside of the table. */
static void look_at(const GptHeader *h, const GptTable *t, Span entries) {
        for (size_t i = 0; i < t->n; i++) {
                const GptEntry *a = &t->entries[i];

                check(a->first <= a->last && a->first >= h->first_usable);
                check(a->last <= h->last_usable && a->number <= h->n_entries);
                check(a->first > h->here || a->last < h->here);
                check(a->first > h->entries || a->last < h->entries);
                check(a->label.size == GPT_LABEL_SIZE && a->label.data > entries.data);
                check(a->label.data + a->label.size <= entries.data + entries.size);
                for (size_t j = 0; j < i; j++)
                        check(a->last < t->entries[j].first || t->entries[j].last < a->first);
        }
}

/* What parses is written again as the very same bytes; what does not says why. */
static void try(Span sector, Span entries) {
        uint8_t again[SECTOR], *all;
        GptHeader h;
        GptTable t;
        Err e = {};

        if (gpt_header_parse(sector, 1, "header", &h, &e) < 0) {
                check(e.code != 0);
                return;
        }
        gpt_draft_header(&h, again);
        check(span_equal(sector, (Span){ again, sizeof(again) }));
        check(!gpt_is_copy(&h, &h));
        if (gpt_entries_parse(entries, &h, "entries", &t, &e) < 0) {
                check(e.code != 0);
                return;
        }
        look_at(&h, &t, entries);
        all = malloc(entries.size);
        check(all != NULL);
        gpt_draft_entries(&t, h.n_entries, all);
        check(memcmp(all, entries.data, entries.size) == 0);
        free(all);
}

/* The header's sector, and the entries behind it: as they are, and with checksums that fit, which
 * no fuzzer finds by itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint8_t *fitting;
        Err e = {};

        check(gpt_mbr_parse((Span){ data, size }, size, "MBR", &e) == 0 || e.code != 0);
        if (size < SECTOR)
                return 0;
        try((Span){ data, SECTOR }, (Span){ data + SECTOR, size - SECTOR });

        fitting = malloc(size);
        check(fitting != NULL);
        memcpy(fitting, data, size);
        gpt_draft_le(fitting + 88, gpt_draft_checksum(data + SECTOR, size - SECTOR), 4);
        gpt_draft_seal(fitting);
        try((Span){ fitting, SECTOR }, (Span){ fitting + SECTOR, size - SECTOR });
        free(fitting);
        return 0;
}
