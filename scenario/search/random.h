/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random scenarios, to be explored: a small system in a small network, and a timeline in which machines die,
 * come back on what disk they have, are cut off, are renamed; in which services are written to and upgraded,
 * calls fail, the coordinator loses things, the loop is killed.
 */
#ifndef SCENARIO_RANDOM_H
#define SCENARIO_RANDOM_H

#include <jansson.h>
#include <stdint.h>

/* A scenario as dydisnix-scenario(5) describes it, the same for the same number; a new reference. system: the
 * scenario whose system it is, and whose timeline comes first; NULL: a system is drawn, too. Memory that runs
 * out ends the program. */
json_t *scenario_random(const json_t *system, uint64_t number);

#endif
