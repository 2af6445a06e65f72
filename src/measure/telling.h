/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/content.h"

/* What somebody wants recorded, as they write it: an event and its members, each a name and a text.
 * The table in wire/event says what there is and of what type; the rules by which records are read
 * (wire/content) say whether it is whole. So nothing is asked of log or TPM for what cannot be
 * recorded. */

enum { TELLING_MEMBERS_MAX = 16, TELLING_OBJECTS_MAX = 2, TELLING_INNER_MAX = 8 };

/* Not to be copied once something is in it: objects point into it. */
typedef struct Telling {
        Event event;
        Member members[TELLING_MEMBERS_MAX];
        size_t n_members;
        size_t object[TELLING_MEMBERS_MAX]; /* which of inner belongs to a member that is one */
        Member inner[TELLING_OBJECTS_MAX][TELLING_INNER_MAX];
        size_t n_objects;
} Telling;

/* Begins to tell an event. -EINVAL for one that there is not, and for those that the account alone
 * writes, because they follow from what it finds (phase.genesis, phase.broken, glass.begin,
 * glass.lost). */
int telling_begin(Span event, Telling *ret, Err *e) _must_check_;

/* One member: "name", or "object.name" for a member of an object. Names and texts are borrowed.
 * -EINVAL for one that does not belong there, is there already, or is not of its type; for count
 * and past too, which the account knows and nobody else. */
int telling_add(Telling *t, Span name, Span text, Err *e) _must_check_;

/* The same, out of "name=text". */
int telling_add_word(Telling *t, const char *word, Err *e) _must_check_;

/* Members as a JSON object has them: strings, integers, objects of these. Texts are written to
 * texts, which has to have room for all of them beforehand and is borrowed. */
int telling_add_json(Telling *t, Json members, Buf *texts, Err *e) _must_check_;

/* True for what the odometer counts: glass.open and glass.close, and what a human unlocked. */
bool telling_is_counted(const Telling *t);

/* -EINVAL where it does not make a record: something is missing, too long, or contradicts itself.
 */
int telling_check(const Telling *t, Err *e) _must_check_;
