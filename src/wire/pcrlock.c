/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/pcrlock.h"

#include "base/pcr.h"

static const char what[] = "pcrlock component";

static int reject(Json v, const char *why, Err *e) {
        return json_reject(v, what, why, e);
}

const Digest *pcrlock_digest(const PcrlockRecord *r, uint32_t alg) {
        for (size_t i = 0; i < r->n_digests; i++)
                if (r->digests[i].alg == alg)
                        return &r->digests[i];
        return NULL;
}

static int read_members(Json v, Err *e) {
        static const char *const known[] = { "pcr", "nv_index", "digests", "recnum", "content",
                "content_type" };

        for (Json name = json_first(v); json_type(name) != JSON_NONE; name = json_next(v, name)) {
                bool found = false;

                for (size_t i = 0; i < ELEMENTS(known); i++)
                        found = found || json_is(name, known[i]);
                if (!found)
                        return reject(name, "not a member of a record", e);
        }
        return 0;
}

static int read_register(Json v, Register *ret, Err *e) {
        Json pcr = json_member(v, "pcr"), nv = json_member(v, "nv_index");
        bool has_pcr = json_type(pcr) != JSON_NONE;
        int64_t index;

        if (has_pcr == (json_type(nv) != JSON_NONE))
                return reject(v, "not of one register: either pcr or nv_index", e);
        if (has_pcr ? !json_integer(pcr, 0, PCR_COUNT - 1, &index)
                    : !json_integer(nv, 0, UINT32_MAX, &index))
                return reject(has_pcr ? pcr : nv, "not the number of a register", e);
        *ret = (Register){ has_pcr ? REGISTER_PCR : REGISTER_NV, (uint32_t) index };
        return 0;
}

static int read_digest(Json v, PcrlockRecord *r, Err *e) {
        static const char *const members[] = { "hashAlg", "digest", NULL };
        Json name = json_member(v, "hashAlg"), digest = json_member(v, "digest");
        HashAlg alg = hash_of_name(json_raw(name));
        Digest d = digest_zero(alg);

        if (!json_has_only(v, members) || json_type(name) != JSON_STRING ||
                        json_type(digest) != JSON_STRING)
                return reject(v, "not hashAlg and digest", e);
        if (alg == HASH_NONE)
                return 0;
        if (pcrlock_digest(r, alg))
                return reject(name, "two digests of one hash", e);
        if (!json_hex(digest, d.bytes, d.size))
                return reject(digest, "not as long as its hash, in lower-case hex", e);
        r->digests[r->n_digests++] = d;
        return 0;
}

_Static_assert(BANKS_MAX == 4, "a digest of each hash that we know, and none twice, has room");

int pcrlock_record(Json record, PcrlockRecord *ret, Err *e) {
        Json digests = json_member(record, "digests");
        PcrlockRecord r = {};
        int rc;

        if (json_type(record) != JSON_OBJECT)
                return reject(record, "not a record", e);
        rc = read_members(record, e);
        if (rc < 0)
                return rc;
        rc = read_register(record, &r.reg, e);
        if (rc < 0)
                return rc;
        if (json_type(digests) != JSON_ARRAY || json_count(digests) == 0)
                return reject(record, "no digests, which are what is measured", e);
        for (Json d = json_first(digests); json_type(d) != JSON_NONE; d = json_next(digests, d)) {
                rc = read_digest(d, &r, e);
                if (rc < 0)
                        return rc;
        }
        *ret = r;
        return 0;
}

int pcrlock_parse(Span text, JsonToken *tokens, size_t n_tokens, Json *ret_records, Err *e) {
        static const char *const members[] = { "records", NULL };
        PcrlockRecord unused;
        Json v, records;
        int rc;

        rc = json_parse(text, JSON_FOREIGN, tokens, n_tokens, what, &v, e);
        if (rc < 0)
                return rc;
        records = json_member(v, "records");
        if (!json_has_only(v, members) || json_type(records) != JSON_ARRAY)
                return reject(v, "not an object of records alone", e);
        if (json_count(records) > PCRLOCK_RECORDS_MAX)
                return reject(records, "more records than are taken", e);
        for (Json r = json_first(records); json_type(r) != JSON_NONE; r = json_next(records, r)) {
                rc = pcrlock_record(r, &unused, e);
                if (rc < 0)
                        return rc;
        }
        *ret_records = records;
        return 0;
}
