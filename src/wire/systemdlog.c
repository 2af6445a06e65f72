/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/systemdlog.h"

#include <errno.h>

#include "base/cursor.h"

static const char what[] = "systemd's log";

static int reject(Json v, const char *why, Err *e) {
        return json_reject(v, what, why, e);
}

int systemd_log_next(Span *log, Span *ret, Err *e) {
        const uint8_t *end;
        size_t n;

        if (log->size == 0)
                return 0;
        if (log->data[0] != 0x1e)
                return err_set(e, -EBADMSG, "%s: a record begins with byte 0x1e, not with 0x%02x",
                                what, log->data[0]);
        n = log->size < SYSTEMD_RECORD_MAX ? log->size : SYSTEMD_RECORD_MAX;
        end = memchr(log->data, '\n', n);
        if (!end && log->size > n)
                return err_set(e, -EBADMSG, "%s: a record of more than %d bytes", what,
                                SYSTEMD_RECORD_MAX);
        if (!end)
                return err_set(e, -ENODATA, "%s: the last record is not finished (%zu bytes of it)",
                                what, log->size);
        n = (size_t) (end - log->data) + 1;
        *ret = (Span){ log->data, n };
        *log = span_from(*log, n);
        return 1;
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

static int read_digest(Json v, SystemdRecord *r, Err *e) {
        Json name = json_member(v, "hashAlg"), digest = json_member(v, "digest");
        HashAlg alg = hash_of_name(json_raw(name));
        Digest d = digest_zero(alg);

        if (json_type(name) != JSON_STRING || json_type(digest) != JSON_STRING)
                return reject(v, "not hashAlg and digest", e);
        if (alg == HASH_NONE)
                return 0; /* carried: nobody of us quotes such a bank */
        if (systemd_record_digest(r, alg))
                return reject(name, "two digests of one hash", e);
        if (!json_hex(digest, d.bytes, d.size))
                return reject(digest, "not as long as its hash, in lower-case hex", e);
        r->digests[r->n_digests++] = d;
        return 0;
}

_Static_assert(BANKS_MAX == 4, "a digest of each hash that we know, and none twice, has room");

static int read_digests(Json v, SystemdRecord *r, Err *e) {
        Json digests = json_member(v, "digests");
        int rc = 0;

        if (json_type(digests) != JSON_ARRAY || json_count(digests) == 0)
                return reject(v, "no digests, which are what was measured", e);
        for (Json d = json_first(digests); rc == 0 && json_type(d) != JSON_NONE;
                        d = json_next(digests, d))
                rc = read_digest(d, r, e);
        return rc;
}

/* A member that is a string where it is there. */
static int read_string(Json content, const char *name, Json *ret, Err *e) {
        *ret = json_member(content, name);
        if (json_type(*ret) != JSON_NONE && json_type(*ret) != JSON_STRING)
                return reject(*ret, "not a string", e);
        return 0;
}

static int read_systemd(Json content, SystemdRecord *r, Err *e) {
        Json boot = json_member(content, "bootId"), time = json_member(content, "timestamp");
        int rc;

        rc = read_string(content, "string", &r->string, e);
        if (rc < 0)
                return rc;
        rc = read_string(content, "nvIndexName", &r->nv_name, e);
        if (rc < 0)
                return rc;
        r->has_boot = json_type(boot) != JSON_NONE;
        if (r->has_boot && !json_hex(boot, r->boot, sizeof(r->boot)))
                return reject(boot, "not a boot id of 32 hex digits", e);
        if (json_type(time) != JSON_NONE && !json_integer(time, 0, INT64_MAX, &r->time))
                return reject(time, "not a time", e);
        return read_string(content, "eventType", &r->event_type, e);
}

static int read_content(Json v, SystemdRecord *r, Err *e) {
        Json type = json_member(v, "content_type"), content = json_member(v, "content");

        if (json_is(type, "systemd"))
                r->source = SYSTEMD_SOURCE_SYSTEMD;
        else if (json_is(type, "pcclient_std"))
                r->source = SYSTEMD_SOURCE_FIRMWARE;
        if (r->source == SYSTEMD_SOURCE_OTHER)
                return 0;
        if (json_type(content) != JSON_OBJECT)
                return reject(v, "no content", e);
        if (r->source == SYSTEMD_SOURCE_SYSTEMD)
                return read_systemd(content, r, e);
        return read_string(content, "event_type", &r->event_type, e);
}

int systemd_record_read(Json v, SystemdRecord *ret, Err *e) {
        SystemdRecord r = {};
        int rc;

        if (json_type(v) != JSON_OBJECT)
                return reject(v, "not a record", e);
        rc = read_register(v, &r.reg, e);
        if (rc < 0)
                return rc;
        rc = read_digests(v, &r, e);
        if (rc < 0)
                return rc;
        rc = read_content(v, &r, e);
        if (rc < 0)
                return rc;
        *ret = r;
        return 0;
}

int systemd_record_parse(Span line, JsonToken tokens[static SYSTEMD_RECORD_TOKENS_MAX],
                SystemdRecord *ret, Err *e) {
        Json v = {};
        int rc;

        if (line.size > SYSTEMD_RECORD_MAX)
                return err_set(e, -EBADMSG, "%s: a record of more than %d bytes", what,
                                SYSTEMD_RECORD_MAX);
        if (line.size < 2 || line.data[0] != 0x1e ||
                        memchr(line.data, '\n', line.size) != line.data + line.size - 1)
                return err_set(e, -EBADMSG, "%s: a record stands between byte 0x1e and a newline",
                                what);
        rc = json_parse((Span){ line.data + 1, line.size - 2 }, JSON_STRICT, tokens,
                        SYSTEMD_RECORD_TOKENS_MAX, what, &v, e);
        if (rc < 0)
                return -EBADMSG;
        return systemd_record_read(v, ret, e);
}

const Digest *systemd_record_digest(const SystemdRecord *r, uint32_t alg) {
        for (size_t i = 0; i < r->n_digests; i++)
                if (r->digests[i].alg == alg)
                        return &r->digests[i];
        return NULL;
}
