/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where in a JSON text something stands: jansson tells it of syntax only.
 */
#ifndef SCENARIO_LOCATE_H
#define SCENARIO_LOCATE_H

#include <stddef.h>

struct spot {
    size_t line, column; /* both from 1; a column is a byte */
};

/* Where the value that a path such as /timeline/3/target leads to begins, or its key, if it has one; or the
 * nearest value above it that is there. text: JSON without a mistake. A key that holds "/" has "~1" for it,
 * and "~0" for "~", as in a JSON pointer. */
struct spot scenario_locate(const char *text, const char *path);

#endif
