/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was probably meant by a word that is none.
 */
#ifndef NEAREST_H
#define NEAREST_H

#include <jansson.h>
#include <stddef.h>

struct nearest {
    const char *word;  /* that was written */
    const char *found; /* the first of those that are most like it; NULL: none is */
    size_t distance;   /* letters to be added, left out, changed, or swapped with the next one */
};

/* One of the words that there are; borrowed. */
void nearest_try(struct nearest *nearest, const char *candidate);

/* "; did you mean WORD?", malloc()ed; "" if none is like it. NULL: no memory. */
char *nearest_question(const struct nearest *nearest);

/* All names in an object (NULL: none). */
void nearest_try_names(struct nearest *nearest, const json_t *names);

/* As getopt_long(), which tells of what is wrong; this tells, on standard error too, which option was probably meant by a
 * long one that is none. */
struct option;
int option_next(int argc, char *const *argv, const char *letters, const struct option *options, int *index);

#endif
