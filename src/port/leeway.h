/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/resource.h>

/* Resource limits outlast exec, of a set-user-id program too: whoever started us may have left us
 * too little of what we need. What we may not have stays as it is. */

/* So much of it, from now on. */
void leeway_raise(__rlimit_resource_t which, rlim_t least);

/* As many files and as much memory as it takes to start another program, until leeway_give() puts
 * back what was before. What is enough is left alone. */
enum { LEEWAY_LIMITS = 3 };
typedef struct Leeway {
        struct rlimit before[LEEWAY_LIMITS];
} Leeway;
Leeway leeway_take(void);
void leeway_give(const Leeway *l);
