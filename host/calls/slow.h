/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whom a program waits for: the calls of client interfaces that it has started and that still run, as the
 * system lists them. Nothing is read in what anybody prints.
 */
#ifndef SLOW_H
#define SLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "host/calls/recovery.h"

struct slow {
    const struct recovery *recovery; /* of a deployment that is under way */
    const struct manifest *previous; /* NULL: none */
    const struct manifest *new;
};

/* { TARGET: { "operation", "process", "seconds" } }, a new reference: of each target the call that runs for longest,
 * without those that have just begun beside one that has not. slow NULL: all, by what
 * stands behind --target, which may be no target at all. */
json_t *slow_find(const struct slow *slow);

/* waits() of a program; closure: a struct slow. What has run for a while is said again and again. late: in the
 * state, "hung" of the deployment names the targets that the program was ended for. */
void slow_waits(void *closure, int64_t milliseconds, bool late);

#endif
