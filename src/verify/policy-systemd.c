/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/policy-systemd.h"

#include "base/settings.h"
#include "base/text.h"
#include "wire/systemdlog.h"

enum { ORDINARY_PHASES = 6 }; /* of systemd_phases, from the first on: enter-initrd to final */

SystemdPolicy systemd_policy_default(void) {
        return (SystemdPolicy){ .allowed_phases = (UINT32_C(1) << ORDINARY_PHASES) - 1 };
}

static int set_machine_id(SystemdPolicy *p, const Assignment *a, Err *e) {
        p->has_machine_id = a->value.size > 0;
        if (p->has_machine_id && !text_unhex(a->value, p->machine_id, sizeof(p->machine_id)))
                return setting_wrong(a, "a machine id is 32 hex digits", e);
        return 0;
}

static int read_phase(const Assignment *a, Span word, unsigned *ret, Err *e) {
        unsigned i = 0;

        while (systemd_phases[i] && !span_is(word, systemd_phases[i]))
                i++;
        if (!systemd_phases[i])
                return setting_wrong(a, "names a phase that systemd does not have", e);
        *ret = i;
        return 0;
}

static int allow_phases(SystemdPolicy *p, const Assignment *a, Err *e) {
        Span rest = a->value;

        if (!p->phases_given || rest.size == 0)
                p->allowed_phases = 0;
        p->phases_given = true;
        for (Span word = setting_word(&rest); word.size > 0; word = setting_word(&rest)) {
                unsigned phase = 0;
                int rc;

                rc = read_phase(a, word, &phase, e);
                if (rc < 0)
                        return rc;
                p->allowed_phases |= UINT32_C(1) << phase;
        }
        return 0;
}

static int set_reached(SystemdPolicy *p, const Assignment *a, Err *e) {
        p->has_reached = a->value.size > 0;
        return p->has_reached ? read_phase(a, a->value, &p->reached, e) : 0;
}

static int allow_logins(SystemdPolicy *p, const Assignment *a, Err *e) {
        Span rest = a->value;

        if (rest.size == 0)
                p->n_logins = 0;
        for (Span word = setting_word(&rest); word.size > 0; word = setting_word(&rest)) {
                if (p->n_logins == POLICY_LOGINS_MAX)
                        return setting_wrong(a, "more users than one policy takes", e);
                p->logins[p->n_logins++] = word;
        }
        return 0;
}

int systemd_policy_apply(SystemdPolicy *p, const Assignment *a, Err *e) {
        if (span_is(a->key, "MachineId"))
                return set_machine_id(p, a, e);
        if (span_is(a->section, "Login"))
                return allow_logins(p, a, e);
        if (span_is(a->key, "Allow"))
                return allow_phases(p, a, e);
        return set_reached(p, a, e);
}
