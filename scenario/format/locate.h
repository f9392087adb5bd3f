/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where in a JSON text something stands: jansson tells it of syntax only.
 */
#ifndef SCENARIO_LOCATE_H
#define SCENARIO_LOCATE_H

#include <stddef.h>

/* The line, from 1, on which the value that a path such as /timeline/3/target leads to begins, or the nearest
 * value above it that is there. text: JSON without a mistake. A key that holds "/" has "~1" for it, and "~0"
 * for "~", as in a JSON pointer. */
size_t scenario_locate(const char *text, const char *path);

#endif
