/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/pcrsig.h"

#include <errno.h>

#include "base/pcr.h"
#include "base/text.h"
#include "wire/json.h"

#define WHAT ".pcrsig"

enum { TOKENS = 20 * PCR_SIGNATURES_MAX, HEX_SHA256 = 64, PCRS = 24 };

/* ASCII in which nothing is escaped: it can stand between quotation marks again as it is. */
static bool is_plain(Span s) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] > '~' || s.data[i] == '\\')
                        return false;
        return s.size > 0;
}

static bool is_hex(Span s) {
        for (size_t i = 0; i < s.size; i++)
                if (!(s.data[i] >= '0' && s.data[i] <= '9') &&
                                !(s.data[i] >= 'a' && s.data[i] <= 'f'))
                        return false;
        return s.size == HEX_SHA256 || s.size == 2 * HEX_SHA256;
}

static bool is_base64(Span s) {
        size_t n = s.size;

        while (n > 0 && s.size - n < 2 && s.data[n - 1] == '=')
                n--;
        for (size_t i = 0; i < n; i++)
                if (!(s.data[i] >= '0' && s.data[i] <= '9') &&
                                !(s.data[i] >= 'a' && s.data[i] <= 'z') &&
                                !(s.data[i] >= 'A' && s.data[i] <= 'Z') && s.data[i] != '+' &&
                                s.data[i] != '/')
                        return false;
        return n > 0 && s.size % 4 == 0;
}

/* A string that is not there is empty. */
static int take(Json object, const char *name, bool (*fits)(Span), Span *ret, Err *e) {
        Json v = json_member(object, name);

        *ret = (Span){};
        if (json_type(v) == JSON_NONE)
                return 0;
        *ret = json_raw(v);
        return json_type(v) == JSON_STRING && fits(*ret)
                               ? 0
                               : json_reject(v, WHAT, "no text as it belongs there", e);
}

static int take_pcrs(Json v, uint32_t *ret, Err *e) {
        uint32_t pcrs = 0;

        for (Json n = json_first(v); json_type(n) != JSON_NONE; n = json_next(v, n)) {
                int64_t pcr;

                if (!json_integer(n, 0, PCRS - 1, &pcr) || (pcrs & (UINT32_C(1) << pcr)))
                        return json_reject(n, WHAT, "not the number of one more PCR", e);
                pcrs |= UINT32_C(1) << pcr;
        }
        if (pcrs == 0)
                return json_reject(v, WHAT, "no list of PCRs", e);
        *ret = pcrs;
        return 0;
}

static int take_entry(Json v, PcrSignature *s, Err *e) {
        int rc;

        if (!json_hex(json_member(v, "pkfp"), s->key, sizeof(s->key)))
                return json_reject(v, WHAT, "\"pkfp\" is not 64 lower-case hex digits", e);
        if (!json_hex(json_member(v, "pol"), s->policy, sizeof(s->policy)))
                return json_reject(v, WHAT, "\"pol\" is not 64 lower-case hex digits", e);
        rc = take_pcrs(json_member(v, "pcrs"), &s->pcrs, e);
        if (rc == 0)
                rc = take(v, "ref", is_plain, &s->reference, e);
        if (rc == 0)
                rc = take(v, "tbs", is_hex, &s->to_sign, e);
        return rc < 0 ? rc : take(v, "sig", is_base64, &s->signature, e);
}

static int take_bank(Json name, PcrSignature *list, size_t *n, Err *e) {
        Json entries = json_value(name);
        HashAlg bank = hash_of_name(json_raw(name));

        if (bank == HASH_NONE)
                return json_reject(name, WHAT, "the name of no bank", e);
        if (json_type(entries) != JSON_ARRAY)
                return json_reject(entries, WHAT, "no list of a bank's signatures", e);
        for (Json v = json_first(entries); json_type(v) != JSON_NONE; v = json_next(entries, v)) {
                int rc;

                if (*n == PCR_SIGNATURES_MAX)
                        return json_reject(v, WHAT, "too many signatures", e);
                list[*n] = (PcrSignature){ .bank = bank };
                rc = take_entry(v, &list[*n], e);
                if (rc < 0)
                        return rc;
                (*n)++;
        }
        return 0;
}

