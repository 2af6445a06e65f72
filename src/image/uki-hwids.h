/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki-part.h"

/* The section .hwids: which device tree (.dtbauto) or firmware (.efifw) a machine of certain
 * hardware ids (CHIDs) takes. Made of descriptions, *.json in the folder and below it, as ukify
 * makes it:
 *
 *      {"type":"devicetree","name":"Vendor Model","compatible":"vendor,model","hwids":[UUID,...]}
 *      {"type":"uefi-fw","name":"Vendor Model","fwid":"vendor-model","hwids":[UUID,...]}
 *
 * -EBADMSG for a description that is none. */
int uki_hwids(const char *folder, UkiPart *ret, Err *e) _must_check_;
