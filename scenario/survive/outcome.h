/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What has become of services, by what was observed before and after. Pure functions of documents.
 */
#ifndef SCENARIO_OUTCOME_H
#define SCENARIO_OUTCOME_H

#include <jansson.h>

#include "scenario/play/check.h"

/* { SERVICE: [TARGET] }: where each lives and answers, in order; a new reference. */
json_t *outcome_places(const json_t *observed);

/* What is not as it was: { SERVICE: { "outcome": "dies" | "fewer" | "moves" | "interrupted", "from":
 * [TARGET], "to": [TARGET], "why": text } }, a new reference. why: why it dies, or what interrupts it;
 * places: where they were before. */
json_t *outcome_services(const json_t *places, const struct scenario_seen *seen);

/* Of each service with state that is not well: { SERVICE: "lost" | "disputed" | "away" }, a new reference.
 * Its newest write is stored nowhere any more; copies are in dispute; or it does not live, but is stored. */
json_t *outcome_state(const json_t *writes, const struct scenario_seen *seen);

#endif