int pcrsig_parse(Span text, PcrSignature *list, size_t *ret_n, Err *e) {
        JsonToken tokens[TOKENS];
        size_t n = 0;
        Json object = {};
        int rc;

        while (text.size > 0 && text.data[text.size - 1] == 0)
                text.size--;
        rc = json_parse(text, JSON_FOREIGN, tokens, TOKENS, WHAT, &object, e);
        if (rc == 0 && json_type(object) != JSON_OBJECT)
                rc = json_reject(object, WHAT, "no object of banks", e);
        for (Json name = json_first(object); rc == 0 && json_type(name) != JSON_NONE;
                        name = json_next(object, name))
                rc = take_bank(name, list, &n, e);
        if (rc == 0)
                *ret_n = n;
        return rc;
}

static void put_text(Buf *to, const char *name, Span value) {
        if (value.size == 0)
                return;
        buf_printf(to, ", \"%s\": \"", name);
        buf_bytes(to, value);
        buf_byte(to, '"');
}

void pcrsig_write_one(const PcrSignature *s, Buf *to) {
        bool first = true;

        buf_string(to, "{\"pcrs\": [");
        for (unsigned pcr = 0; pcr < PCRS; pcr++)
                if (s->pcrs & (UINT32_C(1) << pcr)) {
                        buf_printf(to, "%s%u", first ? "" : ", ", pcr);
                        first = false;
                }
        buf_string(to, "], \"pkfp\": \"");
        text_hex(to, (Span){ s->key, sizeof(s->key) });
        buf_byte(to, '"');
        put_text(to, "ref", s->reference);
        buf_string(to, ", \"pol\": \"");
        text_hex(to, (Span){ s->policy, sizeof(s->policy) });
        buf_byte(to, '"');
        put_text(to, "tbs", s->to_sign);
        put_text(to, "sig", s->signature);
        buf_byte(to, '}');
}

void pcrsig_write(const PcrSignature *list, size_t n, Buf *to) {
        buf_byte(to, '{');
        for (size_t i = 0; i < n; i++) {
                bool begins = i == 0 || list[i].bank != list[i - 1].bank;

                if (begins)
                        buf_printf(to, "%s\"%s\": [", i > 0 ? "], " : "", hash_name(list[i].bank));
                else
                        buf_string(to, ", ");
                pcrsig_write_one(&list[i], to);
        }
        buf_string(to, n > 0 ? "]}" : "}");
}

static bool is_same(const PcrSignature *a, const PcrSignature *b) {
        return a->bank == b->bank && a->pcrs == b->pcrs &&
               memcmp(a->key, b->key, sizeof(a->key)) == 0 &&
               memcmp(a->policy, b->policy, sizeof(a->policy)) == 0 &&
               span_equal(a->reference, b->reference) && span_equal(a->to_sign, b->to_sign) &&
               span_equal(a->signature, b->signature);
}

size_t pcrsig_join(PcrSignature *list, size_t n) {
        size_t kept = 0;

        for (size_t i = 0; i < n; i++) {
                PcrSignature s = list[i];
                size_t at = kept;
                bool is_known = false;

                for (size_t k = 0; k < kept && !is_known; k++)
                        is_known = is_same(&list[k], &s);
                if (is_known)
                        continue;
                while (at > 0 && list[at - 1].bank != s.bank)
                        at--;
                at = at > 0 ? at : kept;
                memmove(list + at + 1, list + at, (kept - at) * sizeof(*list));
                list[at] = s;
                kept++;
        }
        return kept;
}
