/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Activating a survivor without losing what it has. Not every module may be asked twice to activate: some
 * load their first state over what is there. So the copy is saved before, twice; where its state has changed
 * in between, it is in use, and is not activated if it was to run already; where it has changed just then,
 * what was saved is restored.
 */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include "plugin/copies/copies.h"

/* Activates those whose outcome of ACTIVATE_COPY is wanted and pending, side by side, and sets that outcome.
 * -1 with errno set: nothing could be run, or no memory. Who cannot be asked, or was not reached, is still
 * pending. */
int activation_run(struct copies *copies, const struct options *options);

#endif
