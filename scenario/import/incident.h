/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a journal tells of, as the timeline of a scenario: who went and came, what failed, what the
 * coordinator lost, what operators asked.
 */
#ifndef SCENARIO_IMPORT_INCIDENT_H
#define SCENARIO_IMPORT_INCIDENT_H

#include <jansson.h>

/* The documents of a journal (dydisnix-self-adaptctl(1)), as they are in a file: a new reference. A line that
 * is no document is told of and skipped. NULL after a message. */
json_t *import_journal(const char *file);

/* The timeline, a new reference. system, as import_system() gave it of the manifest in the end, becomes what
 * there was in the beginning: the targets, the order in which services are to go to them, and "snapshot".
 * What has state has a line then, "before". What cannot be taken over is told. inputs: a directory with
 * what the cycles have decided from, each under its number; NULL: there is none. The timeline replays each as
 * IMPORTED_INPUT with the number. NULL: no memory. */
#define IMPORTED_INPUT "input-"
json_t *import_incident(json_t *system, const json_t *documents, const char *inputs);

#endif
