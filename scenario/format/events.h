/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens in a scenario, with what it does to the names, and what must hold.
 */
#ifndef SCENARIO_EVENTS_H
#define SCENARIO_EVENTS_H

#include <jansson.h>

#include "scenario/format/members.h"

void check_event(struct reading *reading, const struct place *place, const json_t *value);
void check_expectation(struct reading *reading, const struct place *place, const json_t *value);

#endif
