/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/companion.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "layer/stubcpio.h"
#include "wire/stub.h"

enum { PCR_CONFIG = 12, PCR_EXTENSIONS = 13, HEADERS_MAX = 4096 };

static bool ends(const char *name, const char *suffix) {
        size_t n = strlen(name), m = strlen(suffix);

        return n >= m && strcasecmp(name + n - m, suffix) == 0; /* as the stub compares */
}

static bool is_name(const char *name) {
        for (const char *p = name; *p; p++)
                if ((unsigned char) *p <= ' ' || (unsigned char) *p >= 0x7f)
                        return false;
        return name[0] != '\0' && name[0] != '.' && strlen(name) <= NAME_TEXT_MAX;
}

/* -EINVAL: files of this name are not looked at in such a folder. */
static int kind_of(const Companion *c, CompanionPlace place, unsigned generation,
                CompanionKind *ret, Err *e) {
        static const struct {
                const char *suffix, *what;
                CompanionKind kind;
        } places[] = {
                [PLACE_ADDONS] = { ".addon.efi", "addons", COMPANION_ADDON },
                [PLACE_CREDENTIALS] = { ".cred", "credentials", COMPANION_CREDENTIAL },
                [PLACE_EXTENSIONS] = { ".raw", "extensions", COMPANION_SYSEXT },
        };

        if (!is_name(c->name) || !ends(c->name, places[place].suffix))
                return err_set(e, -EINVAL,
                                "%s: a stub takes no %s of that name, which is to be ASCII and to "
                                "end with %s",
                                c->path, places[place].what, places[place].suffix);
        *ret = places[place].kind;
        if (*ret == COMPANION_SYSEXT && ends(c->name, ".confext.raw") &&
                        generation >= STUB_CONFEXTS)
                *ret = COMPANION_CONFEXT;
        return 0;
}

static int check_known(const Companion *c, unsigned generation, Err *e) {
        bool extension = c->kind == COMPANION_SYSEXT || c->kind == COMPANION_CONFEXT;

        if ((c->kind == COMPANION_ADDON && generation < STUB_ADDONS) ||
                        (extension && c->global && generation < STUB_GLOBAL_EXTENSIONS))
                return err_set(e, -EINVAL, "%s: a stub of systemd %u takes no %s%s", c->path,
                                generation, c->global ? "global " : "",
                                extension ? "extensions" : "addons");
        return 0;
}

int companions_add(Companions *c, const char *path, CompanionPlace place, bool global,
                unsigned generation, Err *e) {
        const char *slash = strrchr(path, '/');
        Companion new = { .path = path, .name = slash ? slash + 1 : path, .global = global };
        size_t at = c->n;
        int rc;

        rc = kind_of(&new, place, generation, &new.kind, e);
        if (rc == 0)
                rc = check_known(&new, generation, e);
        if (rc < 0)
                return rc;
        if (c->n == COMPANIONS_MAX)
                return err_set(e, -EINVAL, "more than %d files beside an image", COMPANIONS_MAX);
        for (size_t i = 0; i < c->n; i++)
                if (c->list[i].kind == new.kind &&
                                c->list[i].global ==
                                                global &&strcasecmp(c->list[i].name, new.name) == 0)
                        return err_set(e, -EINVAL, "%s: there is one of that name already", path);
        for (; at > 0 && strcmp(c->list[at - 1].name, new.name) > 0; at--)
                c->list[at] = c->list[at - 1];
        c->list[at] = new;
        c->n++;
        return 0;
}

static int add_headers(BankHash *hash, Buf *headers, Err *e) {
        Span bytes;
        int rc = buf_end(headers, &bytes);

        rc = rc < 0 ? err_set(e, rc, "no memory") : bank_hash_add(hash, bytes, e);
        headers->size = 0;
        return rc;
}

static int pack_file(BankHash *hash, StubCpio *cpio, const Companion *c, Buf *headers, Err *e) {
        _cleanup_(fd_done) int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        int rc;

        if (fd < 0 || fstat(fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", c->path, strerror(errno));
        if (!S_ISREG(st.st_mode) || st.st_size > UINT32_MAX)
                return err_set(e, -ENODATA, "%s: %s", c->path,
                                S_ISREG(st.st_mode) ? "too large for a stub" : "not a file");
        stub_cpio_file(cpio, c->name, (uint32_t) st.st_size, headers);
        rc = add_headers(hash, headers, e);
        if (rc == 0)
                rc = bank_hash_file(hash, fd, c->path, 0, (uint64_t) st.st_size, e);
        if (rc < 0)
                return rc;
        stub_cpio_padding((uint32_t) st.st_size, headers);
        return 0;
}

static const struct {
        CompanionKind kind;
        bool global;
        const char *folder;
} archives[] = {
        { COMPANION_CREDENTIAL, false, ".extra/credentials" },
        { COMPANION_CREDENTIAL, true, ".extra/global_credentials" },
        { COMPANION_SYSEXT, false, ".extra/sysext" },
        { COMPANION_SYSEXT, true, ".extra/global_sysext" },
        { COMPANION_CONFEXT, false, ".extra/confext" },
        { COMPANION_CONFEXT, true, ".extra/global_confext" },
};

static_assert(ELEMENTS(archives) == COMPANION_ARCHIVES, "each has a row");

static bool is_in(const Companion *c, unsigned archive) {
        return c->kind == archives[archive].kind && c->global == archives[archive].global;
}

bool companions_have(const Companions *c, unsigned archive) {
        for (size_t i = 0; i < c->n; i++)
                if (is_in(&c->list[i], archive))
                        return true;
        return false;
}

int companions_pack(const Companions *c, unsigned archive, BankHash *hash, Err *e) {
        bool secret = archives[archive].kind == COMPANION_CREDENTIAL;
        StubCpio cpio = { archives[archive].folder, secret ? 0500 : 0555, secret ? 0400 : 0444, 0 };
        _cleanup_(buf_done) Buf headers = BUF_UP_TO(HEADERS_MAX);
        int rc = 0;

        stub_cpio_begin(&cpio, &headers);
        for (size_t i = 0; rc == 0 && i < c->n; i++)
                if (is_in(&c->list[i], archive))
                        rc = pack_file(hash, &cpio, &c->list[i], &headers, e);
        if (rc < 0)
                return rc;
        stub_cpio_end(&headers);
        return add_headers(hash, &headers, e);
}

int companions_foretell(const Companions *c, Course *course, Err *e) {
        _cleanup_(bank_hash_done) BankHash hash = {};
        int rc = bank_hash_new(&course->banks, &hash, e);

        for (unsigned i = 0; rc == 0 && i < COMPANION_ARCHIVES; i++) {
                unsigned pcr = archives[i].kind == COMPANION_SYSEXT ? PCR_EXTENSIONS : PCR_CONFIG;
                BankDigests d = {};

                if (!companions_have(c, i))
                        continue;
                rc = companions_pack(c, i, &hash, e);
                if (rc == 0)
                        rc = bank_hash_end(&hash, &d, e);
                if (rc == 0)
                        rc = course_add(course, STEP_COMPANION, pcr, d.list, e);
        }
        return rc;
}
