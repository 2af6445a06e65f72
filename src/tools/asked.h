/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/attest.h"
#include "wire/call.h"

/* One question on a connection, and its answer: what avouch-quote.socket hands to a process of its
 * own. Varlink-shaped (varlink.org): call and answer are JSON, each with a NUL behind it.
 *
 *     {"method":"org.avouch.Quote.Take","parameters":{"nonce":"HEX"}}
 *     {"parameters":{"evidence":{...}}}
 *
 * Who may connect is the socket's business. */

typedef struct Asked {
        char nonce[2 * NONCE_MAX + 1]; /* the text as it came */
        bool oneway;                   /* nobody waits for an answer */
} Asked;

/* Reads the call: 1 and a question; 0 where it was answered already, because it is another method
 * or no question; negative where nothing that is a call came. */
int asked_read(int fd, Asked *ret, Err *e) _must_check_;

/* The answer. evidence is a bundle, or empty: why says what is wrong with the nonce (-EINVAL), or
 * what failed. */
int asked_answer(int fd, const Asked *a, Span evidence, const Err *why, Err *e) _must_check_;
