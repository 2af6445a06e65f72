/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/explain.h"
#include "verify/ima.h"
#include "verify/openings.h"
#include "verify/sysreport.h"
#include "verify/systemd.h"

/* Judges one bundle of evidence, or one report that systemd signed: the one door through which
 * programs come to a verdict. */

typedef struct Judgement {
        Verdict verdict;
        bool guarded;  /* it is proven that nothing ran before the UKI but what keys let in, or what
                          is known */
        bool readable; /* evidence and story are there: the bundle was well-formed */
        Evidence evidence;
        Explained explained; /* the quoted registers, by the logs of firmware and systemd */
        Story story;
        SystemdStory systemd;
        ImaStory ima;
        SysEvidence report; /* readable: a report of systemd was judged, by itself where the bundle
                               is not readable, else as a part of it. Borrows */
        Openings openings;
        const struct Against
                        *against; /* for a report, by whoever compares; borrowed, may be NULL */
} Judgement;

/* Returns 0 when a verdict was reached, whatever it says: malformed evidence is a verdict too (all
 * that is required is not proven), so that an attacker cannot choose "try again". Negative only
 * where judging itself failed (no memory). Owner: judgement_done(). */
int appraise(Span bundle, const Question *q, Judgement *ret, Err *e) _must_check_;
/* The verdict on evidence that cannot even be taken in, for a reason such as its size. */
void appraise_unreadable(const Question *q, const char *why, Judgement *ret);

void judgement_done(Judgement *j);
