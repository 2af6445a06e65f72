/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-hwids.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "image/tree.h"
#include "wire/json.h"
#include "wire/limits.h"

/* The stub's struct Device (systemd's chid.h): u32 kind and size, the id, u32 offsets of two
 * strings. One that is all zeros ends the list; strings follow, each with its NUL. */
enum {
        DEVICE_SIZE = 4 + 16 + 4 + 4,
        KIND_SHIFT = 28,
        KIND_DEVICETREE = 1,
        KIND_FIRMWARE = 2,
        UUID_SIZE = 16,
        TOKENS = 2 * HWIDS_PER_FILE_MAX,
};

/* Where a string begins in the texts. */
typedef struct Text {
        size_t at;
} Text;

typedef struct Device {
        unsigned kind;
        Text name, match;
} Device;

typedef struct Id {
        size_t device;
        uint8_t bytes[UUID_SIZE]; /* as it is written */
} Id;

/* Owner: hwids_done(). */
typedef struct Hwids {
        const char *folder;
        Buf paths; /* below the folder, each with its NUL */
        size_t n_paths;
        Buf texts;
        Device devices[HWIDS_FILES_MAX];
        size_t n_devices;
        Id *ids;
        size_t n_ids;
} Hwids;

static void hwids_done(Hwids *h) {
        buf_done(&h->paths);
        buf_done(&h->texts);
        free(h->ids);
}

static const char *text_at(const Hwids *h, Text t) {
        return (const char *) h->texts.data + t.at;
}

static int keep_path(void *user, const TreeEntry *entry, Err *e) {
        static const char suffix[] = ".json";
        size_t n = strlen(entry->path);
        Hwids *h = user;

        if (S_ISDIR(entry->st->st_mode) || n < sizeof(suffix) - 1 ||
                        strcmp(entry->path + n - (sizeof(suffix) - 1), suffix) != 0)
                return 0;
        if (h->n_paths == HWIDS_FILES_MAX)
                return err_set(e, -E2BIG, "%s: more than %d descriptions", h->folder,
                                HWIDS_FILES_MAX);
        h->n_paths++;
        buf_bytes(&h->paths, (Span){ (const uint8_t *) entry->path, n + 1 });
        return h->paths.failed < 0 ? err_set(e, h->paths.failed, "%s: no memory", h->folder) : 0;
}

/* Name by name: "a/b" stands before "a.json". */
static int compare_paths(const void *a, const void *b) {
        const uint8_t *x = *(const uint8_t *const *) a, *y = *(const uint8_t *const *) b;

        while (*x && *x == *y) {
                x++;
                y++;
        }
        return (*x == '/' ? 1 : *x ? *x + 1 : 0) - (*y == '/' ? 1 : *y ? *y + 1 : 0);
}

static bool read_uuid(Span text, uint8_t into[UUID_SIZE]) {
        static const uint8_t dashes[] = { 8, 13, 18, 23 };
        char hex[2 * UUID_SIZE], again[UUID_TEXT_SIZE];
        size_t n = 0;

        if (text.size != UUID_TEXT_SIZE - 1)
                return false;
        for (size_t i = 0; i < sizeof(dashes); i++)
                if (text.data[dashes[i]] != '-')
                        return false;
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] != '-' && n < sizeof(hex))
                        hex[n++] = (char) tolower(text.data[i]);
        if (n < sizeof(hex) || !text_unhex((Span){ (const uint8_t *) hex, n }, into, UUID_SIZE))
                return false;
        text_uuid(into, again);
        return strncasecmp(again, (const char *) text.data, text.size) == 0;
}

static int take_text(Hwids *h, Json object, const char *name, const char *path, Text *ret, Err *e) {
        Json v = json_member(object, name);

        *ret = (Text){ h->texts.size };
        if (json_type(v) != JSON_STRING || !json_text(v, &h->texts))
                return err_set(e, -EBADMSG, "%s/%s: no text \"%s\"", h->folder, path, name);
        buf_byte(&h->texts, 0);
        return h->texts.failed < 0 ? err_set(e, h->texts.failed, "%s: too much text", h->folder)
                                   : 0;
}

