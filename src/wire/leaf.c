/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/leaf.h"

#include <assert.h>
#include <errno.h>

#include "base/cursor.h"
#include "base/text.h"

#define HEAD SPAN_LITERAL("avouch/release/v1\n")
#define SHA256_PREFIX SPAN_LITERAL("sha256:")
#define EPOCH_MAX ((UINT64_C(1) << 53) - 1)

enum { SECTION_NAME_MAX = 8, SHA256_SIZE = 32 };

static const char *const type_names[_LEAF_TYPE_MAX] = {
        [LEAF_SYSEXT] = "sysext",
        [LEAF_CONFEXT] = "confext",
        [LEAF_PORTABLE] = "portable",
        [LEAF_ROOT] = "root",
        [LEAF_USR] = "usr",
        [LEAF_UKI] = "uki",
        [LEAF_ADDON] = "addon",
        [LEAF_POLICY] = "policy",
};

const char *leaf_type_name(LeafType type) {
        return type > LEAF_INVALID && type < _LEAF_TYPE_MAX ? type_names[type] : NULL;
}

LeafType leaf_type_of_name(Span name) {
        for (int t = LEAF_INVALID + 1; t < _LEAF_TYPE_MAX; t++)
                if (span_is(name, type_names[t]))
                        return (LeafType) t;
        return LEAF_INVALID;
}

static bool is_value(Span s) {
        if (s.size == 0 || s.data[0] == ' ' || s.data[s.size - 1] == ' ')
                return false;
        while (s.size > 0) {
                size_t n = text_utf8(s, NULL);

                if (n == 0 || s.data[0] < ' ' || s.data[0] == 0x7f)
                        return false;
                s = span_from(s, n);
        }
        return true;
}

/* One "key value" line in the text, and where it began. */
typedef struct Line {
        size_t at;
        Span value;
} Line;

/* True where the next line has this key. The cursor stands behind that line then, or has failed;
 * otherwise it has not moved. */
static bool take_line(Cursor *c, const char *key, Line *ret) {
        Line l = { .at = c->at };

        if (!cursor_skip(c, span_of(key)))
                return false;
        l.value = cursor_until(c, '\n', LEAF_LINE_MAX);
        if (!is_value(l.value))
                cursor_reject_at(c, l.at, "a value that is empty or no plain text");
        *ret = l;
        return true;
}

static void take_text(Cursor *c, const char *key, Span *ret) {
        Line l;

        if (take_line(c, key, &l))
                *ret = l.value;
}

static void take_type(Cursor *c, LeafType *ret) {
        Line l = { .at = c->at };

        if (take_line(c, "type ", &l))
                *ret = leaf_type_of_name(l.value);
        if (*ret == LEAF_INVALID)
                cursor_reject_at(c, l.at, "no type that is known");
}

/* A name or version; only a name has to be there. */
static void take_word(Cursor *c, const char *key, bool mandatory, Span *ret) {
        size_t at = c->at;

        take_text(c, key, ret);
        if ((mandatory && ret->size == 0) || ret->size > NAME_TEXT_MAX)
                cursor_reject_at(c, at, "no name, or one that is too long");
}

/* "sha256:HEX" */
static bool read_sha256(Span value, uint8_t into[SHA256_SIZE]) {
        Cursor c = cursor_over(value);

        return cursor_skip(&c, SHA256_PREFIX) &&
               text_unhex(cursor_bytes(&c, cursor_left(&c)), into, SHA256_SIZE);
}

static void take_sha256(Cursor *c, const char *key, bool *ret_has, uint8_t into[SHA256_SIZE]) {
        Line l;

        if (!take_line(c, key, &l))
                return;
        *ret_has = read_sha256(l.value, into);
        if (!*ret_has)
                cursor_reject_at(c, l.at, "not sha256: and 64 lower-case hex digits");
}

/* Of a value's words, none of which holds a control character. */
static bool is_ascii(Span word) {
        for (size_t i = 0; i < word.size; i++)
                if (word.data[i] >= 0x80)
                        return false;
        return true;
}

/* ".linux sha256:HEX". A value does not begin with a blank, so there is a name. */
static bool read_section(Span value, LeafSection *ret) {
        Cursor c = cursor_over(value);

        ret->name = cursor_until(&c, ' ', SECTION_NAME_MAX);
        return is_ascii(ret->name) && read_sha256(cursor_bytes(&c, cursor_left(&c)), ret->sha256);
}

static void take_sections(Cursor *c, Leaf *leaf) {
        Line l;

        while (take_line(c, "section ", &l)) {
                if (leaf->n_sections == LEAF_SECTIONS_MAX)
                        cursor_reject_at(c, l.at, "more sections than allowed");
                else if (!read_section(l.value, &leaf->sections[leaf->n_sections++]))
                        cursor_reject_at(c, l.at, "not a section's name and sha256:HEX");
        }
}

/* Words with a colon between two; or a colon alone. */
static bool is_phase_path(Span s) {
        bool in_word = false;

        if (span_is(s, ":"))
                return true;
        for (size_t i = 0; i < s.size; i++) {
                if (s.data[i] == ':' && !in_word)
                        return false;
                in_word = s.data[i] != ':';
        }
        return in_word && is_ascii(s);
}

/* "sha256:enter-initrd:leave-initrd HEX" */
static bool read_pcr(Span value, LeafPcr *ret) {
        Cursor c = cursor_over(value);
        HashAlg bank = hash_of_name(cursor_until(&c, ':', LEAF_LINE_MAX));

        if (!hash_proves(bank))
                return false;
        ret->bank = (uint16_t) bank;
        ret->phases = cursor_until(&c, ' ', LEAF_LINE_MAX);
        ret->value = digest_zero(bank);
        return is_phase_path(ret->phases) &&
               text_unhex(cursor_bytes(&c, cursor_left(&c)), ret->value.bytes, ret->value.size);
}

