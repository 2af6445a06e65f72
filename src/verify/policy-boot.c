/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/policy-boot.h"

#include <errno.h>
#include <stdio.h>

#include "base/settings.h"
#include "base/text.h"

BootPolicy boot_policy_default(void) {
        return (BootPolicy){ .secure_boot = SWITCH_ON, .option_roms = true };
}

bool boot_policy_names_root(const BootPolicy *p, const uint8_t hash[static 32]) {
        for (size_t i = 0; i < p->n_root_hashes; i++)
                if (memcmp(p->root_hashes[i].sha256, hash, 32) == 0)
                        return true;
        return false;
}

bool policy_can_hold(Span text) {
        if (text.size > COMMAND_LINE_MAX)
                return false;
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < 0x20 || text.data[i] > 0x7e)
                        return false;
        return text.size == 0 || (text.data[0] != ' ' && text.data[text.size - 1] != ' ');
}

static int read_bool(const Assignment *a, bool *ret, Err *e) {
        if (!span_is(a->value, "yes") && !span_is(a->value, "no"))
                return setting_wrong(a, "yes, or no", e);
        *ret = span_is(a->value, "yes");
        return 0;
}

static int set_secure_boot(BootPolicy *p, const Assignment *a, Err *e) {
        bool on = span_is(a->value, "yes"), off = span_is(a->value, "no");

        if (!on && !off && !span_is(a->value, "any"))
                return setting_wrong(a, "yes, no, or any", e);
        p->secure_boot = on ? SWITCH_ON : off ? SWITCH_OFF : SWITCH_ANY;
        return 0;
}

static int add_hash(PolicyHash *list, size_t *n, const char *file, const Assignment *a, Err *e) {
        PolicyHash h = { .file = file, .line = a->line };

        if (a->value.size == 0) {
                *n = 0;
                return 0;
        }
        if (*n == POLICY_HASHES_MAX)
                return setting_wrong(a, "more of them than one policy takes", e);
        if (!text_unhex(a->value, h.sha256, sizeof(h.sha256)))
                return setting_wrong(a, "a SHA-256 hash is 64 hex digits", e);
        list[(*n)++] = h;
        return 0;
}

static int copy_line(char *into, const Assignment *a, Err *e) {
        if (a->value.size > COMMAND_LINE_MAX)
                return setting_wrong(a, "longer than a command line may be", e);
        if (a->value.size > 0)
                memcpy(into, a->value.data, a->value.size);
        into[a->value.size] = '\0';
        return 0;
}

int boot_policy_apply(BootPolicy *p, const char *file, const Assignment *a, Err *e) {
        if (span_is(a->key, "SecureBoot"))
                return set_secure_boot(p, a, e);
        if (span_is(a->key, "PlatformKey"))
                return add_hash(p->platform_keys, &p->n_platform_keys, file, a, e);
        if (span_is(a->key, "Authority"))
                return add_hash(p->authorities, &p->n_authorities, file, a, e);
        if (span_is(a->key, "Revoked"))
                return add_hash(p->revoked, &p->n_revoked, file, a, e);
        if (span_is(a->key, "RootHash"))
                return add_hash(p->root_hashes, &p->n_root_hashes, file, a, e);
        if (span_is(a->key, "OptionROMs"))
                return read_bool(a, &p->option_roms, e);
        if (span_is(a->key, "CommandLine"))
                return copy_line(p->command_line, a, e);
        if (span_is(a->key, "AppendedCommandLine"))
                return copy_line(p->appended, a, e);
        if (span_is(a->key, "Companions"))
                return read_bool(a, &p->companions, e);
        return setting_wrong(a, "no key of this section", e);
}
