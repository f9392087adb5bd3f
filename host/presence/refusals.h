/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Targets that answer, and refuse what a deployment needs of them. Who takes no closures, as on a full disk,
 * keeps what it has and gets nothing else, for longer each time, until it has taken what was for it. Who
 * refuses even so counts as silent, unless something with state lives there: that would live twice. It stands
 * in the state, in "refuses" of each of "targets".
 */
#ifndef REFUSALS_H
#define REFUSALS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/model/infrastructure.h"

/* It has taken no closures, and that is told. lives: something with state does there. targets: how many were
 * deployed to: where more than half of them refuse it is not they, and they are not spared. */
void refusals_closures(json_t *state, const char *target, size_t targets, bool lives, int64_t now);

/* Those of the model that get nothing new in the redistribution that begins, [NAME]: that is noted. A new
 * reference; NULL: no memory. */
json_t *refusals_begin(json_t *state, const struct infrastructure *model, int64_t now);

/* Those of which that was noted last. */
bool refusals_spare(const json_t *state, const char *target);

/* A deployment has succeeded: who was not spared in it has taken all. */
void refusals_forget(json_t *state, const struct infrastructure *reached);

/* In how many seconds the first of the model is to be tried; 0: now; -1: there is none. */
int64_t refusals_due(const json_t *state, const struct infrastructure *model, int64_t now);

#endif
