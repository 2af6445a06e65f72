/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include "log/receipt.h"
#include "measure/odometer.h"
#include "support/world.h"

/* A machine in memory that counts its openings: a log, a history at home, and a spool. */

typedef struct GlassWorld {
        World world;
        WorldShelf home, spool;
        bool no_home;    /* as in the initrd */
        bool may_define; /* not in early boot */
        Account account;
        Odometer odometer;
} GlassWorld;

static inline void glass_world_new(GlassWorld *g) {
        *g = (GlassWorld){ .may_define = true };
        world_new(&g->world);
        world_shelf_new(&g->home, &g->world);
        world_shelf_new(&g->spool, &g->world);
}

static inline void glass_world_done(GlassWorld *g) {
        world_shelf_done(&g->home);
        world_shelf_done(&g->spool);
        world_done(&g->world);
}

/* A process begins. */
static inline int glass_world_start(GlassWorld *g) {
        int rc;

        g->world.key_made = false;
        rc = account_open(&g->world.store, &g->world.tpm, (Register){ REGISTER_PCR, WORLD_PCR },
                        &g->account, NULL);
        if (rc < 0)
                return rc;
        return odometer_open(&g->account, g->no_home ? NULL : &g->home.store, &g->spool.store,
                        g->may_define, &g->odometer, NULL);
}

/* The machine is switched off and on again: the log and the register begin anew. */
static inline void glass_world_reboot(GlassWorld *g) {
        buf_done(&g->world.log);
        for (size_t i = 0; i < g->world.pcrs.held.n_banks; i++)
                g->world.pcrs.digests[i][WORLD_PCR] =
                                digest_zero((HashAlg) g->world.pcrs.held.banks[i].alg);
        g->world.clock.reset_count++;
}

static inline int glass_world_record(GlassWorld *g, Event event) {
        const Member members[] = {
                { .name = "kind",
                                .type = MEMBER_TEXT,
                                .bytes = { (const uint8_t *) "console", 7 } },
                { .name = "uid", .type = MEMBER_INTEGER, .number = 0 },
                { .name = "user", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "root", 4 } },
        };

        return odometer_record(&g->odometer, event, members, ELEMENTS(members), NULL);
}

static inline WorldNv *glass_world_counter(GlassWorld *g) {
        for (size_t i = 0; i < WORLD_NV_MAX; i++)
                if (g->world.nv[i].index == 0x01806176)
                        return &g->world.nv[i];
        return NULL;
}

/* There is a line with this content, word for word. */
static inline bool glass_world_has_line(const GlassWorld *g, Span content) {
        const Buf *const places[] = { &g->home.bytes, &g->spool.bytes };

        for (size_t i = 0; i < ELEMENTS(places); i++)
                if (places[i]->size > 0 && memmem(places[i]->data, places[i]->size, content.data,
                                                           content.size))
                        return true;
        return false;
}

/* What the history holds after a walk over both places: every receipt was judged by the key of the
 * TPM, no line is open, and the counter stands where the last line closed it. */
static inline History glass_world_history(GlassWorld *g) {
        _cleanup_(buf_done) Buf all = BUF_UP_TO(HISTORY_MAX), decoded = BUF_UP_TO(HISTORY_LINE_MAX),
                                public = BUF_UP_TO(TPM_PUBLIC_MAX);
        HistoryReader r;
        HistoryLine l;
        TpmPublic ak;
        Err e = {};
        int rc;

        assert_int_equal(tpm_key(&g->world.tpm, TPM_AK_ECC, &public, NULL), 0);
        assert_int_equal(tpm_public_parse(buf_span(&public), &ak, NULL), 0);
        buf_bytes(&all, buf_span(&g->home.bytes));
        buf_bytes(&all, buf_span(&g->spool.bytes));
        r = history_over(buf_span(&all), &decoded);
        r.history.part = g->no_home;
        while ((rc = history_next(&r, &l, &e)) > 0) {
                Err why = {};

                if (receipt_judge(&l, &ak, &why, NULL) != 1)
                        fail_msg("line %llu: %s", (unsigned long long) r.history.n_lines, why.text);
        }
        if (rc < 0)
                fail_msg("%s", e.text);
        if (r.history.n_lines > 0)
                assert_true(glass_world_counter(g)->value == r.history.closed);
        return r.history;
}
