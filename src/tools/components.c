/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/components.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "wire/json.h"

static const struct {
        StepPart part;
        const char *folder;
} components[] = {
        { STEP_VARIABLES, "240-secureboot-policy" },
        { STEP_AUTHORITY, "620-secureboot-authority" },
        { STEP_LOADER, "630-boot-loader-code" },
        { STEP_IMAGE, "650-uki" },
        { STEP_COMPANION, "660-uki-companions" },
        { STEP_LINE, "710-kernel-cmdline" },
        { STEP_INITRD, "720-kernel-initrd" },
};

int components_name(const char *path, char into[static NAME_TEXT_MAX + 1], Err *e) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        size_t n = strlen(name);

        if (n > 4 && strcasecmp(name + n - 4, ".efi") == 0)
                n -= 4;
        if (n == 0 || n + sizeof(".pcrlock") > NAME_TEXT_MAX || name[0] == '.')
                return err_set(e, -EINVAL, "%s: no name for a component", path);
        memcpy(into, name, n);
        into[n] = '\0';
        return 0;
}

/* As systemd-pcrlock writes it, to the byte: no blanks, a line feed at the end. */
static size_t put_records(const Course *c, StepPart part, Buf *to) {
        JsonWriter w = json_writer(to, JSON_FOREIGN);
        size_t n = 0;

        json_put_object(&w, NULL);
        json_put_array(&w, "records");
        for (size_t i = 0; i < c->n; i++) {
                const Step *s = &c->list[i];

                if (s->part != part)
                        continue;
                n++;
                json_put_object(&w, NULL);
                json_put_integer(&w, "pcr", s->pcr);
                json_put_array(&w, "digests");
                for (unsigned b = 0; b < c->banks.n; b++) {
                        json_put_object(&w, NULL);
                        json_put_string(&w, "hashAlg", hash_name(c->banks.list[b]));
                        json_put_hex(&w, "digest", digest_span(&s->digests.list[b]));
                        json_put_end(&w);
                }
                json_put_end(&w);
                json_put_end(&w);
        }
        json_put_end(&w);
        json_put_end(&w);
        buf_byte(to, '\n');
        return n;
}

static int write_one(const char *folder, const char *component, const char *name, const Buf *text,
                Err *e) {
        _cleanup_(buf_done) Buf path = BUF_UP_TO(4096);
        Span bytes, unused;
        int rc = buf_end(text, &bytes);

        if (rc < 0)
                return err_set(e, rc, "the component %s does not fit", component);
        buf_printf(&path, "%s/%s.pcrlock.d%c", folder, component, '\0');
        if (buf_end(&path, &unused) < 0)
                return err_set(e, -ENAMETOOLONG, "%s: the path is too long", folder);
        rc = dir_make((const char *) path.data, 0755, e);
        if (rc < 0)
                return rc;
        path.size--;
        buf_printf(&path, "/%s.pcrlock%c", name, '\0');
        if (buf_end(&path, &unused) < 0)
                return err_set(e, -ENAMETOOLONG, "%s: the path is too long", folder);
        return file_write((const char *) path.data, 0644, bytes, e);
}

int components_write(const Course *c, const char *folder, const char *name, Err *e) {
        for (size_t i = 0; i < ELEMENTS(components); i++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);
                int rc;

                if (put_records(c, components[i].part, &text) == 0)
                        continue;
                rc = write_one(folder, components[i].folder, name, &text, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}
