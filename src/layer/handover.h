/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/addon.h"
#include "layer/companion.h"
#include "layer/uki.h"

/* What systemd-stub hands to the kernel: a command line, and an initrd that is put together of many
 * parts. The kernel's own EFI stub measures both into PCR 9 (Linux,
 * drivers/firmware/efi/libstub/efi-stub-helper.c, efistub_events[]), each as one event. */
typedef struct Handover {
        unsigned profile;
        Span line; /* as the stub leaves it, all of it */
        const Companions *companions;
        const Addons *addons;
} Handover;

/* -EOPNOTSUPP, and no step, where it cannot be told: the stub, or the system that comes with it,
 * adds what is the machine's own; or the kernel does not show that it measures. */
int handover_foretell(const Uki *u, const Handover *h, Course *course, Err *e) _must_check_;
