/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stages that save and bring back the state of services.
 */
#ifndef CYCLE_SNAPSHOTS_H
#define CYCLE_SNAPSHOTS_H

#include "host/cycle/running.h"

/* The member of the state that says since when that fails, see again.h. */
#define UNCAPTURED "uncaptured"

/* That which says how it failed the last time: as in failure.h, without what was said, and with "text" and "since". */
#define UNSAVED "unsaved"

bool snapshots_wanted(const struct cycle *cycle);
int snapshots_take(struct cycle *cycle, json_t **report);

/* After that: one that fails is told, at rest only if it fails otherwise than before, and the adaptation goes on,
 * for it matters more. */
int snapshots_taken(struct cycle *cycle, int status);

/* Whether an operator has asked for snapshots to be restored, and does it. */
bool snapshots_restore_wanted(const struct cycle *cycle);
int snapshots_restore(struct cycle *cycle, json_t **report);

#endif
