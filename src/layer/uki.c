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

/* size: of the image, from where it begins. */
static int read_headers(Uki *u, uint64_t size, Err *e) {
        _cleanup_(buf_done) Buf head = BUF_UP_TO(PE_HEAD_MAX);
        uint8_t *bytes = buf_room(&head, PE_HEAD_MAX);
        size_t n;
        int rc;

        if (!bytes)
                return err_set(e, head.failed, "%s: no memory", u->path);
        rc = file_read_some(u->fd, u->path, u->at, bytes, PE_HEAD_MAX, &n, e);
        if (rc < 0)
                return rc;
        n = n < size ? n : (size_t) size;
        if (!uki_matches((Span){ bytes, n }))
                return err_set(e, -ENODATA, "%s: not a PE file", u->path);
        rc = pe_parse((Span){ bytes, n }, size, &u->pe, e);
        if (rc < 0)
                err_at(e, u->path);
        return rc;
}

static int read_file(Uki *u, Err *e) {
        struct stat st;

        if (fstat(u->fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", u->path, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return err_set(e, -ENODATA, "%s: not a file", u->path);
        return read_headers(u, (uint64_t) st.st_size, e);
}

static int check_program(Uki *u, Err *e) {
        u->architecture = pe_architecture(u->pe.machine);
        if (!u->architecture || u->pe.subsystem != PE_SUBSYSTEM_EFI_APPLICATION)
                return err_set(e, -ENODATA,
                                "%s: a PE file, but no program for EFI on a machine "
                                "that is known",
                                u->path);
        return 0;
}

/* That it cannot be read in two ways. */
static int check_sections(Uki *u, Err *e) {
        const PeSection *sections = u->pe.sections;

        for (unsigned i = 0; i < u->pe.n_sections; i++)
                u->n_profiles += strcmp(sections[i].name, ".profile") == 0;
        for (unsigned i = 0; i < u->pe.n_sections && u->n_profiles == 0; i++)
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

        rc = read_file(&u, e);
        if (rc == 0)
                rc = check_program(&u, e);
        if (rc == 0 && !pe_find(&u.pe, ".linux"))
                rc = err_set(e, -ENODATA,
                                "%s: a program for EFI, but no unified kernel image: it has no "
                                "section .linux",
                                path);
        if (rc == 0)
                rc = check_sections(&u, e);
        if (rc == 0)
                rc = read_stub(&u, e);
        if (rc < 0)
                return rc;

        *ret = u;
        return 0;
}

int uki_open_addon(const char *path, Uki *ret, Err *e) {
        Uki u = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), .path = path };
        int rc;

        if (u.fd < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        rc = read_file(&u, e);
        if (rc == 0)
                rc = check_program(&u, e);
        if (rc == 0 && pe_find(&u.pe, ".linux"))
                rc = err_set(e, -ENODATA,
                                "%s: has a kernel, so it is neither an addon nor a boot loader",
                                path);
        if (rc == 0)
                rc = check_sections(&u, e);
        if (rc < 0) {
                uki_done(&u);
                return rc;
        }

        *ret = u;
        return 0;
}

int uki_kernel(const Uki *u, Uki *ret, Err *e) {
        const PeSection *s = pe_find(&u->pe, ".linux");
        Uki k = { .fd = u->fd, .path = u->path };
        int rc;

        if (!s || s->raw_size < s->virtual_size)
                return err_set(e, -ENODATA, "%s: there is no kernel in it", u->path);
        k.at = u->at + s->raw_offset;
        rc = read_headers(&k, s->virtual_size, e);
        if (rc < 0) {
                err_at(e, "the kernel inside");
                return rc;
        }
        *ret = k;
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

static int read_raw(const Uki *u, const PeSection *s, Buf *b, Err *e) {
        uint32_t size = pe_section_size(s);
        uint8_t *into = buf_room(b, size);

        if (!into)
                return err_set(e, b->failed == -E2BIG ? -EBADMSG : b->failed,
                                "%s: section %s: %u bytes; %zu are the most", u->path, s->name,
                                size, b->max);
        return file_read_at(u->fd, u->path, u->at + s->raw_offset, into, size, e);
}

int uki_section_text(const Uki *u, const PeSection *s, Buf *b, Err *e) {
        int rc;

        if (pe_section_size(s) == 0)
                return 0;
        rc = read_raw(u, s, b, e);
        if (rc < 0)
                return rc;
        while (b->size > 0 && b->data[b->size - 1] == 0)
                b->size--;
        return 0;
}

int uki_text(const Uki *u, const char *name, Buf *b, Err *e) {
        const PeSection *s = pe_find(&u->pe, name);

        return s ? uki_section_text(u, s, b, e) : 0;
}

int uki_bytes(const Uki *u, const PeSection *s, Buf *b, Err *e) {
        int rc = pe_section_size(s) > 0 ? read_raw(u, s, b, e) : 0;

        if (rc == 0 && s->virtual_size > s->raw_size)
                buf_zeros(b, s->virtual_size - s->raw_size);
        return rc < 0 || b->failed == 0 ? rc
                                        : err_set(e, -EBADMSG, "%s: section %s is too long",
                                                          u->path, s->name);
}

bool uki_measures(const Uki *u, const char *name) {
        const char *const *known = stub_measures(u->stub_generation);

        for (; known && *known; known++)
                if (strcmp(*known, name) == 0)
                        return true;
        return false;
}

/* From its .profile to the next; -1 is what stands before all of them. */
int uki_profile_of(const Uki *u, const PeSection *s) {
        int at = -1;

        for (const PeSection *k = u->pe.sections; k <= s; k++)
                at += strcmp(k->name, ".profile") == 0;
        return at;
}

/* The first of that name among a profile's sections. */
static const PeSection *find_in(const Pe *pe, int64_t profile, const char *name) {
        int64_t at = -1;

        for (unsigned i = 0; i < pe->n_sections; i++) {
                at += strcmp(pe->sections[i].name, ".profile") == 0;
                if (at == profile && strcmp(pe->sections[i].name, name) == 0)
                        return &pe->sections[i];
        }
        return NULL;
}

const PeSection *uki_section(const Uki *u, unsigned profile, const char *name) {
        const PeSection *s = find_in(&u->pe, profile, name);

        return s ? s : find_in(&u->pe, -1, name); /* one without bytes hides the other, too */
}

static int check_profile(const Uki *u, unsigned profile, Err *e) {
        if (u->n_profiles > 0 && u->stub_generation < STUB_PROFILES)
                return err_set(e, -EOPNOTSUPP,
                                "%s: has several profiles, of which its stub, of systemd %u, "
                                "knows nothing; PCR 11 cannot be foretold",
                                u->path, u->stub_generation);
        if (profile > 0 && profile >= u->n_profiles)
                return err_set(e, -EINVAL, "%s: has no profile %u%s", u->path, profile,
                                u->n_profiles > 0 ? "; the first is 0" : " and no other");
        return 0;
}

int uki_measured(const Uki *u, unsigned profile, UkiMeasured *ret, Err *e) {
        const char *const *name = stub_measures(u->stub_generation);
        UkiMeasured m = {};
        int rc;

        if (!name)
                return err_set(e, -EOPNOTSUPP, "%s: its stub is %s; PCR 11 cannot be foretold",
                                u->path,
                                u->stub_generation > 0 ? "too old to measure into PCR 11"
                                                       : "no systemd-stub");
        if (pe_find(&u->pe, ".dtbauto") || pe_find(&u->pe, ".efifw"))
                return err_set(e, -EOPNOTSUPP,
                                "%s: has several device trees or firmware to choose from when it "
                                "starts; PCR 11 cannot be foretold",
                                u->path);
        rc = check_profile(u, profile, e);
        if (rc < 0)
                return rc;
        for (; *name; name++) {
                const PeSection *s = uki_section(u, profile, *name);

                if (s && s->virtual_size > 0)
                        m.list[m.n++] = s;
        }
        *ret = m;
        return 0;
}

int uki_pcr11(const Uki *u, const UkiDigests *d, unsigned profile, unsigned n, Digest *ret,
                Err *e) {
        UkiMeasured m;
        Digest value;
        int rc;

        assert(n < d->n_banks);

        rc = uki_measured(u, profile, &m, e);
        if (rc < 0)
                return rc;
        value = digest_zero(d->banks[n]);
        for (size_t i = 0; i < m.n; i++) {
                rc = pcr11_section(&value, m.list[i]->name,
                                &d->sections[m.list[i] - u->pe.sections][n], e);
                if (rc < 0)
                        return rc;
        }

        *ret = value;
        return 0;
}
