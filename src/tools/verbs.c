/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs.h"

#include <stddef.h>
#include <string.h>

const VerbLine verb_lines[] = {
        { "build-image", "Make a system extension: read-only, with its hash tree and signature" },
        { "build-uki", "Make a unified kernel image out of stub, kernel, initrd and command line" },
        { "predict", "Tell which PCR 11 a unified kernel image leads to" },
        { "show", "Say what a file is: image, UKI, log, evidence, leaf" },
        { "measure", "Append one record to this machine's log and extend its register" },
        { "glass", "Open the machine by hand, with a mark that stays" },
        { "quote", "Answer a nonce with evidence of what this machine runs" },
        { "verify", "Judge evidence by a policy, offline" },
        {},
};

const VerbLine *verb_line(const char *name) {
        for (const VerbLine *v = verb_lines; v->name; v++)
                if (strcmp(v->name, name) == 0)
                        return v;
        return NULL;
}
