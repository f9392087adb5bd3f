/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Brings a snapshot back to where its component lives, because an operator said so. What lives there until
 * then is saved before.
 */
#ifndef RESTORE_H
#define RESTORE_H

#include "host/calls/recovery.h"

/* Notes in the state that the snapshot, CONTAINER/COMPONENT/NAME, is to be brought back. */
void restore_note(json_t *state, const char *snapshot);

/* Whether that is so of any. */
bool restore_wanted(const json_t *state);

/* Brings those back to the targets of the model that have their components in the previous manifest. Each is
 * tried once, for what was written since must not be restored over again. *report: { "restored": [{
 * "snapshot", "target" (absent: it is not known where), "saved": the snapshot of what was there, "reason":
 * why it was not done }] }, a new reference. 0, or -1 after a message: it cannot be noted what is done, or
 * what is deployed cannot be read. */
int restore(const struct recovery *recovery, const struct infrastructure *model, json_t **report);

/* A component that a deployment has activated on a target gets the state of a snapshot,
 * CONTAINER/COMPONENT/NAME. 0, or -1 after a message. */
int restore_arriving(const struct manifest *manifest, const struct snapshot_mapping *mapping,
                     const char *snapshot);

#endif
