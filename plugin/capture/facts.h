/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gathers what the judgement on copies of state needs to know: snapshots of targets and coordinator, earlier
 * manifests, and what the host remembers.
 */
#ifndef FACTS_H
#define FACTS_H

#include "lib/manifest/previous.h"
#include "plugin/copies/copies.h"

/* What the host remembers, as in the event: { "targets": { NAME: { "seen", "away", "missed" } }, "snapshots":
 * { TARGET: { CONTAINER: { COMPONENT: time } } }, "deployed": path, "survivors": see disputes.h, "keepCopy":
 * [NAME], "discardCopy": [NAME], "leftovers": [{ "target", "calls": [{ "what": "set", "arguments": [...,
 * path] }] }] }. All of it may be missing. */

/* Sets of every target the profile that is still to be set on it. The path belongs to history. */
void facts_set_owed(const json_t *history, struct capture *capture);

/* Sets of every target when it was away, and what somebody has decided on it. */
void facts_set_absences(const json_t *history, struct capture *capture);

/* Fills in the facts of all copies and components. 0, or -1 after a message. */
int facts_gather(struct copies *copies, const struct previous *previous, const json_t *history,
                 const struct options *options, struct strings *strings);

/* Makes room for the facts of a copy: nothing is known but what the host remembers. 0, or -1: no memory. */
int facts_begin(struct copy *copy, const json_t *history);

/* Asks again those targets where such a rescue is not confirmed. One that does not tell has no snapshots. */
void facts_snapshots_after(struct copies *copies, enum action action, const struct options *options,
                           struct strings *strings);

/* Takes in one generation of the coordinator profile, each older than the one before. True: nothing more is
 * wanted. */
struct facts_walk {
    struct copies *copies;
    size_t age;
};
bool facts_take_generation(void *walk, const struct manifest *generation, bool reconstructed);

#endif