static int take_ids(Hwids *h, Json list, size_t device, const char *path, Err *e) {
        size_t n = json_count(list);
        Id *more;

        if (json_type(list) != JSON_ARRAY)
                return err_set(e, -EBADMSG, "%s/%s: no list \"hwids\"", h->folder, path);
        more = reallocarray(h->ids, h->n_ids + n + 1, sizeof(*h->ids));
        if (!more)
                return err_set(e, -ENOMEM, "%s: no memory", h->folder);
        h->ids = more;
        for (Json v = json_first(list); json_type(v) != JSON_NONE; v = json_next(list, v)) {
                Id *id = &h->ids[h->n_ids];
                bool is_known = false;

                id->device = device;
                if (json_type(v) != JSON_STRING || !read_uuid(json_raw(v), id->bytes))
                        return err_set(e, -EBADMSG, "%s/%s: id %zu of \"hwids\" is no UUID",
                                        h->folder, path, h->n_ids);
                for (size_t i = 0; i < h->n_ids && !is_known; i++)
                        is_known = h->ids[i].device == device &&
                                   memcmp(h->ids[i].bytes, id->bytes, UUID_SIZE) == 0;
                h->n_ids += !is_known;
        }
        return 0;
}

/* The same device in two files is one with the ids of both. */
static size_t find_device(Hwids *h, const Device *d) {
        size_t i = 0;

        while (i < h->n_devices && (h->devices[i].kind != d->kind ||
                                                   strcmp(text_at(h, h->devices[i].name),
                                                                   text_at(h, d->name)) != 0 ||
                                                   strcmp(text_at(h, h->devices[i].match),
                                                                   text_at(h, d->match)) != 0))
                i++;
        if (i == h->n_devices)
                h->devices[h->n_devices++] = *d;
        return i;
}

/* Descriptions for ukify 257 say no type: device trees are what it knows. */
static int take_kind(const Hwids *h, Json object, const char *path, Device *d, Err *e) {
        Json type = json_member(object, "type");
        bool is_tree = json_type(json_member(object, "compatible")) != JSON_NONE;
        bool is_firmware = json_type(json_member(object, "fwid")) != JSON_NONE;

        d->kind = is_tree ? KIND_DEVICETREE : KIND_FIRMWARE;
        if (is_tree == is_firmware)
                return err_set(e, -EBADMSG,
                                "%s/%s: describes no device: one of \"compatible\" and \"fwid\" is "
                                "what it needs",
                                h->folder, path);
        if (json_type(type) == JSON_NONE ? is_firmware
                                         : !json_is(type, is_tree ? "devicetree" : "uefi-fw"))
                return err_set(e, -EBADMSG, "%s/%s: \"type\" is not %s, as \"%s\" has it",
                                h->folder, path, is_tree ? "devicetree" : "uefi-fw",
                                is_tree ? "compatible" : "fwid");
        return 0;
}

static int take_file(Hwids *h, const char *path, Err *e) {
        static const char *const match[] = {
                [KIND_DEVICETREE] = "compatible", [KIND_FIRMWARE] = "fwid"
        };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(HWIDS_FILE_MAX);
        char whole[2 * PATH_MAX];
        JsonToken tokens[TOKENS];
        Device d = {};
        Json object;
        int rc;

        (void) snprintf(whole, sizeof(whole), "%s/%s", h->folder, path);
        rc = file_read(whole, &text, e);
        if (rc == 0)
                rc = json_parse(buf_span(&text), JSON_FOREIGN, tokens, TOKENS, "description",
                                &object, e);
        if (rc < 0) {
                if (rc == -EBADMSG || rc == -E2BIG)
                        err_at(e, whole);
                return rc;
        }
        rc = take_kind(h, object, path, &d, e);
        if (rc == 0)
                rc = take_text(h, object, "name", path, &d.name, e);
        if (rc == 0)
                rc = take_text(h, object, match[d.kind], path, &d.match, e);
        return rc < 0 ? rc : take_ids(h, json_member(object, "hwids"), find_device(h, &d), path, e);
}

