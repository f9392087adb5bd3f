/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Settles deployments that did not end well, and what they have left to do on targets: as the stage
 * "recover".
 */
#ifndef CYCLE_SETTLE_H
#define CYCLE_SETTLE_H

#include "host/cycle/running.h"

/* Before anything else in a cycle: the last deployment of an earlier one. 0, or -1 after a message. */
int settle_before(struct cycle *cycle);

/* Once it is known who is there: what is due on targets. 0; 1: nothing is left on any; -1 after a message. */
int settle_due(struct cycle *cycle);

/* All that is left, whether it is due or not. */
int settle_leftovers(struct cycle *cycle);

/* Within the stage redeploy, which failed. */
void settle_failed(struct cycle *cycle);

#endif
