/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/pe.h"

/* Where each section of a new image comes to lie, and the headers that say so. The stub's own
 * sections keep their order, their memory and their alignment; what is added follows behind. */

/* What is to be added, in this order. One that the stub has too (.sbat) replaces it: in its place
 * where it fits there, else at the end. */
typedef struct UkiSection {
        const char *name;
        uint64_t size;
        uint32_t flags;
} UkiSection;

typedef struct UkiPlace {
        PeSection header; /* as it stands in the new image */
        int added;        /* which of the added ones it is; negative: one of the stub's own... */
        PeRange from;     /* ...whose bytes lie there in the stub */
} UkiPlace;

typedef struct UkiPlan {
        uint32_t size_of_headers, size_of_image, size_of_code, size_of_data;
        uint64_t file_size;
        bool drop_symbols; /* the stub has a COFF symbol table at its end, which does not belong */
        unsigned n_places; /* in the order of the file, and of the section headers */
        UkiPlace places[PE_SECTIONS_MAX];
} UkiPlan;

/* Refuses a stub that cannot be added to: signed, with bytes that belong to no section, with no
 * room for more section headers before its first section's memory. */
int uki_plan(Span stub, const Pe *pe, const UkiSection *added, size_t n_added, UkiPlan *ret,
                Err *e) _must_check_;

/* All the headers, size_of_headers bytes; the checksum in them is 0. */
void uki_headers(Span stub, const Pe *pe, const UkiPlan *plan, uint16_t dll_flags, Buf *to);
