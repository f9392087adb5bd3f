/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of differences that do not grow without end.
 */
#ifndef BOUNDED_LIST_H
#define BOUNDED_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* How many entries all lists together may still get. */
struct bounded_lists {
    size_t left;
};

/* As many as anybody reads. */
enum { BOUNDED_MOST = 10000, BOUNDED_ALWAYS = 5 };

/* Whether the list gets one more entry: while there are any left, and its first BOUNDED_ALWAYS in any case.
 * If not, it is counted in *more. */
bool bounded_list_takes(struct bounded_lists *told, const json_t *list, json_int_t *more);

/* Takes the list in under that name, and, if there are more, their number under "NAMEMore". */
void bounded_list_put(json_t *object, const char *name, json_t *list, json_int_t more);

#endif
