/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of a manifest, which may be nearly anything, as names that a scenario may have.
 */
#ifndef SCENARIO_IMPORT_NAMES_H
#define SCENARIO_IMPORT_NAMES_H

#include <jansson.h>

/* The name that stands for the original, borrowed from names ({ ORIGINAL: NAME }), to which it is added when
 * it is met first; another one than the original is told, with what it is of ("target", "service"). NULL: no
 * memory. */
const char *import_name(json_t *names, const char *original, const char *what);

#endif
