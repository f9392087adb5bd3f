/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A loss that is tried: the targets go, the loop adapts, and they come back in one way or another.
 */
#ifndef SCENARIO_TRIAL_H
#define SCENARIO_TRIAL_H

#include "scenario/play/course.h"

struct trial {
    struct course *course;      /* at rest; each trial needs a copy of the process of its own */
    const char *const *returns; /* of kept, lost, older; ends with NULL */
    json_t *targets;            /* those of the system that are there */
    json_t *places;             /* where services live, as outcome_places() has it */
    json_t *writes;             /* all that were acknowledged */
};

/* The system of a course is deployed, its timeline happens, and each service with state gets two lines, of
 * which a snapshot has the first, where snapshots are taken. -1 after a message. */
int trial_open(struct trial *trial, struct course *course, const char *const *returns);
void trial_close(struct trial *trial);

/* How it goes without the targets of a loss, as survive_losses() has it, and when they are back:
 *   { "name", "targets", "cycles", "failed", "seconds", "services", "state": as in outcome.h,
 *     "broken": [text], "story": text, "survives": bool, "returns": { WORD: the same of the return } }
 * A new reference. The world is another one afterwards. */
json_t *trial_play(struct trial *trial, const json_t *loss);

#endif
