/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction does to targets before anything is installed: a survivor is activated, see
 * activation.h; a rescue takes a snapshot of a component, which stays in the target's store, and looks
 * whether it saved something; a fence deactivates it.
 */
#ifndef ACTIONS_H
#define ACTIONS_H

#include "plugin/copies/copies.h"

/* Does what the decision wants and what was not tried yet, of the first kind of which there is something:
 * activations, rescues, fences, rescues after a fence. Sets the outcomes, and after a rescue the snapshots
 * that are there. true: something was tried, decide again. */
bool actions_perform(struct copies *copies, const struct options *options, struct strings *strings);

/* How an action is said to have gone; what snapshots there were after it is set where it is known. */
typedef enum outcome actions_told(void *closure, struct copy *copy, enum action action);

/* The same in the same order, but nothing is done: told says how each one went; NULL: all are done, and
 * nothing has changed. */
bool actions_assume(struct copies *copies, actions_told *told, void *closure);

/* The name of an action in report and saved inputs. */
const char *action_name(enum action action);

#endif
