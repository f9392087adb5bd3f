/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fences targets as a whole: those that are held, and those on which somebody has decided, so that what the manifest
 * says of them is what is: nothing of theirs is active, until a deployment activates it.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include "copies.h"

/* Deactivates all services of these targets, those that depend on others first, and sets captured->fences. What was
 * done before is not done again. looks_only: everything counts as done. 0, or -1: no memory. */
int holding_fence(struct capture *capture, const struct options *options, bool looks_only);

/* Whether all of its services are fenced. */
bool holding_is_fenced(const struct captured *captured);

#endif
