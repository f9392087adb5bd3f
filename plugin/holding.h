/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fences targets as a whole: those that are held, and those on which somebody has decided, so that what the manifest
 * says of them is what is: nothing of theirs is active, until a deployment activates it.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include "copies.h"

/* Deactivates all services of these targets, those that depend on others first, and sets captured->fences. What was
 * done before is not done again. 0, or -1: no memory. */
int holding_fence(struct capture *capture, const struct options *options);

/* How the fence of a service mapping is said to have gone. */
typedef enum outcome holding_told(void *closure, const struct service_mapping *mapping);

/* The same, but nothing is done: told says how each one went; NULL: all are done. */
int holding_assume(struct capture *capture, holding_told *told, void *closure);

/* Whether all of its services are fenced. */
bool holding_is_fenced(const struct captured *captured);

#endif
