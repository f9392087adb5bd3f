/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction does to targets before anything is installed: a rescue takes a snapshot of a component, which
 * stays in the target's store; a fence deactivates it, so that it is live once.
 */
#ifndef ACTIONS_H
#define ACTIONS_H

#include "copies.h"

/* Does what the judgement wants and what was not tried yet: all rescues, or where there is none to do, the fences of
 * copies whose rescue is done. Sets the outcomes. true: something was tried, judge again. */
bool actions_perform(struct copies *copies, const struct options *options);

/* How an action is said to have gone: a rescue or a fence. */
typedef enum outcome actions_told(void *closure, const struct copy *copy, bool fence);

/* The same in the same order, but nothing is done: told says how each one went; NULL: all are done. */
bool actions_assume(struct copies *copies, actions_told *told, void *closure);

#endif
