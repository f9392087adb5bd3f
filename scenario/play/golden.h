/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files that say how a scenario goes: story.txt, manifest.json and running.json.
 */
#ifndef SCENARIO_GOLDEN_H
#define SCENARIO_GOLDEN_H

#include <jansson.h>

/* What scenario_network->observe() gave, as people read it: services by name with where they are; targets by
 * name with what they run. malloc()ed text. */
char *scenario_manifest_text(const json_t *observed);
char *scenario_running_text(const json_t *observed);

/* Compares texts (an object: name of the file, text) with the files in a directory. *difference: as diff -u
 * shows it, malloc()ed, empty where all is equal. -1 after a message: it could not be compared. */
int scenario_golden_compare(const char *directory, const json_t *texts, char **difference);

/* Writes those that differ. -1 after a message. */
int scenario_golden_write(const char *directory, const json_t *texts);

#endif
