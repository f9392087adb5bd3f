/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of differences that do not grow without end.
 */
#ifndef TOLD_H
#define TOLD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* How many entries all lists together may still get. */
struct told {
    size_t left;
};

/* As many as anybody reads. */
enum { TOLD_MOST = 10000, TOLD_ALWAYS = 5 };

/* Whether the list gets one more entry: while there are any left, and its first TOLD_ALWAYS in any case. If not, it is
 * counted in *more. */
bool told_more(struct told *told, const json_t *list, json_int_t *more);

/* Takes the list in under that name, and, if there are more, their number under "NAMEMore". */
void told_list(json_t *object, const char *name, json_t *list, json_int_t more);

#endif
