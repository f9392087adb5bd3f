/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The report for people: a line for each target, then what has to be known, what changed, and the manifest.
 */
#ifndef TABLE_H
#define TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Whether colours are wanted there: a terminal that can show them, and $NO_COLOR is not set. */
bool table_wants_colours(FILE *out);

/* Prints what the report tells, also that of a run that failed. Control characters become '?'. 0, or -1: it
 * could not be written. */
int table_print(const json_t *report, FILE *out, bool colours);

#endif
