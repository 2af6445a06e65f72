/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/golden.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "verify/against.h"
#include "verify/report-against.h"
#include "verify/report-firmware.h"

enum { QUOTED_MAX = 240, WORDS_MAX = 128 * 1024 };

/* The first place in which two logs differ in one register; a log that ends there has no event. */
typedef struct Place {
        Measured golden, now;
        bool has_golden, has_now;
} Place;

/* The next event of a register: 1, 0 at the end. */
static int next_of(FirmwareReading *r, unsigned pcr, Measured *ret, Err *e) {
        int rc;

        while ((rc = firmware_read_next(r, ret, e)) > 0)
                if (ret->event.pcr == pcr && ret->proof != PROOF_NONE)
                        return 1;
        return rc;
}

/* 1 where they differ. */
static int find_place(Span golden, Span now, HashAlg bank, unsigned pcr, Place *ret, Err *e) {
        FirmwareReading a, b;
        Place p = {};
        int rc;

        rc = firmware_read(golden, bank, &a, e);
        if (rc == 0)
                rc = firmware_read(now, bank, &b, e);
        while (rc >= 0) {
                rc = next_of(&a, pcr, &p.golden, e);
                if (rc < 0)
                        break;
                p.has_golden = rc > 0;
                rc = next_of(&b, pcr, &p.now, e);
                if (rc < 0)
                        break;
                p.has_now = rc > 0;
                if (!p.has_golden && !p.has_now)
                        return 0;
                if (!p.has_golden || !p.has_now || !digest_equal(&p.golden.digest, &p.now.digest)) {
                        *ret = p;
                        return 1;
                }
        }
        return rc;
}

/* The kinds of facts that a register tells; of a command line only where it is proven in both. */
static bool tells(unsigned pcr, const Change *c) {
        switch (pcr) {
        case 4:
                return c->kind == FACT_PROGRAM;
        case 7:
                return c->kind >= FACT_SECURE_BOOT && c->kind <= FACT_AUTHORITY;
        case 11:
                return c->kind == FACT_SECTION ||
                       (c->kind == FACT_COMMAND_LINE && (!c->has_was || c->was_proven) &&
                                       (!c->has_is || c->is_proven));
        case 12:
        case 13:
                return c->kind == FACT_APPENDED || c->kind == FACT_COMPANION;
        default:
                return false;
        }
}

/* In which word a command line differs says more than that its section does. */
static const Change *find_change(const Against *a, unsigned pcr) {
        const Change *found = NULL;

        for (size_t i = 0; i < a->n; i++) {
                const Change *c = &a->list[i];

                if (tells(pcr, c) && (!found || (c->kind == FACT_COMMAND_LINE &&
                                                                found->kind != c->kind)))
                        found = c;
        }
        return found;
}

static void put_event(const Measured *m, bool has, Buf *to) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(WORDS_MAX);

        if (!has) {
                buf_string(to, "nothing");
                return;
        }
        report_event(m, &words);
        buf_fail(to, words.failed);
        buf_printf(to, "event %zu (%.*s)", m->event.number,
                        (int) (words.size < QUOTED_MAX / 2 ? words.size : QUOTED_MAX / 2),
                        (const char *) buf_span(&words).data);
}

/* What nothing better is known of is told as the two events that differ. */
static void put_place(const Place *p, unsigned pcr, Buf *to) {
        buf_printf(to, "in pcr:%u ", pcr);
        put_event(&p->now, p->has_now, to);
        buf_string(to, " stands where ");
        put_event(&p->golden, p->has_golden, to);
        buf_string(to, " belongs");
}

static int tell(const Golden *g, const Judgement *j, unsigned pcr, const Place *p, Vouched *ret,
                Err *e) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(WORDS_MAX);
        _cleanup_(against_done) Against a = {};
        const Change *c;
        Span said;
        int rc;

        rc = against_take(&g->judgement, j, &a, e);
        if (rc < 0)
                return rc;
        c = find_change(&a, pcr);
        if (c)
                report_change(c, &words);
        else
                put_place(p, pcr, &words);
        rc = buf_end(&words, &said);
        if (rc < 0)
                return err_set(e, rc, "a difference cannot be put into words");
        (void) snprintf(ret->words, sizeof(ret->words), "other than golden evidence '%.80s': %.*s",
                        g->name, (int) (said.size < QUOTED_MAX ? said.size : QUOTED_MAX),
                        (const char *) said.data);
        return 0;
}

/* A bank that proves, in which both explain all of these registers. */
static HashAlg bank_of(const Golden *g, const Judgement *j, const uint8_t *pcrs, size_t n_pcrs) {
        static const HashAlg banks[] = { HASH_SHA256, HASH_SHA384, HASH_SHA512 };

        for (size_t b = 0; b < ELEMENTS(banks); b++) {
                size_t n = 0;

                while (n < n_pcrs &&
                                pcr_selected(&j->explained.which, (uint16_t) banks[b], pcrs[n]) &&
                                pcr_selected(&g->judgement.explained.which, (uint16_t) banks[b],
                                                pcrs[n]))
                        n++;
                if (n == n_pcrs)
                        return banks[b];
        }
        return HASH_NONE;
}

static int compare(const Golden *g, const Judgement *j, HashAlg bank, const uint8_t *pcrs,
                size_t n_pcrs, Vouched *ret, Err *e) {
        for (size_t i = 0; i < n_pcrs; i++) {
                Place p;
                int rc = find_place(g->judgement.evidence.bundle.parts[PART_FIRMWARE_LOG],
                                j->evidence.bundle.parts[PART_FIRMWARE_LOG], bank, pcrs[i], &p, e);

                if (rc < 0)
                        return rc;
                if (rc > 0) {
                        rc = tell(g, j, pcrs[i], &p, ret, e);
                        return rc < 0 ? rc : 1;
                }
        }
        return 0;
}

/* Golden evidence whose own registers are not explained says nothing of them. */
static bool speaks_of(const Golden *g, const uint8_t *pcrs, size_t n_pcrs) {
        const Judgement *j = &g->judgement;

        for (size_t i = 0; i < n_pcrs; i++)
                if (!explained_anywhere(&j->explained, &j->evidence.tpm.pcrs.held, pcrs[i]))
                        return false;
        return true;
}

int golden_compare(const Golden *g, const Judgement *j, const uint8_t *pcrs, size_t n_pcrs,
                Vouched *ret, Err *e) {
        Vouched v = { .asked = true, .whole = true, .programs = true };
        HashAlg bank = bank_of(g, j, pcrs, n_pcrs);
        int rc;

        if (!speaks_of(g, pcrs, n_pcrs)) {
                *ret = (Vouched){};
                return 0;
        }
        if (bank == HASH_NONE) {
                (void) snprintf(v.words, sizeof(v.words),
                                "golden evidence '%.80s' cannot be compared: no bank proves all that it vouches for in both",
                                g->name);
                *ret = v;
                return 0;
        }
        rc = compare(g, j, bank, pcrs, n_pcrs, &v, e); /* both logs were read before */
        if (rc < 0)
                return rc;
        v.same = rc == 0;
        if (v.same)
                (void) snprintf(v.words, sizeof(v.words), "as in golden evidence '%.80s'", g->name);
        *ret = v;
        return 0;
}