static int take_files(Hwids *h, Err *e) {
        const char *paths[HWIDS_FILES_MAX];
        const char *at = (const char *) h->paths.data;
        int rc = 0;

        for (size_t i = 0; i < h->n_paths; i++, at += strlen(at) + 1)
                paths[i] = at;
        qsort(paths, h->n_paths, sizeof(paths[0]), compare_paths);
        for (size_t i = 0; rc == 0 && i < h->n_paths; i++)
                rc = take_file(h, paths[i], e);
        return rc;
}

static int compare_ids(const void *a, const void *b) {
        const Id *x = a, *y = b;

        if (x->device != y->device)
                return x->device < y->device ? -1 : 1;
        return memcmp(x->bytes, y->bytes, UUID_SIZE);
}

static int compare_texts(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Each text once; an offset is from the start of the section. */
static uint32_t offset_of(const char *const *sorted, size_t n, const char *text, size_t base) {
        for (size_t i = 0; i < n && strcmp(sorted[i], text) != 0; i++)
                base += strlen(sorted[i]) + 1;
        return (uint32_t) base;
}

/* The first three fields of a GUID are little-endian, as EFI has them. */
static void put_guid(Buf *to, const uint8_t id[UUID_SIZE]) {
        static const uint8_t order[UUID_SIZE] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14,
                15 };

        for (size_t i = 0; i < UUID_SIZE; i++)
                buf_byte(to, id[order[i]]);
}

static void write_all(const Hwids *h, Buf *to) {
        const char *sorted[2 * HWIDS_FILES_MAX];
        size_t base = (h->n_ids + 1) * DEVICE_SIZE, n = 0, kept = 0;

        for (size_t i = 0; i < h->n_devices; i++) {
                sorted[n++] = text_at(h, h->devices[i].name);
                sorted[n++] = text_at(h, h->devices[i].match);
        }
        qsort(sorted, n, sizeof(sorted[0]), compare_texts);
        for (size_t i = 0; i < n; i++)
                if (kept == 0 || strcmp(sorted[kept - 1], sorted[i]) != 0)
                        sorted[kept++] = sorted[i];
        if (h->n_ids > 0)
                qsort(h->ids, h->n_ids, sizeof(*h->ids), compare_ids);
        for (size_t i = 0; i < h->n_ids; i++) {
                const Device *d = &h->devices[h->ids[i].device];

                buf_le(to, DEVICE_SIZE | d->kind << KIND_SHIFT, 4);
                put_guid(to, h->ids[i].bytes);
                buf_le(to, offset_of(sorted, kept, text_at(h, d->name), base), 4);
                buf_le(to, offset_of(sorted, kept, text_at(h, d->match), base), 4);
        }
        buf_zeros(to, DEVICE_SIZE);
        for (size_t i = 0; i < kept; i++) {
                buf_string(to, sorted[i]);
                buf_byte(to, 0);
        }
}

int uki_hwids(const char *folder, UkiPart *ret, Err *e) {
        _cleanup_(uki_part_done) UkiPart part = {
                .name = folder, .fd = -1, .bytes = BUF_UP_TO(UKI_TEXT_MAX)
        };
        _cleanup_(fd_done) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(hwids_done) Hwids h = {
                .folder = folder, .paths = BUF_UP_TO(UKI_TEXT_MAX), .texts = BUF_UP_TO(UKI_TEXT_MAX)
        };
        int rc;

        if (fd < 0)
                return err_set(e, -errno, "%s: %s", folder, strerror(errno));
        rc = tree_walk(fd, folder, keep_path, &h, e);
        if (rc == 0 && h.n_paths == 0)
                rc = err_set(e, -ENOENT, "%s: holds no description (*.json)", folder);
        if (rc == 0)
                rc = take_files(&h, e);
        if (rc < 0)
                return rc;
        write_all(&h, &part.bytes);
        if (part.bytes.failed < 0)
                return err_set(e, part.bytes.failed, "%s: more than %d bytes of ids", folder,
                                UKI_TEXT_MAX);
        part.size = part.bytes.size;

        *ret = part;
        part = UKI_PART_NONE;
        return 0;
}
