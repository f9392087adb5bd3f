/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was probably meant by a word that is none.
 */
#ifndef SCENARIO_NEAREST_H
#define SCENARIO_NEAREST_H

#include <jansson.h>
#include <stddef.h>

struct nearest {
    const char *word;  /* that was written */
    const char *found; /* the first of those that are most like it; NULL: none is */
    size_t distance;   /* letters to be added, left out, changed, or swapped with the next one */
};

/* One of the words that there are; borrowed. */
void nearest_try(struct nearest *nearest, const char *candidate);

/* All names in an object (NULL: none). */
void nearest_try_names(struct nearest *nearest, const json_t *names);

#endif
