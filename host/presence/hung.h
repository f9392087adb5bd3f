/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Targets that did not answer two deployments, which failed before they changed anything: for a while they
 * count as silent, so that the others are deployed to. Longer each time, until a deployment with them
 * succeeds. It stands in the state, in "hung" of each of "targets".
 */
#ifndef HUNG_H
#define HUNG_H

#include <jansson.h>
#include <stdint.h>

#include "lib/model/infrastructure.h"

/* Of a deployment that failed before it changed anything, or was refused before it began. reconstructed,
 * redeployed: the reports of these stages (NULL: there is none). */
void hung_note(json_t *state, const json_t *reconstructed, const json_t *redeployed, int64_t now);

/* It counts as silent from now on, though it was the first time, for at least so many seconds. refuses: what
 * it does though it answers, as "it takes no closures"; NULL: it does not answer. */
void hung_leave_out(json_t *state, const char *target, const char *refuses, int64_t least, int64_t now);

/* Why it counts as silent; target: its entry in "targets". NULL: not for this. */
const char *hung_reason(const json_t *target);

/* A deployment to them has succeeded. */
void hung_forget(json_t *state, const struct infrastructure *reached);

/* silent (an object by target; NULL: none) and those that hung; a new reference, NULL: no memory. *due: in
 * how many seconds the first of those is tried again; -1: none. */
json_t *hung_join(const json_t *state, const json_t *silent, int64_t now, int64_t *due);

#endif
