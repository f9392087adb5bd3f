/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must hold of a system whatever happened to it: pure functions of what a network was observed to be, see
 * scenario-network.h.
 */
#ifndef SCENARIO_INVARIANTS_H
#define SCENARIO_INVARIANTS_H

#include <jansson.h>
#include <stdbool.h>

struct scenario_facts {
    const json_t *services, *distribution; /* as the scenario has them now */
    const json_t *observed;
    /* Acknowledged writes in order: [{ "text", "place": "CONTAINER/COMPONENT" }] */
    const json_t *writes;
    /* Components that reports have told of as superseded, regressed, in conflict, held or rescued:
     * { COMPONENT: anything } */
    const json_t *told;
    /* Targets whose profile manifest was damaged, so that nobody can know what they run: { NAME: anything } */
    const json_t *damaged;
    bool renamed; /* some target, so that its name is not its connection key: Disnix moves no state from or to it */
};

/* The first that does not hold, what in words, malloc()ed; NULL: all hold. *name: which one.
 *
 * Always: no acknowledged write is in no store. */
char *scenario_always(const struct scenario_facts *facts, const char **name);

/* When the last cycle was good: no component with state is live more often than it is placed; the manifest is what the
 * targets run; every service that can be placed runs; the newest write that anybody who is there holds is live, or was
 * told of; no lock and nothing else is left behind. */
char *scenario_at_rest(const struct scenario_facts *facts, const char **name);

#endif
