/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the services of a scenario go, as its distribution says: pure functions of documents that
 * dydisnix-scenario(5) describes.
 */
#ifndef SCENARIO_POLICY_H
#define SCENARIO_POLICY_H

#include <jansson.h>
#include <stdbool.h>

/* { SERVICE: [TARGET] }, a new reference; a service that can go nowhere is not in it.
 *
 * services: { NAME: { "resources": { NAME: number }, … } }
 * distribution: { SERVICE: { "on": [TARGET], "copies": number, "stay": bool } }, all optional; NULL: nothing
 * is said targets: { NAME: { "resources": { NAME: number }, … } } of the model; what has no number is there
 * without end before: { SERVICE: [TARGET] }, where they are; NULL: nowhere */
json_t *scenario_place(const json_t *services, const json_t *distribution, const json_t *targets,
                       const json_t *before);

/* What an event upgrade or foreign-deploy changes in such documents: members of services that change, null
 * for those that go; places. */
void scenario_upgrade(json_t *services, json_t *distribution, const json_t *event);

/* Whether it has state: as it says, else whether its type ends in "database". */
bool scenario_has_state(const json_t *service);

/* What its module makes of it, a word of nature.h. It says so; otherwise database, if its type ends so;
 * files, if it has state; plain. */
const char *scenario_nature(const json_t *service);

/* What a service does not say: its type is process, its container the type, its version 1. */
const char *scenario_type(const json_t *service);
const char *scenario_container(const json_t *service);
const char *scenario_version(const json_t *service);

/* The copies that a report of the reconstruct stage has in dispute: an array of { "component", "container",
 * "target", "reason", "live" }; a new reference. */
json_t *scenario_disputed(const json_t *report);

#endif
