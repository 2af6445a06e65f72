/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quote/take.h"

/* Writes what was taken as other tools read it. */

/* A folder with msg, sig, pcrs, ak.pem and ak.tpmt, as "tpm2_checkquote -m msg -s sig -f pcrs -u
 * ak.pem" takes them. It is there whole or not at all; -EEXIST where something stands under its
 * name, -EINVAL for more than one quote, which these files have no room for. */
int export_tpm2_tools(const Taken *t, const char *folder, Err *e) _must_check_;

/* -EINVAL for so many quotes, before any is taken. */
int export_fits_tpm2_tools(size_t n_quotes, Err *e) _must_check_;

/* The file "pcrs" alone: what tpm2-tools calls the serialized form, an image of its structures in
 * the memory of a little-endian machine. */
void export_pcrs(const PcrValues *v, Buf *to);
