/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/systemd.h"

/* A machine of systemd 262 as far as it measures: what it wrote to its log, and what its registers
 * hold then. A test changes one of the two. */
typedef struct SdLog {
        Buf log;
        PcrValues pcrs; /* sha256 and sha384, 0 to 15 */
        NvPcr nv[NVPCRS_MAX];
        uint8_t values[NVPCRS_MAX][32];
        size_t n_nv;
        const char *banks; /* of the records that follow: "sha256", "sha256 sha384" */
        int64_t time;
        bool raw;                      /* words go into the log without cescape() */
        const char *boot;              /* 32 hex digits */
        void (*name_nvpcr)(NvPcr *nv); /* NULL: a Name of no public area */
} SdLog;

enum { SD_HARDWARE = 0x1d10200, SD_CRYPTSETUP, SD_VERITY, SD_LOGIN };

#define SD_BOOT "e72a1999f6bf4f39be061813d3920b23"
#define SD_ROOT "abababababababababababababababababababababababababababababababab"

static const Register sd_pcr9 = { REGISTER_PCR, 9 }, sd_pcr11 = { REGISTER_PCR, 11 },
                      sd_pcr15 = { REGISTER_PCR, 15 };

void sd_new(SdLog *l);
void sd_done(SdLog *l);

/* Extends, and writes the record; event may be NULL. */
void sd_measure(SdLog *l, Register reg, const char *words, const char *event);
/* Extends only, or writes only. */
void sd_extend(SdLog *l, Register reg, const char *words);
void sd_write(SdLog *l, Register reg, const char *words, const char *event, const char *told);

/* For name_nvpcr: the Name of its public area, as a TPM computes it. */
void sd_name_nvpcr(NvPcr *nv);

/* Defines an NvPCR and measures its Name into PCR 9, as systemd's own four. */
void sd_nvpcr(SdLog *l, uint32_t index, const char *label);
void sd_define(SdLog *l, uint32_t index);
void sd_introduce(SdLog *l, uint32_t index, const char *label);

/* A whole boot: initrd, NvPCRs, root, a machine id, an unlock by TPM, a login. */
void sd_boot(SdLog *l);

static inline Register sd_nv(uint32_t index) {
        return (Register){ REGISTER_NV, index };
}
