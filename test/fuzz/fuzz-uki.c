/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "image/uki-layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good) {
        if (!good)
                abort();
}

static const UkiSection added[] = {
        { ".cmdline", 3, PE_SECTION_READ | PE_SECTION_DATA },
        { ".linux", 70000, PE_SECTION_READ | PE_SECTION_CODE },
        { ".sbat", 300, PE_SECTION_READ | PE_SECTION_DATA },
};

static bool is_added(const char *name) {
        for (size_t i = 0; i < ELEMENTS(added); i++)
                if (strcmp(added[i].name, name) == 0)
                        return true;
        return false;
}

/* Whatever file is taken as a stub, and can be added to: the headers that come of it are read
 * again, with all that was added, with what the stub has, and with no byte of the stub lost but
 * those of a section that was replaced. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf headers = BUF_UP_TO(STUB_MAX);
        Span stub = { data, size };
        UkiPlan plan;
        Err e = {};
        Pe pe, again;

        if (pe_parse(stub, size, &pe, NULL) < 0)
                return 0;
        if (uki_plan(stub, &pe, added, ELEMENTS(added), &plan, &e) < 0) {
                check(e.code != 0);
                return 0;
        }
        uki_headers(stub, &pe, &plan, pe.dll_flags, &headers);
        check(headers.failed == 0 && headers.size == plan.size_of_headers);
        check(pe_parse(buf_span(&headers), plan.file_size, &again, &e) == 0);
        check(again.n_sections == plan.n_places && pe_raw_end(&again) == plan.file_size);
        for (size_t i = 0; i < ELEMENTS(added); i++)
                check(pe_find(&again, added[i].name)->virtual_size == added[i].size);
        for (unsigned i = 0; i < pe.n_sections; i++) {
                const PeSection *s = pe_find(&again, pe.sections[i].name);

                if (pe.sections[i].name[0] == '\0')
                        continue; /* of those there may be several */
                /* where it was, or behind all that was */
                check(s && (s->virtual_address == pe.sections[i].virtual_address ||
                                           (is_added(s->name) &&
                                                           s->virtual_address >=
                                                                           pe_virtual_end(&pe))));
        }
        return 0;
}
