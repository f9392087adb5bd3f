/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A scenario: a directory with scenario.json, as dydisnix-scenario(5) describes it, and golden files.
 */
#ifndef SCENARIO_FILE_H
#define SCENARIO_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct scenario {
    char *name;      /* of the directory */
    char *directory; /* absolute */
    json_t *document;
    bool golden; /* golden files are there */
};

/* A scenario without a mistake; golden: all of its golden files must be there or none, and no file that
 * nothing names. -1 after messages, one for each mistake: "FILE:LINE:COLUMN: PATH: what". */
int scenario_read(const char *directory, bool golden, struct scenario *scenario);
void scenario_clear(struct scenario *scenario);

/* Checks a document; file is named in messages, text is what it was read from (NULL: lines are not known).
 * How many mistakes it has. */
size_t scenario_validate(const json_t *document, const char *file, const char *text);

/* The directories of the scenarios at a path: itself, or all below it, in order of name. each gives 0, or
 * what the listing gives then. -1 after a message; also if there is none. */
int scenario_list(const char *path, int (*each)(void *closure, const char *directory), void *closure);

/* The golden files beside a scenario: their names, ends with NULL. */
extern const char *const scenario_golden_files[];

#endif
