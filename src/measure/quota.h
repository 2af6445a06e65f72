/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/account.h"

/* How much those may write that nobody trusts: services that hand in notes through a socket. They
 * can fill neither the log nor the TPM's time; what is left out is counted, and a note.lost says so
 * once there is room again. A value; it lives as long as the program that serves them. */

enum { QUOTA_USERS = 32 };

/* Of one user: records that may be made now, in millionths; grows with time. */
typedef struct Bucket {
        uint32_t uid;
        bool used;
        int64_t left, since;
} Bucket;

typedef struct Quota {
        Bucket users[QUOTA_USERS];
        uint64_t lost; /* since the last note.lost */
} Quota;

/* Whether this user may have a record of so many bytes (its content) now. now: CLOCK_BOOTTIME,
 * microseconds; log_size: bytes of the log so far. Where not, it is counted as lost, and why (a
 * constant) is for the user. */
bool quota_admits(Quota *q, uint32_t uid, int64_t now, size_t size, size_t log_size,
                const char **ret_why);

/* Records what was left out since the last time, if anything; to be called before a record that was
 * admitted, and when the program ends. */
int quota_tell(Quota *q, Account *a, Err *e) _must_check_;
