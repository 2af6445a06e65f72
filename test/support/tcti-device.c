/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tcti_swtpm.h>

/* Stands in for the TCTI that speaks to the kernel's TPM: whoever loads it speaks to the software
 * TPM whose socket $SWTPM_SOCKET names. systemd's plug-in for LUKS2 tokens finds its TPM by itself.
 */

const TSS2_TCTI_INFO *Tss2_Tcti_Info(void);

static TSS2_RC init(TSS2_TCTI_CONTEXT *context, size_t *size, const char *device) {
        static char where[256];
        const char *socket = getenv("SWTPM_SOCKET");

        (void) device;
        if (!socket || strlen(socket) > sizeof(where) - sizeof("path="))
                return TSS2_TCTI_RC_BAD_VALUE;
        (void) snprintf(where, sizeof(where), "path=%s", socket);
        return Tss2_Tcti_Swtpm_Init(context, size, where);
}

const TSS2_TCTI_INFO *Tss2_Tcti_Info(void) {
        static const TSS2_TCTI_INFO info = {
                .version = 2, .name = "tcti-device", .description = "of a test", .init = init
        };

        return &info;
}
