/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A folder with all that an image is made of, and what uki_build() is to make of it. Include after
 * unit/suite.h. */

#include <stdio.h>
#include <string.h>

#include "image/uki.h"
#include "support/certs.h"
#include "support/folder.h"
#include "support/pedraft.h"

enum { UKI_WORLD_BOOT_MAGIC = 0x202, UKI_WORLD_PATH = 128 };

typedef struct UkiWorld {
        Folder folder;
        char stub[UKI_WORLD_PATH], kernel[UKI_WORLD_PATH], initrd[UKI_WORLD_PATH];
        char output[UKI_WORLD_PATH], leaf[UKI_WORLD_PATH];
        const char *initrds[2];
        ScratchPath key, certificate;
        PolicyParams policy;
        SignParams signing;
        UkiParams params; /* without a signature */
} UkiWorld;

static inline void uki_world_done(UkiWorld *w) {
        folder_done(&w->folder);
}

static inline void uki_world_path(const UkiWorld *w, const char *name, char into[UKI_WORLD_PATH]) {
        (void) snprintf(into, UKI_WORLD_PATH, "%s/%s", w->folder.path, name);
}

/* keys: a folder with the key and the certificate "rsa" (certs_make()). *w stays where it is. */
static inline void uki_world_open(UkiWorld *w, const Scratch *keys) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(DRAFT_SIZE);

        *w = (UkiWorld){ .folder = folder_new() };
        folder_write(&w->folder, "stub", draft_pe(&b));
        memcpy(b.data + UKI_WORLD_BOOT_MAGIC, "HdrS", 4);
        folder_write(&w->folder, "kernel", buf_span(&b));
        folder_write(&w->folder, "initrd", SPAN_LITERAL("initrd"));
        uki_world_path(w, "stub", w->stub);
        uki_world_path(w, "kernel", w->kernel);
        uki_world_path(w, "initrd", w->initrd);
        uki_world_path(w, "out.efi", w->output);
        uki_world_path(w, "out.leaf", w->leaf);
        w->initrds[0] = w->initrds[1] = w->initrd;
        w->key = scratch_path(keys, "rsa.key");
        w->certificate = scratch_path(keys, "rsa.pem");
        w->policy = (PolicyParams){
                .keys = { { .private_key = w->key.text } },
                .n_keys = 1,
                .banks = { HASH_SHA1, HASH_SHA384 },
                .n_banks = 2,
        };
        w->signing = (SignParams){ .private_key = w->key.text, .certificate = w->certificate.text };
        w->params = (UkiParams){
                .stub = w->stub,
                .linux_image = w->kernel,
                .initrds = { w->initrds, 2 },
                .cmdline = "a b",
                .os_release = "ID=x",
                .output = w->output,
                .leaf = w->leaf,
        };
}
