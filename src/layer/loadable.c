/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/loadable.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "layer/stubline.h"
#include "layer/uki-name.h"
#include "port/crypto.h"
#include "port/memory.h"

enum { CHUNK = 64 * 1024, INITRD_ALIGNMENT = 4 };

void loadable_done(Loadable *l) {
        uki_done(&l->uki);
        fd_done(&l->kernel);
        fd_done(&l->initrd);
}

/* Bytes of a file, behind what is in the other already. */
static int append(int from, const char *path, uint64_t at, uint64_t size, int to, uint64_t *end,
                Err *e) {
        uint8_t chunk[CHUNK];

        for (uint64_t done = 0; done < size; done += CHUNK) {
                size_t n = size - done < CHUNK ? (size_t) (size - done) : CHUNK;
                int rc = file_read_at(from, path, at + done, chunk, n, e);

                if (rc == 0)
                        rc = file_write_at(to, path, *end, (Span){ chunk, n }, e);
                if (rc < 0)
                        return rc;
                *end += n;
        }
        return 0;
}

static int copy(const char *path, int *ret, Err *e) {
        _cleanup_(fd_done) int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        _cleanup_(fd_done) int to = -1;
        uint64_t end = 0;
        struct stat st;
        int rc;

        if (from < 0 || fstat(from, &st) < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return err_set(e, -ENODATA, "%s: not a file", path);
        if (st.st_size > UKI_MAX)
                return err_set(e, -EBADMSG, "%s: is larger than %d bytes", path, UKI_MAX);
        rc = memory_open("avouch-uki", &to, e);
        if (rc == 0)
                rc = append(from, path, 0, (uint64_t) st.st_size, to, &end, e);
        if (rc == 0)
                rc = memory_seal(&to, e);
        if (rc < 0)
                return rc;
        *ret = to;
        to = -1;
        return 0;
}

/* What the stub hands over in memory, and kexec does not. */
static int check_sections(const Uki *u, Err *e) {
        static const char *const beyond[] = { ".dtb", ".dtbauto", ".efifw" };

        for (size_t i = 0; i < ELEMENTS(beyond); i++)
                if (pe_find(&u->pe, beyond[i]))
                        return err_set(e, -EOPNOTSUPP,
                                        "%s: has a section %s, which kexec does not hand over",
                                        u->path, beyond[i]);
        return 0;
}

/* Sections of the first profile, one behind the other, each on a boundary of four bytes as
 * systemd-stub has it (initrd.c). None where there is none of them. */
static int join(const Uki *u, const char *const names[], int *ret, Err *e) {
        _cleanup_(fd_done) int to = -1;
        uint64_t end = 0;
        int rc = 0;

        for (; rc == 0 && *names; names++) {
                static const uint8_t zeros[INITRD_ALIGNMENT];
                const PeSection *s = uki_section(u, 0, *names);
                size_t gap = end % INITRD_ALIGNMENT ? INITRD_ALIGNMENT - end % INITRD_ALIGNMENT : 0;

                if (!s || pe_section_size(s) == 0)
                        continue;
                if (to < 0)
                        rc = memory_open(*names, &to, e);
                if (rc == 0)
                        rc = file_write_at(to, u->path, end, (Span){ zeros, gap }, e);
                end += gap;
                if (rc == 0)
                        rc = append(u->fd, u->path, s->raw_offset, pe_section_size(s), to, &end, e);
        }
        if (rc == 0 && to >= 0)
                rc = memory_seal(&to, e);
        if (rc < 0)
                return rc;
        *ret = to;
        to = -1;
        return 0;
}

static int take_line(Loadable *l, Err *e) {
        _cleanup_(buf_done) Buf section = BUF_UP_TO(UKI_TEXT_MAX),
                                line = BUF_UP_TO(sizeof(l->line) - 1);
        const PeSection *s = uki_section(&l->uki, 0, ".cmdline");
        Span settled;
        int rc;

        rc = s ? uki_bytes(&l->uki, s, &section, e) : 0;
        if (rc == 0)
                rc = hash_bytes(HASH_SHA256, buf_span(&section), &l->line_digest, e);
        if (rc < 0)
                return rc;
        stub_line_settle(l->uki.stub_generation, buf_span(&section), &line);
        rc = buf_end(&line, &settled);
        if (rc < 0)
                return err_set(e, rc == -E2BIG ? -EBADMSG : rc,
                                "%s: its command line is longer than %zu bytes", l->uki.path,
                                line.max);
        if (settled.size > 0)
                memcpy(l->line, settled.data, settled.size);
        l->line[settled.size] = '\0';
        return 0;
}

static int take_name(Loadable *l, Err *e) {
        _cleanup_(buf_done) Buf os_release = BUF_UP_TO(UKI_TEXT_MAX),
                                uname = BUF_UP_TO(UKI_TEXT_MAX);
        UkiDigests d;
        int rc;

        rc = uki_digest(&l->uki, NULL, 0, &d, e);
        if (rc == 0)
                rc = uki_text(&l->uki, ".osrel", &os_release, e);
        if (rc == 0)
                rc = uki_text(&l->uki, ".uname", &uname, e);
        if (rc < 0)
                return rc;
        l->identity = d.authenticode;
        uki_name(buf_span(&os_release), buf_span(&uname), l->name, l->version);
        return 0;
}

int loadable_open(const char *path, Loadable *ret, Err *e) {
        static const char *const kernel[] = { ".linux", NULL };
        static const char *const initrd[] = { ".ucode", ".initrd", NULL };
        _cleanup_(loadable_done) Loadable l = LOADABLE_NONE;
        _cleanup_(fd_done) int fd = -1;
        int rc;

        rc = copy(path, &fd, e);
        if (rc == 0)
                rc = uki_open_fd(fd, path, &l.uki, e);
        if (rc < 0)
                return rc;
        fd = -1; /* the image's */
        rc = check_sections(&l.uki, e);
        if (rc == 0)
                rc = take_name(&l, e);
        if (rc == 0)
                rc = join(&l.uki, kernel, &l.kernel, e);
        if (rc == 0 && l.kernel < 0)
                rc = err_set(e, -EBADMSG, "%s: section .linux is empty", path);
        if (rc == 0)
                rc = join(&l.uki, initrd, &l.initrd, e);
        if (rc == 0)
                rc = take_line(&l, e);
        if (rc < 0)
                return rc;

        *ret = l;
        l = LOADABLE_NONE;
        return 0;
}
