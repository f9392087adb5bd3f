/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What losses come to, for people and as TAP. A document of the command survive:
 *
 *   { "version": 1, "system": name, "survives": bool, "returns": [word], "services": [NAME],
 *     "assumed": text, where something was taken for granted,
 *     "losses": [ as trial_play() gives it ] }
 */
#ifndef SCENARIO_TABLE_H
#define SCENARIO_TABLE_H

#include <stdio.h>

#include <jansson.h>

void survive_print_table(const json_t *document);
void survive_print_tap(const json_t *document);

/* In words, a line each, all that is not as it was: of a loss or of a return; each line begins with
 * before. */
void survive_tell(FILE *stream, const char *before, const json_t *part);

/* In one word how it goes: of a loss or of a return. */
const char *survive_word(const json_t *part);

#endif
