/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/uki.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cursor.h"
#include "base/file.h"
#include "port/pcr11.h"
#include "wire/stub.h"

enum { LFANEW_AT = 60 };

bool uki_matches(Span head) {
        Cursor c = cursor_over(head);

        if (!cursor_skip(&c, SPAN_LITERAL("MZ")))
                return false;
        (void) cursor_bytes(&c, LFANEW_AT - 2);
        c.at = cursor_failed(&c) ? 0 : cursor_u32le(&c);
        return !cursor_failed(&c) && c.at < head.size && cursor_skip(&c, SPAN_LITERAL("PE\0\0"));
}

void uki_done(Uki *u) {
        fd_done(&u->fd);
}

static int read_headers(Uki *u, Err *e) {
        _cleanup_(buf_done) Buf head = BUF_UP_TO(PE_HEAD_MAX);
        uint8_t *bytes = buf_room(&head, PE_HEAD_MAX);
        struct stat st;
        size_t n;
        int rc;

        if (!bytes)
                return err_set(e, head.failed, "%s: no memory", u->path);
        if (fstat(u->fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", u->path, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return err_set(e, -ENODATA, "%s: not a file", u->path);
        rc = file_read_some(u->fd, u->path, 0, bytes, PE_HEAD_MAX, &n, e);
        if (rc < 0)
                return rc;
        if (!uki_matches((Span){ bytes, n }))
                return err_set(e, -ENODATA, "%s: not a PE file", u->path);
        rc = pe_parse((Span){ bytes, n }, (uint64_t) st.st_size, &u->pe, e);
        if (rc < 0)
                err_at(e, u->path);
        return rc;
}

/* What makes it a unified kernel image, and not one that could be read in two ways. */
static int check_sections(Uki *u, Err *e) {
        const PeSection *sections = u->pe.sections;

        u->architecture = pe_architecture(u->pe.machine);
        if (!u->architecture || u->pe.subsystem != PE_SUBSYSTEM_EFI_APPLICATION)
                return err_set(e, -ENODATA,
                                "%s: a PE file, but no program for EFI on a machine "
                                "that is known",
                                u->path);
        if (!pe_find(&u->pe, ".linux"))
                return err_set(e, -ENODATA,
                                "%s: a program for EFI, but no unified kernel image: it has no "
                                "section .linux",
                                u->path);
        u->has_profiles = pe_find(&u->pe, ".profile") != NULL;
        for (unsigned i = 0; i < u->pe.n_sections && !u->has_profiles; i++)
                if (pe_find(&u->pe, sections[i].name) != &sections[i] &&
                                strcmp(sections[i].name, ".dtbauto") != 0 &&
                                strcmp(sections[i].name, ".efifw") != 0)
                        return err_set(e, -EBADMSG,
                                        "%s: two sections '%s'; which of them is meant cannot be "
                                        "known",
                                        u->path, sections[i].name);
        return 0;
}

/* A file of another stub is one too; only nothing can be foretold of it. */
static int read_stub(Uki *u, Err *e) {
        _cleanup_(buf_done) Buf magic = BUF_UP_TO(2 * STUB_VERSION_MAX);
        Stub s;
        int rc;

        if (!pe_find(&u->pe, ".sdmagic"))
                return 0;
        rc = uki_text(u, ".sdmagic", &magic, e);
        if (rc < 0)
                return rc;
        rc = stub_parse(buf_span(&magic), &s, e);
        if (rc < 0) {
                err_at(e, u->path);
                return rc;
        }
        u->stub_generation = s.generation;
        (void) snprintf(u->stub_version, sizeof(u->stub_version), "%.*s", (int) s.version.size,
                        (const char *) s.version.data);
        return 0;
}

int uki_open_fd(int fd, const char *path, Uki *ret, Err *e) {
        Uki u = { .fd = fd, .path = path };
        int rc;

        rc = read_headers(&u, e);
        if (rc == 0)
                rc = check_sections(&u, e);
        if (rc == 0)
                rc = read_stub(&u, e);
        if (rc < 0)
                return rc;

        *ret = u;
        return 0;
}

int uki_open(const char *path, Uki *ret, Err *e) {
        _cleanup_(fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        int rc;

        if (fd < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        rc = uki_open_fd(fd, path, ret, e);
        if (rc == 0)
                fd = -1;
        return rc;
}

int uki_text(const Uki *u, const char *name, Buf *b, Err *e) {
        const PeSection *s = pe_find(&u->pe, name);
        uint32_t size = s ? pe_section_size(s) : 0;
        uint8_t *into;
        int rc;

        if (size == 0)
                return 0;
        into = buf_room(b, size);
        if (!into)
                return err_set(e, b->failed == -E2BIG ? -EBADMSG : b->failed,
                                "%s: section %s: %u bytes; %zu are the most", u->path, name, size,
                                b->max);
        rc = file_read_at(u->fd, u->path, s->raw_offset, into, size, e);
        if (rc < 0)
                return rc;
        while (b->size > 0 && b->data[b->size - 1] == 0)
                b->size--;
        return 0;
}

bool uki_measures(const Uki *u, const char *name) {
        const char *const *known = stub_measures(u->stub_generation);

        for (; known && *known; known++)
                if (strcmp(*known, name) == 0)
                        return true;
        return false;
}

int uki_pcr11(const Uki *u, const UkiDigests *d, unsigned n, Digest *ret, Err *e) {
        const char *const *name = stub_measures(u->stub_generation);
        Digest value;
        int rc;

        assert(n < d->n_banks);

        if (!name)
                return err_set(e, -EOPNOTSUPP, "%s: its stub is %s; PCR 11 cannot be foretold",
                                u->path,
                                u->stub_generation > 0 ? "too old to measure into PCR 11"
                                                       : "no systemd-stub");
        if (u->has_profiles || pe_find(&u->pe, ".dtbauto") || pe_find(&u->pe, ".efifw"))
                return err_set(e, -EOPNOTSUPP,
                                "%s: has several %s to choose from when it starts; PCR 11 cannot "
                                "be foretold yet",
                                u->path, u->has_profiles ? "profiles" : "device trees");
        value = digest_zero(d->banks[n]);
        for (; *name; name++) {
                const PeSection *s = pe_find(&u->pe, *name);

                if (!s || s->virtual_size == 0)
                        continue;
                rc = pcr11_section(&value, *name, &d->sections[s - u->pe.sections][n], e);
                if (rc < 0)
                        return rc;
        }

        *ret = value;
        return 0;
}