static bool has_pcr(const Leaf *leaf, const LeafPcr *p) {
        for (size_t i = 0; i < leaf->n_pcrs; i++)
                if (leaf->pcrs[i].bank == p->bank && span_equal(leaf->pcrs[i].phases, p->phases))
                        return true;
        return false;
}

static void take_pcrs(Cursor *c, Leaf *leaf) {
        LeafPcr p;
        Line l;

        while (take_line(c, "pcr11 ", &l)) {
                if (!read_pcr(l.value, &p))
                        cursor_reject_at(c, l.at, "not BANK:PHASE-PATH and a hash of that bank");
                else if (has_pcr(leaf, &p))
                        cursor_reject_at(c, l.at, "this bank and phase path stood before");
                else if (leaf->n_pcrs == LEAF_PCRS_MAX)
                        cursor_reject_at(c, l.at, "more PCR values than allowed");
                else
                        leaf->pcrs[leaf->n_pcrs++] = p;
        }
}

static void take_epoch(Cursor *c, Leaf *leaf) {
        Line l;

        if (!take_line(c, "source-date-epoch ", &l))
                return;
        leaf->has_epoch = text_number(l.value, EPOCH_MAX, &leaf->epoch);
        if (!leaf->has_epoch)
                cursor_reject_at(c, l.at, "not a number of seconds");
}

int leaf_parse(Span text, Leaf *ret, Err *e) {
        Cursor c = cursor_over(text);
        Leaf leaf = {};
        int rc;

        if (text.size > LEAF_MAX)
                return err_set(e, -E2BIG, "release leaf: larger than %d bytes", LEAF_MAX);

        cursor_expect(&c, HEAD, "no release leaf of version 1");
        take_type(&c, &leaf.type);
        take_word(&c, "name ", true, &leaf.name);
        take_word(&c, "version ", false, &leaf.version);
        take_text(&c, "architecture ", &leaf.architecture);
        take_sha256(&c, "verity-root-hash ", &leaf.has_root_hash, leaf.root_hash);
        take_sha256(&c, "authenticode ", &leaf.has_authenticode, leaf.authenticode);
        take_sections(&c, &leaf);
        take_pcrs(&c, &leaf);
        take_sha256(&c, "signer ", &leaf.has_signer, leaf.signer);
        take_sha256(&c, "file-digest ", &leaf.has_file_digest, leaf.file_digest);
        take_epoch(&c, &leaf);
        if (cursor_left(&c) > 0)
                cursor_reject(&c, "a line that is unknown, out of order or there twice");

        rc = cursor_end(&c, "release leaf", e);
        if (rc < 0)
                return rc;

        *ret = leaf;
        return 0;
}

/* A value that held a line feed would become lines of its own. */
static void put_value(Buf *to, Span value) {
        if (value.size > 0 && memchr(value.data, '\n', value.size))
                buf_fail(to, -EINVAL);
        buf_bytes(to, value);
}

static void put_text(Buf *to, const char *key, Span value) {
        if (value.size == 0)
                return;
        buf_string(to, key);
        put_value(to, value);
        buf_byte(to, '\n');
}

static void put_sha256(Buf *to, const char *key, const uint8_t sha256[SHA256_SIZE]) {
        buf_string(to, key);
        buf_bytes(to, SHA256_PREFIX);
        text_hex(to, (Span){ sha256, SHA256_SIZE });
        buf_byte(to, '\n');
}

static void put_lists(Buf *to, const Leaf *leaf) {
        for (size_t i = 0; i < leaf->n_sections; i++) {
                buf_string(to, "section ");
                put_value(to, leaf->sections[i].name);
                put_sha256(to, " ", leaf->sections[i].sha256);
        }
        for (size_t i = 0; i < leaf->n_pcrs; i++) {
                buf_string(to, "pcr11 ");
                buf_string(to, hash_name(leaf->pcrs[i].bank));
                buf_byte(to, ':');
                put_value(to, leaf->pcrs[i].phases);
                buf_byte(to, ' ');
                text_hex(to, digest_span(&leaf->pcrs[i].value));
                buf_byte(to, '\n');
        }
}

void leaf_write(const Leaf *leaf, Buf *to) {
        size_t before = to->size;
        Leaf again;

        assert(leaf->n_sections <= LEAF_SECTIONS_MAX && leaf->n_pcrs <= LEAF_PCRS_MAX);

        buf_bytes(to, HEAD);
        put_text(to, "type ", span_of(leaf_type_name(leaf->type)));
        put_text(to, "name ", leaf->name);
        put_text(to, "version ", leaf->version);
        put_text(to, "architecture ", leaf->architecture);
        if (leaf->has_root_hash)
                put_sha256(to, "verity-root-hash ", leaf->root_hash);
        if (leaf->has_authenticode)
                put_sha256(to, "authenticode ", leaf->authenticode);
        put_lists(to, leaf);
        if (leaf->has_signer)
                put_sha256(to, "signer ", leaf->signer);
        if (leaf->has_file_digest)
                put_sha256(to, "file-digest ", leaf->file_digest);
        if (leaf->has_epoch)
                buf_printf(to, "source-date-epoch %llu\n", (unsigned long long) leaf->epoch);

        if (to->failed == 0 && leaf_parse(span_from(buf_span(to), before), &again, NULL) < 0)
                to->failed = -EINVAL;
}
