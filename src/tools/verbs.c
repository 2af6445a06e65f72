/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs.h"

#include <stddef.h>
#include <string.h>

const VerbLine verb_lines[] = {
        { "build-image", "Make an image: read-only, with its hash tree and signature" },
        { "build-uki", "Make a unified kernel image out of stub, kernel, initrd and command line" },
        { "keygen", "Make a key, with a certificate that says what it is for" },
        { "predict", "Tell which TPM registers a unified kernel image leads to" },
        { "setup", "Do what this machine needs to be able to answer" },
        { "status", "Say whether this machine is able to answer, and if not, why" },
        { "show", "Say what a file is: image, UKI, log, evidence, leaf" },
        { "measure", "Append one record to this machine's log and extend its register" },
        { "activate", "Check, measure and use extensions, for systemd to merge" },
        { "deactivate", "Take extensions off again" },
        { "kexec", "Record a unified kernel image, and load it to be started without firmware" },
        { "log", "Read this machine's account: print, follow, replay, export" },
        { "glass", "Open the machine by hand, with a mark that stays" },
        { "unlock", "Unlock a volume, with a record of how, before it can be used" },
        { "quote", "Answer a nonce with evidence of what this machine runs" },
        { "verify", "Judge evidence by a policy, offline" },
        { "seal", "Seal a secret to this machine, for as long as nobody opens it by hand" },
        { "unseal", "Open a sealed secret" },
        { "renew", "Approve a sealed secret for a new count of openings, with the key that may" },
        {},
};

const VerbLine *verb_line(const char *name) {
        for (const VerbLine *v = verb_lines; v->name; v++)
                if (strcmp(v->name, name) == 0)
                        return v;
        return NULL;
}
