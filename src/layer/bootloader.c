/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/bootloader.h"

#include <errno.h>

#include "layer/stubline.h"
#include "wire/stub.h"

enum { PCR_CONFIG = 12 };

/* 0 for what is not systemd-boot. */
static int read_generation(const Uki *loader, unsigned *ret, Err *e) {
        _cleanup_(buf_done) Buf mark = BUF_UP_TO(2 * STUB_VERSION_MAX);
        Stub s;
        int rc;

        *ret = 0;
        if (!pe_find(&loader->pe, ".sdmagic"))
                return 0;
        rc = uki_text(loader, ".sdmagic", &mark, e);
        if (rc == 0 && stub_parse_loader(buf_span(&mark), &s, NULL) == 0)
                *ret = s.generation;
        return rc;
}

int bootloader_foretell(const Uki *loader, const Uki *image, Buf *line, Course *c, Err *e) {
        const PeSection *own = uki_section(image, 0, ".cmdline");
        _cleanup_(buf_done) Buf text = BUF_UP_TO(UKI_TEXT_MAX), utf16 = BUF_UP_TO(2 * UKI_TEXT_MAX);
        unsigned generation;
        int rc = read_generation(loader, &generation, e);

        if (rc < 0 || generation == 0 || generation >= LOADER_HANDS_NO_LINE || !own ||
                        own->virtual_size == 0)
                return rc;
        rc = uki_bytes(image, own, &text, e);
        if (rc < 0)
                return rc;
        stub_line_settle(generation, buf_span(&text), line);
        rc = stub_line_measured(buf_span(line), &utf16, e);
        buf_byte(line, '\0');
        if (rc == 0 && line->failed < 0)
                rc = err_set(e, -EBADMSG, "%s: a command line that is too long", image->path);
        return rc < 0 ? rc : course_add_bytes(c, STEP_COMPANION, PCR_CONFIG, buf_span(&utf16), e);
}
