/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Brings a snapshot back to where its component lives, because an operator said so, or an older disk has lost
 * it. What lives there until then is saved before.
 */
#ifndef RESTORE_H
#define RESTORE_H

#include <jansson.h>
#include <stdint.h>

#include "host/calls/recovery.h"

/* Notes in the state that the snapshot, CONTAINER/COMPONENT/NAME, is to be brought back: an operator's word, who
 * is told when that fails. It is tried once. */
void restore_note(json_t *state, const char *snapshot);

/* The same, because an older disk has lost it: less and less often until it is done. */
void restore_note_older(json_t *state, const char *snapshot);

/* In how many seconds there is one to be brought back; 0: it is time; -1: there is none. */
int64_t restore_due(const json_t *state);

/* Brings those for which it is time back to the targets of the model that have their components in the previous
 * manifest. *report: { "restored": [{
 * "snapshot", "target" (absent: it is not known where), "saved": the snapshot of what was there, "reason":
 * why it was not done }] }, a new reference. 0, or -1 after a message: it cannot be noted what is done, or
 * what is deployed cannot be read. */
int restore(const struct recovery *recovery, const struct infrastructure *model, json_t **report);

/* A component that a deployment has activated on a target gets the state of a snapshot,
 * CONTAINER/COMPONENT/NAME. 0, or -1 after a message. */
int restore_arriving(const struct manifest *manifest, const struct snapshot_mapping *mapping,
                     const char *snapshot);

#endif
