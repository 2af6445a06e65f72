/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pcr.h"

#include <errno.h>

#include "base/text.h"

bool pcr_selection_equal(const PcrSelection *a, const PcrSelection *b) {
        if (a->n_banks != b->n_banks)
                return false;
        for (size_t i = 0; i < a->n_banks; i++)
                if (a->banks[i].alg != b->banks[i].alg || a->banks[i].mask != b->banks[i].mask)
                        return false;
        return true;
}

bool pcr_selected(const PcrSelection *s, uint16_t alg, unsigned pcr) {
        for (size_t i = 0; i < s->n_banks; i++)
                if (s->banks[i].alg == alg)
                        return pcr < PCR_COUNT && (s->banks[i].mask >> pcr & 1);
        return false;
}

const Digest *pcr_value(const PcrValues *v, uint16_t alg, unsigned pcr) {
        for (size_t i = 0; i < v->held.n_banks; i++)
                if (v->held.banks[i].alg == alg && pcr_selected(&v->held, alg, pcr))
                        return &v->digests[i][pcr];
        return NULL;
}

bool pcr_set(PcrValues *v, unsigned pcr, const Digest *d) {
        size_t i = 0;

        if (pcr >= PCR_COUNT || pcr_value(v, (uint16_t) d->alg, pcr))
                return false;
        while (i < v->held.n_banks && v->held.banks[i].alg != d->alg)
                i++;
        if (i == PCR_BANKS_MAX)
                return false;
        if (i == v->held.n_banks)
                v->held.banks[v->held.n_banks++] = (PcrBank){ .alg = (uint16_t) d->alg };
        v->held.banks[i].mask |= UINT32_C(1) << pcr;
        v->digests[i][pcr] = *d;
        return true;
}

size_t pcr_values_in_order(const PcrValues *v, const PcrSelection *s, Span ret[PCR_VALUES_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < s->n_banks; i++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        const Digest *d = pcr_value(v, s->banks[i].alg, pcr);

                        if (!(s->banks[i].mask >> pcr & 1))
                                continue;
                        if (!d)
                                return 0;
                        ret[n++] = digest_span(d);
                }
        return n;
}

bool pcr_at_reset(unsigned pcr, const Digest *value) {
        uint8_t reset = pcr >= 17 && pcr <= 22 ? 0xff : 0;

        for (size_t i = 0; i < value->size; i++)
                if (value->bytes[i] != reset)
                        return false;
        return value->size > 0; /* no value was ever seen: it may be anything */
}

static bool read_pcr(Span s, unsigned *ret) {
        uint64_t v;

        if (!text_number(s, PCR_COUNT - 1, &v))
                return false;
        *ret = (unsigned) v;
        return true;
}

/* "7", "0-7" or "all" */
static bool read_range(Span s, uint32_t *mask) {
        const uint8_t *dash = s.size ? memchr(s.data, '-', s.size) : NULL;
        Span head = { s.data, dash ? (size_t) (dash - s.data) : s.size };
        unsigned first, last;

        if (span_is(s, "all")) {
                *mask = (UINT32_C(1) << PCR_COUNT) - 1;
                return true;
        }
        if (!read_pcr(head, &first))
                return false;
        last = first;
        if (dash && !read_pcr((Span){ dash + 1, s.size - head.size - 1 }, &last))
                return false;
        if (last < first)
                return false;
        for (unsigned i = first; i <= last; i++)
                *mask |= UINT32_C(1) << i;
        return true;
}

/* Cuts off what stands before the next mark, and the mark. True where there was one, so that
 * another word has to follow. */
static bool next_word(Span *rest, uint8_t mark, Span *ret) {
        const uint8_t *at = rest->size ? memchr(rest->data, mark, rest->size) : NULL;

        *ret = *rest;
        *rest = (Span){};
        if (!at)
                return false;
        *rest = (Span){ at + 1, ret->size - (size_t) (at + 1 - ret->data) };
        ret->size = (size_t) (at - ret->data);
        return true;
}

/* "0,2-7" */
static bool read_list(Span list, uint32_t *mask) {
        Span range;
        bool more;

        do {
                more = next_word(&list, ',', &range);
                if (!read_range(range, mask))
                        return false;
        } while (more);
        return true;
}

int pcr_selection_from_text(const char *text, PcrSelection *ret, Err *e) {
        Span rest = span_of(text), list, name;
        PcrSelection s = {};
        bool more;

        do {
                PcrBank bank = {};
                HashAlg alg;

                more = next_word(&rest, '+', &list);
                (void) next_word(&list, ':', &name);
                alg = hash_of_name(name);
                bank.alg = (uint16_t) alg;
                if (alg == HASH_NONE)
                        return err_set(e, -EINVAL,
                                        "'%s': banks are sha1, sha256, sha384, sha512, as in sha256:0-7",
                                        text);
                if (!read_list(list, &bank.mask))
                        return err_set(e, -EINVAL, "'%s': PCRs are 0 to 23, ranges as 0-7, or all",
                                        text);
                for (size_t i = 0; i < s.n_banks; i++)
                        if (s.banks[i].alg == bank.alg)
                                return err_set(e, -EINVAL, "'%s': bank %s stands twice", text,
                                                hash_name(alg));
                s.banks[s.n_banks++] = bank;
        } while (more);

        *ret = s;
        return 0;
}

static void put_ranges(uint32_t mask, Buf *to) {
        const char *between = "";

        for (unsigned first = 0; first < PCR_COUNT; first++) {
                unsigned last = first;

                if (!(mask >> first & 1))
                        continue;
                while (last + 1 < PCR_COUNT && (mask >> (last + 1) & 1))
                        last++;
                buf_printf(to, "%s%u", between, first);
                if (last > first)
                        buf_printf(to, "%c%u", last == first + 1 ? ',' : '-', last);
                between = ",";
                first = last;
        }
}

void pcr_selection_text(const PcrSelection *s, Buf *to) {
        for (size_t i = 0; i < s->n_banks; i++) {
                const char *name = hash_name(s->banks[i].alg);

                if (i > 0)
                        buf_string(to, "+");
                if (name)
                        buf_string(to, name);
                else
                        buf_printf(to, "0x%04x", s->banks[i].alg);
                buf_string(to, ":");
                put_ranges(s->banks[i].mask, to);
        }
}
