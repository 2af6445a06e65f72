/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki-list.h"
#include "image/uki-stub.h"
#include "image/uki.h"

/* All that an image is made of, opened and looked at before the first byte is written: the stub,
 * the keys, and what goes into each section. In place of signed policies (.pcrsig) there is as long
 * a text, for they are known when all else is hashed. Owner: uki_inputs_done(). */
typedef struct UkiInputs {
        UkiStub stub;
        PeSigner signer;
        PolicySigners policy;
        UkiList list;
        bool takes_nx;  /* each kernel says that its data is never run */
        UkiPart kernel; /* until it is in the list */
        UkiPart kernel_sbat;
} UkiInputs;

#define UKI_INPUTS_NONE                                                                            \
        ((UkiInputs){ .stub = UKI_STUB_NONE,                                                       \
                        .signer = PE_SIGNER_NONE,                                                  \
                        .kernel = UKI_PART_NONE,                                                   \
                        .kernel_sbat = UKI_PART_NONE })

/* ret is to be done with in any case, and stays where it is. built is told what is found out. */
int uki_inputs_open(const UkiParams *p, UkiInputs *ret, UkiBuilt *built, Err *e) _must_check_;
void uki_inputs_done(UkiInputs *in);
