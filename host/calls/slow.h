/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whom a program of Disnix waits for: the calls of client interfaces that it has started and that still run,
 * as the system lists them. Nothing is read in what anybody prints.
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

/* waits() of a program; closure: a struct slow. What has run for a while is told to the loop, and said again
 * and again. late: in the state, "hung" of the deployment names the targets that the program was ended
 * for. */
void slow_waits(void *closure, int64_t milliseconds, bool late);

#endif
