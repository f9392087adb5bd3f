/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The dependencies of one service in a profile manifest of version 1, a line of Nix:
 *
 *   [{ target = "KEY"; container = "CONTAINER"; _key = "SERVICE"; } …]
 *
 * Nothing of it is ever evaluated.
 */
#ifndef DEPENDENCY_LINE_H
#define DEPENDENCY_LINE_H

#include <stddef.h>

#include "lib/base/strings.h"
#include "lib/manifest/manifest.h"

/* Reads one line without its end. Attributes may come in any order, with white space between all tokens; a
 * string has the escapes of Nix. Refuses all else that Nix has: interpolation, other attributes, one given
 * twice or missing, other values, comments, and anything after the list. A value is not empty and has no
 * control characters. 0, or -1 with *reason malloc()ed: "column N: …" (NULL: no memory), and *dependencies
 * empty. */
int dependency_line_parse(const char *line, size_t length, struct strings *strings,
                          struct dependencies *dependencies, char **reason);

#endif
